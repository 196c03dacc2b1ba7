"""Kernels lose the taps that never meet a neuron, and nothing else changes."""

from dataclasses import replace

import numpy as np
import pytest
from builders import layer, neurons, target
from hypothesis import given
from hypothesis import strategies as st

from snnc.base.errors import DoesNotFit
from snnc.compiler.analysis.bounds import bits_needed, state_bounds
from snnc.compiler.ir.network import Conv2d, Edge, Input, Layer, Network, Readout, conv_shape
from snnc.compiler.passes.crop_kernels import cropped
from snnc.compiler.pipeline import compile_network
from snnc.compiler.reference.interpreter import execute_network
from snnc.compiler.reference.lowering import require_lowering
from snnc.compiler.targets import load_target

Pair = tuple[int, int]


def convolved(size: Pair, kernel: Pair, padding: Pair, stride: Pair = (1, 1), pool: Pair = (1, 1)) -> Network:
    """Two channels of pixels, convolved to three; every weight is another."""
    weights = np.arange(6 * kernel[0] * kernel[1]).reshape(3, 2, *kernel) % 113 - 56
    synapses = Conv2d(weights.astype(np.int8), 8, stride, padding)
    shape = conv_shape((2, size[0] // pool[0], size[1] // pool[1]), synapses)
    convolution = Layer("c", shape, neurons(3, state_bits=18), (Edge("in", synapses, pool=pool),))
    read = layer("r", "c", int(np.prod(shape)), 2, state_bits=18)
    node, readout = Input("in", (2, *size), "direct", 3), Readout("r", "spike_count")
    return Network("wide", 2, node, (convolution, read), readout)


def kernel_of(network: Network) -> tuple[Pair, Pair]:
    synapses = network.layers[0].edges[0].synapses
    assert isinstance(synapses, Conv2d)
    return synapses.weights.shape[2:], synapses.padding


@pytest.mark.parametrize(
    ("network", "kernel", "padding"),
    [
        (convolved((1, 1), (5, 5), (2, 2)), (1, 1), (0, 0)),
        (convolved((2, 1), (5, 3), (2, 1)), (3, 1), (1, 0)),
        (convolved((3, 3), (3, 3), (1, 1)), (3, 3), (1, 1)),
        (convolved((2, 2), (3, 3), (1, 1), stride=(2, 2)), (3, 3), (1, 1)),
        (convolved((4, 5), (7, 7), (3, 3), pool=(4, 2)), (1, 3), (0, 1)),
        (convolved((1, 8), (1, 5), (0, 2)), (1, 5), (0, 2)),
    ],
    ids=["one pixel", "two axes", "filled", "stride", "pooled", "a row"],
)
def test_what_lies_in_the_padding_everywhere_goes(network: Network, kernel: Pair, padding: Pair) -> None:
    assert kernel_of(cropped(network)) == (kernel, padding)


sizes = st.tuples(st.integers(1, 4), st.integers(1, 4))


@given(
    sizes, st.integers(1, 7), st.integers(1, 7), st.data(), st.tuples(st.integers(1, 3), st.integers(1, 3))
)
def test_no_membrane_changes(size: Pair, height: int, width: int, data: st.DataObject, stride: Pair) -> None:
    least = [max(0, -(-(kernel - axis) // 2)) for kernel, axis in zip((height, width), size, strict=True)]
    padding = data.draw(st.tuples(*(st.integers(low, low + 3) for low in least)))
    network = convolved(size, (height, width), (padding[0], padding[1]), stride)
    payloads = np.random.default_rng(1).integers(0, 4, (1, 2, int(np.prod(network.input.shape))))
    smaller = cropped(network)
    assert smaller.layers[0].shape == network.layers[0].shape
    expected, got = (execute_network(chosen, payloads).layers["c"] for chosen in (network, smaller))
    assert np.array_equal(expected.membrane, got.membrane)


def test_a_program_with_cropped_kernels_is_the_lowering_of_its_network() -> None:
    network = convolved((1, 1), (5, 5), (2, 2))
    program = compile_network(network, target()).tiled
    require_lowering(network, program)


def test_many_large_kernels_over_one_pixel_fit_the_default_target() -> None:
    """25 weights for each of 250 sources would take three of its four cores."""
    first = Layer("a", (250, 1, 1), neurons(250), (Edge("in", Conv2d(np.ones((250, 1, 1, 1), np.int8), 8)),))
    wide = Conv2d(np.ones((3, 250, 5, 5), np.int8), 8, padding=(2, 2))
    second = Layer("c", (3, 1, 1), neurons(3, state_bits=16, reset="none"), (Edge("a", wide),))
    network = Network("n", 1, Input("in", (1, 1, 1), "direct", 1), (first, second), Readout("c", "membrane"))
    assert len(compile_network(network, load_target("fpga")).tiled.cores) == 2


def test_bounds_are_those_of_whole_kernels() -> None:
    """As `arithmetic.md` has them, which knows no cropping: the taps in the padding count, too."""
    wide = convolved((1, 1), (5, 5), (2, 2))
    narrow = (replace(own, neurons=replace(own.neurons, state_bits=8)) for own in wide.layers)
    network = replace(wide, layers=tuple(narrow))
    needed = [state_bounds(chosen, chosen.layers[0]).extremes for chosen in (network, cropped(network))]
    whole, alone = (bits_needed(*extremes) for extremes in needed)
    assert 8 <= alone < whole
    with pytest.raises(DoesNotFit, match="accumulators do not fit"):
        compile_network(network, target(state_bits=whole - 1))
