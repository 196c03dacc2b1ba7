"""IR between Network and TiledProgram: which slice of which layer becomes a tile, and where it goes."""

from dataclasses import dataclass, replace
from typing import Literal

from snnc.base.errors import VerificationError
from snnc.compiler.ir.network import Conv2d, Edge, Network, Shape, count, pooled
from snnc.compiler.ir.program import Tile
from snnc.compiler.isa.address import Address
from snnc.compiler.targets import Target

Role = Literal["neurons", "partial"]
Range = tuple[int, int]


@dataclass(frozen=True)
class PlannedTile:
    """A tile over a slice of its fan-in: one range per edge of the layer, in units of `fan_in_units`. A
    `partial` tile sums its slice for the `neurons` tile `owner`, which has the rest."""

    tile: Tile
    fan_in: tuple[Range, ...]
    role: Role
    owner: int
    """Index of the tile that holds the neurons; a `neurons` tile owns itself."""
    at: Address | None = None
    """Core of the mesh, once placed."""


@dataclass(frozen=True)
class Tiling:
    """A network cut into tiles for a target, in layer order."""

    network: Network
    target: Target
    tiles: tuple[PlannedTile, ...]

    @property
    def weight_bits(self) -> int:
        """Width at which the target stores the network's weights."""
        return self.target.stored_weight_bits(self.network.weight_bits)

    def with_places(self, places: list[Address]) -> "Tiling":
        """The same tiles, each at its place."""
        pairs = zip(self.tiles, places, strict=True)
        return replace(self, tiles=tuple(replace(tile, at=place) for tile, place in pairs))

    def verify(self) -> None:
        """Every synapse in exactly one tile, owners consistent; raises VerificationError."""
        for layer in self.network.layers:
            expected = [fan_in_units(edge, self.network.shape_of(edge.source)) for edge in layer.edges]
            covered = [0] * len(expected)
            for planned in self.tiles:
                if planned.tile.layer != layer.name:
                    continue
                self._verify_owner(planned)
                for edge, (first, last) in enumerate(planned.fan_in):
                    covered[edge] += (last - first) * planned.tile.channels * planned.tile.rows
            full = [units * layer.shape[0] * layer.shape[1] for units in expected]
            if covered != full:
                raise VerificationError(f"tiles cover {covered} of {full} per edge", where=layer.name)

    def _verify_owner(self, planned: PlannedTile) -> None:
        owner = self.tiles[planned.owner] if 0 <= planned.owner < len(self.tiles) else None
        owned = owner is not None and owner.role == "neurons" and owner.tile == planned.tile
        if not owned or (planned.role == "neurons") != (owner is planned):
            raise VerificationError(f"malformed tile {planned}", where=planned.tile.layer)


def fan_in_units(edge: Edge, source: Shape) -> int:
    """What a fan-in slice counts: neurons of a flat source, else channels of the source. A depthwise edge
    cannot be sliced and counts as one."""
    if is_depthwise(edge, source):
        return 1
    arriving = pooled(source, edge.pool)
    return count(source) if source[1:] == (1, 1) else arriving[0]


def is_depthwise(edge: Edge, source: Shape) -> bool:
    """Whether each channel of `edge` sees one source channel alone, its own."""
    synapses = edge.synapses
    return (
        isinstance(synapses, Conv2d)
        and synapses.groups > 1
        and synapses.groups == source[0] == len(synapses.weights)
    )
