"""The dynamics of a population over time, as one differentiable operation on exact integers.

Equal to `compiler.arithmetic.neuron_step` value by value. The gradients are written by hand, since a chain
of elementary operations costs several times the memory traffic and nothing else in training is as slow. On a
CPU `kernels.py` does the same in one pass where channels have many neurons, on a GPU `gpu_kernels.py`.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any, cast

import torch
from torch import Tensor

from snnc.compiler.isa.arithmetic import Decay
from snnc.training.fitting.recipe import Surrogate
from snnc.training.model import kernels
from snnc.training.model.config import Population
from snnc.training.model.gpu_neurons import Constants, FusedDynamics, fits
from snnc.training.model.surrogate import floor_through

ATAN_WIDTH = 2.0
"""Sharpness alpha of the surrogate `atan`: its slope at the threshold is alpha / 2."""
SINGLE_STEP_WIDTH = 4.0
"""Sharpness alpha of the surrogate `s2nn` below the threshold."""
SHORTEST_ROW = 32
"""Neurons of a channel from which on the kernels are faster: they call a function per channel, sample and
step, which for fully connected layers takes thirty times as long as PyTorch's operations."""


class Dynamics(torch.autograd.Function):
    """By PyTorch's operations, on any device."""

    @staticmethod
    def forward(
        context: Any,
        currents: Tensor,
        membrane: Tensor,
        threshold: Tensor,
        bias: Tensor,
        population: Population,
        surrogate: Surrogate,
    ) -> tuple[Tensor, Tensor]:
        integrated = currents + bias
        membranes = torch.empty_like(integrated)
        spikes = torch.zeros_like(integrated) if population.reset == "none" else torch.empty_like(integrated)
        low, high = population.state_range
        for step in range(len(integrated)):
            current, after = integrated[step].add_(membrane), membranes[step]
            if population.reset == "none":
                after.copy_(current)
            else:
                torch.ge(current, threshold, out=spikes[step])
                if population.reset == "soft":
                    torch.addcmul(current, spikes[step], threshold, value=-1, out=after)
                else:
                    after.copy_(current).masked_fill_(spikes[step] > 0, population.reset_value)
            after.clamp_(low, high)
            if population.leak.numerator:
                after.sub_((after * fraction(population.leak)).floor_())
            membrane = after
        context.population, context.surrogate = population, surrogate
        context.set_materialize_grads(False)
        context.save_for_backward(integrated, spikes, threshold)
        return membranes, spikes

    @staticmethod
    def backward(
        context: Any, *gradients: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, None, None]:
        integrated, spikes, threshold = cast("tuple[Tensor, Tensor, Tensor]", context.saved_tensors)
        population: Population = context.population
        of_membranes, of_spikes = gradients
        shape = threshold.shape
        # Gradient of membrane + current + bias of each step: first the part through its spikes.
        if population.reset == "none" or of_spikes is None:
            total, of_threshold = torch.zeros_like(integrated), torch.zeros_like(threshold)
        else:
            total = SLOPES[context.surrogate](integrated, threshold).mul_(of_spikes)
            of_threshold = -(total * integrated).sum_to_size(shape) / threshold
        kept = 1.0 - fraction(population.leak)
        following: Tensor | None = None
        for step in reversed(range(len(integrated))):
            arriving = _sum(following, of_membranes[step] if of_membranes is not None else None)
            if arriving is not None:
                arriving = arriving if kept == 1 else arriving * kept
                if population.reset == "soft":
                    of_threshold -= (arriving * spikes[step]).sum_to_size(shape)
                elif population.reset == "hard":
                    arriving = arriving * (1 - spikes[step])
                total[step].add_(arriving)
            following = total[step]
        return total, total[0], of_threshold, total.sum_to_size(shape), None, None


