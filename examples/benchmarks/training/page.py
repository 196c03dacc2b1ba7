"""The benchmark's page: a table per network, methods by numbers of steps, and accuracy over energy."""

from collections.abc import Iterable, Mapping

from cells import METHODS
from plot import Curve, line_plots
from results import Group, Result, grouped

Groups = Mapping[tuple[str, int], Group]

TRAINED = ("qann", "qcfs", *METHODS)
"""Rows of the first table."""
TITLE = "{network}: accuracy over energy [nJ]"


def markdown(results: list[Result]) -> str:
    """For every network: its trained methods by steps, then conversion by more steps."""
    parts = []
    for network, groups in grouped(results).items():
        parts.append(f"### {network}\n")
        if ("ann", 0) in groups:
            parts.append(f"Float network: {groups['ann', 0].text('accuracy', 100, 2)} %.\n")
        parts.append(_table(groups, TRAINED, _steps(groups, *TRAINED)))
        converted = _steps(groups, "balanced")
        if converted:
            parts.append(_table(groups, ("balanced",), converted))
    return "\n".join(parts)


def pictures(results: list[Result]) -> dict[str, str]:
    """`energy.svg`: what accuracy costs, a panel per network, a line per method through its steps."""
    panels = {}
    for network, groups in grouped(results).items():
        curves = {method: _curve(groups, method) for method in TRAINED}
        panels[TITLE.format(network=network)] = {name: curve for name, curve in curves.items() if curve}
    shown = {title: curves for title, curves in panels.items() if curves}
    return {"energy": line_plots(shown)} if shown else {}


def _steps(groups: Groups, *methods: str) -> list[int]:
    return sorted({steps for name, steps in groups if name in methods})


def _table(groups: Groups, methods: tuple[str, ...], columns: list[int]) -> str:
    """Rows of `methods`; in a cell accuracy, then rate, cycles and energy."""
    lines = [
        ["method", "seeds", "training [s]", *(f"T = {steps}" for steps in columns)],
        ["---", "--:", "--:", *["--:"] * len(columns)],
    ]
    for method in methods:
        row = {steps: groups[method, steps] for steps in columns if (method, steps) in groups}
        if row:
            cells = [_cell(groups, method, steps) if steps in row else "" for steps in columns]
            seeds = _span(len(group.results) for group in row.values())
            seconds = _span(group.mean("seconds") or 0.0 for group in row.values())
            lines.append([f"`{method}`", seeds, seconds, *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _cell(groups: Groups, method: str, steps: int) -> str:
    group = groups[method, steps]
    accuracy = f"{group.text('accuracy', 100, 2)} %"
    if method == "qann":
        spiking = groups.get(("qcfs", steps), Group([]))
        energy, ideal = spiking.mean("without_spikes_j"), spiking.mean("ideal_j")
        priced = "" if energy is None or ideal is None else f"{_nano(energy)} nJ (ideal {_nano(ideal)})"
    else:
        energy, cycles = group.mean("energy_j"), group.mean("cycles")
        fires = f"{group.mean('rate'):.1%}"
        priced = fires if energy is None else f"{fires}, {cycles:,.0f} cycles, {_nano(energy)} nJ"
    return f"{accuracy}<br>{priced}" if priced else accuracy


def _nano(joules: float) -> str:
    nano = joules * 1e9
    return f"{nano:,.1f}" if nano < 100 else f"{nano:,.0f}"


def _span(values: Iterable[float]) -> str:
    """The smallest and the largest."""
    numbers = list(values)
    low, high = f"{min(numbers):,.0f}", f"{max(numbers):,.0f}"
    return low if low == high else f"{low}–{high}"


def _curve(groups: Groups, method: str) -> Curve:
    """(nJ, accuracy), in ascending steps."""
    points = []
    for steps in _steps(groups, method):
        priced = groups.get(("qcfs" if method == "qann" else method, steps), Group([]))
        energy = priced.mean("without_spikes_j" if method == "qann" else "energy_j")
        accuracy = groups[method, steps].mean("accuracy")
        if energy is not None and accuracy is not None:
            points.append((energy * 1e9, accuracy))
    return points
