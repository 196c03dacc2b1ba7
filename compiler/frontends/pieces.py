"""Pieces of values, and values with zeros around them, as readers of any format need them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends import values
from snnc.compiler.frontends.synapses import FloatArray, convolution
from snnc.compiler.frontends.values import Value

Pair = tuple[int, int]


def padded(value: Value, sides: tuple[Pair, Pair]) -> Value:
    """Zeros around an image: (top, bottom), (left, right)."""
    if min(*sides[0], *sides[1]) < 0:
        raise UnsupportedModel(f"pads by {sides}, which cuts")
    return _by_pixel(value, np.ones((1, 1)), padding=sides)


def picked(value: Value, channels: Sequence[int]) -> Value:
    """Some channels of an image, or some of a flat value's features."""
    rows = np.eye(value.shape[0])[list(channels)]
    if value.flat:
        return values.linear(value, rows)
    return values.convolve(value, convolution(rows[:, :, None, None]))


def cropped(value: Value, kept: range, *, row: bool) -> Value:
    """Some columns of an image, or with `row` some rows."""
    size = value.shape[1 if row else 2]
    kernel = np.zeros(kept[0] + size - kept[-1])
    kernel[kept[0]] = 1
    if row:
        return _by_pixel(value, kernel[:, None], stride=(kept.step, 1))
    return _by_pixel(value, kernel[None], stride=(1, kept.step))


def indices(size: int, chosen: slice) -> range:
    """The places that a slice takes; raises UnsupportedModel for none, or in reverse."""
    kept = range(*chosen.indices(size))
    if not kept or kept.step < 0:
        raise UnsupportedModel(f"takes {len(kept)} of {size}, in steps of {kept.step}")
    return kept


def leaky(rectify: Callable[[Value], Value], value: Value, slope: FloatArray) -> Value:
    """relu(x) - slope relu(-x), which takes two rectifiers; one slope, or one per channel."""
    channels = value.shape[0]
    if slope.size not in (1, channels):
        raise UnsupportedModel(f"slopes {slope.shape}; one, or one per channel, is read")
    factor = slope.reshape(()) if slope.size == 1 else slope.reshape(-1, 1, 1)
    below = rectify(values.scale(value, np.array(-1.0)))
    return values.add(rectify(value), values.scale(below, -factor))


def clipped(
    rectify: Callable[[Value, float | None], Value], value: Value, low: float, high: float | None
) -> Value:
    """`low` + what rectifiers with a limit make of the rest."""
    least, limit = np.array(float(low)), None if high is None else high - low
    return values.shift(rectify(values.shift(value, -least), limit), least)


def _by_pixel(value: Value, kernel: FloatArray, **options: Any) -> Value:
    channels = value.shape[0]
    every = np.broadcast_to(kernel, (channels, 1, *kernel.shape)).astype(np.float64)
    return values.convolve(value, convolution(every, groups=channels, **options))
