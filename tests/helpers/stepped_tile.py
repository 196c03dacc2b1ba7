"""A tile of the stepped model: what its core holds for it alone."""

from dataclasses import dataclass, field

from stepped_neurons import Neurons

from snnc.compiler.ir.packing import Bases
from snnc.compiler.ir.program import Core
from snnc.compiler.isa.address import Address
from snnc.compiler.targets import Target


@dataclass
class Tile:
    """Its program, its part of the core's memories, and the first cycle of each of its sweeps or drains."""

    core: Core
    neurons: Neurons
    place: Bases
    sweeps: list[int] = field(default_factory=list)


def tile_of(core: Core, target: Target, places: dict[Address, Bases]) -> Tile:
    """The tile as it is after a reset."""
    return Tile(core, Neurons(core, target), places[core.at])
