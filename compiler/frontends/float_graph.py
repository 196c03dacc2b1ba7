"""The float graph: what every trained network becomes before it becomes integers.

Populations of neurons in the order in which a step computes them, edges between them, all in float64 and in
the network's own units. It has a meaning of its own (`execution`), with which the original is compared, so
that what reading loses and what quantisation loses are known apart. Shapes are (channels, height, width).
"""

from dataclasses import dataclass, field, fields
from typing import Literal

import numpy as np

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends.synapses import FloatArray, Synapses
from snnc.compiler.ir.network import Shape, pooled

INPUT = "input"
"""Name of the input among the sources of edges."""
Reset = Literal["soft", "hard", "none"]
Pooling = Literal["sum", "max"]
Reading = Literal["membrane", "membrane_sum", "membrane_max", "spike_count", "first_spike"]


def _number(value: float) -> FloatArray:
    return np.array(value, np.float64)


@dataclass(frozen=True)
class FloatNeurons:
    """Spiking neurons. Every array is broadcast over the population: one number, (channels, 1, 1), or one
    per neuron. In each step, x being what the edges bring and the bias, `input_delay` steps ago:

        i = alpha · i + x                                       without alpha: i = x
        u = v_leak + beta · (v − v_leak) + gain · i + drive
        u = u − rho, where s of the step before and reset_delay
        s = u > theta if strict else u ≥ theta                  never, if reset is "none": v is sent instead
        v = u − rho (soft, unless reset_delay) | v_reset (hard) where s, else u
        v = v within lower .. upper
    """

    theta: FloatArray
    beta: FloatArray = field(default_factory=lambda: _number(1))
    """Part of the membrane that is left after a step; 1 does not leak."""
    gain: FloatArray = field(default_factory=lambda: _number(1))
    alpha: FloatArray | None = None
    """Part of the synaptic current that is left after a step; None for neurons without one."""
    strict: bool = False
    """Whether the membrane must exceed the threshold, not just reach it."""
    reset: Reset = "soft"
    rho: FloatArray | None = None
    """What a soft reset subtracts; None for theta."""
    reset_delay: bool = False
    """Whether a soft reset acts in the next step, after the leak."""
    v_leak: FloatArray = field(default_factory=lambda: _number(0))
    v_reset: FloatArray = field(default_factory=lambda: _number(0))
    drive: FloatArray = field(default_factory=lambda: _number(0))
    """Enters the membrane in every step, past gain and current."""
    initial: FloatArray = field(default_factory=lambda: _number(0))
    """Membrane before the first step."""
    lower: FloatArray | None = None
    upper: FloatArray | None = None
    input_delay: int = 0

    @property
    def subtracted(self) -> FloatArray:
        """What a soft reset subtracts."""
        return self.theta if self.rho is None else self.rho

    def arrays(self) -> dict[str, FloatArray]:
        """Every array that is there, by its name."""
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: value for name, value in found.items() if isinstance(value, np.ndarray)}


@dataclass(frozen=True)
class Rectifier:
    """ReLU units of a network without spikes, at most `limit` (ReLU6: 6); None for no limit."""

    limit: float | None = None


@dataclass(frozen=True)
class FloatEdge:
    """What one source brings. Its values, `delay` steps old, are summed (or the largest taken) over windows
    of `pool`, stride equal to the window, incomplete ones dropped; then come the synapses."""

    source: str
    synapses: Synapses
    delay: int = 0
    pool: tuple[int, int] = (1, 1)
    pooling: Pooling = "sum"


@dataclass(frozen=True)
class Population:
    """Neurons, the edges into them, and a bias (broadcast like the neurons' arrays) in every step.

    Of what the edges bring, the largest value of each `window` counts (stride equal to it, incomplete ones
    dropped)."""

    name: str
    shape: Shape
    neurons: FloatNeurons | Rectifier
    edges: tuple[FloatEdge, ...]
    bias: FloatArray = field(default_factory=lambda: _number(0))
    window: tuple[int, int] = (1, 1)


