"""A spiking layer whose forward pass is the integer arithmetic of `compiler/isa/arithmetic.py`.

Every value is an exact integer in a float tensor. Gradients are those of the float network that
the integers stand for: a layer's accumulator unit is `weight scale / payload`, its weights,
thresholds and biases are learned in float and divided by that unit, so that the gradient of a weight
does not depend on the grid.
"""

import math
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from brevitas.nn import QuantLinear
from numpy.typing import NDArray
from torch import Tensor, nn

from snnc.compiler.ir.network import Shape
from snnc.compiler.isa.arithmetic import Decay, IntArray, state_range
from snnc.training.fitting.recipe import Surrogate
from snnc.training.model.channel_neurons import run_channels
from snnc.training.model.config import INPUT, LayerConfig, Population
from snnc.training.model.faults import Disturbance
from snnc.training.model.neurons import fraction, run_population
from snnc.training.model.normalisation import CurrentStatistics
from snnc.training.model.surrogate import (
    ceil_through,
    clamp_through,
    floor_through,
    limit_below,
    round_through,
)
from snnc.training.model.synapses import rounded, transform, weight_shape

EXACT_FLOAT32 = 1 << 24
"""Below this bound every integer, sum and difference of integers is exact in float32."""

TENSOR_FLOAT_LIMIT = 1 << 11
"""Up to this bound every integer is exact in TF32, the float of a GPU's matrix units; weights always are."""

MIN_THRESHOLD = 1 / 16
"""Smallest threshold in float. Below it the surrogate's gradient, which goes with 1 / threshold, throws a
neuron to where it fires always."""

SPIKE_FED_THRESHOLD = 0.4
"""Threshold that layers behind spikes start from: at firing rate r their currents spread sqrt(r) as wide as
those of inputs near 1, here for r about 1/6. From 1, deep networks start silent."""


@dataclass(frozen=True)
class Grid:
    """A layer's parameters on the accumulator grid: integers in float tensors, with gradients."""

    weights: tuple[Tensor, ...]
    """Of each edge, shaped as `compiler.network` shapes them."""
    threshold: Tensor
    """(channels, 1, 1), like the others below."""
    bias: Tensor
    initial: Tensor
    unit: Tensor
    """What one accumulator unit stands for in float, (channels,) or one number."""
    amount: Tensor | None = None
    """What soft resets subtract, (channels, 1, 1), like the others below; None: the threshold."""
    leak: Tensor | None = None
    """Part of a membrane that leaks in a step; None: that of the population."""
    current_leak: Tensor | None = None
    """The same of a synaptic current."""


@dataclass(frozen=True)
class LayerIntegers:
    """A layer's parameters as the integers that are deployed; weights per edge, the others per channel."""

    weights: tuple[NDArray[np.int8], ...]
    threshold: IntArray
    bias: IntArray
    initial: IntArray
    reset_amount: IntArray | None
    """None: the threshold."""
    leak_numerators: IntArray | None
    """None: that of the population."""
    current_numerators: IntArray | None


