"""What a spiking classifier is made of, as plain data: no torch here, so that recipes list fast."""

from dataclasses import dataclass, replace
from typing import Literal

from snnc.compiler.ir.network import MAX_DELAY, InputEncoding, ReadoutKind, Shape, count, pooled
from snnc.compiler.isa.arithmetic import NO_LEAK, Decay, ResetMode

MAX_LAYERS = 64
MAX_EDGES = 8
"""Edges that enter one layer."""
MAX_WIDTH = 1 << 14
MAX_NEURONS = 1 << 20
MAX_WEIGHTS = 1 << 24
MAX_STEPS = 1 << 10
MAX_KERNEL = 15

INPUT = "input"
"""Name of the input among the sources of edges."""

EdgeKind = Literal["linear", "conv"]
HiddenReset = Literal["soft", "hard"]
Pair = tuple[int, int]


def check_integer(name: str, value: object, low: int, high: int) -> None:
    """Raise ValueError unless `value` is an integer in low..high."""
    if type(value) is not int or not low <= value <= high:
        raise ValueError(f"{name} must be an integer in {low}..{high}, not {value!r}")


def _check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, not {value!r}")


def _check_name(label: str, value: object) -> None:
    if type(value) is not str or not 1 <= len(value) <= 64 or not value.isidentifier():
        raise ValueError(f"{label} must be an identifier of at most 64 characters, not {value!r}")


@dataclass(frozen=True)
class Population:
    """How the neurons of one layer behave, apart from their learned thresholds and biases."""

    reset: ResetMode = "soft"
    reset_value: int = 0
    """Membrane after a spike with a hard reset, in accumulator units."""
    leak: Decay = NO_LEAK
    """Leak of the membrane: `Decay(1, k)` is the shift leak `v - (v >> k)`."""
    current_leak: Decay | None = None
    """Decay of the synaptic current (CUBA), or None: a current acts in its own step alone."""
    state_bits: int = 16
    initial_fraction: float = 0.0
    """Membrane before the first step as a fraction of the threshold, rounded down."""

    def __post_init__(self) -> None:
        """Raise ValueError, naming the field, for anything that is no population."""
        _check_choice("reset", self.reset, ("soft", "hard", "none"))
        check_integer("state_bits", self.state_bits, 2, 32)
        limit = 1 << (self.state_bits - 1)
        check_integer("reset_value", self.reset_value, -limit, limit - 1)
        for label, leak in (("leak", self.leak), ("current_leak", self.current_leak or NO_LEAK)):
            check_integer(f"{label}: fraction_bits", leak.fraction_bits, 0, 16)
            check_integer(f"{label}: numerator", leak.numerator, 0, 1 << leak.fraction_bits)
        if type(self.initial_fraction) is not float or not 0 <= self.initial_fraction < 1:
            raise ValueError(f"initial_fraction must be a number in [0, 1), not {self.initial_fraction!r}")


PLAIN = Population()
"""Integrate and fire."""


@dataclass(frozen=True)
class EdgeConfig:
    """One input of a layer; the fields mean what they mean in `compiler.network.Edge` and `Conv2d`."""

    source: str
    kind: EdgeKind = "linear"
    kernel: Pair = (1, 1)
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    groups: int = 1
    pool: Pair = (1, 1)
    delay: int = 0

    def __post_init__(self) -> None:
        """Raise ValueError, naming the field, for anything that is no edge."""
        _check_name("source", self.source)
        _check_choice("kind", self.kind, ("linear", "conv"))
        for label, low in (("kernel", 1), ("stride", 1), ("padding", 0), ("pool", 1)):
            pair = getattr(self, label)
            if type(pair) is not tuple or len(pair) != 2:
                raise ValueError(f"{label} must be a pair of integers, not {pair!r}")
            for value in pair:
                check_integer(label, value, low, MAX_KERNEL)
        if any(padding >= kernel for padding, kernel in zip(self.padding, self.kernel, strict=True)):
            raise ValueError(f"padding {self.padding} must be less than the kernel {self.kernel}")
        check_integer("groups", self.groups, 1, MAX_WIDTH)
        check_integer("delay", self.delay, 0, MAX_DELAY)

    def fan_in(self, source: Shape) -> int:
        """Weights per output channel."""
        if self.kind == "linear":
            return count(pooled(source, self.pool))
        return source[0] // self.groups * self.kernel[0] * self.kernel[1]

    def shape(self, source: Shape, channels: int) -> Shape:
        """Shape of the population that this edge feeds; raises ValueError where it cannot."""
        channels_in, height, width = pooled(source, self.pool)
        if height < 1 or width < 1:
            raise ValueError(f"pool {self.pool} leaves nothing of {self.source} {source}")
        if self.kind == "linear":
            return channels, 1, 1
        if channels_in % self.groups or channels % self.groups:
            raise ValueError(f"groups {self.groups} must divide channels {channels_in} and {channels}")
        height, width = (
            (size + 2 * padding - kernel) // stride + 1
            for size, padding, kernel, stride in zip(
                (height, width), self.padding, self.kernel, self.stride, strict=True
            )
        )
        if height < 1 or width < 1:
            raise ValueError(f"kernel {self.kernel} does not fit into {self.source} {source}")
        return channels, height, width