class CompiledDynamics(torch.autograd.Function):
    """By the kernels, on a CPU; the same values, and gradients that differ by the order of their sums."""

    @staticmethod
    def forward(
        context: Any,
        currents: Tensor,
        membrane: Tensor,
        threshold: Tensor,
        bias: Tensor,
        population: Population,
        surrogate: Surrogate,
    ) -> tuple[Tensor, Tensor]:
        whole = currents.shape
        sizes = _by_channel(whole[1:], threshold)
        # Currents that are one tensor for all steps are read once.
        seen = currents[:1] if currents.stride(0) == 0 else currents
        arrays = [
            seen.reshape(len(seen), *sizes),
            membrane.expand(whole[1:]).reshape(sizes),
            threshold.reshape(-1),
            bias.reshape(-1),
        ]
        arrays = [values.detach().contiguous() for values in arrays]
        limit = arrays[2]
        keep, drop = 1, limit
        if population.reset == "hard":
            keep, drop = 0, torch.full_like(limit, -population.reset_value)
        if population.reset == "none":
            arrays[2] = torch.full_like(limit, math.inf)
        numbers = limit.new_tensor((keep, *population.state_range, fraction(population.leak)))
        membranes, spikes = (limit.new_empty(whole[0], *sizes) for _ in range(2))
        kernels.advance(*(values.numpy() for values in (*arrays, drop, numbers, membranes, spikes)))
        context.population, context.surrogate = population, surrogate
        context.shapes = whole, threshold.shape, bias.shape
        context.set_materialize_grads(False)
        context.save_for_backward(*arrays, membranes, spikes)
        return membranes.reshape(whole), spikes.reshape(whole)

    @staticmethod
    def backward(
        context: Any, *gradients: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, None, None]:
        *arrays, membranes, spikes = context.saved_tensors
        population: Population = context.population
        limit = arrays[2]
        width, height = _FACTORS[context.surrogate]
        keep = 1 if population.reset == "soft" else 0
        numbers = limit.new_tensor((1.0 - fraction(population.leak), keep, 1, width, height))
        of_membranes, of_spikes = (
            membranes[:0] if part is None else part.reshape(membranes.shape).contiguous()
            for part in gradients
        )
        if population.reset == "none":
            of_spikes = membranes[:0]
        of_currents = torch.empty_like(membranes)
        sums = torch.zeros(2, len(limit), dtype=torch.float64)
        given = (*arrays, numbers, membranes, spikes, of_membranes, of_spikes)
        kernels.gradients(
            context.surrogate == "s2nn", *(values.numpy() for values in (*given, of_currents, *sums))
        )
        whole, threshold, bias = context.shapes
        of_threshold, of_bias = sums.to(limit.dtype)
        of_currents = of_currents.reshape(whole)
        return of_currents, of_currents[0], of_threshold.reshape(threshold), of_bias.reshape(bias), None, None


def _by_channel(population: torch.Size, threshold: Tensor) -> tuple[int, int, int]:
    """A population's shape as (samples, channels, positions), where `threshold` is (channels, 1, ...)."""
    if threshold.numel() != len(threshold):
        raise ValueError(f"thresholds must be (channels, 1, ...), not {tuple(threshold.shape)}")
    positions = math.prod(population[len(population) - threshold.ndim + 1 :])
    if len(threshold) == 1:
        return 1, 1, population.numel()
    return population.numel() // (len(threshold) * positions), len(threshold), positions


