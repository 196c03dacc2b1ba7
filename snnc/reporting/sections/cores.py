"""The core map: where each tile lies, how full its core's memories are, and who keeps it busy."""

from dataclasses import dataclass
from typing import Any

from snnc.compiler.ir.packing import on_core
from snnc.compiler.ir.program import Core, Tile, state_memory_bits
from snnc.compiler.isa.address import Address
from snnc.reporting.occupancy import memory_uses
from snnc.reporting.plots import COLOURS
from snnc.reporting.subject import Subject

TITLE = "Core map"


@dataclass(frozen=True)
class TileLabel:
    """A tile in words, with the colour of its layer."""

    layer: str
    part: str
    colour: str


@dataclass(frozen=True)
class Gauge:
    """What the tiles of a core take of one thing: shares of 0 to 1 with their colours, and their sum."""

    name: str
    share: float
    parts: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Cell:
    """A core of the mesh as the map shows it."""

    place: str
    tiles: tuple[TileLabel, ...]
    gauges: tuple[Gauge, ...]


def content(subject: Subject) -> dict[str, Any]:
    """The mesh as rows of cells, None for a core that is not used."""
    target = subject.build.tiled.target
    used = {place: _cell(tiles, subject) for place, tiles in on_core(subject.build.tiled).items()}
    width = max(x for x, _ in used) + 1
    height = max(y for _, y in used) + 1
    return {
        "rows": [[used.get((x, y)) for x in range(width)] for y in range(height)],
        "width": width,
        "mesh": f"{target.width} × {target.height}",
        "shared": any(len(cell.tiles) > 1 for cell in used.values()),
    }


def _cell(tiles: list[Core], subject: Subject) -> Cell:
    names = [layer.name for layer in subject.build.network.layers]
    colours = [COLOURS[names.index(core.layer) % len(COLOURS)] for core in tiles]
    labels = (
        TileLabel(core.layer, _part(core.tile), colour) for core, colour in zip(tiles, colours, strict=True)
    )
    shares = _memories(tiles, subject)
    if (busy := _busy(tiles, subject)) is not None:
        shares["busy"] = busy
    gauges = tuple(_gauge(name, parts, colours) for name, parts in shares.items())
    return Cell(f"({tiles[0].at.x}, {tiles[0].at.y})", tuple(labels), gauges)


def _memories(tiles: list[Core], subject: Subject) -> dict[str, list[float]]:
    """Of each tile, the shares of its core's memories; of cores that tiles share, of the tables as well."""
    tiled = subject.build.tiled
    target = tiled.target
    states = target.neurons * target.state_bits * (2 if target.cuba else 1)
    shares = {
        "weights": [core.weights.size * tiled.weight_bits / target.weight_bits_per_core for core in tiles],
        "states": [state_memory_bits(core, target) / states for core in tiles],
    }
    if target.contexts > 1:
        named = ("parameter words", "axon rows", "axon columns")
        shares |= {use.what: list(use.shares) for use in memory_uses(tiles, tiled) if use.what in named}
    return shares


def _busy(tiles: list[Core], subject: Subject) -> list[float] | None:
    """Of each tile the share of all cycles in which it was at work; None where nothing was simulated."""
    report = subject.report
    cycles = None if report is None or report.cycles is None else sum(report.cycles)
    if report is None or not cycles:
        return None
    busy = {Address(row.x, row.y, context=row.context): (row.busy or 0) / cycles for row in report.cores}
    return [busy.get(core.at, 0.0) for core in tiles]


def _gauge(name: str, parts: list[float], colours: list[str]) -> Gauge:
    """Parts beyond the whole are cut off."""
    shown, before = [], 0.0
    for part, colour in zip(parts, colours, strict=True):
        shown.append((max(0.0, min(part, 1.0 - before)), colour))
        before += part
    return Gauge(name, min(before, 1.0), tuple(shown))


def _part(tile: Tile) -> str:
    """Which part of its layer a tile has."""
    channels = f"channels {tile.first_channel} to {tile.first_channel + tile.channels - 1}"
    if tile.layer_shape[1] == 1:
        return channels
    return f"{channels}, rows {tile.first_row} to {tile.first_row + tile.rows - 1}"
