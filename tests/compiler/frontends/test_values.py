"""Values that readers combine compute what PyTorch computes, whatever they are merged into."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends.builder import GraphBuilder
from snnc.compiler.frontends.execution import execute
from snnc.compiler.frontends.float_graph import FloatNeurons, Rectifier
from snnc.compiler.frontends.synapses import apply, compose, convolution
from snnc.compiler.frontends.values import (
    Value,
    add,
    concatenate,
    convolve,
    delayed,
    flatten,
    linear,
    pool,
    population,
    scale,
    shift,
)
from snnc.compiler.ir.network import Shape

RNG = np.random.default_rng(3)


def _weights(*shape: int) -> NDArray[np.float64]:
    return RNG.normal(size=shape)


def _conv(value: Value, weights: NDArray[np.float64], bias: NDArray[np.float64] | None = None) -> Value:
    return convolve(value, convolution(weights, padding=((1, 1), (1, 1))), bias)


def _conv_torch(x: Tensor, weights: NDArray[np.float64], bias: NDArray[np.float64]) -> Tensor:
    return functional.conv2d(x, torch.tensor(weights), torch.tensor(bias), padding=1)


def _agree(shape: Shape, ours: Callable[[Value], Value], theirs: Callable[[Tensor], Tensor]) -> None:
    """Whether both compute the same of random inputs."""
    builder = GraphBuilder(shape)
    graph = builder.readout("sum", ours(builder.input), "membrane")
    x = _weights(5, *shape)
    expected = theirs(torch.tensor(x)).flatten(1).numpy()
    np.testing.assert_allclose(execute(graph, x, 1).outputs, expected, atol=1e-10)


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("stride", [(1, 1), (2, 1)])
@pytest.mark.parametrize("dilation", [(1, 1), (2, 3)])
@pytest.mark.parametrize("padding", [(0, 0), (1, 2), (4, 5)])
def test_a_convolution_is_pytorchs(
    groups: int, stride: tuple[int, int], dilation: tuple[int, int], padding: tuple[int, int]
) -> None:
    weights, bias = _weights(8, 4 // groups, 2, 3), _weights(8)
    top, left = padding
    plain = convolution(
        weights, stride=stride, padding=((top, top), (left, left)), dilation=dilation, groups=groups
    )
    assert all(pad < kernel for pad, kernel in zip(plain.padding, plain.kernel, strict=True))
    _agree(
        (4, 9, 10),
        lambda x: convolve(x, plain, bias),
        lambda x: functional.conv2d(
            x, torch.tensor(weights), torch.tensor(bias), stride, padding, dilation, groups
        ),
    )


@pytest.mark.parametrize("padding", [((0, 1), (1, 0)), ((2, 0), (0, 3))])
def test_padding_may_be_uneven(padding: tuple[tuple[int, int], tuple[int, int]]) -> None:
    weights = _weights(3, 2, 3, 3)
    (top, bottom), (left, right) = padding
    _agree(
        (2, 6, 7),
        lambda x: convolve(x, convolution(weights, padding=padding, stride=(2, 2))),
        lambda x: functional.conv2d(
            functional.pad(x, (left, right, top, bottom)), torch.tensor(weights), stride=2
        ),
    )


@pytest.mark.parametrize("window, stride", [((2, 2), (2, 2)), ((3, 2), (1, 2)), ((3, 3), (2, 2))])
def test_a_pool_after_a_convolution_becomes_one_with_it(
    window: tuple[int, int], stride: tuple[int, int]
) -> None:
    weights, bias = _weights(6, 2, 3, 3), _weights(6)
    _agree(
        (4, 9, 8),
        lambda x: pool(
            convolve(x, convolution(weights, groups=2, padding=((1, 1), (1, 1)), stride=(1, 2)), bias),
            window,
            stride,
            average=True,
        ),
        lambda x: functional.avg_pool2d(
            functional.conv2d(x, torch.tensor(weights), torch.tensor(bias), (1, 2), 1, 1, 2), window, stride
        ),
    )


def test_pools_of_the_input_stay_pools() -> None:
    builder = GraphBuilder((2, 9, 8))
    value = _conv(
        pool(pool(builder.input, (2, 2), average=False), (2, 1), average=True), _weights(3, 2, 3, 3)
    )
    assert value.parts[0].terms[0].pool == (4, 2)


def test_an_average_with_padding_counts_it() -> None:
    margin = ((1, 1), (1, 1))
    _agree(
        (2, 6, 6),
        lambda x: pool(x, (3, 3), (2, 2), margin, average=True),
        lambda x: functional.avg_pool2d(x, 3, 2, 1),
    )


def test_linear_maps_in_a_row_become_one() -> None:
    kernel, bias, first, second = _weights(3, 2, 3, 3), _weights(3), _weights(5, 48), _weights(4, 5)
    offset = _weights(5)
    _agree(
        (2, 4, 4),
        lambda x: linear(linear(flatten(_conv(x, kernel, bias)), first, offset), second),
        lambda x: (
            functional.linear(
                _conv_torch(x, kernel, bias).flatten(1), torch.tensor(first), torch.tensor(offset)
            )
            @ torch.tensor(second).T
        ),
    )


def test_scales_and_shifts_before_and_after_a_convolution() -> None:
    gain, offset, after = _weights(2, 1, 1), _weights(2), _weights(3)
    kernel, bias = _weights(3, 2, 3, 3), _weights(3)
    _agree(
        (2, 4, 5),
        lambda x: scale(_conv(shift(scale(x, gain), offset), kernel, bias), after),
        lambda x: (
            _conv_torch(x * torch.tensor(gain) + torch.tensor(offset)[:, None, None], kernel, bias)
            * torch.tensor(after)[:, None, None]
        ),
    )


def test_values_are_joined_and_added() -> None:
    left, right, both = _weights(2, 3, 3, 3), _weights(4, 3, 3, 3), _weights(6, 6, 3, 3)
    biases = [_weights(2), _weights(4), _weights(6)]
    matrix = _weights(7, 6 * 4 * 4)

    def ours(x: Value) -> Value:
        joined = concatenate([_conv(x, left, biases[0]), _conv(x, right, biases[1])])
        assert joined.shape == (6, 4, 4)
        return linear(flatten(add(joined, scale(joined, np.array(2.0)))), matrix)

    def theirs(x: Tensor) -> Tensor:
        joined = torch.cat([_conv_torch(x, left, biases[0]), _conv_torch(x, right, biases[1])], 1)
        return (3 * joined).flatten(1) @ torch.tensor(matrix).T

    _agree((3, 4, 4), ours, theirs)
    builder = GraphBuilder((3, 4, 4))
    joined = concatenate([builder.input, builder.input])
    graph = builder.readout("sum", _conv(joined, both, biases[2]), "membrane")
    x = _weights(2, 3, 4, 4)
    twice = torch.cat([torch.tensor(x)] * 2, 1)
    expected = _conv_torch(twice, both, biases[2]).flatten(1).numpy()
    np.testing.assert_allclose(execute(graph, x, 1).outputs, expected, atol=1e-10)


@pytest.mark.parametrize(
    "window, stride, padding", [((2, 2), (2, 2), 0), ((3, 3), (2, 2), 1), ((3, 2), (1, 1), 0)]
)
def test_the_largest_spike_of_a_window(
    window: tuple[int, int], stride: tuple[int, int], padding: int
) -> None:
    builder = GraphBuilder((3, 7, 7))
    spikes = builder.fire("fire", builder.input, FloatNeurons(np.array(0.9), reset="hard"))
    pad = ((padding, padding), (padding, padding))
    graph = builder.readout("sum", builder.largest("largest", spikes, window, stride, pad), "spike_count")
    x = RNG.random((4, 3, 7, 7))
    fired = torch.tensor((x >= 0.9).astype(np.float64))
    expected = functional.max_pool2d(fired, window, stride, padding).flatten(1).numpy()
    assert 0 < expected.sum() < expected.size
    np.testing.assert_array_equal(execute(graph, x, 1).outputs, expected)


def test_neurons_behind_joined_values_keep_their_own_parameters() -> None:
    builder = GraphBuilder((2, 1, 1))
    joined = concatenate([builder.input, scale(builder.input, np.array(2.0))])
    fired = builder.fire("fire", joined, FloatNeurons(np.array([1.0, 2.0, 3.0, 4.0]), reset="hard"))
    assert [one.name for one in builder.populations] == ["fire", "fire_1"]
    graph = builder.readout("sum", linear(fired, np.eye(4)), "membrane")
    outputs = execute(graph, np.array([[1.5, 1.9]]).reshape(1, 2, 1, 1), 1).outputs
    np.testing.assert_array_equal(outputs, [[1, 0, 1, 0]])


def test_rectifiers_are_those_of_pytorch() -> None:
    kernel, bias, matrix = _weights(3, 2, 3, 3), _weights(3), _weights(4, 48)
    builder = GraphBuilder((2, 4, 4))
    hidden = builder.fire("relu", _conv(builder.input, kernel, bias), Rectifier(1.5))
    graph = builder.readout("sum", linear(flatten(hidden), matrix), "membrane")
    x = _weights(5, 2, 4, 4)
    hidden_torch = _conv_torch(torch.tensor(x), kernel, bias).clamp(0, 1.5).flatten(1)
    expected = (hidden_torch @ torch.tensor(matrix).T).numpy()
    np.testing.assert_allclose(execute(graph, x, 1).outputs, expected, atol=1e-10)


def test_what_is_not_linear_or_not_exact_is_refused() -> None:
    builder = GraphBuilder((2, 6, 6))
    first = _conv(builder.input, _weights(3, 2, 3, 3), _weights(3))
    with pytest.raises(UnsupportedModel, match="padding"):
        _conv(first, _weights(3, 3, 3, 3))
    with pytest.raises(UnsupportedModel, match="max pooling is exact on spikes alone"):
        builder.largest("largest", first, (2, 2))
    with pytest.raises(UnsupportedModel, match="delay follows a bias"):
        delayed(first, 1)
    with pytest.raises(UnsupportedModel, match="is applied to"):
        linear(first, _weights(2, 3))
    with pytest.raises(UnsupportedModel, match=r"takes 5 features, but 108 arrive"):
        linear(flatten(first), _weights(2, 5))


def test_a_convolution_by_pixels_may_stand_before_one_with_padding() -> None:
    point = convolution(RNG.normal(size=(4, 2, 1, 1)))
    wide = convolution(RNG.normal(size=(3, 4, 3, 3)), padding=((1, 1), (1, 1)), stride=(2, 2))
    composed = compose(point, wide)
    x = RNG.normal(size=(2, 2, 7, 7))
    np.testing.assert_allclose(apply(composed, x), apply(wide, apply(point, x)))
    with pytest.raises(UnsupportedModel, match="padding"):
        compose(convolution(np.ones((4, 2, 1, 1)), stride=(2, 2)), wide)


def test_sums_of_maps_of_one_thing_are_one_map() -> None:
    x = population("a", (2, 4, 4))
    one, other = (convolution(RNG.normal(size=(3, 2, 2, 2))) for _ in range(2))
    (part,) = add(convolve(x, one), convolve(x, other)).parts
    (term,) = part.terms
    assert term.synapses is not None
    np.testing.assert_allclose(term.synapses.weights, one.weights + other.weights)
    late = add(convolve(x, one), delayed(convolve(x, other), 1))
    strided = add(
        convolve(x, convolution(one.weights, stride=(2, 2))),
        convolve(population("a", (2, 4, 4)), convolution(np.ones((3, 2, 1, 1)), stride=(3, 3))),
    )
    assert [len(value.parts[0].terms) for value in (late, strided)] == [2, 2]
    (flat,) = add(linear(flatten(x), np.ones((3, 32))), linear(flatten(x), 2 * np.ones((3, 32)))).parts
    assert len(flat.terms) == 1 and flat.terms[0].synapses is not None
    assert bool((flat.terms[0].synapses.weights == 3).all())
