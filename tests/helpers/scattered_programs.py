"""Random networks in many small tiles, at random places of hardware whose cores hold several."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from random_packings import packed, shuffled

from snnc.base.errors import DoesNotFit, UnsupportedModel, VerificationError
from snnc.compiler.ir.network import Network
from snnc.compiler.ir.packing import Place
from snnc.compiler.ir.program import Core, TiledProgram
from snnc.compiler.ir.program_checks import verify_program
from snnc.compiler.pipeline import run_passes, standard_passes
from snnc.compiler.targets import Target

Generator = np.random.Generator
SIDE = 8
"""Of the mesh that gives every tile a core at first."""
TRIES = 8


def scattered(generator: Generator, network: Network, hardware: Target) -> TiledProgram | None:
    """`network` in small tiles at random places of `hardware`; None where that was not found."""
    for share in (16, 8, 4, 2, 1):
        program = _in_tiles(network, hardware, share)
        if program is None or len(program.cores) > hardware.core_count * hardware.contexts:
            continue
        for _ in range(TRIES):
            if (found := _scattered(generator, program, hardware)) is not None:
                return found
    return None


def _in_tiles(network: Network, hardware: Target, share: int) -> TiledProgram | None:
    """A tile per core, of cores with that share of the memories."""
    small = replace(
        hardware,
        width=SIDE,
        height=SIDE,
        contexts=1,
        neurons=max(hardware.neurons // share, 2 * hardware.lanes),
        weight_kibit=max(hardware.weight_kibit // share, 1),
    )
    try:
        program = run_passes(network, standard_passes(small, spread=share % 4 == 0)[:-1])[-1]
    except (DoesNotFit, UnsupportedModel):
        return None
    assert isinstance(program, TiledProgram)
    return program


def _scattered(generator: Generator, program: TiledProgram, hardware: Target) -> TiledProgram | None:
    program = shuffled(generator, program)
    places = _places(generator, program.cores, hardware)
    if places is None:
        return None
    try:
        there = replace(packed(program, places), name=program.name, target=hardware)
        verify_program(there)
    except VerificationError:  # The tables of a core have no room for so many.
        return None
    return there


def _places(generator: Generator, tiles: Sequence[Core], hardware: Target) -> list[Place] | None:
    """A core of its own for every tile of partial sums, any of the others for the rest."""
    cores = [(x, y) for y in range(hardware.height) for x in range(hardware.width)]
    chosen = [cores[number] for number in generator.permutation(len(cores))]
    alone = sum(core.emission == "values_every" for core in tiles)
    if alone + (alone < len(tiles)) > len(chosen):
        return None
    own, shared = iter(chosen[:alone]), chosen[alone:][: int(generator.integers(1, len(chosen) + 1))]
    held: Counter[Place] = Counter()
    places: list[Place] = []
    for core in tiles:
        free = [place for place in shared if held[place] < hardware.contexts]
        if core.emission != "values_every" and not free:
            return None
        place = next(own) if core.emission == "values_every" else free[int(generator.integers(len(free)))]
        held[place] += 1
        places.append(place)
    return places
