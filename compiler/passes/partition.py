"""partition: cut every layer into tiles that fit one core, by output neurons and by fan-in."""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from ...errors import DoesNotFit
from ..network import Layer, Network
from ..program import ROW_GAP
from ..targets import Target
from ..tiling import Role, Tile, Tiling

ASSUMED_INPUT_EVENTS = 0.5
ASSUMED_INPUT_PASSES = 1.5
ASSUMED_FIRING_RATE = 0.15
"""Events per axon and step, and passes per graded event, that balance the load before anything has run."""


@dataclass(frozen=True)
class LayerCut:
    """How one layer is cut: `neuron_tiles` slices of outputs, each over `axon_slices`."""

    layer: Layer
    neurons_per_tile: int
    axon_slices: tuple[tuple[int, int], ...]

    @property
    def neuron_tiles(self) -> int:
        return -(-self.layer.neurons.count // self.neurons_per_tile)

    @property
    def cores(self) -> int:
        return self.neuron_tiles * len(self.axon_slices)


@dataclass(frozen=True)
class Partition:
    """Needs a Network with proved accumulators. Guarantees tiles within the core's neurons, axons and
    weight memory, as few as possible; with `spread`, free cores then shorten the slowest layer.

    Slices start at multiples of the lanes, counted from the start of each source, so that a destination
    entry can select them by word. Refuses with DoesNotFit when the mesh has too few cores.
    """

    target: Target
    spread: bool = True
    name: ClassVar[str] = "partition"

    def run(self, network: Network) -> Tiling:
        cuts = [_smallest_cut(network, layer, self.target) for layer in network.layers]
        needed = sum(cut.cores for cut in cuts)
        if needed > self.target.core_count:
            raise _too_many_cores(network, cuts, self.target)
        if self.spread:
            cuts = _spread(network, cuts, self.target)
        return Tiling(network, self.target, _tiles(cuts))


def _atoms(network: Network, layer: Layer, lanes: int) -> list[int]:
    """Fan-in positions at which a slice may start, ending with the fan-in itself."""
    starts: list[int] = []
    offset = 0
    for edge in layer.edges:
        size = network.size_of(edge.source)
        starts.extend(range(offset, offset + size, lanes))
        offset += size
    return [*starts, offset]


def _cut(network: Network, layer: Layer, target: Target, neuron_tiles: int) -> LayerCut | None:
    """The cut with about `neuron_tiles` slices of outputs, or None where one row does not even fit."""
    lanes = target.lanes
    words = -(-math.ceil(layer.neurons.count / neuron_tiles) // lanes)
    weight_bits = target.stored_weight_bits(network.weight_bits)
    if words * lanes > target.neurons:
        return None
    rows = min(target.axons, target.weight_words(weight_bits) // words)
    atoms = _atoms(network, layer, lanes)
    if rows < max(end - start for start, end in pairwise(atoms)):
        return None
    slice_count = -(-atoms[-1] // rows)
    while True:
        slices = _balanced_slices(atoms, slice_count)
        if all(end - start <= rows for start, end in slices):
            return LayerCut(layer, words * lanes, slices)
        slice_count += 1


def _balanced_slices(atoms: list[int], count: int) -> tuple[tuple[int, int], ...]:
    pieces = len(atoms) - 1
    count = min(count, pieces)
    cuts = [atoms[round(i * pieces / count)] for i in range(count + 1)]
    return tuple(pairwise(cuts))


def _smallest_cut(network: Network, layer: Layer, target: Target) -> LayerCut:
    most = -(-layer.neurons.count // target.lanes)
    cuts = (_cut(network, layer, target, tiles) for tiles in range(1, most + 1))
    fitting = [cut for cut in cuts if cut is not None]
    if not fitting:
        weight_bits = target.stored_weight_bits(network.weight_bits)
        row = target.lanes * target.lanes * weight_bits
        raise DoesNotFit(
            f"{target.lanes} rows of one word need {row} weight bits, has {target.weight_bits_per_core}; "
            f"axons needed {target.lanes}, has {target.axons}",
            where=f"layer {layer.name!r}",
        )
    return min(fitting, key=lambda cut: (cut.cores, len(cut.axon_slices), cut.neuron_tiles))


def _too_many_cores(network: Network, cuts: list[LayerCut], target: Target) -> DoesNotFit:
    rows = []
    total_bits = 0
    for cut in cuts:
        fan_in = cut.axon_slices[-1][1]
        bits = cut.layer.neurons.count * fan_in * target.stored_weight_bits(network.weight_bits)
        total_bits += bits
        rows.append(
            f"layer {cut.layer.name!r}: {cut.cores} cores; {cut.layer.neurons.count} neurons "
            f"(a core has {target.neurons}), {fan_in} axons (a core has {target.axons}), "
            f"{bits / 8192:.1f} KiB of weights (a core has {target.weight_bits_per_core / 8192:.1f})"
        )
    needed = sum(cut.cores for cut in cuts)
    return DoesNotFit(
        f"model does not fit target `{target.name}`: needs {needed} cores, has {target.core_count}; "
        f"weights {total_bits / 8192:.1f} KiB, has "
        f"{target.core_count * target.weight_bits_per_core / 8192:.1f} KiB in all\n" + "\n".join(rows)
    )


def _spread(network: Network, cuts: list[LayerCut], target: Target) -> list[LayerCut]:
    """Greedily cut the slowest layer finer while that lowers the slowest part's cycles per step."""
    while True:
        costs = [_layer_cycles(network, cut, target) for cut in cuts]
        slowest = max(range(len(cuts)), key=lambda i: costs[i])
        current = max(*costs, _host_cycles(network, cuts))
        finer = _finer(network, cuts[slowest], target)
        if finer is None:
            return cuts
        candidate = [*cuts[:slowest], finer, *cuts[slowest + 1 :]]
        cost = max(
            *(_layer_cycles(network, cut, target) for cut in candidate), _host_cycles(network, candidate)
        )
        cores = sum(cut.cores for cut in candidate)
        too_many = cores > target.core_count or _sources(candidate) > min(target.sources, target.destinations)
        if too_many or cost >= current:
            return cuts
        cuts = candidate


def _finer(network: Network, cut: LayerCut, target: Target) -> LayerCut | None:
    words = cut.neurons_per_tile // target.lanes
    if words == 1:
        return None
    tiles = -(-cut.layer.neurons.count // ((words - 1) * target.lanes))
    finer = _cut(network, cut.layer, target, tiles)
    return finer if finer is not None and finer.neurons_per_tile < cut.neurons_per_tile else None


def _sources(cuts: list[LayerCut]) -> int:
    """Most cores that any core may hear from or send to, plus the host: an upper bound."""
    widest = max(cut.neuron_tiles for cut in cuts)
    return widest + max(len(cut.axon_slices) for cut in cuts) + 1


def _events(network: Network, source: str, axons: int) -> float:
    rate = ASSUMED_INPUT_EVENTS if source == network.input.name else ASSUMED_FIRING_RATE
    return rate * axons


def _layer_cycles(network: Network, cut: LayerCut, target: Target) -> float:
    """Estimated accumulation cycles per step of one core of the layer."""
    row = max(cut.neurons_per_tile // target.lanes, ROW_GAP)
    cycles = 0.0
    for edge in cut.layer.edges:
        graded = edge.source == network.input.name and network.input.max_payload > 1
        passes = ASSUMED_INPUT_PASSES if graded else 1.0
        cycles += _events(network, edge.source, network.size_of(edge.source)) * passes * row
    return cycles / len(cut.axon_slices)


def _host_cycles(network: Network, cuts: list[LayerCut]) -> float:
    """Estimated flits per step that the host sends: every event once per tile that hears it."""
    fed = [cut for cut in cuts if any(edge.source == network.input.name for edge in cut.layer.edges)]
    return sum(_events(network, network.input.name, network.input.features) * cut.neuron_tiles for cut in fed)


def _tiles(cuts: list[LayerCut]) -> tuple[Tile, ...]:
    tiles: list[Tile] = []
    for cut in cuts:
        count = cut.layer.neurons.count
        for first in range(0, count, cut.neurons_per_tile):
            last = min(first + cut.neurons_per_tile, count)
            owner = len(tiles) + len(cut.axon_slices) - 1
            for start, end in cut.axon_slices:
                role: Role = "neurons" if len(tiles) == owner else "partial"
                tiles.append(Tile(cut.layer.name, first, last, start, end, role, owner))
    return tuple(tiles)
