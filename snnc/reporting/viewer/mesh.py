"""The mesh in one step, as a drawing: cores with their spikes, links with the flits that went over them."""

import math
from dataclasses import dataclass
from typing import Any

from snnc.compiler.ir.packing import on_core
from snnc.compiler.ir.program import Core
from snnc.reporting.plots import COLOURS, short
from snnc.reporting.viewer.location import Location
from snnc.reporting.viewer.recording import Recording
from snnc.sim.engine.records import EAST, LOCAL, NORTH, SOUTH, WEST

CELL_WIDTH, HEAD, TILE_HEIGHT, FOOT, GAP = 112, 4, 44, 24, 56
LEFT, TOP = 76, 6
"""Of the core at (0, 0); left of it is the host."""
APART = 7
"""From the middle between two cores to the link of each direction."""
TOWARDS = {NORTH: (0, -1), EAST: (1, 0), SOUTH: (0, 1), WEST: (-1, 0)}


@dataclass(frozen=True)
class TileLine:
    """A tile on a core."""

    top: int
    layer: str
    colour: str
    spikes: int
    share: float
    """Of its neurons that fired, 0 to 1."""
    chosen: bool
    url: str


@dataclass(frozen=True)
class Cell:
    """A core of the mesh with its tiles."""

    left: int
    top: int
    name: str
    arrived: int
    """Flits that its router gave it."""
    tiles: tuple[TileLine, ...]

    @property
    def chosen(self) -> bool:
        """Whether one of its tiles is looked at."""
        return any(tile.chosen for tile in self.tiles)


@dataclass(frozen=True)
class Link:
    """Flits that went from a router to its neighbour or to the host, as an arrow."""

    start: tuple[int, int]
    end: tuple[int, int]
    label: tuple[int, int]
    flits: int
    width: float
    said: str


def place_of(core: Core) -> tuple[int, int, int]:
    """Column, row and context."""
    return core.at.x, core.at.y, core.at.context


def draw_mesh(recording: Recording, location: Location) -> dict[str, Any]:
    """Everything the drawing needs: its size, cells, links that carried flits, and totals."""
    hops = recording.hops(location.step)
    height, width, _ = hops.shape
    places = on_core(recording.build.tiled)
    grid = Grid(HEAD + TILE_HEIGHT * max(map(len, places.values())) + FOOT)
    entered = recording.sent_by_host(location.step)
    links = [_from_host(grid, entered)] if entered else []
    for y in range(height):
        for x in range(width):
            links += [_link(grid, x, y, port, int(hops[y, x, port])) for port in TOWARDS if hops[y, x, port]]
    tiles = {place: _tiles(recording, location, grid, cores) for place, cores in places.items()}
    corners = {(x, y): grid.corner(x, y) for y in range(height) for x in range(width)}
    return {
        "width": LEFT + width * (CELL_WIDTH + GAP) - GAP + TOP,
        "height": TOP + height * (grid.cell_height + GAP) - GAP + TOP,
        "cell_width": CELL_WIDTH,
        "cell_height": grid.cell_height,
        "tile_height": TILE_HEIGHT,
        "cells": [
            Cell(*corners[x, y], f"({x}, {y})", int(hops[y, x, LOCAL]), lines)
            for (x, y), lines in tiles.items()
        ],
        "unused": [corner for place, corner in corners.items() if place not in tiles],
        "links": links,
        "spikes": sum(line.spikes for lines in tiles.values() for line in lines),
        "hops": int(hops.sum()),
        "entered": entered,
    }


@dataclass(frozen=True)
class Grid:
    """Where the cores are drawn."""

    cell_height: int

    def corner(self, x: int, y: int) -> tuple[int, int]:
        """The upper left one of a core."""
        return LEFT + x * (CELL_WIDTH + GAP), TOP + y * (self.cell_height + GAP)


def _tiles(recording: Recording, location: Location, grid: Grid, cores: list[Core]) -> tuple[TileLine, ...]:
    layers = [layer.name for layer in recording.build.network.layers]
    lines = []
    for number, core in enumerate(cores):
        spikes = int(recording.trace(core).spikes[0, location.step].sum())
        lines.append(
            TileLine(
                grid.corner(core.at.x, core.at.y)[1] + HEAD + number * TILE_HEIGHT,
                short(core.layer, 12),
                COLOURS[layers.index(core.layer) % len(COLOURS)],
                spikes,
                spikes / core.neurons,
                place_of(core) == location.core,
                location.at(core=place_of(core)),
            )
        )
    return tuple(lines)


def _link(grid: Grid, x: int, y: int, port: int, flits: int) -> Link:
    """From the edge of a core to that of its neighbour, on the right-hand side of the way."""
    right, down = TOWARDS[port]
    left, top = grid.corner(x, y)
    middle = left + CELL_WIDTH // 2, top + grid.cell_height // 2
    aside = (-down * APART, right * APART)
    start = (
        middle[0] + right * CELL_WIDTH // 2 + aside[0],
        middle[1] + down * grid.cell_height // 2 + aside[1],
    )
    end = start[0] + right * GAP, start[1] + down * GAP
    # Only the host lies west of the first column.
    to = "the host" if (x, port) == (0, WEST) else f"({x + right}, {y + down})"
    return _arrow(start, end, aside, flits, f"({x}, {y}) to {to}: {flits} flits")


def _from_host(grid: Grid, flits: int) -> Link:
    y = grid.corner(0, 0)[1] + grid.cell_height // 2 + APART
    return _arrow((LEFT - GAP, y), (LEFT, y), (0, APART), flits, f"the host to (0, 0): {flits} flits")


def _arrow(
    start: tuple[int, int], end: tuple[int, int], aside: tuple[int, int], flits: int, said: str
) -> Link:
    label = (
        (start[0] + end[0]) // 2 + 2 * aside[0],
        (start[1] + end[1]) // 2 + 2 * aside[1],
    )
    return Link(start, end, label, flits, 1 + math.log2(flits), said)
