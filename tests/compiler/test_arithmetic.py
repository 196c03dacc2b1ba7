"""Properties of the parts of the numeric contract; its worked examples are in `test_contract.py`."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from snnc.compiler.isa.arithmetic import NO_LEAK, Decay, accumulate, clamp, decay


@given(st.integers(-(1 << 40), 1 << 40), st.integers(0, 16))
def test_a_power_of_two_decay_is_a_shift(x: int, shift: int) -> None:
    assert int(decay(np.array([x]), Decay(1, shift))[0]) == x - (x >> shift)


@given(st.integers(-(1 << 20), 1 << 20), st.integers(0, 1 << 8))
def test_decay_is_monotone(x: int, numerator: int) -> None:
    low, high = decay(np.array([x, x + 1]), Decay(numerator, 8))
    assert low <= high


@given(st.integers(0, 16), st.integers(0, 16))
def test_the_shift_of_a_decay(shift: int, extra: int) -> None:
    assert Decay(1 << extra, shift + extra).shift == shift


def test_a_decay_that_needs_a_multiplier_has_no_shift() -> None:
    assert Decay(3, 4).shift is None
    assert NO_LEAK.shift is None


def test_clamp_is_two_complement() -> None:
    assert clamp(np.array([-129, -128, 127, 128]), 8).tolist() == [-128, -128, 127, 127]


def test_accumulate_is_the_exact_sum() -> None:
    weights = np.array([[7, -8], [1, 2]], np.int8)
    assert accumulate(weights, np.array([255, 0])).tolist() == [1785, 255]
    assert accumulate(weights, np.array([255, 255])).tolist() == [-255, 765]
