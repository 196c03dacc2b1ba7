"""Random programs of many small tiles, crowded on few cores behind FIFOs of two flits."""

from collections import Counter
from dataclasses import replace

import numpy as np
from builders import target
from random_packings import packed, shuffled
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
SHARED = 4
"""Most cores for several tiles; all others are for a tile of partial sums each."""


def crowded_program(generator: Generator) -> TiledProgram:
    """At least four tiles on one to four cores, and tiles of partial sums on cores of their own; most are
    membrane readouts, whose tiles drain."""
    while True:
        network = random_network(generator)
        if network.readout.kind != "membrane" and generator.random() < 0.7:
            continue
        program = _compiled(generator, network)
        program = None if program is None else shuffled(generator, program)
        if program is None or len(program.cores) < 4:
            continue
        sums = sum(core.emission == "values_every" for core in program.cores)
        if sums > SIDE * SIDE - SHARED:
            continue
        try:
            places = _places(generator, program)
            width, height = (1 + max(column) for column in zip(*places, strict=True))
            small = replace(program.target, width=width, height=height, contexts=2)
            return packed(replace(program, target=small), places)
        except VerificationError:  # The tables of a core have no room for so many.
            continue


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
    )


def _places(generator: Generator, program: TiledProgram) -> list[Place]:
    cores = [(int(place) % SIDE, int(place) // SIDE) for place in generator.permutation(SIDE * SIDE)]
    shared, rest = cores[: int(generator.integers(1, SHARED + 1))], iter(cores[SHARED:])
    places: list[Place] = []
    held: Counter[Place] = Counter()
    for core in program.cores:
        free = [place for place in shared if held[place] < MAX_CONTEXTS]
        alone = core.emission == "values_every"
        place = next(rest) if alone else free[int(generator.integers(len(free)))]
        held[place] += 1
        places.append(place)
    return places
