"""Hypothesis strategies for edges: the synapses between two populations, whatever their shapes are."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from snnc.compiler.ir.network import Conv2d, Edge, Linear, Shape, count, pooled
from snnc.compiler.isa.arithmetic import state_range

FLAT = (1, 1)
KERNELS = (1, 3, 2, 5, 7, 4, 15)
STRIDES = (1, 2, 3, 7)
POOLS = (1, 2, 3)
MOST_SYNAPSES = 6000
"""Kernel positions times source neurons: what one step of one edge may cost."""
MOST_WEIGHTS = 30_000


class Axis(NamedTuple):
    """How one side of a source becomes one side of the receiver."""

    pool: int
    kernel: int
    stride: int
    padding: int
    result: int


@lru_cache(maxsize=4096)
def axes(side: int, wanted: int | None, most: int, largest: int) -> tuple[Axis, ...]:
    """All ways from `side` to `wanted` (any side from 1 to `most` if None) with kernels up to `largest`."""
    found = [
        Axis(pool, kernel, stride, padding, (side // pool + 2 * padding - kernel) // stride + 1)
        for pool in POOLS
        if pool <= side
        for kernel in KERNELS
        if kernel <= largest
        for stride in STRIDES
        for padding in sorted({0, kernel // 2, kernel - 1})
        if side // pool + 2 * padding >= kernel
    ]
    return tuple(axis for axis in found if axis.result == wanted or (wanted is None and axis.result <= most))


@st.composite
def edges(
    draw: st.DrawFn,
    name: str,
    source: Shape,
    wanted: Shape | None,
    *,
    bits: int,
    flat: bool,
    most: tuple[int, int, int],
    largest_kernel: int = 15,
    wide: bool = False,
) -> tuple[Edge, Shape] | None:
    """An edge from the population `name` of shape `source`, and the shape it gives; None where there is none.

    With `wanted` it gives that shape; else at most `most` channels, rows and columns, one pixel if `flat`,
    nearly as many as the source if `wide`.
    """
    if wanted is not None:
        flat = wanted[1:] == FLAT
    if flat and draw(st.sampled_from([True, True, True, False])):
        return draw(_linear(name, source, wanted, bits, most[0]))
    sides = (1, 1) if flat else (None, None) if wanted is None else wanted[1:]
    largest = max(1, min(15, largest_kernel, MOST_SYNAPSES // count(source)))
    rows = axes(source[1], sides[0], most[1], largest)
    if not rows:
        return draw(_linear(name, source, wanted, bits, most[0])) if flat else None
    row = draw(_axis(rows, wide=wide))
    rest = max(
        1, min(largest, MOST_SYNAPSES // (count(source) * row.kernel), largest_kernel**2 // row.kernel)
    )
    columns = axes(source[2], sides[1], most[2], rest)
    if not columns:
        return draw(_linear(name, source, wanted, bits, most[0])) if flat else None
    return draw(_convolution(name, source, row, draw(_axis(columns, wide=wide)), wanted, bits, most[0]))


@st.composite
def _axis(draw: st.DrawFn, found: tuple[Axis, ...], *, wide: bool) -> Axis:
    """Half of the time, and always if `wide`, one that takes no step larger than a pixel, if there is one;
    else often one that leaves pixels out."""
    plain = [axis for axis in found if axis.stride == axis.pool == 1]
    gaps = [axis for axis in found if axis.stride > axis.kernel]
    chosen = plain if wide else draw(st.sampled_from([found, plain, plain, gaps]))
    return draw(st.sampled_from(chosen or found))


@st.composite
def _linear(
    draw: st.DrawFn, name: str, source: Shape, wanted: Shape | None, bits: int, most: int
) -> tuple[Edge, Shape]:
    rows, columns = (draw(st.sampled_from([p for p in POOLS if p <= side])) for side in source[1:])
    pool = rows, columns
    axons = count(pooled(source, pool))
    outputs = draw(st.integers(1, max(1, min(most, MOST_WEIGHTS // axons)))) if wanted is None else wanted[0]
    synapses = Linear(draw(weights((outputs, axons), bits)), bits)
    return Edge(name, synapses, pool=pool), (outputs, 1, 1)


@st.composite
def _convolution(
    draw: st.DrawFn,
    name: str,
    source: Shape,
    row: Axis,
    column: Axis,
    wanted: Shape | None,
    bits: int,
    most: int,
) -> tuple[Edge, Shape]:
    """A dense, grouped or depthwise convolution along these axes."""
    channels = source[0]
    limit = max(1, min(most, MOST_WEIGHTS // (channels * row.kernel * column.kernel)))
    chosen = (
        st.one_of(st.integers(1, limit), st.just(channels)) if channels <= most else st.integers(1, limit)
    )
    outputs = draw(chosen) if wanted is None else wanted[0]
    divisors = [g for g in (1, 2, 3, channels) if channels % g == 0 and outputs % g == 0]
    groups = draw(st.sampled_from(sorted(set(divisors))))
    shape = (outputs, channels // groups, row.kernel, column.kernel)
    stride, padding = (row.stride, column.stride), (row.padding, column.padding)
    synapses = Conv2d(draw(weights(shape, bits)), bits, stride, padding, groups)
    return Edge(name, synapses, pool=(row.pool, column.pool)), (outputs, row.result, column.result)


@st.composite
def weights(draw: st.DrawFn, shape: tuple[int, ...], bits: int) -> NDArray[np.int8]:
    """Random, sparse, positive, one extreme everywhere, or a single synapse per neuron at one end."""
    low, high = state_range(bits)
    kind = draw(
        st.sampled_from(
            ["random", "positive", "random", "positive", "sparse", "lowest", "highest", "first", "last"]
        )
    )
    if kind in ("lowest", "highest"):
        return np.full(shape, low if kind == "lowest" else high, np.int8)
    generator = np.random.default_rng(draw(st.integers(0, 999)))
    values = generator.integers(0 if kind == "positive" else low, high + 1, shape).astype(np.int8)
    if kind == "sparse":
        values *= generator.random(shape) < 0.2
    if kind in ("first", "last"):
        single = np.zeros((shape[0], int(np.prod(shape[1:]))), np.int8)
        single[:, 0 if kind == "first" else -1] = high
        values = single.reshape(shape)
    return values
