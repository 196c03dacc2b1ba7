"""The dynamics of a population over time, as one differentiable operation on exact integers.

Equal to `compiler.arithmetic.neuron_step` value by value. The gradients are written by hand, since a chain
of elementary operations costs several times the memory traffic and nothing else in training is as slow.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any, cast

import torch
from torch import Tensor

from ..compiler.arithmetic import Decay, state_range
from .config import Population
from .recipe import Surrogate
from .surrogate import floor_through

ATAN_WIDTH = 2.0
"""Sharpness alpha of the surrogate `atan`: its slope at the threshold is alpha / 2."""
SINGLE_STEP_WIDTH = 4.0
"""Sharpness alpha of the surrogate `s2nn` below the threshold."""


class _Dynamics(torch.autograd.Function):
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
        low, high = state_range(population.state_bits)
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
                after.sub_((after * _fraction(population.leak)).floor_())
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
        kept = 1.0 - _fraction(population.leak)
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


def run_population(
    currents: Tensor,
    membrane: Tensor,
    threshold: Tensor,
    bias: Tensor,
    population: Population,
    surrogate: Surrogate = "atan",
) -> tuple[Tensor, Tensor]:
    """Membranes after each step and spikes (0 and 1) of the steps in `currents` (steps, samples, ...).

    All tensors hold integers; `membrane` (samples, ...) is the state before the first of the steps,
    `threshold` (>= 1) and `bias` broadcast against it. Gradients: 1 through the clamp, 1 - fraction through
    the leak, none through the reset's choice, and through the comparison the surrogate, a function of the
    distance (membrane - threshold) / threshold, so that its width does not depend on the units of the
    accumulator.
    """
    result = _Dynamics.apply(  # type: ignore[no-untyped-call]
        currents, membrane, threshold, bias, population, surrogate
    )
    return cast("tuple[Tensor, Tensor]", result)


def leaking_currents(arriving: Iterable[Tensor], before: Tensor | None, leak: Decay) -> list[Tensor]:
    """Synaptic current after each step, i = decay(i of the step before) + what arrives (CUBA).

    The floor of the decay has gradient 1; `before` is the current of the last step, None for none.
    """
    currents: list[Tensor] = []
    for now in arriving:
        previous = currents[-1] if currents else before
        if previous is None:
            currents.append(now)
        elif leak.numerator:
            currents.append(previous - floor_through(previous * _fraction(leak)) + now)
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


def _fraction(leak: Decay) -> float:
    """The part of a value that one step of decay takes; scaling by a power of two is exact, so that the
    floor of the product is the arithmetic shift."""
    return leak.numerator * 2.0**-leak.fraction_bits


def _sum(first: Tensor | None, second: Tensor | None) -> Tensor | None:
    if first is None or second is None:
        return first if second is None else second
    return first + second
