"""IR level 1, `Network`: a typed graph of integer layers, the functional meaning of a model.

A layer is one population of neurons and the edges that feed it; an edge is a synapse transform
(today: linear) from a named source. Everything is in accumulator units of the receiving layer.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import VerificationError
from .arithmetic import NO_LEAK, Decay, IntArray, ResetMode, state_range

InputEncoding = Literal["direct", "events"]
ReadoutKind = Literal["membrane", "spike_count"]

MAX_NEURONS = 1 << 20
MAX_STEPS = 1 << 16


@dataclass(frozen=True)
class Input:
    """Where data enters: `direct` sends the graded value of a sample's features at every step,
    `events` takes spike trains of shape (steps, features). Payloads are 0..max_payload."""

    name: str
    features: int
    encoding: InputEncoding = "direct"
    max_payload: int = 255


@dataclass(frozen=True)
class Neurons:
    """Parameters of a population; the arrays have one entry per neuron, in accumulator units."""

    threshold: IntArray
    bias: IntArray
    initial: IntArray
    reset: ResetMode
    reset_value: int = 0
    leak: Decay = NO_LEAK
    state_bits: int = 16
    """Width B of the clamp at the end of each step."""

    @property
    def count(self) -> int:
        return int(self.threshold.shape[0])


@dataclass(frozen=True)
class Linear:
    """Fully connected synapses, `weights` (neurons, axons) of `weight_bits` two's-complement."""

    weights: NDArray[np.int8]
    weight_bits: int


@dataclass(frozen=True)
class Edge:
    """One input of a layer: the source's name and the synapses its events pass through."""

    source: str
    synapses: Linear


@dataclass(frozen=True)
class Layer:
    """A population and the edges whose currents are summed into it."""

    name: str
    neurons: Neurons
    edges: tuple[Edge, ...]


@dataclass(frozen=True)
class Readout:
    """How the classes are read: the last membrane, or spikes counted over all steps."""

    layer: str
    kind: ReadoutKind


@dataclass(frozen=True)
class Network:
    """The whole model: an input, layers in topological order, and a readout, run for `steps`."""

    name: str
    steps: int
    input: Input
    layers: tuple[Layer, ...]
    readout: Readout
    notes: dict[str, str] = field(default_factory=dict)
    """Plain facts that travel with the model (recipe, seed, accuracy), never used to compute."""

    @property
    def weight_bits(self) -> int:
        """Width of the widest weights of any layer."""
        return max(edge.synapses.weight_bits for layer in self.layers for edge in layer.edges)

    def layer(self, name: str) -> Layer:
        """The layer called `name`; raises KeyError."""
        return next(layer for layer in self.layers if layer.name == name)

    def size_of(self, source: str) -> int:
        """Number of axons that `source` (the input or a layer) offers."""
        return self.input.features if source == self.input.name else self.layer(source).neurons.count

    def verify(self) -> None:
        """Check every invariant of this level; raises VerificationError naming the node."""
        _require(1 <= self.steps <= MAX_STEPS, self.name, f"steps must be 1..{MAX_STEPS}, not {self.steps}")
        _require(bool(self.layers), self.name, "a network needs at least one layer")
        _verify_input(self.input)
        known = {self.input.name: self.input.features}
        for layer in self.layers:
            _require(layer.name not in known, layer.name, "two nodes have this name")
            _verify_neurons(layer)
            _require(bool(layer.edges), layer.name, "a layer needs at least one edge")
            for edge in layer.edges:
                _require(
                    edge.source in known,
                    layer.name,
                    f"edge from {edge.source!r}, which is not an earlier node",
                )
                _verify_linear(layer, edge, known[edge.source])
            known[layer.name] = layer.neurons.count
        _verify_readout(self)


def _require(condition: bool, where: str, message: str) -> None:
    if not condition:
        raise VerificationError(message, where=where)


def _verify_input(node: Input) -> None:
    _require(
        1 <= node.features <= MAX_NEURONS,
        node.name,
        f"features must be 1..{MAX_NEURONS}, not {node.features}",
    )
    _require(1 <= node.max_payload <= 255, node.name, f"max_payload must be 1..255, not {node.max_payload}")
    _require(node.encoding in ("direct", "events"), node.name, f"unknown encoding {node.encoding!r}")


def _verify_neurons(layer: Layer) -> None:
    neurons, count = layer.neurons, layer.neurons.count
    _require(1 <= count <= MAX_NEURONS, layer.name, f"neurons must be 1..{MAX_NEURONS}, not {count}")
    for label in ("threshold", "bias", "initial"):
        array = getattr(neurons, label)
        _require(
            array.dtype == np.int64 and array.shape == (count,),
            layer.name,
            f"{label} must be int64 of shape ({count},), not {array.dtype} {array.shape}",
        )
    _require(neurons.reset in ("soft", "hard", "none"), layer.name, f"unknown reset {neurons.reset!r}")
    _require(2 <= neurons.state_bits <= 32, layer.name, f"state_bits must be 2..32, not {neurons.state_bits}")
    low, high = state_range(neurons.state_bits)
    for label, values in (("initial", neurons.initial), ("reset_value", np.array([neurons.reset_value]))):
        _require(
            bool((values >= low).all() and (values <= high).all()),
            layer.name,
            f"{label} must lie in {low}..{high} ({neurons.state_bits} bits), "
            f"not {int(values.min())}..{int(values.max())}",
        )
    leak = neurons.leak
    _require(
        0 <= leak.fraction_bits <= 16 and 0 <= leak.numerator <= 1 << leak.fraction_bits,
        layer.name,
        f"leak numerator must be 0..2**fraction_bits with fraction_bits 0..16, not {leak}",
    )


def _verify_linear(layer: Layer, edge: Edge, axons: int) -> None:
    synapses = edge.synapses
    shape = (layer.neurons.count, axons)
    _require(
        synapses.weights.dtype == np.int8 and synapses.weights.shape == shape,
        layer.name,
        f"weights from {edge.source!r} must be int8 of shape {shape}, "
        f"not {synapses.weights.dtype} {synapses.weights.shape}",
    )
    _require(
        2 <= synapses.weight_bits <= 8, layer.name, f"weight_bits must be 2..8, not {synapses.weight_bits}"
    )
    low, high = state_range(synapses.weight_bits)
    smallest, largest = int(synapses.weights.min()), int(synapses.weights.max())
    _require(
        low <= smallest and largest <= high,
        layer.name,
        f"weights must lie in {low}..{high} ({synapses.weight_bits} bits), not {smallest}..{largest}",
    )


def _verify_readout(network: Network) -> None:
    names = [layer.name for layer in network.layers]
    _require(
        network.readout.layer in names, network.name, f"readout of unknown layer {network.readout.layer!r}"
    )
    fires = network.layer(network.readout.layer).neurons.reset != "none"
    kind = network.readout.kind
    _require(kind in ("membrane", "spike_count"), network.name, f"unknown readout {kind!r}")
    _require(
        fires == (kind == "spike_count"),
        network.readout.layer,
        "a spike_count readout needs a layer that fires, a membrane readout one with reset 'none'",
    )
    for layer in network.layers:
        silent = layer.neurons.reset == "none" and layer.name != network.readout.layer
        _require(not silent, layer.name, "a layer with reset 'none' never fires and is not the readout")
