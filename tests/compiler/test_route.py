"""Every event reaches every tile that has its axon exactly once, however slices and words lie: against the
Network level, which knows of neither."""

from dataclasses import replace

import numpy as np
import pytest
from builders import layer, network, target
from example_counts import examples
from hypothesis import assume, given
from hypothesis import strategies as st

from snnc.base.errors import DoesNotFit
from snnc.compiler.ir.network import Conv2d, Edge, Input, Layer, Linear, Network, Readout, conv_shape
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.isa.arithmetic import Decay, IntArray
from snnc.compiler.pipeline import compile_network
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.protocol.streams import decode_outputs
from snnc.compiler.reference.interpreter import as_stored, execute_image, execute_network, execute_program
from snnc.compiler.targets import Target, load_target
from snnc.sim.engine.cycle import run_isolated
from snnc.sim.engine.functional import run_functional

ROUTES = examples(120)


def assert_means_the_network(model: Network, hardware: Target, payloads: IntArray) -> TiledProgram:
    """Compiled in every way, the model computes what its Network means; returns the spread program."""
    meant = execute_network(model, payloads)
    for spread in (False, True):
        compilation = compile_network(model, hardware, spread=spread)
        program = compilation.tiled
        expected = as_stored(model, program, meant)
        for got in (execute_program(program, payloads), execute_image(compilation.image, payloads)):
            for name, trace in expected.layers.items():
                for part in ("accumulated", "membrane", "spikes"):
                    np.testing.assert_array_equal(getattr(trace, part), getattr(got.layers[name], part), name)
        np.testing.assert_array_equal(expected.outputs, run_functional(program, payloads).outputs)
        flits = run_isolated(program, payloads).flits
        np.testing.assert_array_equal(expected.outputs, decode_outputs(program, flits, len(payloads)))
    return program


def everything(model: Network) -> IntArray:
    """Silence, and every input at its largest."""
    values = np.array([[0], [model.input.max_payload]]).repeat(model.input.features, axis=1)
    return encode_inputs(model.input, model.steps, values.astype(np.uint8))


def of_neurons(sources: int, synapses: Conv2d, *more: Edge, threshold: int = 1) -> Network:
    """input -> `sources` neurons that all fire -> a convolution of them -> a readout."""
    fires = np.full(sources, threshold)
    first = layer("a", "input", 1, sources, threshold=fires)
    shape = conv_shape((sources, 1, 1), synapses)
    neurons = layer("c", "a", sources, shape[0], state_bits=16, threshold=np.full(shape[0], 100)).neurons
    second = Layer("c", shape, neurons, (Edge("a", synapses), *more))
    readout = layer("r", "c", second.count, 3, reset="none", state_bits=16)
    return replace(network(first, second, readout, features=1, max_payload=1), steps=2)


def test_a_slice_that_starts_inside_a_word() -> None:
    """250 spikes over slices of 5 x 5 kernels on the default target; three of them used to be lost."""
    first = layer("a", "in", 1, 250, threshold=np.ones(250, np.int64), state_bits=16)
    synapses = Conv2d(np.ones((3, 250, 5, 5), np.int8), 8, padding=(2, 2))
    readout = replace(layer("c", "a", 250, 3, reset="none", state_bits=16), edges=(Edge("a", synapses),))
    model = Network("n", 1, Input("in", (1, 1, 1), "direct", 1), (first, readout), Readout("c", "membrane"))
    payloads = np.ones((1, 1, 1), np.int64)
    assert execute_network(model, payloads).outputs.tolist() == [[250, 250, 250]]
    assert_means_the_network(model, load_target("fpga"), payloads)


def test_slices_inside_one_word() -> None:
    """A core holds the kernel of one source channel: eight slices of one neuron each share a word."""
    model = of_neurons(8, Conv2d(np.ones((3, 8, 4, 4), np.int8), 8, padding=(3, 3)))
    hardware = target(lanes=8, weight_kibit=1, width=8, height=8, axon_rows=8, axon_columns=8)
    program = assert_means_the_network(model, hardware, everything(model))
    slices = {core.banks[0].channels for core in program.cores if core.layer == "c"}
    assert slices == {1}


