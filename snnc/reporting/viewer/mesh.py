"""The mesh in one step, as a drawing: cores with their spikes, links with the flits that went over them."""

import math
from dataclasses import dataclass
from typing import Any

from snnc.reporting.plots import COLOURS, short
from snnc.reporting.viewer.location import Location
from snnc.reporting.viewer.recording import Recording
from snnc.sim.engine.records import EAST, LOCAL, NORTH, SOUTH, WEST

CELL_WIDTH, CELL_HEIGHT, GAP = 104, 72, 56
LEFT, TOP = 76, 6
"""Of the core at (0, 0); left of it is the host."""
APART = 7
"""From the middle between two cores to the link of each direction."""
TOWARDS = {NORTH: (0, -1), EAST: (1, 0), SOUTH: (0, 1), WEST: (-1, 0)}


@dataclass(frozen=True)
class Cell:
    """A core of the mesh."""

    left: int
    top: int
    name: str
    layer: str
    colour: str
    spikes: int
    share: float
    """Of its neurons that fired, 0 to 1."""
    arrived: int
    """Flits that its router gave it."""
    chosen: bool
    url: str


@dataclass(frozen=True)
class Link:
    """Flits that went from a router to its neighbour or to the host, as an arrow."""

    start: tuple[int, int]
    end: tuple[int, int]
    label: tuple[int, int]
    flits: int
    width: float
    said: str


def draw_mesh(recording: Recording, location: Location) -> dict[str, Any]:
    """Everything the drawing needs: its size, cells, links that carried flits, and totals."""
    hops = recording.hops(location.step)
    height, width, _ = hops.shape
    entered = recording.sent_by_host(location.step)
    links = [_from_host(entered)] if entered else []
    for y in range(height):
        for x in range(width):
            links += [_link(x, y, port, int(hops[y, x, port])) for port in TOWARDS if hops[y, x, port]]
    cells = _cells(recording, location, hops[:, :, LOCAL].tolist())
    return {
        "width": LEFT + width * (CELL_WIDTH + GAP) - GAP + TOP,
        "height": TOP + height * (CELL_HEIGHT + GAP) - GAP + TOP,
        "cell_width": CELL_WIDTH,
        "cell_height": CELL_HEIGHT,
        "cells": cells,
        "unused": _unused(width, height, cells),
        "links": links,
        "spikes": sum(cell.spikes for cell in cells),
        "hops": int(hops.sum()),
        "entered": entered,
    }


def _cells(recording: Recording, location: Location, arrived: list[list[int]]) -> list[Cell]:
    layers = [layer.name for layer in recording.build.network.layers]
    cells = []
    for core, trace in zip(recording.build.tiled.cores, recording.traces, strict=True):
        x, y = core.at.x, core.at.y
        spikes = int(trace.spikes[0, location.step].sum())
        left, top = _corner(x, y)
        cells.append(
            Cell(
                left,
                top,
                f"({x}, {y})",
                short(core.layer, 14),
                COLOURS[layers.index(core.layer) % len(COLOURS)],
                spikes,
                spikes / core.neurons,
                arrived[y][x],
                (x, y) == location.core,
                location.at(core=(x, y)),
            )
        )
    return cells


def _unused(width: int, height: int, cells: list[Cell]) -> list[tuple[int, int]]:
    """Corners of the cores whose routers alone are used."""
    corners = [_corner(x, y) for y in range(height) for x in range(width)]
    used = {(cell.left, cell.top) for cell in cells}
    return [corner for corner in corners if corner not in used]


def _corner(x: int, y: int) -> tuple[int, int]:
    return LEFT + x * (CELL_WIDTH + GAP), TOP + y * (CELL_HEIGHT + GAP)


def _link(x: int, y: int, port: int, flits: int) -> Link:
    """From the edge of a core to that of its neighbour, on the right-hand side of the way."""
    right, down = TOWARDS[port]
    left, top = _corner(x, y)
    middle = left + CELL_WIDTH // 2, top + CELL_HEIGHT // 2
    aside = (-down * APART, right * APART)
    start = (
        middle[0] + right * CELL_WIDTH // 2 + aside[0],
        middle[1] + down * CELL_HEIGHT // 2 + aside[1],
    )
    end = start[0] + right * GAP, start[1] + down * GAP
    # Only the host lies west of the first column.
    to = "the host" if (x, port) == (0, WEST) else f"({x + right}, {y + down})"
    return _arrow(start, end, aside, flits, f"({x}, {y}) to {to}: {flits} flits")


def _from_host(flits: int) -> Link:
    _, top = _corner(0, 0)
    y = top + CELL_HEIGHT // 2 + APART
    return _arrow((LEFT - GAP, y), (LEFT, y), (0, APART), flits, f"the host to (0, 0): {flits} flits")


def _arrow(
    start: tuple[int, int], end: tuple[int, int], aside: tuple[int, int], flits: int, said: str
) -> Link:
    label = (
        (start[0] + end[0]) // 2 + 2 * aside[0],
        (start[1] + end[1]) // 2 + 2 * aside[1],
    )
    return Link(start, end, label, flits, 1 + math.log2(flits), said)
