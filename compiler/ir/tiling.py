"""IR between Network and TiledProgram: which slice of which layer becomes a tile, and where it goes."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from snnc.base.errors import require
from snnc.compiler.ir.network import Conv2d, Edge, Layer, Network, Shape, count, pooled
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
        """Every neuron and every synapse in exactly one tile, owners and places consistent; raises
        VerificationError naming the layer."""
        self.network.verify()
        self.target.verify()
        for planned in self.tiles:
            self._verify_tile(planned)
        for layer in self.network.layers:
            self._verify_neurons(layer)
        for owner, planned in enumerate(self.tiles):
            if planned.role == "neurons":
                self._verify_fan_in(owner, self.network.layer(planned.tile.layer))
        self._verify_places()

    def _verify_tile(self, planned: PlannedTile) -> None:
        tile = planned.tile
        shapes = {layer.name: layer.shape for layer in self.network.layers}
        known = shapes.get(tile.layer) == tile.layer_shape
        require(known, tile.layer, f"no layer of shape {tile.layer_shape} is called so")
        inside = (
            0 <= tile.first_channel < tile.first_channel + tile.channels <= tile.layer_shape[0]
            and 0 <= tile.first_row < tile.first_row + tile.rows <= tile.layer_shape[1]
        )
        require(inside, tile.layer, f"tile {tile} leaves its layer")
        owner = self.tiles[planned.owner] if 0 <= planned.owner < len(self.tiles) else None
        owned = owner is not None and owner.role == "neurons" and owner.tile == tile
        consistent = owned and (planned.role == "neurons") == (owner is planned)
        require(consistent, tile.layer, f"malformed tile {planned}")

    def _verify_neurons(self, layer: Layer) -> None:
        holders = np.zeros(layer.shape[:2], np.int64)
        for planned in self.tiles:
            tile = planned.tile
            if tile.layer == layer.name and planned.role == "neurons":
                channels = slice(tile.first_channel, tile.first_channel + tile.channels)
                holders[channels, tile.first_row : tile.first_row + tile.rows] += 1
        found = f"neurons are held {int(holders.min())} to {int(holders.max())} times"
        require(bool((holders == 1).all()), layer.name, found)

    def _verify_fan_in(self, owner: int, layer: Layer) -> None:
        slices = [planned.fan_in for planned in self.tiles if planned.owner == owner]
        counts = {len(fan_in) for fan_in in slices}
        require(counts == {len(layer.edges)}, layer.name, f"slices of {sorted(counts)} edges")
        for number, edge in enumerate(layer.edges):
            units, end = fan_in_units(edge, self.network.shape_of(edge.source)), 0
            ranges = sorted(fan_in[number] for fan_in in slices)
            for first, last in ranges:
                require(first == last or first == end < last, layer.name, f"slices {ranges}")
                end = max(end, last)
            covered = end == units and all(first >= 0 and last <= units for first, last in ranges)
            require(covered, layer.name, f"slices {ranges} of {units} from {edge.source!r}")

    def _verify_places(self) -> None:
        places = [planned.at for planned in self.tiles if planned.at is not None]
        where, tiles, target = self.network.name, len(self.tiles), self.target
        require(len(places) in (0, tiles), where, f"{len(places)} of {tiles} tiles have a place")
        require(len(set(places)) == len(places), where, "two tiles have one place")
        of_contexts = f" of {target.contexts} contexts" if target.contexts > 1 else ""
        room = target.core_count * target.contexts
        require(tiles <= room, where, f"{tiles} tiles on {target.core_count} cores{of_contexts}")
        for at in places:
            inside = 0 <= at.x < target.width and 0 <= at.y < target.height and not at.host
            inside &= 0 <= at.context < target.contexts
            require(inside, where, f"place {at} lies outside the mesh")


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
