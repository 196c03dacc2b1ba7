"""Input encodings: what each sends, and the shapes and values that are refused before anything runs."""

import numpy as np
import pytest

from snnc.base.errors import FileError
from snnc.compiler.ir.network import Input, InputEncoding
from snnc.compiler.protocol.input_encoding import encode_inputs


def node(encoding: InputEncoding) -> Input:
    return Input("input", (3, 1, 1), encoding, 4)


X = np.array([[0, 1, 4]], np.uint8)


def test_direct_repeats_and_held_sends_once() -> None:
    assert encode_inputs(node("direct"), 2, X).tolist() == [[[0, 1, 4], [0, 1, 4]]]
    assert encode_inputs(node("held"), 2, X).tolist() == [[[0, 1, 4], [0, 0, 0]]]


def test_latency_sends_each_value_once_and_the_largest_first() -> None:
    assert encode_inputs(node("latency"), 4, X).tolist() == [[[0, 0, 1], [0, 0, 0], [0, 0, 0], [0, 1, 0]]]


def test_rate_follows_the_value_and_not_the_batch() -> None:
    alone = encode_inputs(node("rate"), 4000, X)
    assert alone.mean(axis=1)[0] == pytest.approx([0, 0.25, 1], abs=0.03)
    assert np.array_equal(encode_inputs(node("rate"), 4000, np.concatenate([X + 0, X]))[1], alone[0])


@pytest.mark.parametrize(
    ("encoding", "shape", "message"),
    [
        ("direct", (1, 2), r"^the model takes inputs of shape \(samples, 3\), not \(1, 2\)$"),
        ("direct", (1, 5, 3), r"^the model takes inputs of shape \(samples, 3\), not \(1, 5, 3\)$"),
        ("direct", (0, 3), r"^there are no samples$"),
        ("events", (1, 4, 3), r"^the model takes inputs of shape \(samples, 5, 3\), not \(1, 4, 3\)$"),
    ],
)
def test_another_shape(encoding: InputEncoding, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(FileError, match=message):
        encode_inputs(node(encoding), 5, np.zeros(shape, np.uint8))


def test_values_that_are_no_integers() -> None:
    with pytest.raises(FileError, match=r"^values must be integers 0\.\.4, not float64$"):
        encode_inputs(node("direct"), 2, X / 4)  # type: ignore[arg-type]


def test_a_value_out_of_range() -> None:
    with pytest.raises(FileError, match=r"^values must be 0\.\.4, not 0\.\.5$"):
        encode_inputs(node("direct"), 2, np.array([[0, 1, 5]], np.uint8))
