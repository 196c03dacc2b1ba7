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
from snnc.compiler.isa.arithmetic import IntArray, state_range
from snnc.training.fitting.recipe import Surrogate
from snnc.training.model.config import INPUT, LayerConfig, Population
from snnc.training.model.faults import Disturbance
from snnc.training.model.neurons import run_population
from snnc.training.model.normalisation import CurrentStatistics
from snnc.training.model.surrogate import (
    ceil_through,
    clamp_through,
    floor_through,
    limit_below,
    round_through,
)
from snnc.training.model.synapses import transform, weight_shape

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


@dataclass(frozen=True)
class LayerIntegers:
    """A layer's parameters as the integers that are deployed; weights per edge, the others per channel."""

    weights: tuple[NDArray[np.int8], ...]
    threshold: IntArray
    bias: IntArray
    initial: IntArray


class SpikingLayer(nn.Module):
    """Synapses with quantised weights on any number of edges, and the neurons they drive.

    The weights of all edges are columns of one matrix (channels, fan-in) with one Brevitas quantiser: the
    edges of a channel share one scale, so that their integers meet on one accumulator grid. With `readout`
    all channels share it too, so that their membranes compare with each other. `threshold` and `bias` are
    float parameters per channel; the thresholds start at 1 for inputs scaled to 0..1, lower behind spikes.
    With `batch_norm` both count in standard deviations of the synaptic current, from its mean, until `fold`.
    """

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
        reach = sum(
            size * math.prod(edge.pool) * payload
            for size, edge, payload in zip(columns, config.edges, payloads, strict=True)
        )
        self.dtype = exact_dtype(reach << (config.weight_bits - 1), config.population, steps)

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
        unit = scale.double().reshape(-1) / self.payload
        threshold, bias = self._in_float_units()
        return self._on_grid(weights, threshold.double() / unit, bias.double() / unit, unit)

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
        return self._on_grid(grid.weights, threshold, self.bias * deviation - mean, grid.unit)

    @torch.no_grad()
    def start_from(self, threshold: float, bias: Tensor, mean: Tensor, deviation: Tensor) -> None:
        """Set the threshold of all channels and their biases, in float units, for currents of that mean and
        standard deviation per channel, which only batch normalisation uses."""
        if self.statistics is None:
            self.threshold.fill_(threshold)
            self.bias.copy_(bias)
            return
        self.statistics.mean.copy_(mean)
        self.statistics.variance.copy_(deviation.square())
        spread = self.statistics.deviation()
        self.threshold.copy_(threshold / spread)
        self.bias.copy_((bias + mean) / spread)

    @torch.no_grad()
    def fold(self) -> None:
        """Put the running statistics into the parameters; the integers stay what they are in evaluation.

        Weights, threshold and bias of a channel move by one power of two, which changes none of their ratios
        and brings the threshold back to at least `MIN_THRESHOLD`.
        """
        if self.statistics is None:
            return
        threshold, bias = self._in_float_units()
        _, exponent = torch.frexp(self.statistics.deviation())
        scale = torch.exp2(1 - exponent)
        self.threshold.copy_(threshold * scale)
        self.bias.copy_(bias * scale)
        self.synapses.weight.mul_(scale[:, None])
        self.statistics = None

    def _in_float_units(self) -> tuple[Tensor, Tensor]:
        """Threshold and bias as the weights are scaled, running statistics put in."""
        threshold = limit_below(self.threshold, MIN_THRESHOLD)
        if self.statistics is None:
            return threshold, self.bias
        return self.statistics.unscaled(threshold, self.bias)

    def _on_grid(self, weights: tuple[Tensor, ...], threshold: Tensor, bias: Tensor, unit: Tensor) -> Grid:
        """The grid for thresholds and biases in accumulator units, rounded and limited."""
        low, high = state_range(self.population.state_bits)
        threshold = clamp_through(ceil_through(threshold), 1, high)
        bias = clamp_through(round_through(bias), low, high)
        fraction = self.population.initial_fraction
        # A product with 0 would have a gradient of 0, which takes a pass over all neurons.
        initial = floor_through(threshold * fraction) if fraction else torch.zeros_like(threshold)
        threshold, bias, initial = (
            values.to(self.dtype).reshape(-1, 1, 1) for values in (threshold, bias, initial)
        )
        return Grid(weights, threshold, bias, initial, unit.to(self.dtype))

    def current(self, grid: Grid, number: int, events: Tensor) -> Tensor:
        """What the payloads (steps, samples, channels, height, width) of the source of edge `number` add
        to each neuron, step by step; the edge's delay is left to the caller."""
        return transform(self.config.edges[number], grid.weights[number], events.to(self.dtype))

    def start(self, grid: Grid, samples: int) -> Tensor:
        """Membranes before the first step."""
        return grid.initial.expand(samples, *self.shape)

    def advance(self, grid: Grid, currents: Tensor, membrane: Tensor, steps: int) -> tuple[Tensor, Tensor]:
        """Membranes and spikes of so many steps from `membrane` on; `currents` are of each, or one of all."""
        membranes, spikes = run_population(
            currents, membrane, grid.threshold, grid.bias, self.population, self.surrogate, steps
        )
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
    # Twice the state: once the membrane, once the bias, which is limited to the same range.
    bounds = [2 * state + current, state * population.leak.numerator]
    if population.current_leak is not None:
        bounds.append(current * population.current_leak.numerator)
    return torch.float32 if max(bounds) < EXACT_FLOAT32 else torch.float64


def _to_int64(values: Tensor) -> IntArray:
    return values.reshape(-1).to(torch.int64).cpu().numpy()
