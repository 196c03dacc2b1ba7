"""Random packings: the tiles of a program on fewer cores, several on each."""

from collections import Counter
from dataclasses import replace

import numpy as np

from snnc.compiler.ir.program import Core, TiledProgram
from snnc.compiler.isa.address import Address
from snnc.compiler.isa.contract import MAX_CONTEXTS
from snnc.compiler.targets import Target

AXONS = 256
"""Most rows, and most columns, that the tiles of a core have together: coordinates have 8 bits."""


def packed(generator: np.random.Generator, program: TiledProgram) -> TiledProgram:
    """The program with its tiles on random cores of a mesh that may be smaller, roomy but for its FIFOs."""
    tiles = len(program.cores)
    contexts = int(generator.integers(2, 7))
    while True:
        width, height = (int(generator.choice([1, 1, 1, 2, 2, 3])) for _ in range(2))
        moves = _places(generator, program, width, height, contexts)
        if moves:
            break
        contexts = min(MAX_CONTEXTS, max(contexts, tiles))
    return replace(
        program,
        name="packed",
        target=_roomy(program.target, width, height, contexts),
        cores=tuple(_moved(core, moves) for core in program.cores),
        input_routes=tuple(replace(route, to=moves[route.to]) for route in program.input_routes),
    )


def _places(
    generator: np.random.Generator, program: TiledProgram, width: int, height: int, contexts: int
) -> dict[Address, Address]:
    """Where each tile goes; nothing if one finds no place."""
    held: Counter[int] = Counter()
    rows: Counter[int] = Counter()
    columns: Counter[int] = Counter()
    moves = {}
    for core in program.cores:
        free = [
            place
            for place in range(width * height)
            if held[place] < contexts
            and rows[place] + len(core.axon_rows) <= AXONS
            and columns[place] + len(core.axon_columns) <= AXONS
            and not (core.emission == "values_every" and held[place])
        ]
        if not free:
            return {}
        place = int(generator.choice(free))
        moves[core.at] = Address(place % width, place // width, context=held[place])
        held[place] += contexts if core.emission == "values_every" else 1
        rows[place] += len(core.axon_rows)
        columns[place] += len(core.axon_columns)
    return moves


def _roomy(target: Target, width: int, height: int, contexts: int) -> Target:
    return replace(
        target,
        width=width,
        height=height,
        contexts=contexts,
        neurons=target.neurons * MAX_CONTEXTS,
        parameter_words=target.parameter_words * MAX_CONTEXTS,
        axon_rows=AXONS,
        axon_columns=AXONS,
        weight_kibit=target.weight_kibit * MAX_CONTEXTS,
        destinations=AXONS,
        sources=AXONS,
    )


def _moved(core: Core, moves: dict[Address, Address]) -> Core:
    def place(to: Address) -> Address:
        return to if to.host else moves[to]

    at = moves[core.at]
    return replace(
        core,
        at=at,
        sources=tuple(place(source) for source in core.sources),
        destinations=tuple(
            replace(entry, to=replace(at, host=True) if entry.to.host else moves[entry.to])
            for entry in core.destinations
        ),
    )
