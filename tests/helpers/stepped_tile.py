"""A tile of the stepped model: what its core holds for it alone."""

from collections import Counter
from dataclasses import dataclass, field

from stepped_neurons import Neurons

from snnc.compiler.ir.packing import Bases
from snnc.compiler.ir.program import Core
from snnc.compiler.isa.address import Address
from snnc.compiler.targets import Target


@dataclass(eq=False)
class Tile:
    """Its program, its part of the core's memories, the first cycle of each of its sweeps or drains, and what
    took cycles."""

    core: Core
    neurons: Neurons
    place: Bases
    sweeps: list[int] = field(default_factory=list)
    causes: Counter[str] = field(default_factory=Counter)


def tile_of(core: Core, target: Target, places: dict[Address, Bases]) -> Tile:
    """The tile as it is after a reset."""
    return Tile(core, Neurons(core, target), places[core.at])
