"""Several numbers at once, for kernels: a loop over pools would have to ask first whether they overlap."""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import config, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from snnc.sim.engine.jit import Pool

int32 = cast(Callable[[int], int], np.int32)
"""A number in 32 bits, of which vectors hold twice as many as of 64."""
LANES = 16
"""Numbers that are added at once: a vector register of 512 bits, or two or four smaller ones."""
MARKS = 64
"""Numbers that are looked at at once."""
PADDING = MARKS - 1
"""So many are looked at behind the last of a pool, at most."""


def _in_vectors(typed: Callable[..., Any], plain: Callable[..., Any]) -> Any:
    """An instruction of kernels, or where they run as Python (NUMBA_DISABLE_JIT) number by number."""
    return plain if config.DISABLE_JIT else intrinsic(typed)  # type: ignore[attr-defined]


_STATES, _WEIGHTS = ir.VectorType(ir.IntType(32), LANES), ir.VectorType(ir.IntType(8), LANES)


def aligned_copy(states: NDArray[np.int32]) -> NDArray[np.int32]:
    """A copy of a pool (slots,) that begins where a vector does: else each of its vectors would lie in two
    lines of the cache."""
    size = LANES * states.itemsize
    memory = np.empty(states.nbytes + size, np.uint8)
    first = -memory.ctypes.data % size
    copied: NDArray[np.int32] = memory[first : first + states.nbytes].view(states.dtype)
    copied[:] = states
    return copied


def padded_copy(numbers: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Numbers 0..255 as bytes, with zeros behind the last."""
    padded = np.zeros(numbers.size + PADDING, np.uint8)
    copied: NDArray[np.uint8] = padded[: numbers.size].reshape(numbers.shape)
    copied[:] = numbers
    return copied


def _at(builder: Any, pool: Any, place: Any, kind: ir.VectorType) -> Any:
    """The address of the vector that begins at a place of a pool."""
    return builder.bitcast(builder.gep(pool, [place]), kind.as_pointer())


def _add_rows(context: Any, states: Any, place: Any, weights: Any, rows: Any, offset: Any) -> Any:
    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        state_pool, start, weight_pool, firsts, beyond = arguments
        address = _at(builder, state_pool, start, _STATES)
        total = builder.load(address, align=4)
        for number in range(len(rows)):
            first = builder.add(builder.extract_value(firsts, number), beyond)
            row = builder.load(_at(builder, weight_pool, first, _WEIGHTS), align=1)
            total = builder.add(total, builder.sext(row, _STATES))
        builder.store(total, address, align=4)
        return target.get_dummy_value()

    several: Any = types.UniTuple
    return types.void(states, types.int64, weights, several(types.int64, len(rows)), types.int64), generate


def _add_rows_plainly(states: Pool, place: int, weights: Pool, rows: tuple[int, ...], offset: int) -> None:
    for row in rows:
        _add_scaled_plainly(states, place, weights, row + offset, 1)


add_rows = cast(
    Callable[[Pool, int, Pool, tuple[int, ...], int], None], _in_vectors(_add_rows, _add_rows_plainly)
)
"""Add to 16 states (int32), from a place on, 16 weights (int8) of each of some rows, from an offset in them
on."""


def _add_scaled(context: Any, states: Any, place: Any, weights: Any, row: Any, factor: Any) -> Any:
    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        state_pool, start, weight_pool, first, number = arguments
        address = _at(builder, state_pool, start, _STATES)
        added = builder.sext(builder.load(_at(builder, weight_pool, first, _WEIGHTS), align=1), _STATES)
        zero = ir.Constant(ir.IntType(32), 0)
        single = builder.insert_element(
            ir.Constant(_STATES, ir.Undefined), builder.trunc(number, ir.IntType(32)), zero
        )
        everywhere = builder.shuffle_vector(
            single, ir.Constant(_STATES, ir.Undefined), ir.Constant(_STATES, None)
        )
        total = builder.add(builder.load(address, align=4), builder.mul(added, everywhere))
        builder.store(total, address, align=4)
        return target.get_dummy_value()

    return types.void(states, types.int64, weights, types.int64, types.int64), generate


def _add_scaled_plainly(states: Pool, place: int, weights: Pool, row: int, factor: int) -> None:
    for lane in range(LANES):
        states[place + lane] += int(weights[row + lane]) * factor


add_scaled = cast(Callable[[Pool, int, Pool, int, int], None], _in_vectors(_add_scaled, _add_scaled_plainly))
"""The same for one row of weights, each times a factor."""


def _set_marks(context: Any, pool: Any, place: Any) -> Any:
    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.VectorType(arguments[0].type.pointee, MARKS)
        marks = builder.load(_at(builder, arguments[0], arguments[1], kind), align=pool.dtype.bitwidth // 8)
        return builder.bitcast(builder.icmp_signed("!=", marks, ir.Constant(kind, None)), ir.IntType(MARKS))

    return types.int64(pool, types.int64), generate


def _set_marks_plainly(pool: Pool, place: int) -> int:
    """The first must lie in the pool; behind its end is padding, whose bits callers leave out."""
    bits = int(pool[place] != 0)
    for number in range(1, MARKS):
        try:
            bits |= int(pool[place + number] != 0) << number
        except IndexError:
            break
    return bits


set_marks = cast(Callable[[Pool, int], int], _in_vectors(_set_marks, _set_marks_plainly))
"""Which of 64 numbers, from a place on, are not 0: bits, from the lowest on."""


def _lowest_bit(context: Any, bits: Any) -> Any:
    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.int64), generate


def _lowest_bit_plainly(bits: int) -> int:
    return (bits & -bits).bit_length() - 1 if bits else MARKS


lowest_bit = cast(Callable[[int], int], _in_vectors(_lowest_bit, _lowest_bit_plainly))
"""The number of the lowest bit that is set, 64 where none is."""


def _count_bits(context: Any, bits: Any) -> Any:
    def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.int64), generate


count_bits = cast(Callable[[int], int], _in_vectors(_count_bits, int.bit_count))
"""How many bits are set."""