@st.composite
def convolved_neurons(draw: st.DrawFn) -> tuple[Network, Target, IntArray]:
    """A convolution of flat neurons cut into slices of any size and place, alone or beside other edges."""
    sources = draw(st.integers(1, 70))
    kernel = draw(st.sampled_from([(1, 1), (1, 3), (2, 2), (3, 3), (5, 4)]))
    kind = draw(st.sampled_from(["dense", "dense", "dense", "depthwise", "groups"]))
    channels = sources if kind == "depthwise" else draw(st.integers(1, 12))
    groups = sources if kind == "depthwise" else 1
    if kind == "groups" and sources % 2 == 0:
        channels, groups = channels + channels % 2, 2
    generator = np.random.default_rng(draw(st.integers(0, 1 << 16)))
    weights = generator.integers(-7, 8, (channels, sources // groups, *kernel)).astype(np.int8)
    padding = draw(st.integers(0, kernel[0] - 1)), draw(st.integers(0, kernel[1] - 1))
    synapses = Conv2d(weights, 4, padding=padding, groups=groups)
    shape = conv_shape((sources, 1, 1), synapses)
    assume(min(shape) >= 1)
    more = [Edge("a", replace(synapses, weights=-weights), 1)] if draw(st.booleans()) else []
    if shape[1:] == (1, 1) and draw(st.booleans()):
        full = generator.integers(-8, 8, (channels, sources)).astype(np.int8)
        more.append(Edge("a", Linear(full, 4), draw(st.integers(0, 1))))
    model = of_neurons(sources, synapses, *more)
    spread_out = generator.integers(0, 3, sources)
    first = replace(model.layers[0], neurons=replace(model.layers[0].neurons, threshold=spread_out))
    model = replace(model, layers=(first, *model.layers[1:]))
    hardware = target(
        lanes=draw(st.sampled_from([2, 4, 8])),
        weight_kibit=draw(st.sampled_from([1, 2, 4])),
        weight_bits=draw(st.sampled_from([None, 8])),
        width=8,
        height=8,
        neurons=512,
        axon_columns=draw(st.sampled_from([8, 64])),
        sources=64,
        destinations=128,
        state_bits=20,
    )
    return model, hardware, everything(model)


@ROUTES
@given(convolved_neurons())
def test_slices_of_neurons_at_any_alignment(case: tuple[Network, Target, IntArray]) -> None:
    try:
        assert_means_the_network(*case)
    except DoesNotFit:
        assume(False)


def test_convolutions_straight_from_a_flat_input() -> None:
    weights = np.arange(-31, 32, dtype=np.int8).reshape(3, 21, 1, 1) // 4
    only = replace(
        layer("r", "input", 21, 3, reset="none"), edges=(Edge("input", Conv2d(weights, 4, padding=(0, 0))),)
    )
    model = network(only, features=21, max_payload=3)
    singles = np.eye(21, dtype=np.uint8) * 3
    hardware = target(weight_kibit=1, lanes=8)
    assert_means_the_network(model, hardware, encode_inputs(model.input, model.steps, singles))


def test_axon_rows_beyond_the_128th() -> None:
    """A sender's base is added modulo 2^24: rows in its upper half used to be an internal error."""
    point = Conv2d(np.ones((2, 1, 1, 1), np.int8), 4)
    spikes = layer("a", "input", 1, 2, threshold=np.ones(2, np.int64)).neurons
    first = Layer("a", (2, 120, 3), spikes, (Edge("input", point),))
    second = Layer("b", (2, 120, 3), spikes, (Edge("a", Conv2d(np.ones((2, 2, 1, 1), np.int8), 4)),))
    full = Linear(np.ones((2, 720), np.int8), 4)
    readout = replace(
        layer("r", "a", 720, 2, reset="none", state_bits=18), edges=(Edge("a", full), Edge("b", full))
    )
    model = Network(
        "tall",
        1,
        Input("input", (1, 120, 3), max_payload=1),
        (first, second, readout),
        Readout("r", "membrane"),
    )
    assert_means_the_network(model, load_target("mesh16"), everything(model))


@pytest.mark.parametrize("delay", [1, 4])
def test_a_recurrent_delay_of_as_many_steps_as_bitmaps(delay: int) -> None:
    """The longest that the rules allow is right in every execution."""
    first = layer("a", "input", 1, 4, threshold=np.full(4, 2))
    loop = Edge("a", Linear(np.eye(4, dtype=np.int8)[:, ::-1].copy(), 4), delay)
    model = network(
        replace(first, edges=(*first.edges, loop)),
        layer("r", "a", 4, 3, threshold=np.full(3, 3)),
        features=1,
        max_payload=3,
    )
    model = replace(model, steps=14)
    values = np.array([[0], [1], [3]], np.uint8)
    assert_means_the_network(model, target(delay_slots=4), encode_inputs(model.input, model.steps, values))


@pytest.mark.parametrize("leak", [Decay(0, 0), Decay(0, 12), Decay(0, 16)])
def test_a_decay_of_zero_is_no_leak_whatever_its_fraction(leak: Decay) -> None:
    only = layer("a", "input", 8, 4, current_leak=leak, leak=leak)
    model = network(only)
    for encoding in ("direct", "held"):
        chosen = replace(model, input=replace(model.input, encoding=encoding))
        assert_means_the_network(chosen, target(decay_multiplier=False), everything(chosen))
