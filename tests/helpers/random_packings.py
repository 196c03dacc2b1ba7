"""Programs whose tiles share cores: a program on fewer cores of hardware with contexts, by hand or at random.

The functional tier knows of tiles alone, so a packed program is its own reference: whatever shares a core,
every tile computes the same.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from snnc.base.bounds import limits
from snnc.base.errors import VerificationError
from snnc.compiler.ir.packing import Place, in_contexts
from snnc.compiler.ir.program import Core, Destination, TiledProgram
from snnc.compiler.ir.program_checks import verify_program
from snnc.compiler.isa.address import Address
from snnc.compiler.isa.contract import MAX_CONTEXTS
from snnc.compiler.targets import Target

Generator = np.random.Generator
MOST_ENTRIES = 256


def packed(program: TiledProgram, places: Sequence[Place]) -> TiledProgram:
    """`program` with tile i on the core at places[i], on a target with room for that."""
    moves = {core.at: at for core, at in zip(program.cores, in_contexts(places), strict=True)}
    moved = replace(
        program,
        name=f"{program.name}, packed",
        target=_roomy(program.target, max(Counter(places).values())),
        input_routes=tuple(replace(route, to=moves[route.to]) for route in program.input_routes),
        cores=tuple(_moved(core, moves) for core in program.cores),
    )
    verify_program(moved)
    return moved


def _moved(core: Core, moves: dict[Address, Address]) -> Core:
    def entry(destination: Destination) -> Destination:
        to = replace(moves[core.at], host=True) if destination.to.host else moves[destination.to]
        return replace(destination, to=to)

    return replace(
        core,
        at=moves[core.at],
        sources=tuple(moves.get(source, source) for source in core.sources),
        destinations=tuple(map(entry, core.destinations)),
    )


def _roomy(target: Target, tiles: int) -> Target:
    """The target with that many contexts, and with memories for so many tiles as large as its own."""
    grown = 1 << (tiles - 1).bit_length()
    return replace(
        target,
        contexts=max(tiles, target.contexts),
        neurons=_at_most("neurons", target.neurons * grown),
        parameter_words=_at_most("parameter_words", target.parameter_words * tiles),
        weight_kibit=target.weight_kibit * tiles,
        axon_rows=_at_most("axon_rows", target.axon_rows * tiles),
        axon_columns=_at_most("axon_columns", target.axon_columns * tiles),
        destinations=_at_most("destinations", target.destinations * tiles),
        sources=_at_most("sources", target.sources * tiles),
    )


def _at_most(name: str, value: int) -> int:
    """As much as a target may have of it."""
    return min(value, int(limits(Target, name).high))


def shuffled(generator: Generator, program: TiledProgram) -> TiledProgram:
    """`program` with its tiles in any order, half of the time: where they share a core, a tile may then have
    a lower context than those it hears."""
    if generator.random() < 0.5:
        return program
    order = generator.permutation(len(program.cores)).tolist()
    return replace(program, cores=tuple(program.cores[number] for number in order))


def random_packing(generator: Generator, program: TiledProgram) -> TiledProgram:
    """`program` on a random part of its mesh: tiles of partial sums alone, the others together as they fall,
    where tables have room."""
    while True:
        try:
            return packed(program, _random_places(generator, program))
        except VerificationError as error:
            # The VALUEs of a wide state word can name few neurons, so those who get any must come early.
            if "a VALUE" not in str(error):
                raise


def _random_places(generator: Generator, program: TiledProgram) -> list[Place]:
    target = program.target
    cores = [(x, y) for y in range(target.height) for x in range(target.width)]
    chosen = [cores[i] for i in generator.permutation(len(cores))]
    places: list[Place | None] = [
        chosen.pop() if core.emission == "values_every" else None for core in program.cores
    ]
    room = {place: _Room() for place in chosen[: int(generator.integers(1, len(chosen) + 1))]}
    spare = [place for place in chosen if place not in room]
    for number in generator.permutation(len(places)).tolist():
        if places[number] is None:
            places[number] = _place(generator, program.cores[number], room, spare)
    return [place for place in places if place is not None]


class _Room:
    """Entries that the tables of a core still have."""

    def __init__(self) -> None:
        self.tiles = self.rows = self.columns = self.destinations = self.sources = 0

    def take(self, core: Core) -> bool:
        """Whether the tile fits with those that are there; then it is one of them."""
        grown = (
            self.rows + len(core.axon_rows),
            self.columns + len(core.axon_columns),
            self.destinations + len(core.destinations),
            self.sources + len(core.sources),
        )
        if self.tiles == MAX_CONTEXTS or max(grown) > MOST_ENTRIES:
            return False
        self.tiles += 1
        self.rows, self.columns, self.destinations, self.sources = grown
        return True


def _place(generator: Generator, core: Core, room: dict[Place, _Room], spare: list[Place]) -> Place:
    places = list(room)
    for number in generator.permutation(len(places)).tolist():
        place: Place = places[number]
        if room[place].take(core):
            return place
    alone = spare.pop()
    room[alone] = _Room()
    room[alone].take(core)
    return alone
