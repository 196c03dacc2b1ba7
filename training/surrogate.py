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
