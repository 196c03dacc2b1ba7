"""IR level 1, `Network`: a typed graph of integer layers, the functional meaning of a model.

A layer is one population of neurons and the edges that feed it; an edge carries the events of a named source
through optional sum pooling and its synapses. Everything is in accumulator units of the receiving layer.
Populations have shape (channels, height, width), (n, 1, 1) for a fully connected layer; neurons are numbered
in that order, as PyTorch's flatten does.
"""

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from snnc.base import schema
from snnc.base.bounds import MAX_TEXT
from snnc.base.errors import VerificationError, require
from snnc.base.html import html_table
from snnc.base.quoting import quote
from snnc.compiler.ir.neurons import Neurons as Neurons
from snnc.compiler.ir.neurons import verify_neurons
from snnc.compiler.ir.provenance import Provenance
from snnc.compiler.isa.arithmetic import state_range

InputEncoding = Literal["direct", "held", "rate", "latency", "events"]
ReadoutKind = Literal["membrane", "spike_count", "first_spike"]
Shape = tuple[int, int, int]

MAX_NEURONS = 1 << 20
MAX_STEPS = 1 << 16
MAX_INPUT_VALUES = 1 << 26
"""Input values of one sample over all steps, which executions hold in memory at once."""
MAX_SIDE = 256
"""Largest height, width or kernel of a population with more than one pixel."""
MAX_DELAY = 15


@dataclass(frozen=True)
class Input:
    """Where data enters, and how a sample becomes events; payloads are 0..max_payload.

    `direct`: the graded value of each feature in every step. `held`: once, in the first step, for layers
    whose synaptic current does not decay. `rate`: payload 1 with probability value / max_payload per step,
    from a fixed seed. `latency`: one event of payload 1, the earlier the larger the value, none of 0.
    `events`: graded payloads (steps, features). The formulas are in `docs/arithmetic.md`.
    """

    name: str
    shape: Shape
    encoding: InputEncoding = "direct"
    max_payload: int = 255

    @property
    def features(self) -> int:
        return count(self.shape)


@dataclass(frozen=True)
class Linear:
    """Fully connected synapses, `weights` (neurons, axons) of `weight_bits` two's-complement."""

    weights: NDArray[np.int8]
    weight_bits: int


@dataclass(frozen=True)
class Conv2d:
    """Convolution (cross-correlation as in PyTorch), `weights` (channels, source channels / groups, kernel
    height, kernel width). `groups` equal to both channel counts is depthwise. A 1-D convolution has height
    1."""

    weights: NDArray[np.int8]
    weight_bits: int
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    groups: int = 1


@dataclass(frozen=True)
class Edge:
    """One input of a layer. Events of `source` arrive `delay` steps later; an edge whose source does not come
    before its layer is recurrent and has a delay of at least 1. `pool` sums windows of (height, width),
    stride equal to the window, before the synapses; rows and columns that fill no window are dropped."""

    source: str
    synapses: Linear | Conv2d
    delay: int = 0
    pool: tuple[int, int] = (1, 1)


@dataclass(frozen=True)
class Layer:
    """A population and the edges whose currents are summed into it."""

    name: str
    shape: Shape
    neurons: Neurons
    edges: tuple[Edge, ...]

    @property
    def count(self) -> int:
        return count(self.shape)


@dataclass(frozen=True)
class Readout:
    """How the classes are read from a layer: the last membrane; spikes counted in steps first_step <= t; or
    the first spike in them (steps - t of it, 0 without a spike: earlier is larger)."""

    layer: str
    kind: ReadoutKind
    first_step: int = 0


