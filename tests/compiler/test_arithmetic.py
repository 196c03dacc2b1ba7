"""The numeric contract: the worked examples of docs/arithmetic.md, and properties of its parts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnc.compiler.arithmetic import NO_LEAK, Decay, accumulate, clamp, decay, neuron_step

EXAMPLES = [
    # v, acc, bias, theta, reset, leak shift, spike, next v
    (20, 21, -1, 32, "soft", 3, 1, 7),
    (20, 21, -1, 32, "hard", 3, 1, 0),
    (12, 20, 0, 32, "soft", 0, 1, 0),
    (-5, -8, 0, 32, "soft", 3, 0, -11),
    (-1, 0, 0, 32, "soft", 3, 0, 0),
    (120, 60, 0, 200, "soft", 0, 0, 127),
    (120, 60, 0, 30, "soft", 0, 1, 127),
    (120, 60, 0, 30, "none", 0, 0, 127),
]


@pytest.mark.parametrize(("v", "acc", "bias", "theta", "reset", "shift", "spike", "after"), EXAMPLES)
def test_worked_examples(
    v: int, acc: int, bias: int, theta: int, reset: str, shift: int, spike: int, after: int
) -> None:
    result = neuron_step(
        np.array([v]),
        np.array([acc]),
        threshold=np.array([theta]),
        bias=np.array([bias]),
        reset=reset,
        reset_value=0,
        state_bits=8,
        leak=Decay(1, shift) if shift else NO_LEAK,
    )
    assert (int(result.spikes[0]), int(result.after[0])) == (spike, after)


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
