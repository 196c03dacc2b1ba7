"""Several numbers at once: the same as one after the other."""

import numpy as np
from numpy.typing import NDArray

from snnc.sim.engine.jit import entry, pointer
from snnc.sim.engine.vectors import add_rows, add_scaled, aligned_copy, count_bits, lowest_bit, set_marks


@entry
def _three_rows(states: NDArray[np.int32], weights: NDArray[np.int8]) -> None:
    add_rows(pointer(states), 5, pointer(weights), (0, 40, 7), 3)


@entry
def _one_row(states: NDArray[np.int32], weights: NDArray[np.int8], factor: int) -> None:
    add_scaled(pointer(states), 5, pointer(weights), 9, factor)


@entry
def _bits(states: NDArray[np.int32], payloads: NDArray[np.uint8], found: NDArray[np.int64]) -> None:
    found[0], found[1] = set_marks(pointer(states), 3), set_marks(pointer(payloads), 3)
    found[2], found[3], found[4] = lowest_bit(found[0]), count_bits(found[0]), lowest_bit(0)


def test_a_copy_begins_where_a_vector_does() -> None:
    for number in range(20):
        states = np.arange(1, 2000 + number, dtype=np.int32)
        copied = aligned_copy(states)
        assert copied.ctypes.data % 64 == 0
        assert copied.tolist() == states.tolist()
        assert not np.shares_memory(copied, states)


def test_rows_are_added_to_sixteen_states_alone() -> None:
    draw = np.random.default_rng(0)
    states = draw.integers(-(2**23), 2**23, 32).astype(np.int32)
    weights = draw.integers(-128, 128, 80).astype(np.int8)
    wide, expected = weights.astype(np.int32), states.copy()
    expected[5:21] += wide[3:19] + wide[43:59] + wide[10:26]
    _three_rows(states, weights)
    assert states.tolist() == expected.tolist()
    expected[5:21] += 255 * wide[9:25]
    _one_row(states, weights, 255)
    assert states.tolist() == expected.tolist()


def test_marks_are_bits_from_the_lowest_on() -> None:
    marks = np.random.default_rng(1).integers(-1, 2, 70) * (np.arange(70) % 3 > 0)
    marks[3 + 63] = -1
    payloads = (np.arange(70) % 5 * 60).astype(np.uint8)
    found = np.zeros(5, np.int64)
    _bits(marks.astype(np.int32), payloads, found)
    for bits, values in ((int(found[0]), marks), (int(found[1]), payloads)):
        assert [bits >> k & 1 for k in range(64)] == np.not_equal(values[3:67], 0).tolist()
    assert found[3] == np.count_nonzero(marks[3:67])
    assert found[2] == np.flatnonzero(marks[3:67])[0]
    assert found[4] == 64
