"""What an edge does with the payloads that arrive: pooling, then a linear map or a convolution."""

from typing import Any, cast

import torch
from torch import Tensor, nn

from snnc.compiler.ir.network import Shape, count, pooled
from snnc.training.model import kernels
from snnc.training.model.config import EdgeConfig


def weight_shape(edge: EdgeConfig, source: Shape, channels: int) -> tuple[int, ...]:
    """Shape of the weights, as in `compiler.network.Linear` and `Conv2d`."""
    if edge.kind == "linear":
        return channels, count(pooled(source, edge.pool))
    return channels, source[0] // edge.groups, *edge.kernel


def transform(edge: EdgeConfig, weights: Tensor, events: Tensor) -> Tensor:
    """Currents (steps, samples, channels, height, width) from payloads of the same rank.

    All steps go through one call. Sums of integers below the bound of the type are exact in any order, and
    neither oneDNN nor PyTorch's own convolution uses a Winograd transform unless asked, which is not exact.
    """
    steps, samples = events.shape[:2]
    flat = events.flatten(0, 1)
    if edge.pool != (1, 1):
        flat = sum_pool(flat, edge.pool)
    if edge.kind == "linear":
        currents = nn.functional.linear(flat.flatten(1), weights)[:, :, None, None]
    elif flat.device.type == "cuda":
        currents = convolved_on_gpu(edge, weights, flat)
    else:
        currents = nn.functional.conv2d(flat, weights, None, edge.stride, edge.padding, 1, edge.groups)
    return currents.reshape(steps, samples, *currents.shape[1:])


def convolved_on_gpu(edge: EdgeConfig, weights: Tensor, maps: Tensor) -> Tensor:
    """The same by cuDNN, channels last.

    With channels first cuDNN takes Winograd transforms, whose float32 sums near 2^24 were wrong by up to 14
    (`examples/benchmarks/gpu`); with channels last it multiplies matrices, with TF32 or without, and every
    sum of integers was exact.
    """
    last = torch.channels_last
    maps, weights = maps.contiguous(memory_format=last), weights.contiguous(memory_format=last)
    currents = nn.functional.conv2d(maps, weights, None, edge.stride, edge.padding, 1, edge.groups)
    # Of one input channel cuDNN does not see that it is last.
    return currents.contiguous(memory_format=last)


def rounded(currents: Tensor) -> Tensor:
    """Sums of integers, should a library have rounded them otherwise: the nearest integers, in place.

    Unseen by autograd, this has the gradient 1. Networks without spikes have no integers, and are left alone.
    """
    currents.detach().round_()
    return currents


def sum_pool(maps: Tensor, pool: tuple[int, int]) -> Tensor:
    """Sums of `maps` (samples, channels, height, width) over windows that do not overlap; rows and columns
    that fill no window are left out, as by `avg_pool2d`.

    `avg_pool2d` with `divisor_override=1` takes several times as long.
    """
    if maps.device.type != "cpu":
        return window_sums(maps, pool)
    return cast(Tensor, _SumPool.apply(maps, pool))  # type: ignore[no-untyped-call]


def window_sums(maps: Tensor, pool: tuple[int, int]) -> Tensor:
    """`sum_pool` by PyTorch's operations, on any device; channels come last in memory."""
    high, wide = (side // window for side, window in zip(maps.shape[2:], pool, strict=True))
    whole = maps[:, :, : high * pool[0], : wide * pool[1]].permute(0, 2, 3, 1)
    windows = whole.reshape(len(maps), high, pool[0], wide, pool[1], maps.shape[1])
    return windows.sum((2, 4)).permute(0, 3, 1, 2)


class _SumPool(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, maps: Tensor, pool: tuple[int, int]) -> Tensor:
        context.pool, context.shape = pool, maps.shape
        high, wide = (side // window for side, window in zip(maps.shape[2:], pool, strict=True))
        sums = maps.new_zeros(*maps.shape[:2], high, wide)
        rows, columns = pool
        kernels.pool_sums(maps.contiguous().flatten(0, 1).numpy(), rows, columns, sums.flatten(0, 1).numpy())
        return sums

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        gradient = gradients[0].contiguous().flatten(0, 1)
        rows, columns = context.pool
        covered = context.shape[2] % rows == 0 and context.shape[3] % columns == 0
        # Windows that leave no row or column over write every value; filling 10 MB first takes time.
        whole = (gradient.new_empty if covered else gradient.new_zeros)(context.shape)
        kernels.spread_sums(gradient.numpy(), rows, columns, whole.flatten(0, 1).numpy())
        return whole, None


def delayed(currents: Tensor, delay: int) -> Tensor:
    """`currents` (steps, ...) `delay` steps later; nothing arrives before the first step of a sample."""
    if delay == 0:
        return currents
    later = currents.new_zeros(currents.shape)
    if delay < len(currents):
        later[delay:] = currents[: len(currents) - delay]
    return later
