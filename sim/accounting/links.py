"""Where flits go: how many leave each router of the mesh by which port."""

from collections.abc import Iterable

import numpy as np

from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.isa.address import HOST, Address
from snnc.compiler.isa.arithmetic import IntArray
from snnc.sim.accounting.counts import Primitives, place_of
from snnc.sim.engine.records import EAST, LOCAL, NORTH, PORTS, SOUTH, WEST


def link_flits(program: TiledProgram, counted: Primitives, *, events: bool = False) -> IntArray:
    """(height, width, 5): flits that leave the router at row y and column x by its ports North, East, South,
    West and Local, for all samples together; with `events` SPIKEs and VALUEs alone. What leaves (0, 0) to the
    west has left the mesh."""
    target = program.target
    flits = np.zeros((target.height, target.width, PORTS), np.int64)
    for sender, receiver, number, protocol in _streams(program, counted):
        for row, column, port in _route(sender, receiver):
            flits[row, column, port] += number + (0 if events else protocol)
    return flits


def _streams(program: TiledProgram, counted: Primitives) -> Iterable[tuple[Address, Address, int, int]]:
    """Sender, receiver, number of SPIKEs and VALUEs, and of ENDs and CREDITs."""
    steps = counted.samples * program.steps
    for to, events in zip(program.fed_by_host, counted.host_events.tolist(), strict=True):
        yield HOST, to, events, steps
    hits = iter(counted.hits.tolist())
    for core in program.cores:
        emissions = counted.samples if core.emission == "values_last" else steps
        for entry in core.destinations:
            yield core.at, entry.to, next(hits), emissions * entry.sends_end
        for source in core.sources:
            yield core.at, source, 0, steps


def _route(sender: Address, receiver: Address) -> Iterable[tuple[int, int, int]]:
    """Row, column and port of every router on the way: along the row first, then along the column."""
    (x, y), (to_x, to_y) = (place_of(sender), place_of(receiver))
    while x != to_x:
        yield y, x, EAST if to_x > x else WEST
        x += 1 if to_x > x else -1
    while y != to_y:
        yield y, x, SOUTH if to_y > y else NORTH
        y += 1 if to_y > y else -1
    yield y, x, WEST if receiver.host else LOCAL
