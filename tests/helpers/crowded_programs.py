"""Random programs of many small tiles, crowded on few cores behind FIFOs of two flits."""

from collections import Counter
from dataclasses import replace

import numpy as np
from builders import target
from random_packings import packed
from random_programs import random_network

from snnc.base.errors import DoesNotFit, UnsupportedModel, VerificationError
from snnc.compiler.ir.network import Network
from snnc.compiler.ir.packing import Place
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.isa.contract import MAX_CONTEXTS
from snnc.compiler.pipeline import compile_network
from snnc.compiler.targets import Target

Generator = np.random.Generator
SIDE = 4
"""Columns of the mesh, and half its rows: there are cores to spare for tiles that stand alone."""


def crowded_program(generator: Generator) -> TiledProgram:
    """At least four tiles on one to four cores, and tiles of partial sums on cores of their own; most are
    membrane readouts, whose tiles drain."""
    while True:
        network = random_network(generator)
        if network.readout.kind != "membrane" and generator.random() < 0.7:
            continue
        program = _compiled(generator, network)
        if program is None or len(program.cores) < 4:
            continue
        try:
            return packed(_higher(program), _places(generator, program))
        except VerificationError:  # The tables of a core have no room for so many.
            continue


def _higher(program: TiledProgram) -> TiledProgram:
    return replace(program, target=replace(program.target, height=2 * SIDE))


def _compiled(generator: Generator, network: Network) -> TiledProgram | None:
    try:
        return compile_network(network, _target(generator), spread=bool(generator.random() < 0.8)).tiled
    except (DoesNotFit, UnsupportedModel):
        return None


def _target(generator: Generator) -> Target:
    return target(
        width=SIDE,
        height=SIDE,
        lanes=int(generator.choice([2, 4])),
        neurons=int(generator.choice([8, 16])),
        axon_rows=64,
        axon_columns=64,
        weight_kibit=2,
        destinations=64,
        sources=64,
        event_fifo=2,
        router_fifo=2,
        reset_amount=True,
        channel_leak=True,
        lower_clamp=True,
        fraction_bits=3,
        contexts=2,
    )


def _places(generator: Generator, program: TiledProgram) -> list[Place]:
    cores = [(int(place) % SIDE, int(place) // SIDE) for place in generator.permutation(2 * SIDE * SIDE)]
    shared, rest = cores[: int(generator.integers(1, 5))], iter(cores[4:])
    places: list[Place] = []
    held: Counter[Place] = Counter()
    for core in program.cores:
        free = [place for place in shared if held[place] < MAX_CONTEXTS]
        alone = core.emission == "values_every" or not free
        place = next(rest) if alone else free[int(generator.integers(len(free)))]
        held[place] += 1
        places.append(place)
    return places
