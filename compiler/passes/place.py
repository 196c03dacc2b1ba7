"""place: give every tile a core of the mesh, close to those it talks to."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from snnc.base.errors import UsageError
from snnc.compiler.analysis.activity import activity_of
from snnc.compiler.analysis.sharing import Sharing
from snnc.compiler.ir.levels import Level
from snnc.compiler.ir.packing import in_contexts
from snnc.compiler.ir.tiling import PlannedTile, Tiling
from snnc.compiler.isa.address import Address
from snnc.compiler.passes.pack import pack

HOST = -1
MAX_OPTION = 100_000
Traffic = dict[tuple[int, int], float]
"""Packets per step between two tiles, or a tile and HOST."""


@dataclass(frozen=True)
class Place:
    """Needs a Tiling of at most as many tiles as the mesh has cores. Guarantees a core of its own for each.
    Where cores hold several, tiles share the fewest that do, or with `spread` more while that is worth it.

    Starts from a snake through the mesh in layer order, a space-filling curve that keeps neighbours close,
    and anneals by swaps of two cores (Kirkpatrick, Gelatt, Vecchi 1983) on packets x hops, with a fixed seed:
    the same tiling always gives the same places. The host sits at (0, 0). The best placement seen is kept.
    """

    seed: int = 0
    swaps_per_tile: int = 300
    spread: bool = True
    name: ClassVar[str] = "place"
    takes: ClassVar[type[Level]] = Tiling
    gives: ClassVar[type[Level]] = Tiling

    def __post_init__(self) -> None:
        for option in ("seed", "swaps_per_tile"):
            if not 0 <= getattr(self, option) <= MAX_OPTION:
                raise UsageError(f"{option} of place must be 0..{MAX_OPTION}, not {getattr(self, option)}")

    def run(self, tiling: Tiling) -> Tiling:
        cores = snake(tiling.target.width, tiling.target.height)
        shared = tiling.target.contexts > 1
        sharing = pack(tiling, spread=self.spread) if shared else list(range(len(tiling.tiles)))
        packets = _between(traffic(tiling), sharing) if shared else traffic(tiling)
        order = _anneal(packets, 1 + max(sharing), cores, self.seed, self.swaps_per_tile)
        places = [cores[order[core]] for core in sharing]
        return tiling.with_places(in_contexts([(place.x, place.y) for place in places]))


def snake(width: int, height: int) -> list[Address]:
    """All cores, row by row, every other row backwards, from the host's corner."""
    return [Address(x if y % 2 == 0 else width - 1 - x, y) for y in range(height) for x in range(width)]


def traffic(tiling: Tiling) -> Traffic:
    """Estimated packets per step between tiles, by the activity the cost model goes by."""
    packets: Traffic = {}
    network = tiling.network
    layers = {layer.name: layer for layer in network.layers}
    owners: dict[str, list[int]] = {name: [] for name in layers}
    for number, planned in enumerate(tiling.tiles):
        if planned.role == "neurons":
            owners[planned.tile.layer].append(number)
    rates = activity_of(network).rates
    for receiver, planned in enumerate(tiling.tiles):
        if planned.role == "partial":
            packets[receiver, planned.owner] = float(_neurons(planned))
        for edge, (first, last) in zip(layers[planned.tile.layer].edges, planned.fan_in, strict=True):
            if first == last:
                continue
            if edge.source == network.input.name:
                events = rates[edge.source] * network.input.features
                packets[HOST, receiver] = packets.get((HOST, receiver), 0.0) + events
            for sender in owners.get(edge.source, ()):
                key = (sender, receiver)
                packets[key] = packets.get(key, 0.0) + rates[edge.source] * _neurons(tiling.tiles[sender])
    readouts = [i for i, planned in enumerate(tiling.tiles) if planned.tile.layer == network.readout.layer]
    for tile in readouts:
        packets[HOST, tile] = packets.get((HOST, tile), 0.0) + 1.0
    return packets


def _between(packets: Traffic, sharing: Sharing) -> Traffic:
    """Packets between cores, given the core of each tile."""
    found: Traffic = {}
    for pair, weight in packets.items():
        a, b = (HOST if tile == HOST else sharing[tile] for tile in pair)
        if a != b:
            found[a, b] = found.get((a, b), 0.0) + weight
    return found


def _neurons(planned: PlannedTile) -> int:
    return planned.tile.channels * planned.tile.rows * planned.tile.columns


def hops(packets: Traffic, order: list[int], cores: list[Address]) -> float:
    """Packets x hops of a placement: tile i on core cores[order[i]]."""
    return sum(weight * _distance(pair, order, cores) for pair, weight in packets.items())


def _distance(pair: tuple[int, int], order: list[int], cores: list[Address]) -> int:
    a, b = (Address(0, 0) if tile == HOST else cores[order[tile]] for tile in pair)
    return abs(a.x - b.x) + abs(a.y - b.y)


def _anneal(packets: Traffic, tiles: int, cores: list[Address], seed: int, swaps_per_tile: int) -> list[int]:
    """Slot of each tile; slots tiles .. are empty cores, so that a swap may also move a tile alone."""
    slots = list(range(len(cores)))
    mesh = _Mesh(packets, cores)
    cost = best_cost = hops(packets, slots, cores)
    since_best: list[tuple[int, int]] = []
    generator = np.random.default_rng(seed)
    swaps = swaps_per_tile * tiles if len(cores) > 1 else 0
    start = max(cost / max(len(packets), 1), 1e-9)
    for number in range(swaps):
        temperature = start * (1.0 - number / swaps) ** 2 + 1e-12
        a, b = int(generator.integers(tiles)), int(generator.integers(len(cores)))
        if a == b:
            continue
        before = mesh.around(a, b)
        mesh.swap(a, b)
        change = mesh.around(a, b) - before
        if change <= 0 or generator.random() < math.exp(-change / temperature):
            slots[a], slots[b] = slots[b], slots[a]
            since_best.append((a, b))
            cost += change
            if cost < best_cost - 1e-9:
                best_cost = cost
                since_best.clear()
        else:
            mesh.swap(a, b)
    for a, b in reversed(since_best):
        slots[a], slots[b] = slots[b], slots[a]
    return slots[:tiles]


class _Mesh:
    """Where tiles are, as plain lists of coordinates, and whom each has links with; the host comes last,
    where the index HOST leads."""

    def __init__(self, packets: Traffic, cores: list[Address]) -> None:
        self.x = [*(core.x for core in cores), 0]
        self.y = [*(core.y for core in cores), 0]
        self.links: list[list[tuple[int, float]]] = [[] for _ in cores]
        for (sender, receiver), weight in packets.items():
            for tile, other in ((sender, receiver), (receiver, sender)):
                if tile != HOST:
                    self.links[tile].append((other, weight))

    def swap(self, a: int, b: int) -> None:
        """Tiles a and b change places."""
        x, y = self.x, self.y
        x[a], x[b] = x[b], x[a]
        y[a], y[b] = y[b], y[a]

    def around(self, a: int, b: int) -> float:
        """Cost of all links of tiles a and b; a link between them does not change when they swap."""
        x, y = self.x, self.y
        return sum(
            [
                weight * (abs(own_x - x[other]) + abs(own_y - y[other]))
                for own_x, own_y, links in (
                    (x[a], y[a], self.links[a]),
                    (x[b], y[b], self.links[b]),
                )
                for other, weight in links
            ]
        )
