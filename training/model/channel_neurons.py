"""Dynamics of populations whose channels have reset amounts or decays of their own, without kernels."""

from typing import Any, cast

import torch
from torch import Tensor

from snnc.training.fitting.recipe import Surrogate
from snnc.training.model.config import Population
from snnc.training.model.neurons import SLOPES, fraction
from snnc.training.model.surrogate import clamp_through, floor_through


class _Fire(torch.autograd.Function):
    """Spikes of membranes (samples, channels, ...) at thresholds (channels, 1, ...)."""

    @staticmethod
    def forward(context: Any, integrated: Tensor, threshold: Tensor, surrogate: Surrogate) -> Tensor:
        context.surrogate = surrogate
        context.save_for_backward(integrated, threshold)
        return (integrated >= threshold).to(integrated.dtype)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        integrated, threshold = context.saved_tensors
        total = SLOPES[context.surrogate](integrated, threshold).mul_(gradients[0])
        return total, -(total * integrated).sum_to_size(threshold.shape) / threshold, None


def run_channels(
    currents: Tensor,
    membrane: Tensor,
    threshold: Tensor,
    bias: Tensor,
    population: Population,
    surrogate: Surrogate,
    steps: int,
    *,
    amount: Tensor | None,
    leak: Tensor | None,
) -> tuple[Tensor, Tensor]:
    """What `neurons.run_population` returns, with what soft resets subtract and the part that leaks in a
    step, both (channels, 1, ...) and with gradients; None: the threshold, or what the population says."""
    low, high = population.state_range
    part = fraction(population.leak) if leak is None else leak
    membranes, spikes = [], []
    for current in currents.expand(steps, *currents.shape[1:]):
        integrated = membrane + current + bias
        fired = _fired(integrated, threshold, population, surrogate)
        chosen = fired.detach()
        if population.reset == "soft":
            settled = integrated - chosen * (threshold if amount is None else amount)
        else:
            settled = integrated * (1 - chosen) + population.reset_value * chosen
        settled = clamp_through(settled, low, high)
        membrane = settled - floor_through(settled * part)
        membranes.append(membrane)
        spikes.append(fired)
    return torch.stack(membranes), torch.stack(spikes)


def _fired(integrated: Tensor, threshold: Tensor, population: Population, surrogate: Surrogate) -> Tensor:
    if population.reset == "none":
        return torch.zeros_like(integrated)
    fired = _Fire.apply(integrated, threshold, surrogate)  # type: ignore[no-untyped-call]
    return cast(Tensor, fired)
