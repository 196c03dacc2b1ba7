"""What a spiking classifier is made of, as plain data: no torch here, so that recipes list fast."""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from snnc.base.bounds import IDENTIFIER, Items, Range
from snnc.base.schema import check, expect
from snnc.compiler.ir.network import MAX_DELAY, InputEncoding, ReadoutKind, Shape, count, pooled
from snnc.compiler.ir.provenance import OutputScale
from snnc.compiler.isa.arithmetic import NO_LEAK, Decay, ResetMode, state_range
from snnc.compiler.isa.contract import MAX_FRACTION_BITS

MAX_LAYERS = 64
MAX_EDGES = 8
"""Edges that enter one layer."""
MAX_WIDTH = 1 << 14
MAX_NEURONS = 1 << 20
MAX_WEIGHTS = 1 << 24
MAX_STEPS = 1 << 10
MAX_KERNEL = 15
MAX_SHIFT = 16
"""Fraction bits of a decay."""

INPUT = "input"
"""Name of the input among the sources of edges."""

EdgeKind = Literal["linear", "conv"]
HiddenReset = Literal["soft", "hard"]
Name = Annotated[str, IDENTIFIER]
Width = Annotated[int, Range(1, MAX_WIDTH)]
Steps = Annotated[int, Range(1, MAX_STEPS)]
Payload = Annotated[int, Range(1, 255)]
WeightBits = Annotated[int, Range(2, 8)]
StateBits = Annotated[int, Range(2, 32)]
FractionBits = Annotated[int, Range(0, MAX_FRACTION_BITS)]
Fraction = Annotated[float, Range(0, 1, below=True)]
Side = Annotated[int, Range(1, MAX_KERNEL)]
Sides = tuple[Side, Side]
Padding = Annotated[int, Range(0, MAX_KERNEL)]


def check_integer(name: str, value: object, low: int, high: int) -> None:
    """Raise ValueError unless `value` is an integer in low..high, which other fields decide."""
    bound = Range(low, high)
    expect(type(value) is int and bound.accepts(value), name, bound.describe("an integer"), value)


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
    state_bits: StateBits = 16
    initial_fraction: Fraction = 0.0
    """Membrane before the first step as a fraction of the threshold, rounded down."""
    fraction_bits: FractionBits = 0
    """Bits of everything but the weights behind their unit, so that a leak moves small membranes too."""
    lower_clamp: int | None = None
    """What no membrane falls below, in accumulator units, at most 0."""
    reset_apart: bool = False
    """Whether soft resets subtract an amount that each channel learns, and not its threshold."""
    leak_per_channel: bool = False
    """Whether each channel learns decays of its own, which start from `leak` and `current_leak` and have
    their fractions."""

    def __post_init__(self) -> None:
        """Raise ValueError, naming the field, for anything that is no population."""
        check(self)
        limit = 1 << (self.state_bits - 1)
        if self.lower_clamp is not None:
            check_integer("lower_clamp", self.lower_clamp, -limit, 0)
        check_integer("reset_value", self.reset_value, self.state_range[0], limit - 1)
        if self.reset_apart and self.reset != "soft":
            raise ValueError(f"reset_apart goes with the reset 'soft', not {self.reset!r}")
        for label, leak in (("leak", self.leak), ("current_leak", self.current_leak or NO_LEAK)):
            check_integer(f"{label}.fraction_bits", leak.fraction_bits, 0, MAX_SHIFT)
            check_integer(f"{label}.numerator", leak.numerator, 0, 1 << leak.fraction_bits)

    @property
    def state_range(self) -> tuple[int, int]:
        """Both ends of the clamp."""
        low, high = state_range(self.state_bits)
        return (low if self.lower_clamp is None else self.lower_clamp), high


PLAIN = Population()
"""Integrate and fire."""


@dataclass(frozen=True)
class EdgeConfig:
    """One input of a layer; the fields mean what they mean in `compiler.network.Edge` and `Conv2d`."""

    source: Name
    kind: EdgeKind = "linear"
    kernel: Sides = (1, 1)
    stride: Sides = (1, 1)
    padding: tuple[Padding, Padding] = (0, 0)
    groups: Width = 1
    pool: Sides = (1, 1)
    delay: Annotated[int, Range(0, MAX_DELAY)] = 0

    def __post_init__(self) -> None:
        """Raise ValueError, naming the field, for anything that is no edge."""
        check(self)
        if any(padding >= kernel for padding, kernel in zip(self.padding, self.kernel, strict=True)):
            raise ValueError(f"padding {self.padding} must be less than the kernel {self.kernel}")

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

    name: Name
    channels: Width
    """Output channels of a convolution, neurons of a fully connected layer."""
    edges: Annotated[tuple[EdgeConfig, ...], Items(1, MAX_EDGES)]
    population: Population = PLAIN
    weight_bits: WeightBits = 4

    def __post_init__(self) -> None:
        """Raise ValueError, naming the field, for anything that is no layer."""
        check(self)
        if self.name == INPUT:
            raise ValueError(f"name {INPUT!r} belongs to the input")


@dataclass(frozen=True)
class ModelConfig:
    """A graph of spiking layers in topological order; classes are read from the last one."""

    shape: tuple[Width, Width, Width]
    """Channels, height and width of the input."""
    layers: Annotated[tuple[LayerConfig, ...], Items(1, MAX_LAYERS)]
    steps: Steps = 4
    max_payload: Payload = 16
    """Largest input value; inputs enter as integers, nothing rescales them."""
    encoding: InputEncoding = "direct"
    readout: ReadoutKind = "membrane"
    first_step: int = 0
    """First step whose spikes count in a readout of spikes."""
    output_scale: OutputScale | None = None
    """What the network it was converted from gives for an output of 1; no execution reads it."""

    def __post_init__(self) -> None:
        """Raise ValueError, naming the field, for anything that cannot be a model."""
        check(self)
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
