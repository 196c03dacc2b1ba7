"""Gradients for the steps of the integer arithmetic that have none of their own."""

import math
from typing import Any, cast

import torch
from torch import Tensor

ATAN_WIDTH = 2.0
"""Sharpness alpha of the surrogate: its slope at the threshold is alpha / 2."""


class _StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, exact: Tensor, source: Tensor) -> Tensor:
        return exact.clone()

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[None, Tensor]:
        return None, gradients[0]


class _AtanSpike(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, distance: Tensor) -> Tensor:
        context.save_for_backward(distance)
        return (distance >= 0).to(distance.dtype)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> Tensor:
        (distance,) = context.saved_tensors
        slope: Tensor = ATAN_WIDTH / 2 / (1 + (math.pi / 2 * ATAN_WIDTH * distance) ** 2)
        return gradients[0] * slope


def straight_through(exact: Tensor, source: Tensor) -> Tensor:
    """The value `exact`, bit for bit, with the gradient of `source` (same shape).

    The straight-through estimator (Bengio, Leonard and Courville 2013, arXiv 1308.3432). A function
    of its own because the usual `source + (exact - source).detach()` rounds twice.
    """
    return cast(Tensor, _StraightThrough.apply(exact.detach(), source))  # type: ignore[no-untyped-call]


def spike(distance: Tensor) -> Tensor:
    """1 where `distance` >= 0, else 0, with the ATan surrogate gradient.

    `distance` is (membrane - threshold) / threshold, so that the surrogate's width does not depend on
    the units of the accumulator. Gradient: alpha / 2 / (1 + (pi / 2 alpha distance)^2)
    (Fang et al. 2021, arXiv 2007.05785, as in SpikingJelly's `surrogate.ATan`).
    """
    return cast(Tensor, _AtanSpike.apply(distance))  # type: ignore[no-untyped-call]


def floor_through(x: Tensor) -> Tensor:
    """floor(x), gradient 1."""
    return straight_through(torch.floor(x), x)


def ceil_through(x: Tensor) -> Tensor:
    """ceil(x), gradient 1."""
    return straight_through(torch.ceil(x), x)


def round_through(x: Tensor) -> Tensor:
    """x rounded to the nearest integer, halves to even, gradient 1."""
    return straight_through(torch.round(x), x)


def clamp_through(x: Tensor, low: float, high: float) -> Tensor:
    """x limited to low..high, gradient 1 also outside, so that a saturated membrane still learns."""
    return straight_through(torch.clamp(x, low, high), x)
