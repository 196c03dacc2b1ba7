"""The formulas of `latency` and `rate`, worked out here value by value."""

import numpy as np
import pytest

from snnc.compiler.ir.network import Input
from snnc.compiler.protocol.input_encoding import encode_inputs


def moments(steps: int, largest: int) -> list[int]:
    """Step in which `latency` sends each value of 1..largest, one sample per value."""
    values = np.arange(1, largest + 1, dtype=np.uint8)[:, None]
    events = encode_inputs(Input("input", (1, 1, 1), "latency", largest), steps, values)[:, :, 0]
    assert (events.sum(axis=1) == 1).all(), "one event of payload 1"
    return [int(step) for step in np.argmax(events, axis=1)]


@pytest.mark.parametrize(
    ("steps", "largest", "expected"),
    [
        (1, 3, [0, 0, 0]),
        (4, 4, [3, 2, 1, 0]),
        (3, 7, [2, 2, 2, 1, 1, 0, 0]),
        (5, 3, [4, 3, 1]),
        (10, 4, [9, 7, 4, 2]),
    ],
)
def test_latency_splits_the_values_into_as_many_ranges_as_steps(
    steps: int, largest: int, expected: list[int]
) -> None:
    """Value v comes in step T - 1 - floor((v - 1) T / largest)."""
    assert moments(steps, largest) == expected


def test_latency_of_nothing_is_silence() -> None:
    zeros = np.zeros((1, 3), np.uint8)
    assert not encode_inputs(Input("input", (3, 1, 1), "latency", 9), 4, zeros).any()


def test_rate_draws_from_the_seed_and_the_values_of_the_sample() -> None:
    sample = np.array([[0, 3, 10, 7]], np.uint8)
    drawn = np.random.default_rng([24301, 0, 3, 10, 7]).integers(0, 10, (6, 4))
    expected = (drawn < [0, 3, 10, 7]).astype(int)
    assert encode_inputs(Input("input", (4, 1, 1), "rate", 10), 6, sample)[0].tolist() == expected.tolist()