@dataclass(frozen=True)
class Network:
    """The whole model: an input, layers in topological order, and a readout, run for `steps`."""

    name: str
    steps: int
    input: Input
    layers: tuple[Layer, ...]
    readout: Readout
    provenance: Provenance = field(default_factory=Provenance)
    """Where it comes from; never used by an execution."""

    @cached_property
    def weight_bits(self) -> int:
        """Width of the widest weights of any layer."""
        return max(edge.synapses.weight_bits for layer in self.layers for edge in layer.edges)

    def layer(self, name: str) -> Layer:
        """The layer called `name`; raises KeyError."""
        return self.layers[self._positions[name] - 1]

    def shape_of(self, source: str) -> Shape:
        """Shape of the input or of a layer."""
        return self.input.shape if source == self.input.name else self.layer(source).shape

    def is_recurrent(self, layer: Layer, edge: Edge) -> bool:
        """Whether `edge` feeds `layer` from itself or from a later layer."""
        return self._positions[edge.source] >= self._positions[layer.name]

    @cached_property
    def _positions(self) -> dict[str, int]:
        """The first place of every name in dataflow order: 0 is the input's, n the n-th layer's."""
        names = [self.input.name, *(layer.name for layer in self.layers)]
        return {names[place]: place for place in reversed(range(len(names)))}

    def _repr_html_(self) -> str:
        """What a notebook shows: a row for each layer."""
        rows = []
        for layer in self.layers:
            sources = ", ".join(edge.source for edge in layer.edges)
            weights = sum(edge.synapses.weights.size for edge in layer.edges)
            bits = max(edge.synapses.weight_bits for edge in layer.edges)
            shape = " × ".join(map(str, layer.shape))
            rows.append((layer.name, sources, shape, layer.count, weights, bits, layer.neurons.reset))
        header = ("layer", "hears", "shape", "neurons", "weights", "bits", "reset")
        shape = " × ".join(map(str, self.input.shape))
        said = f"network {self.name}: {self.steps} steps, input {self.input.name} {shape}"
        return html_table(f"{said} ({self.input.encoding}), {self.readout.kind} read", header, rows)

    def verify(self) -> None:
        """Check every invariant of this level; raises VerificationError naming the node."""
        require(1 <= self.steps <= MAX_STEPS, self.name, f"steps must be 1..{MAX_STEPS}, not {self.steps}")
        require(bool(self.layers), self.name, "a network needs at least one layer")
        _verify_input(self.input)
        require_input_fits(self.input, self.steps, self.name)
        names = [self.input.name, *(layer.name for layer in self.layers)]
        _verify_texts(self.name, *names)
        _verify_provenance(self.provenance, names)
        for number, layer in enumerate(self.layers, 1):
            require(layer.name not in names[:number], layer.name, "two nodes have this name")
            _verify_shape(layer.name, layer.shape)
            verify_neurons(layer.neurons, layer.name, layer.shape[0])
            require(bool(layer.edges), layer.name, "a layer needs at least one edge")
            for edge in layer.edges:
                require(edge.source in names, layer.name, f"edge from unknown node {edge.source!r}")
                recurrent = names.index(edge.source) >= number
                require(
                    int(recurrent) <= edge.delay <= MAX_DELAY,
                    layer.name,
                    f"delay from {edge.source!r} must be {int(recurrent)}..{MAX_DELAY}, not {edge.delay}",
                )
                _verify_edge(layer, edge, self.shape_of(edge.source))
        _verify_readout(self)


def count(shape: Shape) -> int:
    """Neurons of a population."""
    return math.prod(shape)


def pooled(shape: Shape, pool: tuple[int, int]) -> Shape:
    """Shape after sum pooling; incomplete windows are dropped."""
    return shape[0], shape[1] // pool[0], shape[2] // pool[1]


def conv_shape(source: Shape, synapses: Conv2d) -> Shape:
    """Shape of the output of a convolution over a (pooled) source."""
    channels, _, kernel_height, kernel_width = synapses.weights.shape
    height = (source[1] + 2 * synapses.padding[0] - kernel_height) // synapses.stride[0] + 1
    width = (source[2] + 2 * synapses.padding[1] - kernel_width) // synapses.stride[1] + 1
    return channels, height, width


def _verify_texts(*texts: str) -> None:
    for text in texts:
        fits = len(text) <= MAX_TEXT and text.isprintable()
        require(fits, "texts", f"must be printable and at most {MAX_TEXT} characters, not {quote(text)}")


def _verify_provenance(provenance: Provenance, names: list[str]) -> None:
    with schema.reported(VerificationError, "provenance"):
        schema.check(provenance)
    if provenance.activity is not None:
        stated = list(provenance.activity.rates)
        same = sorted(stated) == sorted(names)
        require(same, "provenance", f"activity must be that of {', '.join(names)}, not of {quote(stated)}")


def _verify_shape(name: str, shape: Shape) -> None:
    require(min(shape) >= 1, name, f"shape must be positive, not {shape}")
    require(max(shape) <= MAX_NEURONS and count(shape) <= MAX_NEURONS, name, f"shape {shape} is too large")
    require(max(shape[1:]) <= MAX_SIDE, name, f"height and width must be 1..{MAX_SIDE}, not {shape[1:]}")


