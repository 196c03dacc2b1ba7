"""Batch normalisation of a layer's integer synaptic currents: the statistics and where they act."""

from typing import Any, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.nn.functional import all_reduce

from snnc.training.model import kernels

MOMENTUM = 0.1
"""Part of the running statistics that one batch replaces, as in `torch.nn.BatchNorm2d`."""
VARIANCE_FLOOR = 1e-5
"""Added to variances in float units, as in `torch.nn.BatchNorm2d`."""


class CurrentStatistics(nn.Module):
    """Mean and variance per channel of a layer's current in float units, running over the batches."""

    mean: Tensor
    variance: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("variance", torch.ones(channels))

    def deviation(self) -> Tensor:
        """Running standard deviation in float units, (channels,)."""
        return (self.variance + VARIANCE_FLOOR).sqrt()

    def unscaled(self, threshold: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """Threshold and bias of normalised currents as those of the currents themselves, in float units."""
        deviation = self.deviation()
        return threshold * deviation, bias * deviation - self.mean

    def observe(self, currents: Tensor, unit: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of `currents` (steps, samples, channels, height, width) in accumulator
        units, with gradients; the running statistics move towards them.

        One value per channel has none: the running ones are returned, as they are.
        """
        if _is_one_value(currents) and not dist.is_initialized():
            return self.mean / unit, self.deviation() / unit
        mean, square = cast("tuple[Tensor, Tensor]", _Moments.apply(currents))  # type: ignore[no-untyped-call]
        # Currents lie around 0, so that little cancels.
        variance = (square - mean.square()).clamp(min=0)
        if dist.is_initialized():
            variance, mean = _over_all_processes(variance, mean, currents.shape[1])
        with torch.no_grad():
            self.mean.lerp_((mean * unit).to(self.mean.dtype), MOMENTUM)
            self.variance.lerp_((variance * unit.square()).to(self.variance.dtype), MOMENTUM)
        return mean, (variance + VARIANCE_FLOOR / unit.square()).sqrt()


class BatchNorm(nn.BatchNorm2d):
    """That of PyTorch, but one value per channel, which PyTorch refuses, is normalised as in evaluation."""

    def forward(self, x: Tensor) -> Tensor:
        """`x` (samples, channels, height, width) normalised."""
        if self.training and x.numel() == x.shape[1]:
            return nn.functional.batch_norm(
                x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
            )
        return super().forward(x)


def _is_one_value(currents: Tensor) -> bool:
    """Whether each channel has one, in all steps alike."""
    steps = 1 if currents.stride(0) == 0 else len(currents)
    return steps * currents[0].numel() == currents.shape[2]


class _Moments(torch.autograd.Function):
    """Mean and mean square of currents (steps, samples, channels, height, width) per channel."""

    @staticmethod
    def forward(context: Any, currents: Tensor) -> tuple[Tensor, Tensor]:
        # Currents that are one tensor for all steps have the statistics of one step.
        seen = currents[:1] if currents.stride(0) == 0 else currents
        values = seen.flatten(0, 1).flatten(2)
        context.shape = currents.shape
        if values.device.type != "cpu":
            context.save_for_backward(values)
            count = values.numel() // values.shape[1]
            return values.mean((0, 2)), torch.linalg.vector_norm(values, 2, (0, 2)).square() / count
        values = values.contiguous()
        context.save_for_backward(values)
        sums = torch.zeros(2, values.shape[1], dtype=torch.float64)
        kernels.moments(values.numpy(), *sums.numpy())
        mean, square = (sums / (values.numel() // len(sums[0]))).to(values.dtype)
        return mean, square

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> Tensor:
        (values,) = context.saved_tensors
        size: torch.Size = context.shape
        count = size.numel() // size[2]
        constant, slope = (gradient / count for gradient in gradients)
        if values.device.type != "cpu":
            gradient = torch.addcmul(constant[:, None], values, 2 * slope[:, None])
        else:
            gradient = torch.empty_like(values)
            kernels.moments_gradient(
                *(part.numpy() for part in (values, constant.contiguous(), slope.contiguous(), gradient))
            )
        return gradient.reshape(-1, *size[1:]).expand(size)


def _over_all_processes(variance: Tensor, mean: Tensor, samples: int) -> tuple[Tensor, Tensor]:
    """Variance and mean of the samples of all processes, with gradients, from those of `samples` samples."""
    weight = mean.new_tensor(float(samples))
    total = _sum(weight)
    shared = _sum(mean * weight) / total
    return _sum((variance + (mean - shared).square()) * weight) / total, shared


def _sum(values: Tensor) -> Tensor:
    """Over all processes, with gradients."""
    return cast(Tensor, all_reduce(values))  # type: ignore[no-untyped-call]