@dataclass(frozen=True)
class LayerConfig:
    """A population and the edges whose currents are summed into it."""

    name: str
    channels: int
    """Output channels of a convolution, neurons of a fully connected layer."""
    edges: tuple[EdgeConfig, ...]
    population: Population = PLAIN
    weight_bits: int = 4

    def __post_init__(self) -> None:
        """Raise ValueError, naming the field, for anything that is no layer."""
        _check_name("name", self.name)
        if self.name == INPUT:
            raise ValueError(f"name {INPUT!r} belongs to the input")
        check_integer("channels", self.channels, 1, MAX_WIDTH)
        check_integer("edges", len(self.edges), 1, MAX_EDGES)
        check_integer("weight_bits", self.weight_bits, 2, 8)


@dataclass(frozen=True)
class ModelConfig:
    """A graph of spiking layers in topological order; classes are read from the last one."""

    shape: Shape
    """Channels, height and width of the input."""
    layers: tuple[LayerConfig, ...]
    steps: int = 4
    max_payload: int = 16
    """Largest input value; inputs enter as integers, nothing rescales them."""
    encoding: InputEncoding = "direct"
    readout: ReadoutKind = "membrane"
    first_step: int = 0
    """First step whose spikes count in a readout of spikes."""

    def __post_init__(self) -> None:
        """Raise ValueError, naming the field, for anything that cannot be a model."""
        if type(self.shape) is not tuple or len(self.shape) != 3:
            raise ValueError(f"shape must be (channels, height, width), not {self.shape!r}")
        for size in self.shape:
            check_integer("shape", size, 1, MAX_WIDTH)
        check_integer("layers", len(self.layers), 1, MAX_LAYERS)
        check_integer("steps", self.steps, 1, MAX_STEPS)
        check_integer("max_payload", self.max_payload, 1, 255)
        _check_choice("encoding", self.encoding, ("direct", "held", "rate", "latency", "events"))
        _check_choice("readout", self.readout, ("membrane", "spike_count", "first_spike"))
        check_integer("first_step", self.first_step, 0, self.steps - 1)
        if self.readout == "membrane" and self.first_step:
            raise ValueError(f"first_step must be 0 for a readout of membranes, not {self.first_step}")
        names = [INPUT, *(layer.name for layer in self.layers)]
        if len(set(names)) != len(names):
            raise ValueError(f"layers: a name is used twice in {', '.join(names[1:])}")
        self._check_shapes(names)
        self._check_readout()

    @property
    def shapes(self) -> dict[str, Shape]:
        """Shape of the input and of every layer: what an edge from no later layer gives."""
        known = {INPUT: self.shape}
        for layer in self.layers:
            forward = next((edge for edge in layer.edges if edge.source in known), None)
            if forward is None:
                raise ValueError(f"layer {layer.name}: no edge comes from the input or an earlier layer")
            known[layer.name] = forward.shape(known[forward.source], layer.channels)
        return known

    def is_recurrent(self, layer: LayerConfig, edge: EdgeConfig) -> bool:
        """Whether `edge` feeds `layer` from itself or from a later layer."""
        names = [INPUT, *(other.name for other in self.layers)]
        return names.index(edge.source) >= names.index(layer.name)

    def with_weight_bits(self, weight_bits: int) -> "ModelConfig":
        """The same model on another grid of weights."""
        return replace(self, layers=tuple(replace(layer, weight_bits=weight_bits) for layer in self.layers))

    def _check_shapes(self, names: list[str]) -> None:
        for layer in self.layers:
            for edge in layer.edges:
                if edge.source not in names:
                    raise ValueError(f"layer {layer.name}: edge from unknown {edge.source!r}")
                if edge.delay < int(self.is_recurrent(layer, edge)):
                    raise ValueError(f"layer {layer.name}: the edge from {edge.source} needs a delay")
        shapes = self.shapes
        weights = 0
        for layer in self.layers:
            shape = shapes[layer.name]
            check_integer(f"neurons of layer {layer.name}", count(shape), 1, MAX_NEURONS)
            for edge in layer.edges:
                if edge.shape(shapes[edge.source], layer.channels) != shape:
                    raise ValueError(f"layer {layer.name}: its edges differ in shape")
                weights += layer.channels * edge.fan_in(shapes[edge.source])
        check_integer("total weights", weights, 1, MAX_WEIGHTS)

    def _check_readout(self) -> None:
        for layer in self.layers:
            silent = layer.population.reset == "none"
            if silent != (layer is self.layers[-1] and self.readout == "membrane"):
                raise ValueError(f"readout {self.readout} does not go with reset of layer {layer.name}")
        if self.shapes[self.layers[-1].name][1:] != (1, 1):
            raise ValueError(f"layer {self.layers[-1].name}: a readout has height and width 1")


def fully_connected(
    sizes: tuple[int, ...],
    *,
    population: Population = PLAIN,
    weight_bits: int = 4,
    readout: ReadoutKind = "membrane",
) -> tuple[LayerConfig, ...]:
    """Layers `hidden1`, ..., `readout` in a row: `sizes` are the neurons of each."""
    layers: list[LayerConfig] = []
    source = INPUT
    for number, size in enumerate(sizes[:-1], 1):
        layers.append(LayerConfig(f"hidden{number}", size, (EdgeConfig(source),), population, weight_bits))
        source = layers[-1].name
    return (*layers, readout_layer(sizes[-1], source, population, weight_bits, readout))


def readout_layer(
    classes: int, source: str, population: Population, weight_bits: int, readout: ReadoutKind
) -> LayerConfig:
    """The last layer: integrators for a readout of membranes, else neurons like the others."""
    integrator = Population(reset="none", state_bits=population.state_bits)
    neurons = integrator if readout == "membrane" else population
    return LayerConfig("readout", classes, (EdgeConfig(source),), neurons, weight_bits)
