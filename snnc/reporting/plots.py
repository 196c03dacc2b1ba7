"""Plots as SVG inside the page, by Matplotlib: for light and dark ground, the same bytes each time."""

import io
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib as mpl
import numpy as np
from cycler import cycler
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

INK = "#010203"
"""Stands for the colour of the page's text."""
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")
"""Told apart by everyone (Okabe and Ito), on light and on dark ground."""
IDLE = "#8b919b"
WIDTH = 7.2
"""Inches."""
_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "snnc",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=COLOURS),
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "path.simplify": False,
}


@contextmanager
def _figure(height: float) -> Iterator[tuple[Figure, Axes]]:
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        # Names may hold characters that this machine's font has not; the reader's has them.
        warnings.simplefilter("ignore")
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        yield figure, figure.subplots()


def _svg(figure: Figure, title: str) -> Markup:
    """The figure as an element of the page; `title` is what is read aloud in its place."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    text = text[text.index("<svg") :].replace(INK, "currentColor")
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    head, _, rest = text.partition(">")
    head = re.sub(r' (width|height)="[^"]*"', "", head)
    return Markup(f'{head} role="img"><title>{escape(title)}</title>{rest}')


@dataclass(frozen=True)
class Bar:
    """A number with the interval it lies in."""

    name: str
    value: float
    low: float
    high: float


def bars(title: str, items: Sequence[Bar], unit: str) -> Markup:
    """Horizontal bars from the top down, each with its number, and a whisker where it has an interval."""
    with _figure(0.5 + 0.24 * len(items)) as (figure, axes):
        places = np.arange(len(items))[::-1]
        axes.barh(places, [bar.value for bar in items], height=0.7)
        for place, bar in zip(places, items, strict=True):
            if bar.low < bar.high:
                axes.plot([bar.low, bar.high], [place, place], color=INK, linewidth=1)
            axes.annotate(
                f"{bar.value:.3g}",
                (max(bar.value, bar.high), place),
                (4, 0),
                textcoords="offset points",
                va="center",
            )
        axes.set_yticks(places, [short(bar.name) for bar in items])
        axes.margins(x=0.12)
        axes.set_xlim(0)
        axes.set_xlabel(unit)
        return _svg(figure, title)


def stacked(
    title: str, rows: Sequence[str], parts: Mapping[str, Sequence[float]], unit: str, rest: str = ""
) -> Markup:
    """Horizontal bars of several parts each, of which `rest` is what is left."""
    with _figure(0.9 + 0.28 * len(rows)) as (figure, axes):
        places = np.arange(len(rows))[::-1]
        start = np.zeros(len(rows))
        for name, values in parts.items():
            colour = IDLE if name == rest else None
            axes.barh(places, values, left=start, height=0.7, label=name, color=colour)
            start += np.asarray(values, np.float64)
        axes.set_yticks(places, [short(row) for row in rows])
        axes.set_xlabel(unit)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=6, frameon=False, borderaxespad=0)
        return _svg(figure, title)


def raster(title: str, rows: Sequence[tuple[str, int, NDArray[np.int64]]], steps: int) -> Markup:
    """Spikes as strokes, a band for each (name, neurons, (spikes, 2) of step and neuron)."""
    with _figure(0.9 + 1.1 * len(rows)) as (figure, axes):
        base = 0.0
        ticks = []
        for name, neurons, spikes in rows:
            scale = 1.0 / max(neurons, 1)
            x = np.stack([spikes[:, 0] + 0.05, spikes[:, 0] + 0.95, np.full(len(spikes), np.nan)], axis=1)
            y = np.repeat(base - (spikes[:, 1] + 0.5) * scale, 3)
            axes.plot(x.reshape(-1), y, linewidth=min(1.5, max(0.3, 70 * scale)), solid_capstyle="butt")
            ticks.append((base - 0.5, f"{short(name)}\n{neurons}"))
            base -= 1.15
        axes.set_yticks([place for place, _ in ticks], [label for _, label in ticks])
        axes.set_xlim(0, steps)
        axes.set_ylim(base + 0.1, 0.05)
        axes.set_xlabel("time step")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        return _svg(figure, title)


def membrane(
    title: str,
    values: NDArray[np.int32],
    spikes: NDArray[np.bool_],
    threshold: int | None,
    step: int,
) -> Markup:
    """A neuron over its steps: (steps,) values, a mark where it fired, its threshold, and one step marked."""
    with _figure(2.4) as (figure, axes):
        steps = np.arange(len(values))
        axes.axvspan(step - 0.5, step + 0.5, color=IDLE, alpha=0.25, linewidth=0)
        axes.plot(steps, values, marker="o", markersize=3, linewidth=1.2, label="after the sweep")
        if threshold is not None:
            axes.axhline(threshold, color=COLOURS[5], linewidth=1, linestyle="--", label="threshold")
        fired = np.flatnonzero(spikes)
        axes.plot(fired, values[fired], "^", color=COLOURS[2], markersize=7, label="fired", linestyle="none")
        axes.set_xlim(-0.5, len(values) - 0.5)
        axes.set_xlabel("time step")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, borderaxespad=0)
        return _svg(figure, title)


def short(name: str, most: int = 28) -> str:
    """A name that does not push a plot aside."""
    return name if len(name) <= most else name[: most - 1] + "…"
