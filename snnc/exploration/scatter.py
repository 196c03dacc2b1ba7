"""Designs as dots in plain SVG: two things that are minimised against each other."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape

WIDTH, HEIGHT, MARGIN = 640, 420, 64
STYLE = (
    "text{font:12px sans-serif;fill:#333}.axis{stroke:#999;fill:none}"
    ".front{stroke:#2a6;stroke-width:2;fill:none}"
    ".design{fill:#9ab}.on{fill:#2a6}.chosen{fill:#d40}"
)


@dataclass(frozen=True)
class Dot:
    """A design: where it is, whether any beats it, and what it is called."""

    x: float
    y: float
    kind: Literal["design", "on", "chosen"]
    label: str
    numbers: str
    """Shown when it is pointed at."""


def draw_scatter(dots: Sequence[Dot], title: str, x: str, y: str) -> str:
    """An SVG of all `dots`; `x` and `y` say what the axes are, logarithmic where all values are above 0."""
    across = _scale([dot.x for dot in dots], MARGIN, WIDTH - 40)
    up = _scale([dot.y for dot in dots], HEIGHT - MARGIN, 56)
    steps = [(across(dot.x), up(dot.y)) for dot in _staircase(dots)]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<style>{STYLE}</style>",
        f'<text x="{MARGIN}" y="20">{escape(title)}</text>',
        f'<path class="axis" d="M{MARGIN} 48V{HEIGHT - MARGIN}H{WIDTH - 16}"/>',
        f'<text x="{WIDTH - 16}" y="{HEIGHT - 12}" text-anchor="end">'
        f"{escape(x)}; green: no design beats it; red: chosen</text>",
        f'<text x="8" y="40">{escape(y)}</text>',
        f'<polyline class="front" points="{" ".join(f"{left:.1f},{top:.1f}" for left, top in steps)}"/>',
    ]
    for value in _ticks([dot.x for dot in dots]):
        parts.append(
            f'<text x="{across(value):.1f}" y="{HEIGHT - MARGIN + 18}" text-anchor="middle">{value:g}</text>'
        )
    for value in _ticks([dot.y for dot in dots]):
        parts.append(f'<text x="{MARGIN - 6}" y="{up(value) + 4:.1f}" text-anchor="end">{value:g}</text>')
    for dot in dots:
        parts += _mark(dot, across(dot.x), up(dot.y))
    parts.append("</svg>\n")
    return "\n".join(parts)


def _mark(dot: Dot, x: float, y: float) -> list[str]:
    """A dot that says its numbers when pointed at, and the name of one that none beats."""
    circle = (
        f'<circle class="{dot.kind}" cx="{x:.1f}" cy="{y:.1f}" r="{6 if dot.kind == "chosen" else 4}">'
        f"<title>{escape(dot.numbers)}</title></circle>"
    )
    if dot.kind == "design":
        return [circle]
    return [circle, f'<text x="{x + 8:.1f}" y="{y - 6:.1f}">{escape(dot.label)}</text>']


def _staircase(dots: Sequence[Dot]) -> list[Dot]:
    """Of the dots that none beats those that two axes show as such: lower than all that are further left."""
    kept: list[Dot] = []
    for dot in sorted((dot for dot in dots if dot.kind != "design"), key=lambda dot: (dot.x, dot.y)):
        if not kept or dot.y < kept[-1].y:
            kept.append(dot)
    return kept


def _scale(values: Sequence[float], first: float, last: float) -> Callable[[float], float]:
    """A map of the values' range, a little widened, to first..last."""
    if min(values) > 0:
        low, high = math.log(min(values) * 0.9), math.log(max(values) * 1.1)
        return lambda value: first + (math.log(value) - low) / (high - low) * (last - first)
    low, high = min(values), max(values) * 1.1 or 1.0
    return lambda value: first + (value - low) / (high - low) * (last - first)


def _ticks(values: Sequence[float]) -> list[float]:
    """Up to five values from the smallest to the largest, evenly over the axis, of two digits."""
    low, high = min(values), max(values)
    if low > 0:
        return sorted({float(f"{low * (high / low) ** (step / 4):.2g}") for step in range(5)})
    return sorted({float(f"{low + (high - low) * step / 4:.2g}") for step in range(5)})