def run_population(
    currents: Tensor,
    membrane: Tensor,
    threshold: Tensor,
    bias: Tensor,
    population: Population,
    surrogate: Surrogate = "atan",
    steps: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Membranes after each step and spikes (0 and 1) of the steps in `currents` (steps, samples, ...).

    With `steps` there may be currents of one step alone, which arrive in all of them. All tensors hold
    integers; `membrane` (samples, channels, ...) is the state before the first of the steps,
    `threshold` (>= 1) and `bias` are (channels, 1, ...), or (1,) for all neurons. Gradients: 1 through the
    clamp, 1 - fraction through the leak, none through the reset's choice, and through the comparison the
    surrogate, a function of the distance (membrane - threshold) / threshold, so that its width does not
    depend on the units of the accumulator. Raises ValueError for more than one threshold per channel.
    """
    _, _, positions = _by_channel(currents.shape[1:], threshold)
    steps = len(currents) if steps is None else steps
    if fits(currents, steps):
        constants = _constants(population, surrogate)
        fused = FusedDynamics.apply(  # type: ignore[no-untyped-call]
            currents, membrane, threshold, bias, steps, constants
        )
        return cast("tuple[Tensor, Tensor]", fused)
    currents = currents.expand(steps, *currents.shape[1:])
    dynamics = Dynamics if currents.device.type != "cpu" or positions < SHORTEST_ROW else CompiledDynamics
    result = dynamics.apply(  # type: ignore[no-untyped-call]
        currents, membrane, threshold, bias, population, surrogate
    )
    return cast("tuple[Tensor, Tensor]", result)


def _constants(population: Population, surrogate: Surrogate) -> Constants:
    """The numbers that the kernels of a GPU need, all exact in float32."""
    low, high = population.state_range
    decay, slope = fraction(population.leak), _FACTORS[surrogate]
    return Constants(
        population.reset,
        float(population.reset_value),
        float(low),
        float(high),
        decay,
        surrogate == "s2nn",
        *slope,
    )


def leaking_currents(
    arriving: Iterable[Tensor], before: Tensor | None, leak: Decay, own: Tensor | None = None
) -> list[Tensor]:
    """Synaptic current after each step, i = decay(i of the step before) + what arrives (CUBA).

    The floor of the decay has gradient 1; `before` is the current of the last step, None for none; `own` are
    the parts that leak from each channel, (channels, 1, 1), in place of that of `leak`.
    """
    currents: list[Tensor] = []
    for now in arriving:
        previous = currents[-1] if currents else before
        if previous is None:
            currents.append(now)
        elif own is not None or leak.numerator:
            part = fraction(leak) if own is None else own
            currents.append(previous - floor_through(previous * part) + now)
        else:
            currents.append(previous + now)
    return currents


def _atan_slope(integrated: Tensor, threshold: Tensor) -> Tensor:
    """Gradient of a spike: alpha / 2 / (1 + (pi / 2 alpha distance)^2), alpha = `ATAN_WIDTH`.

    Fang et al. 2021, arXiv 2007.05785, as in SpikingJelly's `surrogate.ATan`.
    """
    scaled = (integrated - threshold).mul_(math.pi / 2 * ATAN_WIDTH / threshold)
    return scaled.square_().add_(1).reciprocal_().mul_(ATAN_WIDTH / 2 / threshold)


def _single_step_slope(integrated: Tensor, threshold: Tensor) -> Tensor:
    """Gradient of a spike: alpha s (1 - s), s = sigmoid(alpha distance), below the threshold and
    1 / (1 + distance) from it on, alpha = `SINGLE_STEP_WIDTH`.

    S2NN (Suetake et al. 2022, arXiv 2201.10879), as in SpikingJelly's `surrogate.S2NN` with beta 1: a neuron
    far above its threshold still learns, where over many steps it would have fired more often.
    """
    distance = (integrated - threshold).div_(threshold)
    fired = torch.sigmoid(distance * SINGLE_STEP_WIDTH)
    below = fired.mul(1 - fired).mul_(SINGLE_STEP_WIDTH)
    above = distance.clamp(min=0).add_(1).reciprocal_()
    return torch.where(distance < 0, below, above).div_(threshold)


SLOPES: dict[Surrogate, Callable[[Tensor, Tensor], Tensor]] = {
    "atan": _atan_slope,
    "s2nn": _single_step_slope,
}
"""Gradient of a spike with respect to the membrane, from the membrane before the reset and the threshold."""


_FACTORS: dict[Surrogate, tuple[float, float]] = {
    "atan": (math.pi / 2 * ATAN_WIDTH, ATAN_WIDTH / 2),
    "s2nn": (SINGLE_STEP_WIDTH, 0.0),
}
"""Width and height of a slope, as the kernels take them."""


def fraction(leak: Decay) -> float:
    """The part of a value that one step of decay takes; scaling by a power of two is exact, so that the
    floor of the product is the arithmetic shift."""
    return leak.numerator * 2.0**-leak.fraction_bits


def _sum(first: Tensor | None, second: Tensor | None) -> Tensor | None:
    if first is None or second is None:
        return first if second is None else second
    return first + second
