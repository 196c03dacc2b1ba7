"""Spiking layers whose forward pass is the integer arithmetic of `compiler/arithmetic.py`.

Every value is an exact integer in a float tensor. Gradients are those of the float network that
the integers stand for: a layer's accumulator unit is `weight scale / max_payload`, its weights,
thresholds and biases are learned in float and divided by that unit, so that the gradient of a weight
does not depend on the grid.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from brevitas.nn import QuantLinear
from numpy.typing import NDArray
from torch import Tensor, nn

from ..compiler.arithmetic import IntArray, state_range
from .config import Population
from .surrogate import ceil_through, clamp_through, floor_through, round_through, spike

EXACT_FLOAT32 = 1 << 24
"""Below this bound every integer, sum and difference of integers is exact in float32."""


@dataclass(frozen=True)
class Grid:
    """A layer's parameters on the accumulator grid: integers in float tensors, with gradients."""

    weights: Tensor
    """(neurons, axons)."""
    threshold: Tensor
    """(neurons,), like the others below."""
    bias: Tensor
    initial: Tensor
    unit: Tensor
    """What one accumulator unit stands for in float, (neurons,) or one number."""


@dataclass(frozen=True)
class LayerIntegers:
    """A layer's parameters as the integers that are deployed."""

    weights: NDArray[np.int8]
    threshold: IntArray
    bias: IntArray
    initial: IntArray


@dataclass(frozen=True)
class LayerRun:
    """What a layer did: membranes after each step and spikes, both (samples, steps, neurons)."""

    membranes: Tensor
    spikes: Tensor
    unit: Tensor
    """Accumulator unit of the membranes in float."""


class SpikingLinear(nn.Module):
    """Fully connected synapses with quantised weights and the neurons they drive.

    `threshold` and `bias` are float parameters per neuron; the thresholds start at 1 for inputs
    scaled to 0..1. With `readout` the weights share one scale, so that the membranes of all neurons
    compare with each other; otherwise each neuron has its own.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        weight_bits: int,
        population: Population,
        *,
        max_payload: int = 1,
        readout: bool = False,
    ) -> None:
        super().__init__()
        self.population = population
        self.weight_bits = weight_bits
        self.max_payload = max_payload
        self.synapses = QuantLinear(
            in_features,
            out_features,
            bias=False,
            weight_bit_width=weight_bits,
            weight_scaling_per_output_channel=not readout,
        )
        # He et al. 2015, arXiv 1502.01852. PyTorch's own start is 2.4 times smaller; with a price
        # on spikes, a second hidden layer then falls silent before it learns.
        nn.init.kaiming_uniform_(self.synapses.weight, nonlinearity="relu")
        self.threshold = nn.Parameter(torch.ones(out_features))
        self.bias = nn.Parameter(torch.zeros(out_features))
        self.dtype = exact_dtype(in_features, weight_bits, max_payload, population.state_bits)

    def grid(self) -> Grid:
        """All parameters in accumulator units; quantises the weights, so call it once per forward pass.

        Thresholds and biases are limited to the range of the state, thresholds from 1.
        """
        quantised = self.synapses.quant_weight()
        # A constant for the gradients: with gradients through the scale, the spike penalty shrank the
        # weights of rarely firing neurons to nothing, and their biases ran to the end of the state range.
        scale = quantised.scale.detach()
        weights = round_through(quantised.value / scale).to(self.dtype)
        # The grid is divided out in float64: a float32 quotient is not exact beyond 24 bits.
        unit = scale.double().reshape(-1) / self.max_payload
        low, high = state_range(self.population.state_bits)
        threshold = clamp_through(ceil_through(self.threshold.double() / unit), 1, high)
        bias = clamp_through(round_through(self.bias.double() / unit), low, high)
        initial = floor_through(threshold * self.population.initial_fraction)
        return Grid(
            weights,
            threshold.to(self.dtype),
            bias.to(self.dtype),
            initial.to(self.dtype),
            unit.to(self.dtype),
        )

    def forward(self, events: Tensor, steps: int) -> LayerRun:
        """Run from the initial state; `events` is (samples, steps, axons) of integer payloads,
        or (samples, 1, axons) for an input that is the same in every step."""
        grid = self.grid()
        currents = nn.functional.linear(events.to(self.dtype), grid.weights)
        currents = currents.expand(-1, steps, -1)
        membrane = grid.initial.expand(currents.shape[0], -1)
        membranes, spikes = [], []
        for step in range(steps):
            membrane, fired = advance(membrane, currents[:, step], grid.threshold, grid.bias, self.population)
            membranes.append(membrane)
            spikes.append(fired)
        return LayerRun(torch.stack(membranes, 1), torch.stack(spikes, 1), grid.unit)

    @torch.no_grad()
    def integers(self) -> LayerIntegers:
        """The parameters as deployed: the same numbers that `forward` computes with."""
        grid = self.grid()
        quantised = self.synapses.quant_weight()
        return LayerIntegers(
            weights=cast("NDArray[np.int8]", quantised.int().to(torch.int8).numpy()),
            threshold=_to_int64(grid.threshold),
            bias=_to_int64(grid.bias),
            initial=_to_int64(grid.initial),
        )


def advance(
    membrane: Tensor, current: Tensor, threshold: Tensor, bias: Tensor, population: Population
) -> tuple[Tensor, Tensor]:
    """One time step of a population, equal to `compiler.arithmetic.neuron_step`.

    `membrane` and `current` are (samples, neurons), `threshold` (>= 1) and `bias` (neurons,), all
    integers in float tensors. Returns the membrane after the step and the spikes as 0 and 1.
    """
    integrated = membrane + current + bias
    if population.reset == "none":
        spikes = torch.zeros_like(integrated)
        settled = integrated
    else:
        spikes = spike((integrated - threshold) / threshold)
        target = integrated - threshold if population.reset == "soft" else population.reset_value
        settled = torch.where(spikes > 0, target, integrated)
    clamped = clamp_through(settled, *state_range(population.state_bits))
    if population.leak_shift is None:
        return clamped, spikes
    # Scaling by a power of two is exact, so the floor of the quotient is the arithmetic shift.
    return clamped - floor_through(clamped * 2.0**-population.leak_shift), spikes


def exact_dtype(in_features: int, weight_bits: int, max_payload: int, state_bits: int) -> torch.dtype:
    """float32 where the largest possible sum is exact in it, else float64 (exact to 2**53)."""
    state = 1 << (state_bits - 1)
    current = in_features * (1 << (weight_bits - 1)) * max_payload
    # Twice the state: once the membrane, once the bias, which is limited to the same range.
    return torch.float32 if 2 * state + current < EXACT_FLOAT32 else torch.float64


def _to_int64(values: Tensor) -> IntArray:
    return values.to(torch.int64).numpy()
