"""The core map: where each tile lies, how full its memories are, and how busy it is."""

from dataclasses import dataclass
from typing import Any

from snnc.compiler.ir.program import Core, Tile, state_memory_bits
from snnc.reporting.plots import COLOURS
from snnc.reporting.subject import Subject
from snnc.sim.report import Report

TITLE = "Core map"


@dataclass(frozen=True)
class Part:
    """A tile on a core."""

    layer: str
    tile: str
    colour: str


@dataclass(frozen=True)
class Cell:
    """A core of the mesh as the map shows it; shares are 0 to 1, None where nothing was simulated."""

    place: str
    parts: tuple[Part, ...]
    weights: float
    states: float
    busy: float | None

    @property
    def colour(self) -> str:
        """That of its first tile."""
        return self.parts[0].colour


def content(subject: Subject) -> dict[str, Any]:
    """The mesh as rows of cells, None for a core that is not used."""
    tiled = subject.build.tiled
    placed: dict[tuple[int, int], list[Core]] = {}
    for core in sorted(tiled.cores, key=lambda core: core.at.context):
        placed.setdefault((core.at.x, core.at.y), []).append(core)
    busy = _busy(subject.report)
    used = {place: _cell(cores, subject, busy.get(place)) for place, cores in placed.items()}
    width = max(x for x, _ in used) + 1
    height = max(y for _, y in used) + 1
    return {
        "rows": [[used.get((x, y)) for x in range(width)] for y in range(height)],
        "width": width,
        "mesh": f"{tiled.target.width} × {tiled.target.height}",
    }


def _busy(report: Report | None) -> dict[tuple[int, int], float]:
    """The part of all cycles in which a core's state memory was at work, by place; empty where it is not
    known."""
    cycles = None if report is None or report.cycles is None else sum(report.cycles)
    shares: dict[tuple[int, int], float] = {}
    if report is not None and cycles:
        for row in report.cores:
            shares[row.x, row.y] = shares.get((row.x, row.y), 0.0) + (row.busy or 0) / cycles
    return shares


def _tile(tile: Tile) -> str:
    """Which part of its layer a core has."""
    channels = f"channels {tile.first_channel} to {tile.first_channel + tile.channels - 1}"
    if tile.layer_shape[1] == 1:
        return channels
    return f"{channels}, rows {tile.first_row} to {tile.first_row + tile.rows - 1}"


def _cell(cores: list[Core], subject: Subject, busy: float | None) -> Cell:
    """One core with its tiles."""
    tiled, names = subject.build.tiled, [layer.name for layer in subject.build.network.layers]
    target = tiled.target
    colours = [COLOURS[names.index(core.layer) % len(COLOURS)] for core in cores]
    weights = sum(core.weights.size for core in cores) * tiled.weight_bits / target.weight_bits_per_core
    words = target.neurons * target.state_bits * (2 if target.cuba else 1)
    states = sum(state_memory_bits(core, target) for core in cores) / words
    return Cell(
        place=f"({cores[0].at.x}, {cores[0].at.y})",
        parts=tuple(
            Part(core.layer, _tile(core.tile), colour) for core, colour in zip(cores, colours, strict=True)
        ),
        weights=min(weights, 1.0),
        states=min(states, 1.0),
        busy=None if busy is None else min(busy, 1.0),
    )
