"""The core map: where each tile lies, how full its memories are, and how busy it is."""

from dataclasses import dataclass
from typing import Any

from snnc.compiler.ir.program import Core, Tile, state_memory_bits
from snnc.compiler.targets import Target
from snnc.reporting.plots import COLOURS
from snnc.reporting.subject import Subject

TITLE = "Core map"


@dataclass(frozen=True)
class Cell:
    """A core of the mesh as the map shows it; shares are 0 to 1, None where nothing was simulated."""

    place: str
    layer: str
    tile: str
    colour: str
    weights: float
    states: float
    busy: float | None


def content(subject: Subject) -> dict[str, Any]:
    """The mesh as rows of cells, None for a core that is not used."""
    tiled = subject.build.tiled
    target, report = tiled.target, subject.report
    cycles = None if report is None or report.cycles is None else sum(report.cycles)
    shares: dict[tuple[int, int], float] = {}
    if report is not None and cycles:
        shares = {(row.x, row.y): (row.busy or 0) / cycles for row in report.cores}
    names = [layer.name for layer in subject.build.network.layers]
    used = {
        (core.at.x, core.at.y): _cell(
            core, target, tiled.weight_bits, names, shares.get((core.at.x, core.at.y))
        )
        for core in tiled.cores
    }
    width = max(x for x, _ in used) + 1
    height = max(y for _, y in used) + 1
    return {
        "rows": [[used.get((x, y)) for x in range(width)] for y in range(height)],
        "width": width,
        "mesh": f"{target.width} × {target.height}",
    }


def _tile(tile: Tile) -> str:
    """Which part of its layer a core has."""
    channels = f"channels {tile.first_channel} to {tile.first_channel + tile.channels - 1}"
    if tile.layer_shape[1] == 1:
        return channels
    return f"{channels}, rows {tile.first_row} to {tile.first_row + tile.rows - 1}"


def _cell(core: Core, target: Target, bits: int, names: list[str], busy: float | None) -> Cell:
    tile = core.tile
    weights = core.weights.size * bits / target.weight_bits_per_core
    words = target.neurons * target.state_bits * (2 if target.cuba else 1)
    return Cell(
        place=f"({core.at.x}, {core.at.y})",
        layer=core.layer,
        tile=_tile(tile),
        colour=COLOURS[names.index(core.layer) % len(COLOURS)],
        weights=min(weights, 1.0),
        states=min(state_memory_bits(core, target) / words, 1.0),
        busy=None if busy is None else min(busy, 1.0),
    )
