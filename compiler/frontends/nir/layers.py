"""The nodes of NIR that are no neurons: linear maps, pools, flattening, delays. Shapes are checked here."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends.nir.conventions import numbers
from snnc.compiler.frontends.nir.file import NirNode
from snnc.compiler.frontends.synapses import Convolution, FloatArray, convolution
from snnc.compiler.frontends.values import (
    Value,
    add,
    convolve,
    delayed,
    flatten,
    linear,
    pool,
    scale,
    without_bias,
)
from snnc.compiler.ir.network import count

Sides = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Made:
    """What a node gives, and what was assumed for it."""

    value: Value
    remarks: tuple[str, ...] = ()
    approximate: bool = False


def _identity(node: NirNode, value: Value, dt: float) -> Made:
    return Made(value)


def _linear(node: NirNode, value: Value, dt: float) -> Made:
    weights = _weights(node, 2)
    remarks: tuple[str, ...] = ()
    if not value.flat and value.shape[1:] != (1, 1) and count(value.shape) == weights.shape[1]:
        value, remarks = flatten(value), (f"flattens {value.shape} before: the file has no Flatten",)
    return Made(linear(value, weights, _bias(node, len(weights))), remarks)


def _convolution_1d(node: NirNode, value: Value, dt: float) -> Made:
    weights = _weights(node, 3)[:, :, None]
    stride, dilation = (1, _whole(node, "stride", 1)[0]), (1, _whole(node, "dilation", 1)[0])
    padding = ((0, 0), _padding(node, weights.shape[3:], stride[1:], dilation[1:])[0])
    synapses = convolution(
        weights, stride=stride, padding=padding, dilation=dilation, groups=_whole(node, "groups", 1)[0]
    )
    return Made(_convolved(value, synapses, _bias(node, len(weights))))


def _convolution_2d(node: NirNode, value: Value, dt: float) -> Made:
    weights = _weights(node, 4)
    stride, dilation = _pair(node, "stride", 1), _pair(node, "dilation", 1)
    padding = _padding(node, weights.shape[2:], stride, dilation)
    synapses = convolution(
        weights,
        stride=stride,
        padding=(padding[0], padding[1]),
        dilation=dilation,
        groups=_whole(node, "groups", 1)[0],
    )
    if value.flat and _single(node) and all(part.shape[1:] == (1, 1) for part in value.parts):
        value = replace(value, flat=False)
    return Made(_convolved(value, synapses, _bias(node, len(weights))))


def _single(node: NirNode) -> bool:
    """Whether the file says that its images have one pixel, as the features of a linear layer are."""
    sides = numbers(node, "input_shape")
    return sides is not None and sides.size > 0 and bool((sides == 1).all())


def _convolved(value: Value, synapses: Convolution, bias: FloatArray | None) -> Value:
    if value.flat:
        raise UnsupportedModel("a convolution follows a flattened value")
    return convolve(value, synapses, bias)


def _pool(average: bool) -> Callable[[NirNode, Value, float], Made]:
    def made(node: NirNode, value: Value, dt: float) -> Made:
        window, padding = _pair(node, "kernel_size", None), _pair(node, "padding", 0)
        sides = ((padding[0], padding[0]), (padding[1], padding[1]))
        stride = _pair(node, "stride", None) if "stride" in node.parameters else window
        if min(*window, *stride) < 1:
            raise UnsupportedModel(f"a window of {window} with stride {stride} is none")
        return Made(pool(value, window, stride, sides, average=average))

    return made


def _flatten(node: NirNode, value: Value, dt: float) -> Made:
    first, last = _whole(node, "start_dim", 1)[0], _whole(node, "end_dim", -1)[0]
    dimensions = 3 if value.shape[1:] != (1, 1) else 1
    whole = first in (0, -dimensions) and last in (-1, dimensions - 1)
    remark = f"dimensions {first}..{last} taken as all: the order of the features is the same"
    return Made(flatten(value), () if whole else (remark,))


def _scale(node: NirNode, value: Value, dt: float) -> Made:
    factor = numbers(node, "scale")
    if factor is None:
        raise UnsupportedModel("has no numbers called scale")
    return Made(scale(value, factor))


def _delay(node: NirNode, value: Value, dt: float) -> Made:
    delays = numbers(node, "delay")
    if delays is None or delays.size == 0 or not bool((delays >= 0).all()):
        raise UnsupportedModel("delay must be numbers of 0 or more")
    exact = delays / dt
    steps = np.rint(exact)
    if steps.max() > 1 << 10:
        raise UnsupportedModel(f"a delay of {float(delays.max()):g} s is {steps.max():.0f} steps of {dt:g} s")
    # What is added in every step cannot wait.
    moving = without_bias(value)
    remarks: tuple[str, ...] = ()
    total = replace(value, parts=tuple(replace(part, terms=()) for part in value.parts))
    for count_of_steps in np.unique(steps):
        chosen = (steps == count_of_steps).astype(np.float64)
        share = moving if bool(chosen.all()) else scale(moving, chosen if delays.ndim else chosen.reshape(()))
        total = add(total, delayed(share, int(count_of_steps)))
    if steps.any() and any(part.bias.any() for part in value.parts):
        remarks += (f"the bias before it acts from the first step, {steps.max():.0f} steps early",)
    off = float(np.abs(exact - steps).max())
    if off >= 1e-3:
        remarks += (f"rounded to whole steps of {dt:g} s, by up to {off:.2g} of a step",)
    return Made(total, remarks, bool(remarks))


LAYERS: dict[str, Callable[[NirNode, Value, float], Made]] = {
    "Identity": _identity,
    "Output": _identity,
    "Affine": _linear,
    "Linear": _linear,
    "Scale": _scale,
    "Conv1d": _convolution_1d,
    "Conv2d": _convolution_2d,
    "SumPool2d": _pool(False),
    "AvgPool2d": _pool(True),
    "Flatten": _flatten,
    "Delay": _delay,
}


def _weights(node: NirNode, dimensions: int) -> FloatArray:
    weights = numbers(node, "weight")
    if weights is None or weights.ndim != dimensions or weights.size == 0:
        shape = None if weights is None else weights.shape
        raise UnsupportedModel(f"weight must have {dimensions} dimensions, not shape {shape}")
    return weights


def _bias(node: NirNode, channels: int) -> FloatArray | None:
    bias = numbers(node, "bias")
    if bias is not None and bias.size not in (1, channels):
        raise UnsupportedModel(f"bias has {bias.size} numbers for {channels} channels")
    return None if bias is None else np.broadcast_to(bias.reshape(-1), (channels,)).copy()


def _whole(node: NirNode, name: str, default: int | None) -> tuple[int, ...]:
    """Whole numbers, of which exporters write one, or a list, of any type."""
    value: Any = node.parameters.get(name, default)
    if value is None or isinstance(value, str):
        raise UnsupportedModel(f"{name} must be whole numbers, not {value!r}")
    array = np.asarray(value).reshape(-1)
    if array.size not in (1, 2) or not bool((array == np.floor(array)).all()) or abs(array).max() > 1 << 10:
        raise UnsupportedModel(f"{name} must be one or two whole numbers up to 1024, not {array[:4]}")
    return tuple(int(one) for one in array)


def _pair(node: NirNode, name: str, default: int | None) -> tuple[int, int]:
    found = _whole(node, name, default)
    return found[0], found[-1]


def _padding(
    node: NirNode, kernel: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]
) -> tuple[tuple[int, int], ...]:
    """Zeros on both sides of each dimension; `same` as PyTorch means it, more behind than before."""
    given = node.parameters.get("padding", 0)
    if isinstance(given, str) and given not in ("same", "valid"):
        raise UnsupportedModel(f"padding must be numbers, 'same' or 'valid', not {given!r}")
    if given == "valid" if isinstance(given, str) else False:
        return tuple((0, 0) for _ in kernel)
    if isinstance(given, str):
        if any(step != 1 for step in stride):
            raise UnsupportedModel(f"padding 'same' goes with stride 1, not {stride}")
        totals = [step * (size - 1) for step, size in zip(dilation, kernel, strict=True)]
        return tuple((total // 2, total - total // 2) for total in totals)
    sides = _whole(node, "padding", 0)
    return tuple((side, side) for side in (sides if len(sides) == len(kernel) else sides * len(kernel)))
