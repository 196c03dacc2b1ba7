"""The cost model: expected cycles per step of a cut; reports set it against simulated cycles."""

import numpy as np

from snnc.compiler.analysis.cuts import LayerCut, TileSize
from snnc.compiler.ir.network import Conv2d, Edge, Network, count, pooled
from snnc.compiler.ir.program import HAZARD_DISTANCE, INIT_TAIL, SWEEP_TAIL, VALUE_CYCLES
from snnc.compiler.ir.provenance import Activity
from snnc.compiler.ir.tiling import is_depthwise
from snnc.compiler.targets import Target


def layer_cycles(network: Network, size: TileSize, slices: int, target: Target, activity: Activity) -> float:
    """Cycles per step in which the busiest core of the layer is at work: events, partial sums, sweep, and its
    share of what a sample begins with; tiles of this size have their fan-in in as many `slices`."""
    words = size.pixel_words * size.rows_per_tile * size.layer.shape[2]
    events = max(
        sum(_edge_cycles(network, size, edge, tile, target, activity) for edge in size.layer.edges)
        for tile in range(size.row_tiles)
    )
    values = (slices - 1) * words * target.lanes * VALUE_CYCLES
    initialise = words + INIT_TAIL if size.layer.neurons.initial.any() else 0
    return events / slices + values + words + SWEEP_TAIL + initialise / network.steps


def host_flits(network: Network, cuts: list[LayerCut], activity: Activity) -> float:
    """Flits per step that the host sends: every event once per tile that hears it, halos included."""
    total = 0.0
    for cut in cuts:
        for edge in cut.layer.edges:
            if edge.source == network.input.name:
                heard = sum(_heard(network, cut, edge, tile)[1] for tile in range(cut.row_tiles))
                total += activity.rates[edge.source] * heard * cut.channel_tiles
    return total


def _edge_cycles(
    network: Network, cut: TileSize, edge: Edge, tile: int, target: Target, activity: Activity
) -> float:
    """Cycles per step of the row engine for the events of an edge, in the tile of that number of rows."""
    shifts = edge.source == network.input.name and not target.decay_multiplier
    passes = activity.passes if shifts else 1.0
    present = max(network.steps - edge.delay, 0) / network.steps
    words = _row_words(network, cut, edge)
    unequal = len({_row_words(network, cut, other) for other in cut.layer.edges}) > 1
    gap = HAZARD_DISTANCE - 1 if unequal else max(HAZARD_DISTANCE - words, 0)
    positions, heard = _heard(network, cut, edge, tile)
    return activity.rates[edge.source] * present * passes * (positions * words + heard * gap)


def _row_words(network: Network, cut: TileSize, edge: Edge) -> int:
    return 1 if is_depthwise(edge, network.shape_of(edge.source)) else cut.pixel_words


def _heard(network: Network, cut: TileSize, edge: Edge, tile: int) -> tuple[int, int]:
    """Kernel positions that a tile of rows has for one event of every source neuron, and how many of those
    neurons it hears at all; borders, strides and halos counted."""
    source = network.shape_of(edge.source)
    if not isinstance(edge.synapses, Conv2d):
        neurons = count(pooled(source, edge.pool)) * edge.pool[0] * edge.pool[1]
        return neurons, neurons
    first = tile * cut.rows_per_tile
    rows = _axis(edge, source[1], 0, first, min(cut.rows_per_tile, cut.layer.shape[1] - first))
    columns = _axis(edge, source[2], 1, 0, cut.layer.shape[2])
    channels = source[0]
    if is_depthwise(edge, source):
        channels = min(channels, cut.channels_per_tile)
    return channels * rows[0] * columns[0], channels * rows[1] * columns[1]


def _axis(edge: Edge, side: int, axis: int, first: int, outputs: int) -> tuple[int, int]:
    """The same along one axis, for `outputs` outputs from `first` on."""
    assert isinstance(edge.synapses, Conv2d)
    kernel, stride = edge.synapses.weights.shape[2 + axis], edge.synapses.stride[axis]
    starts = np.arange(first, first + outputs) * stride - edge.synapses.padding[axis]
    hit = (starts[:, None] + np.arange(kernel)).reshape(-1)
    hit = hit[(hit >= 0) & (hit < side // edge.pool[axis])]
    return hit.size * edge.pool[axis], np.unique(hit).size * edge.pool[axis]
