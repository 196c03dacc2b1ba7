"""IR between Network and TiledProgram: which slice of which layer becomes a tile, and where it goes."""

from dataclasses import dataclass, replace
from typing import Literal

from ..errors import VerificationError
from .network import Network
from .program import Address
from .targets import Target

Role = Literal["neurons", "partial"]


@dataclass(frozen=True)
class Tile:
    """Neurons first_neuron <= n < last_neuron of a layer over axons first_axon <= a < last_axon of its
    fan-in (the concatenated edges). A `partial` tile sums its axons for the `neurons` tile `owner`."""

    layer: str
    first_neuron: int
    last_neuron: int
    first_axon: int
    last_axon: int
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
    tiles: tuple[Tile, ...]

    @property
    def weight_bits(self) -> int:
        """Width at which the target stores the network's weights."""
        return self.target.stored_weight_bits(self.network.weight_bits)

    def tiles_of(self, layer: str) -> list[Tile]:
        """Tiles of one layer, owners and partials, in order."""
        return [tile for tile in self.tiles if tile.layer == layer]

    def with_places(self, places: list[Address]) -> "Tiling":
        """The same tiles, each at its place."""
        pairs = zip(self.tiles, places, strict=True)
        return replace(self, tiles=tuple(replace(tile, at=place) for tile, place in pairs))

    def verify(self) -> None:
        """Every synapse in exactly one tile, owners consistent; raises VerificationError."""
        for layer in self.network.layers:
            fan_in = sum(self.network.size_of(edge.source) for edge in layer.edges)
            area = 0
            for tile in self.tiles_of(layer.name):
                self._verify_tile(tile, layer.neurons.count, fan_in)
                area += (tile.last_neuron - tile.first_neuron) * (tile.last_axon - tile.first_axon)
            if area != layer.neurons.count * fan_in:
                raise VerificationError(
                    f"tiles hold {area} synapses of {layer.neurons.count * fan_in}", where=layer.name
                )

    def _verify_tile(self, tile: Tile, neurons: int, fan_in: int) -> None:
        inside = (
            0 <= tile.first_neuron < tile.last_neuron <= neurons
            and 0 <= tile.first_axon < tile.last_axon <= fan_in
        )
        owner = self.tiles[tile.owner] if 0 <= tile.owner < len(self.tiles) else None
        owned = (
            owner is not None
            and owner.role == "neurons"
            and (owner.layer, owner.first_neuron, owner.last_neuron)
            == (tile.layer, tile.first_neuron, tile.last_neuron)
            and (tile.role == "partial" or owner is tile)
        )
        if not inside or not owned:
            raise VerificationError(f"malformed tile {tile}", where=tile.layer)
