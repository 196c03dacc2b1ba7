"""place: give every tile a core of the mesh."""

from dataclasses import dataclass
from typing import ClassVar

from ..program import Address
from ..tiling import Tiling


@dataclass(frozen=True)
class Place:
    """Needs a Tiling of at most as many tiles as the mesh has cores. Guarantees a core of its own for each.

    Tiles follow a snake from the host's corner, in layer order, so that consecutive tiles are neighbours
    and most packets travel a hop or two. Deterministic.
    """

    name: ClassVar[str] = "place"

    def run(self, tiling: Tiling) -> Tiling:
        width = tiling.target.width
        places = []
        for number in range(len(tiling.tiles)):
            y, along = divmod(number, width)
            places.append(Address(along if y % 2 == 0 else width - 1 - along, y))
        return tiling.with_places(places)
