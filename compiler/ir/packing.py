"""Where each of the tiles that share a core begins in the core's memories and tables.

A tile's own addresses count from 0; those of hardware are these bases added, as `docs/microarchitecture.md`
has it in section 4.7.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from snnc.compiler.ir.program import Core, TiledProgram
from snnc.compiler.isa.address import Address
from snnc.compiler.isa.flits import COLUMN_SHIFT, COORDINATE_MASK, ROW_SHIFT

Place = tuple[int, int]
"""Column and row of a core in the mesh."""


@dataclass(frozen=True)
class Bases:
    """The first word or entry of a tile in each memory and table that the tiles of a core share."""

    weight_word: int = 0
    state_word: int = 0
    """In state, membrane and bitmaps."""
    parameter_word: int = 0
    """In thresholds, biases, v(0), reset amounts and decays."""
    row: int = 0
    """Of the axon rows: the y of its events."""
    column: int = 0
    """Of the axon columns, likewise."""
    destination: int = 0
    source: int = 0

    def coordinate(self, local: int) -> int:
        """What a SPIKE to the tile carries for a coordinate of its own tables, modulo 2^24."""
        return local + (self.row << ROW_SHIFT) + (self.column << COLUMN_SHIFT) & COORDINATE_MASK


def in_contexts(places: Sequence[Place]) -> list[Address]:
    """The address of each tile, given the core that it goes to: contexts are numbered in the tiles' order."""
    counts: Counter[Place] = Counter()
    addresses = []
    for x, y in places:
        addresses.append(Address(x, y, context=counts[x, y]))
        counts[x, y] += 1
    return addresses


def on_core(program: TiledProgram) -> dict[Place, list[Core]]:
    """The tiles of every core that has any, in the program's order, which is that of their contexts."""
    places: dict[Place, list[Core]] = {}
    for core in program.cores:
        places.setdefault((core.at.x, core.at.y), []).append(core)
    return places


def bases(program: TiledProgram) -> dict[Address, Bases]:
    """Where each tile begins: one behind the other on its core, by context."""
    lanes, found = program.target.lanes, {}
    for tiles in on_core(program).values():
        place = Bases()
        for core in tiles:
            found[core.at] = place
            place = _behind(place, core, lanes)
    return found


def host_index(core: Core, place: Bases, lanes: int) -> int:
    """What the host's index of a membrane has on top of the tile's own: tiles with pixels are named by their
    slots alone, so by those of the whole state memory."""
    return 0 if core.tile.flat or core.emission == "spikes" else place.state_word * lanes


def _behind(place: Bases, core: Core, lanes: int) -> Bases:
    own = Bases(
        weight_word=len(core.weights),
        state_word=core.tile.words(lanes),
        parameter_word=core.tile.pixel_words(lanes),
        row=len(core.axon_rows),
        column=len(core.axon_columns),
        destination=len(core.destinations),
        source=len(core.sources),
    )
    return Bases(*(a + b for a, b in zip(astuple(place), astuple(own), strict=True)))