class SpikingLayer(nn.Module):
    """Synapses with quantised weights on any number of edges, and the neurons they drive.

    The weights of all edges are columns of one matrix (channels, fan-in) with one Brevitas quantiser: the
    edges of a channel share one scale, so that their integers meet on one accumulator grid. With `readout`
    all channels share it too, so that their membranes compare with each other. `threshold` and `bias` are
    float parameters per channel; the thresholds start at 1 for inputs scaled to 0..1, lower behind spikes.
    With `batch_norm` both count in standard deviations of the synaptic current, from its mean, until `fold`.
    """

    reset_amount: nn.Parameter | None
    """What soft resets subtract, per channel, in float like the threshold; None: the threshold."""
    leak: nn.Parameter | None
    """Part of a membrane that leaks in a step, per channel, in 0..1; None: what the population says."""
    current_leak: nn.Parameter | None
    """The same of a synaptic current."""

    def __init__(
        self,
        config: LayerConfig,
        sources: tuple[Shape, ...],
        payloads: tuple[int, ...],
        shape: Shape,
        steps: int,
        *,
        readout: bool = False,
        batch_norm: bool = False,
        surrogate: Surrogate = "atan",
    ) -> None:
        """`sources` and `payloads` are the shape and the largest payload of each edge's source."""
        super().__init__()
        self.config = config
        self.shape = shape
        self.payload = max(payloads)
        self.payloads, self.steps = payloads, steps
        self.surrogate = surrogate
        self.disturbance: Disturbance | None = None
        self.kernels = tuple(
            weight_shape(edge, source, config.channels)
            for edge, source in zip(config.edges, sources, strict=True)
        )
        columns = [math.prod(kernel[1:]) for kernel in self.kernels]
        self.synapses = QuantLinear(
            sum(columns),
            config.channels,
            bias=False,
            weight_bit_width=config.weight_bits,
            weight_scaling_per_output_channel=not readout,
        )
        # He et al. 2015, arXiv 1502.01852. PyTorch's own start is 2.4 times smaller; with a price
        # on spikes, a second hidden layer then falls silent before it learns.
        nn.init.kaiming_uniform_(self.synapses.weight, nonlinearity="relu")
        self.statistics = CurrentStatistics(config.channels) if batch_norm else None
        wide = batch_norm or any(edge.source == INPUT for edge in config.edges)
        self.threshold = nn.Parameter(torch.full((config.channels,), 1.0 if wide else SPIKE_FED_THRESHOLD))
        self.bias = nn.Parameter(torch.zeros(config.channels))
        self._add_channel_parameters()
        reach = sum(
            size * math.prod(edge.pool) * payload
            for size, edge, payload in zip(columns, config.edges, payloads, strict=True)
        )
        reach <<= config.weight_bits - 1 + config.population.fraction_bits
        self.dtype = exact_dtype(reach, config.population, steps)

    def _add_channel_parameters(self) -> None:
        """What the population leaves to its channels; it starts from what the population says."""
        population, channels = self.population, self.config.channels
        starts: dict[str, Tensor | None] = {
            "reset_amount": self.threshold.detach().clone() if population.reset_apart else None,
            "leak": None,
            "current_leak": None,
        }
        if population.leak_per_channel:
            starts["leak"] = torch.full((channels,), fraction(population.leak))
            if population.current_leak is not None:
                starts["current_leak"] = torch.full((channels,), fraction(population.current_leak))
        for name, start in starts.items():
            self.register_parameter(name, None if start is None else nn.Parameter(start))

    @property
    def levels(self) -> int:
        """Largest integer weight."""
        return (1 << (self.config.weight_bits - 1)) - 1

    @property
    def fits_tensor_floats(self) -> bool:
        """Whether every product is exact in TF32, which keeps 11 bits of each factor."""
        largest = max(
            payload * math.prod(edge.pool)
            for payload, edge in zip(self.payloads, self.config.edges, strict=True)
        )
        return self.dtype == torch.float32 and largest <= TENSOR_FLOAT_LIMIT

    @property
    def population(self) -> Population:
        """The behaviour of the neurons."""
        return self.config.population

    def grid(self) -> Grid:
        """All parameters in accumulator units; quantises the weights, so call it once per forward pass.

        Thresholds and biases are limited to the range of the state, thresholds also to `MIN_THRESHOLD`.
        """
        quantised = self.synapses.quant_weight()
        # A constant for the gradients: with gradients through the scale, the spike penalty shrank the
        # weights of rarely firing neurons to nothing, and their biases ran to the end of the state range.
        scale = quantised.scale.detach()
        weights = self.per_edge(round_through(quantised.value / scale).to(self.dtype))
        if self.disturbance is not None:
            weights = tuple(self.disturbance.weights(part, self.config.weight_bits) for part in weights)
        # The grid is divided out in float64: a float32 quotient is not exact beyond 24 bits.
        unit = scale.double().reshape(-1) / (self.payload << self.population.fraction_bits)
        threshold, bias = self._in_float_units()
        amount = self._amount(self.statistics.deviation() if self.statistics is not None else None)
        amount = None if amount is None else amount.double() / unit
        return self._on_grid(weights, threshold.double() / unit, bias.double() / unit, unit, amount)

    def normalised(self, grid: Grid, currents: Tensor) -> Grid:
        """`grid` with thresholds and biases for the statistics of `currents`, all of this layer's in a batch.

        This is batch normalisation in training (Ioffe and Szegedy 2015, arXiv 1502.03167): the currents stay
        integers, and the scale and shift act on threshold and bias instead, with the same gradients. In
        evaluation, and without `batch_norm`, it is `grid`.
        """
        if self.statistics is None or not self.training:
            return grid
        mean, deviation = self.statistics.observe(currents, grid.unit)
        threshold = limit_below(self.threshold, MIN_THRESHOLD) * deviation
        bias, amount = self.bias * deviation - mean, self._amount(deviation)
        return self._on_grid(grid.weights, threshold, bias, grid.unit, amount)

    @torch.no_grad()
    def start_from(self, threshold: float, bias: Tensor, mean: Tensor, deviation: Tensor) -> None:
        """Set the threshold of all channels and their biases, in float units, for currents of that mean and
        standard deviation per channel, which only batch normalisation uses."""
        if self.statistics is None:
            self.threshold.fill_(threshold)
            self.bias.copy_(bias)
            self._reset_by_thresholds()
            return
        self.statistics.mean.copy_(mean)
        self.statistics.variance.copy_(deviation.square())
        spread = self.statistics.deviation()
        self.threshold.copy_(threshold / spread)
        self.bias.copy_((bias + mean) / spread)
        self._reset_by_thresholds()

    def _reset_by_thresholds(self) -> None:
        if self.reset_amount is not None:
            self.reset_amount.copy_(self.threshold)

    @torch.no_grad()
    def fold(self) -> None:
        """Put the running statistics into the parameters; the integers stay what they are in evaluation.

        Weights, threshold and bias of a channel move by one power of two, which changes none of their ratios
        and brings the threshold back to at least `MIN_THRESHOLD`.
        """
        if self.statistics is None:
            return
        threshold, bias = self._in_float_units()
        amount = self._amount(self.statistics.deviation())
        _, exponent = torch.frexp(self.statistics.deviation())
        scale = torch.exp2(1 - exponent)
        self.threshold.copy_(threshold * scale)
        self.bias.copy_(bias * scale)
        if self.reset_amount is not None and amount is not None:
            self.reset_amount.copy_(amount * scale)
        self.synapses.weight.mul_(scale[:, None])
        self.statistics = None

    def _in_float_units(self) -> tuple[Tensor, Tensor]:
        """Threshold and bias as the weights are scaled, running statistics put in."""
        threshold = limit_below(self.threshold, MIN_THRESHOLD)
        if self.statistics is None:
            return threshold, self.bias
        return self.statistics.unscaled(threshold, self.bias)

    def _amount(self, deviation: Tensor | None) -> Tensor | None:
        """Reset amounts as thresholds are: in standard deviations while there are statistics."""
        if self.reset_amount is None or deviation is None:
            return self.reset_amount
        return self.reset_amount * deviation

    def _on_grid(
        self,
        weights: tuple[Tensor, ...],
        threshold: Tensor,
        bias: Tensor,
        unit: Tensor,
        amount: Tensor | None,
    ) -> Grid:
        """The grid for thresholds, biases and reset amounts in accumulator units, rounded and limited."""
        low, high = state_range(self.population.state_bits)
        threshold = clamp_through(ceil_through(threshold), 1, high)
        bias = clamp_through(round_through(bias), low, high)
        fraction = self.population.initial_fraction
        # A product with 0 would have a gradient of 0, which takes a pass over all neurons.
        initial = floor_through(threshold * fraction) if fraction else torch.zeros_like(threshold)
        if amount is not None:
            amount = self._shaped(clamp_through(round_through(amount), low, high))
        threshold, bias, initial = (self._shaped(values) for values in (threshold, bias, initial))
        leaks = (
            self._on_fractions(self.leak, self.population.leak),
            self._on_fractions(self.current_leak, self.population.current_leak),
        )
        return Grid(weights, threshold, bias, initial, unit.to(self.dtype), amount, *leaks)

    def _shaped(self, values: Tensor) -> Tensor:
        return values.to(self.dtype).reshape(-1, 1, 1)

    def _on_fractions(self, parts: Tensor | None, leak: Decay | None) -> Tensor | None:
        """Parts that leak, rounded to multiples of 2**-fraction_bits in 0..1."""
        if parts is None or leak is None:
            return None
        one = 1 << leak.fraction_bits
        numerators: Tensor = clamp_through(round_through(parts.double() * one), 0, one)
        return self._shaped(numerators / one)

    def current(self, grid: Grid, number: int, events: Tensor) -> Tensor:
        """What the payloads (steps, samples, channels, height, width) of the source of edge `number` add
        to each neuron, step by step; the edge's delay is left to the caller."""
        edge = self.config.edges[number]
        currents = transform(edge, grid.weights[number], events.to(self.dtype))
        if edge.kind == "conv" and currents.device.type == "cuda":
            currents = rounded(currents)
        fine = self.population.fraction_bits
        return currents * float(1 << fine) if fine else currents

    def start(self, grid: Grid, samples: int) -> Tensor:
        """Membranes before the first step."""
        return grid.initial.expand(samples, *self.shape)

    def advance(self, grid: Grid, currents: Tensor, membrane: Tensor, steps: int) -> tuple[Tensor, Tensor]:
        """Membranes and spikes of so many steps from `membrane` on; `currents` are of each, or one of all."""
        given = currents, membrane, grid.threshold, grid.bias, self.population, self.surrogate, steps
        if grid.amount is None and grid.leak is None:
            membranes, spikes = run_population(*given)
        else:
            membranes, spikes = run_channels(*given, amount=grid.amount, leak=grid.leak)
        return membranes, spikes if self.disturbance is None else self.disturbance.events(spikes)

    @torch.no_grad()
    def integers(self) -> LayerIntegers:
        """The parameters as deployed: the same numbers that the forward pass computes with."""
        grid = self.grid()
        quantised = self.synapses.quant_weight().int().to(torch.int8)
        return LayerIntegers(
            weights=tuple(
                cast("NDArray[np.int8]", np.ascontiguousarray(part.cpu().numpy()))
                for part in self.per_edge(quantised)
            ),
            threshold=_to_int64(grid.threshold),
            bias=_to_int64(grid.bias),
            initial=_to_int64(grid.initial),
            reset_amount=None if grid.amount is None else _to_int64(grid.amount),
            leak_numerators=_numerators(grid.leak, self.population.leak),
            current_numerators=_numerators(grid.current_leak, self.population.current_leak),
        )

    def per_edge(self, matrix: Tensor) -> tuple[Tensor, ...]:
        """The columns of `matrix` (channels, fan-in), edge by edge."""
        parts = torch.split(matrix, [math.prod(kernel[1:]) for kernel in self.kernels], 1)
        return tuple(part.reshape(kernel) for part, kernel in zip(parts, self.kernels, strict=True))


def exact_dtype(reach: int, population: Population, steps: int) -> torch.dtype:
    """float32 where every value is exact in it, else float64 (exact to 2**53); `reach` bounds the
    current that arrives in one step."""
    state = 1 << (population.state_bits - 1)
    # A synaptic current that decays adds up what arrives; its decay never makes it larger.
    current = reach if population.current_leak is None else reach * steps
    # Once the state for the membrane and once for the bias, which is limited to the same range, as is what a
    # reset subtracts.
    bounds = [(2 + population.reset_apart) * state + current, state * _largest(population, population.leak)]
    if population.current_leak is not None:
        bounds.append(current * _largest(population, population.current_leak))
    return torch.float32 if max(bounds) < EXACT_FLOAT32 else torch.float64


def _largest(population: Population, leak: Decay) -> int:
    """The largest numerator of a decay."""
    return 1 << leak.fraction_bits if population.leak_per_channel else leak.numerator


def _to_int64(values: Tensor) -> IntArray:
    return values.reshape(-1).to(torch.int64).cpu().numpy()


def _numerators(parts: Tensor | None, leak: Decay | None) -> IntArray | None:
    return None if parts is None or leak is None else _to_int64(parts * (1 << leak.fraction_bits))
