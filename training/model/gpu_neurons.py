"""A population's dynamics on a GPU as one differentiable operation: how `gpu_kernels` are called."""

from functools import cache
from importlib.util import find_spec
from typing import Any, NamedTuple

import torch
from torch import Tensor

from snnc.compiler.isa.arithmetic import ResetMode


class Constants(NamedTuple):
    """The numbers of a population and its surrogate, as kernels take them."""

    reset: ResetMode
    reset_value: float
    low: float
    """Smallest state, and the largest."""
    high: float
    decay: float
    """Part of a membrane that leaks in a step."""
    single_step: bool
    """Whether the surrogate is `s2nn`, else `atan`."""
    width: float
    height: float


@cache
def available() -> bool:
    """Whether Triton is there, as it is with PyTorch for NVIDIA's GPUs."""
    return find_spec("triton") is not None


MOST_VALUES = (1 << 31) - 1
"""Of a population over all steps, so that 32 bits number them."""


def fits(currents: Tensor, steps: int) -> bool:
    """Whether `FusedDynamics` can take these currents."""
    on_gpu = currents.device.type == "cuda" and available()
    return on_gpu and currents.dtype == torch.float32 and currents.shape[1:].numel() * steps <= MOST_VALUES


class FusedDynamics(torch.autograd.Function):
    """The values of `neurons.Dynamics`, and gradients that differ by the order of their sums; float32."""

    @staticmethod
    def forward(
        context: Any,
        currents: Tensor,
        membrane: Tensor,
        threshold: Tensor,
        bias: Tensor,
        steps: int,
        constants: Constants,
    ) -> tuple[Tensor, Tensor]:
        from snnc.training.model import gpu_kernels

        currents, inner = _dense(currents, threshold)
        one = currents[0]
        # Membranes that are alike in a whole channel, as before the first step, stay one number each.
        alike = _alike_within_channels(membrane, threshold)
        start = membrane[0, :, 0, 0].contiguous() if alike else _laid_out_like(one, membrane)
        membranes, spikes = _stack(one, steps), _stack(one, steps)
        kept = (currents, start, threshold.reshape(-1), bias.reshape(-1), membranes)
        context.shapes, context.constants = (threshold.shape, bias.shape), constants
        context.options = options = {
            "STEPS": steps,
            "CHANNELS": len(threshold),
            "INNER": inner,
            "SHARED": len(currents) == 1,
            "START_OF_CHANNEL": alike,
            "RESET": constants.reset,
            "BLOCK": gpu_kernels.BLOCK,
        }
        context.set_materialize_grads(False)
        context.save_for_backward(*kept)
        numbers = (constants.low, constants.high, constants.decay, constants.reset_value)
        leaks = constants.decay != 0
        _launch(gpu_kernels.advance, (*kept, spikes), one.numel(), numbers, options | {"LEAKS": leaks})
        return membranes, spikes

    @staticmethod
    def backward(
        context: Any, *gradients: Tensor | None
    ) -> tuple[Tensor, Tensor | None, Tensor, Tensor, None, None]:
        from snnc.training.model import gpu_kernels

        currents, start, threshold, bias, membranes = context.saved_tensors
        constants: Constants = context.constants
        of_membranes, of_spikes = (
            None if part is None else _laid_out_like(membranes, part) for part in gradients
        )
        if constants.reset == "none":
            of_spikes = None
        one, needs_start = membranes[0], context.needs_input_grad[1]
        of_start, of_threshold, of_bias = (_stack(one, 1) for _ in range(3))
        # The gradient of currents that are one for all steps is that of the bias, neuron by neuron.
        of_currents = of_bias if context.options["SHARED"] else torch.empty_like(membranes)
        given = [membranes if part is None else part for part in (of_membranes, of_spikes)]
        _launch(
            gpu_kernels.gradients,
            (
                currents,
                start,
                threshold,
                bias,
                membranes,
                *given,
                of_currents,
                of_start,
                of_threshold,
                of_bias,
            ),
            one.numel(),
            (1.0 - constants.decay, constants.width, constants.height),
            context.options
            | {
                "SINGLE_STEP": constants.single_step,
                "THROUGH_MEMBRANES": of_membranes is not None,
                "THROUGH_SPIKES": of_spikes is not None,
                "THROUGH_START": needs_start,
            },
        )
        threshold_shape, bias_shape = context.shapes
        return (
            of_currents,
            of_start[0] if needs_start else None,
            of_threshold[0].sum_to_size(threshold_shape),
            of_bias[0].sum_to_size(bias_shape),
            None,
            None,
        )


def _launch(
    kernel: Any,
    arrays: tuple[Tensor, ...],
    neurons: int,
    numbers: tuple[float, ...],
    options: dict[str, Any],
) -> None:
    programs = -(-neurons // options["BLOCK"])
    if programs:
        kernel[(programs,)](*arrays, neurons, *numbers, **options)


def _dense(currents: Tensor, threshold: Tensor) -> tuple[Tensor, int]:
    """`currents` (steps, samples, channels, ...) without gaps, step after step, and how many neurons that lie
    side by side are of one channel: 1 where channels come last in memory."""
    if len(threshold) == 1:
        return currents.contiguous(), max(1, currents[0].numel())
    image = currents.flatten(0, 1) if currents.ndim == 5 and not currents.is_contiguous() else None
    if image is not None and image.is_contiguous(memory_format=torch.channels_last):
        return currents, 1
    positions = currents.shape[currents.ndim - threshold.ndim + 1 :].numel()
    return currents.contiguous(), positions


def _alike_within_channels(membrane: Tensor, threshold: Tensor) -> bool:
    if membrane.ndim != 4 or threshold.ndim != 3 or len(membrane) == 0:
        return False
    return all(membrane.stride(axis) == 0 or membrane.shape[axis] == 1 for axis in (0, 2, 3))


def _stack(one: Tensor, steps: int) -> Tensor:
    """Memory for as many tensors like `one`, which has no gaps, one after the other."""
    return torch.empty_strided(
        (steps, *one.shape), (one.numel(), *one.stride()), dtype=one.dtype, device=one.device
    )


def _laid_out_like(model: Tensor, values: Tensor) -> Tensor:
    """`values` in the order in which `model`, of the same shape, lies in memory."""
    if values.stride() == model.stride():
        return values
    return torch.empty_strided(model.shape, model.stride(), dtype=model.dtype, device=model.device).copy_(
        values
    )