def require_input_fits(node: Input, steps: int, where: str) -> None:
    """Raise VerificationError for a sample whose input values over all steps are too many."""
    values = count(node.shape) * steps
    require(
        values <= MAX_INPUT_VALUES,
        where,
        f"{count(node.shape)} inputs in {steps} steps are {values} values, the limit is {MAX_INPUT_VALUES}",
    )


def _verify_input(node: Input) -> None:
    _verify_shape(node.name, node.shape)
    require(1 <= node.max_payload <= 255, node.name, f"max_payload must be 1..255, not {node.max_payload}")
    encodings = ("direct", "held", "rate", "latency", "events")
    require(node.encoding in encodings, node.name, f"unknown encoding {node.encoding!r}")


def _verify_edge(layer: Layer, edge: Edge, source: Shape) -> None:
    synapses, where = edge.synapses, layer.name
    require(min(edge.pool) >= 1, where, f"pool must be positive, not {edge.pool}")
    arriving = pooled(source, edge.pool)
    require(min(arriving) >= 1, where, f"pool {edge.pool} leaves nothing of {edge.source!r} {source}")
    require(2 <= synapses.weight_bits <= 8, where, f"weight_bits must be 2..8, not {synapses.weight_bits}")
    if isinstance(synapses, Linear):
        _verify_weights(layer, edge, (layer.count, count(arriving)))
        require(layer.shape[1:] == (1, 1), where, f"a linear layer has shape (n, 1, 1), not {layer.shape}")
        return
    _verify_conv(layer, edge, synapses, arriving)


def _verify_conv(layer: Layer, edge: Edge, synapses: Conv2d, source: Shape) -> None:
    where, groups = layer.name, synapses.groups
    require(synapses.weights.ndim == 4, where, "convolution weights must be 4-D")
    kernel = synapses.weights.shape[2:]
    divides = groups >= 1 and source[0] % groups == 0 and layer.shape[0] % groups == 0
    require(divides, where, f"groups {groups} must divide channels {source[0]} and {layer.shape[0]}")
    require(min(kernel) >= 1 and max(kernel) <= 15, where, f"kernel must be 1..15, not {kernel}")
    _verify_weights(layer, edge, (layer.shape[0], source[0] // groups, *kernel))
    within = all(1 <= stride <= MAX_SIDE for stride in synapses.stride)
    require(within, where, f"stride must be 1..{MAX_SIDE}, not {synapses.stride}")
    fits = all(0 <= p < k for p, k in zip(synapses.padding, kernel, strict=True))
    require(fits, where, f"padding must be 0 and less than the kernel, not {synapses.padding}")
    expected = conv_shape(source, synapses)
    require(
        expected == layer.shape,
        where,
        f"convolution from {edge.source!r} gives {expected}, not {layer.shape}",
    )


def _verify_weights(layer: Layer, edge: Edge, shape: tuple[int, ...]) -> None:
    weights, bits = edge.synapses.weights, edge.synapses.weight_bits
    require(
        weights.dtype == np.int8 and weights.shape == shape,
        layer.name,
        f"weights from {edge.source!r} must be int8 of shape {shape}, not {weights.dtype} {weights.shape}",
    )
    low, high = state_range(bits)
    smallest, largest = int(weights.min()), int(weights.max())
    require(
        low <= smallest and largest <= high,
        layer.name,
        f"weights must lie in {low}..{high} ({bits} bits), not {smallest}..{largest}",
    )


def _verify_readout(network: Network) -> None:
    names, readout = [layer.name for layer in network.layers], network.readout
    require(readout.layer in names, network.name, f"readout of unknown layer {readout.layer!r}")
    layer = network.layer(readout.layer)
    require(
        readout.kind in ("membrane", "spike_count", "first_spike"),
        network.name,
        f"unknown readout {readout.kind!r}",
    )
    require(
        (layer.neurons.reset == "none") == (readout.kind == "membrane"),
        readout.layer,
        "a readout of spikes needs a layer that fires, a membrane readout one with reset 'none'",
    )
    require(
        0 <= readout.first_step < network.steps,
        network.name,
        f"first_step must be 0..{network.steps - 1}, not {readout.first_step}",
    )
    require(
        readout.first_step == 0 or readout.kind != "membrane",
        network.name,
        "a membrane readout has no window: it is read after the last step",
    )
    for other in network.layers:
        silent = other.neurons.reset == "none" and other.name != readout.layer
        require(not silent, other.name, "a layer with reset 'none' never fires and is not the readout")
