"""The linear maps of a float graph: what they do to a batch of maps, and how two become one, exactly."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from snnc.base.errors import UnsupportedModel
from snnc.compiler.ir.network import Shape, count

FloatArray = NDArray[np.float64]

MAX_MATRIX = 1 << 24
"""Entries of a matrix that stands for a chain of linear maps."""
MAX_NUMBERS = 1 << 26
"""Numbers of all kernels of a convolution, with the zeros that dilation and uneven padding put into them."""


@dataclass(frozen=True)
class Dense:
    """A matrix on what arrives, flattened: `weights` (neurons, axons)."""

    weights: FloatArray

    def shape(self, arriving: Shape) -> Shape:
        """Shape of what it gives; raises UnsupportedModel where it cannot take what arrives."""
        axons = self.weights.shape[1]
        if count(arriving) != axons:
            raise UnsupportedModel(f"takes {axons} values, but {count(arriving)} arrive {arriving}")
        return self.weights.shape[0], 1, 1


@dataclass(frozen=True)
class Convolution:
    """A cross-correlation as in PyTorch: `weights` (channels, source channels / groups, height, width).

    Zeros pad both sides alike, and nothing is dilated: `convolution` brings what is uneven or dilated into
    this form. A 1-D convolution has height 1.
    """

    weights: FloatArray
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    groups: int = 1

    @property
    def kernel(self) -> tuple[int, int]:
        """Height and width."""
        return self.weights.shape[2], self.weights.shape[3]

    def shape(self, arriving: Shape) -> Shape:
        """Shape of what it gives; raises UnsupportedModel where it cannot take what arrives."""
        channels, wanted = self.weights.shape[0], self.weights.shape[1] * self.groups
        if arriving[0] != wanted or channels % self.groups:
            raise UnsupportedModel(
                f"{self.groups} groups of kernels {self.weights.shape} take {wanted} channels, "
                f"but {arriving[0]} arrive {arriving}"
            )
        height, width = (
            (size + 2 * padding - kernel) // stride + 1
            for size, padding, kernel, stride in zip(
                arriving[1:], self.padding, self.kernel, self.stride, strict=True
            )
        )
        if height < 1 or width < 1:
            raise UnsupportedModel(f"kernel {self.kernel} does not fit into {arriving}")
        return channels, height, width


Synapses = Dense | Convolution


def convolution(
    weights: FloatArray,
    *,
    stride: tuple[int, int] = (1, 1),
    padding: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0)),
    dilation: tuple[int, int] = (1, 1),
    groups: int = 1,
) -> Convolution:
    """The convolution in its plain form; `padding` is (top, bottom), (left, right).

    A dilated kernel is filled with zeros, and one whose padding is uneven or not smaller than itself is
    enlarged by zeros: neither changes what is computed. Raises UnsupportedModel for numbers that mean none.
    """
    positive = min(*stride, *dilation, groups) >= 1 and min(*padding[0], *padding[1]) >= 0
    if weights.ndim != 4 or weights.size == 0 or not positive:
        raise UnsupportedModel(
            f"a convolution has four-dimensional kernels and positive numbers, not kernels {weights.shape}, "
            f"stride {stride}, padding {padding}, dilation {dilation}, groups {groups}"
        )
    if any((kernel - 1) * step >= 1 << 10 for kernel, step in zip(weights.shape[2:], dilation, strict=True)):
        raise UnsupportedModel(f"kernel {weights.shape[2:]} dilated by {dilation} is over 1024 wide")
    sides = [(k - 1) * step + 1 for k, step in zip(weights.shape[2:], dilation, strict=True)]
    even = [max(pair) for pair in padding]
    more = [max(0, pad - kernel + 1) for pad, kernel in zip(even, sides, strict=True)]
    margins = [(p - low + e, p - high + e) for p, (low, high), e in zip(even, padding, more, strict=True)]
    wide = [kernel + sum(margin) for kernel, margin in zip(sides, margins, strict=True)]
    numbers = math.prod((*weights.shape[:2], *wide))
    if numbers > MAX_NUMBERS:
        raise UnsupportedModel(
            f"kernels {weights.shape} with dilation {dilation} and padding {padding} take {numbers} numbers, "
            f"the limit is {MAX_NUMBERS}"
        )
    filled = np.zeros((*weights.shape[:2], *sides))
    filled[:, :, :: dilation[0], :: dilation[1]] = weights
    filled = np.pad(filled, ((0, 0), (0, 0), *margins))
    return Convolution(filled, stride, (even[0] + more[0], even[1] + more[1]), groups)


def apply(synapses: Synapses, maps: FloatArray) -> FloatArray:
    """What `synapses` make of `maps` (samples, channels, height, width), in that form again."""
    if isinstance(synapses, Dense):
        currents = maps.reshape(len(maps), -1) @ synapses.weights.T
        return currents.reshape(*currents.shape, 1, 1)
    (top, left), (rows, columns) = synapses.padding, synapses.stride
    padded = np.pad(maps, ((0, 0), (0, 0), (top, top), (left, left)))
    windows = sliding_window_view(padded, synapses.kernel, (2, 3))[:, :, ::rows, ::columns]
    parts = np.split(windows, synapses.groups, 1)
    kernels = np.split(synapses.weights, synapses.groups)
    given = [np.tensordot(p, k, ((1, 4, 5), (1, 2, 3))) for p, k in zip(parts, kernels, strict=True)]
    return np.ascontiguousarray(np.moveaxis(np.concatenate(given, -1), -1, 1))


def rows_times(synapses: Synapses, factors: FloatArray) -> Synapses:
    """`synapses` whose rows, (channels,), are multiplied by `factors`."""
    weights = synapses.weights * factors.reshape(-1, *[1] * (synapses.weights.ndim - 1))
    return replace(synapses, weights=weights)


def windows_of(maps: FloatArray, pool: tuple[int, int]) -> FloatArray:
    """`maps` (samples, channels, height, width) cut into windows (samples, channels, rows, height of the
    pool, columns, width of the pool); what fills no window is left out."""
    rows, columns = maps.shape[2] // pool[0], maps.shape[3] // pool[1]
    whole = maps[:, :, : rows * pool[0], : columns * pool[1]]
    return whole.reshape(*maps.shape[:2], rows, pool[0], columns, pool[1])


def ungrouped(synapses: Convolution) -> FloatArray:
    """The kernels of all source channels, zero where a group does not see them."""
    weights, groups = synapses.weights, synapses.groups
    per_group, seen = len(weights) // groups, weights.shape[1]
    full = np.zeros((len(weights), seen * groups, *synapses.kernel))
    for group in range(groups):
        rows = slice(group * per_group, (group + 1) * per_group)
        full[rows, group * seen : (group + 1) * seen] = weights[rows]
    return full


def compose(first: Convolution, second: Convolution) -> Convolution:
    """`second` after `first` as one convolution; raises UnsupportedModel where `second` pads what `first`
    made of several pixels, which one convolution cannot do."""
    by_pixel = (first.kernel, first.stride, first.padding) == ((1, 1), (1, 1), (0, 0))
    if second.padding != (0, 0) and not by_pixel:
        raise UnsupportedModel(
            f"a convolution or pool with padding {second.padding} follows another linear map with no "
            "neurons between them",
            hint="put neurons between the two, or use no padding in the second",
        )
    depthwise = second.weights.shape[1] == 1 and second.groups == len(first.weights) == len(second.weights)
    kernel = [a + (b - 1) * s for a, b, s in zip(first.kernel, second.kernel, first.stride, strict=True)]
    inner = first.weights if depthwise else ungrouped(first)
    outer = second.weights if depthwise else ungrouped(second)
    total = np.zeros((len(outer), inner.shape[1], *kernel))
    for row in range(second.kernel[0]):
        for column in range(second.kernel[1]):
            y, x = row * first.stride[0], column * first.stride[1]
            moved = outer[:, :, row, column]
            part = inner * moved[:, :, None, None] if depthwise else np.tensordot(moved, inner, 1)
            total[:, :, y : y + first.kernel[0], x : x + first.kernel[1]] += part
    stride = first.stride[0] * second.stride[0], first.stride[1] * second.stride[1]
    padding = second.padding if by_pixel else first.padding
    return Convolution(total, stride, padding, first.groups if depthwise else 1)


def matrix(synapses: Synapses, arriving: Shape) -> FloatArray:
    """The matrix (neurons, axons) of any map; raises UnsupportedModel where it would be too large."""
    if isinstance(synapses, Dense):
        return synapses.weights
    size = count(arriving), count(synapses.shape(arriving))
    if math.prod(size) > MAX_MATRIX:
        raise UnsupportedModel(
            f"a linear map follows another with no neurons between them; as one matrix they would have "
            f"{math.prod(size)} entries, the limit is {MAX_MATRIX}"
        )
    units = np.eye(size[0]).reshape(size[0], *arriving)
    return np.ascontiguousarray(apply(synapses, units).reshape(size).T)
