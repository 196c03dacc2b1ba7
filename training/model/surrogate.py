"""Straight-through gradients for the roundings of the integer arithmetic, which have none of their own."""

from typing import Any, cast

import torch
from torch import Tensor


class _StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, exact: Tensor, source: Tensor) -> Tensor:
        return exact.clone()

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[None, Tensor]:
        return None, gradients[0]


def straight_through(exact: Tensor, source: Tensor) -> Tensor:
    """The value `exact`, bit for bit, with the gradient of `source` (same shape).

    The straight-through estimator (Bengio, Leonard and Courville 2013, arXiv 1308.3432). A function
    of its own because the usual `source + (exact - source).detach()` rounds twice.
    """
    return cast(Tensor, _StraightThrough.apply(exact.detach(), source))  # type: ignore[no-untyped-call]


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


class _LimitBelow(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, x: Tensor, low: float) -> Tensor:
        context.save_for_backward(x < low)
        return x.clamp(min=low)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (below,) = context.saved_tensors
        return torch.where(below, gradients[0].clamp(max=0), gradients[0]), None


def limit_below(x: Tensor, low: float) -> Tensor:
    """x, at least `low`. Below it the gradient is 1 where descent raises x, else 0: what fell below can come
    back, and falls no further."""
    return cast(Tensor, _LimitBelow.apply(x, low))  # type: ignore[no-untyped-call]
