"""The cost model: estimated cycles per step of a cut; reports set it against simulated cycles."""

from .bounds import GRADED
from .cuts import LayerCut
from .network import Conv2d, Edge, Network, count
from .program import HAZARD_DISTANCE, SWEEP_TAIL
from .targets import Target
from .tiling import is_depthwise

INPUT_EVENTS = 0.5
INPUT_PASSES = 1.5
FIRING_RATE = 0.15
"""Assumed events per axon and step, and passes per graded event."""


def layer_cycles(network: Network, cut: LayerCut, target: Target) -> float:
    """Cycles per step of one core of the layer: accumulation, then the sweep."""
    accumulate = sum(_edge_cycles(network, cut, edge) for edge in cut.layer.edges) / len(cut.slices)
    return accumulate + cut.pixel_words * cut.rows_per_tile * cut.layer.shape[2] + SWEEP_TAIL


def host_flits(network: Network, cuts: list[LayerCut]) -> float:
    """Flits per step that the host sends: every event once per tile that hears it."""
    total = 0.0
    for cut in cuts:
        for edge in cut.layer.edges:
            if edge.source == network.input.name:
                heard = 1.0 if isinstance(edge.synapses, Conv2d) else float(cut.row_tiles)
                total += INPUT_EVENTS * count(network.shape_of(edge.source)) * cut.channel_tiles * heard
    return total


def _edge_cycles(network: Network, cut: LayerCut, edge: Edge) -> float:
    from_input = edge.source == network.input.name
    graded = from_input and network.input.encoding in GRADED and network.input.max_payload > 1
    rate = INPUT_EVENTS if from_input else FIRING_RATE
    passes = INPUT_PASSES if graded else 1.0
    events = rate * count(network.shape_of(edge.source)) / cut.row_tiles
    words, positions = cut.pixel_words, 1.0
    if isinstance(edge.synapses, Conv2d):
        height, width = edge.synapses.weights.shape[2:]
        positions = height * width / (edge.synapses.stride[0] * edge.synapses.stride[1])
        words = 1 if is_depthwise(edge, network.shape_of(edge.source)) else words
    return events * passes * (positions * words + max(HAZARD_DISTANCE - words, 0))