@dataclass(frozen=True)
class FloatReadout:
    """How classes are read from a population: its membrane after the last step, summed over the steps, or
    the largest of all; its spikes counted; or the first of them (steps − t, 0 without a spike). Steps before
    `first_step` do not count. Of rectifiers it is their value."""

    population: str
    kind: Reading
    first_step: int = 0


@dataclass(frozen=True)
class FloatGraph:
    """The whole network behind one input, which takes float values of `shape` in every step."""

    shape: Shape
    populations: tuple[Population, ...]
    readout: FloatReadout

    def population(self, name: str) -> Population:
        """The population called `name`; raises KeyError."""
        found = next((population for population in self.populations if population.name == name), None)
        if found is None:
            raise KeyError(name)
        return found

    def shape_of(self, source: str) -> Shape:
        """Shape of the input or of a population; raises KeyError."""
        return self.shape if source == INPUT else self.population(source).shape

    @property
    def spiking(self) -> bool:
        """Whether it has no rectifiers, but those that are only read."""
        return not any(isinstance(population.neurons, Rectifier) for population in self.populations)

    def verify(self) -> None:
        """Raise UnsupportedModel, naming the population, unless shapes, names and numbers fit together."""
        names = [INPUT, *(population.name for population in self.populations)]
        _require(len(names) > 1, INPUT, "a network needs at least one population")
        _require(self.readout.population in names[1:], INPUT, f"nothing is called {self.readout.population}")
        for number, population in enumerate(self.populations, 1):
            where = population.name
            _require(where not in names[:number], where, "two populations have this name")
            _require(bool(population.edges), where, "nothing feeds this population")
            _verify_numbers(population)
            for edge in population.edges:
                _require(edge.source in names, where, f"an edge comes from {edge.source}, which is unknown")
                least = int(names.index(edge.source) >= number)
                _require(edge.delay >= least, where, f"the edge from {edge.source} needs a delay of {least}")
                _verify_edge(population, edge, self.shape_of(edge.source))


def _verify_edge(population: Population, edge: FloatEdge, source: Shape) -> None:
    where = population.name
    finite = bool(np.isfinite(edge.synapses.weights).all())
    _require(finite, where, f"weights from {edge.source} hold NaN or infinite numbers")
    arriving = pooled(source, edge.pool)
    _require(
        min(edge.pool) >= 1 and min(arriving) >= 1, where, f"pool {edge.pool} leaves nothing of {source}"
    )
    try:
        given = edge.synapses.shape(arriving)
    except UnsupportedModel as error:
        raise UnsupportedModel(f"the edge from {edge.source} {error.message}", where=where) from None
    _require(
        min(population.window) >= 1 and pooled(given, population.window) == population.shape,
        where,
        f"{edge.source} brings {given}, not {population.shape}"
        + (f" windows of {population.window}" if population.window != (1, 1) else ""),
    )


def _verify_numbers(population: Population) -> None:
    where, neurons = population.name, population.neurons
    arrays = {"bias": population.bias} | (neurons.arrays() if isinstance(neurons, FloatNeurons) else {})
    for name, array in arrays.items():
        _require(bool(np.isfinite(array).all()), where, f"{name} holds NaN or infinite numbers")
        fits = len(array.shape) in (0, 3) and all(
            size in (1, whole) for size, whole in zip(array.shape, population.shape, strict=False)
        )
        _require(fits, where, f"{name} of shape {array.shape} does not fit a population {population.shape}")
    if isinstance(neurons, FloatNeurons):
        _require(neurons.input_delay >= 0, where, f"input_delay must be 0 or more, not {neurons.input_delay}")
        soft = neurons.reset == "soft" or not neurons.reset_delay
        _require(soft, where, "only a soft reset can act in the next step")


def _require(condition: bool, where: str, message: str) -> None:
    if not condition:
        raise UnsupportedModel(message, where=where)
