"""Float graphs become integers that do the same, and the report says how nearly."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from snnc.base.errors import UnsupportedModel, UsageError
from snnc.compiler.analysis.bounds import bits_needed, state_bounds
from snnc.compiler.frontends.builder import GraphBuilder
from snnc.compiler.frontends.conversion import InputData, convert
from snnc.compiler.frontends.findings import Findings, Imported
from snnc.compiler.frontends.float_graph import FloatGraph, FloatNeurons
from snnc.compiler.frontends.grid import on_grid
from snnc.compiler.frontends.integers import run_integers
from snnc.compiler.frontends.names import identifiers
from snnc.compiler.frontends.quantise import Widths
from snnc.compiler.frontends.synapses import convolution
from snnc.compiler.frontends.values import add, convolve, flatten, linear, pool, population
from snnc.compiler.ir.network import Network
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.reference.interpreter import execute_network

RNG = np.random.default_rng(23)


def _neurons(size: int, **more: Any) -> FloatNeurons:
    values: dict[str, Any] = {"theta": np.ones(size), "beta": 0.8 + 0.15 * RNG.random(size)}
    return FloatNeurons(**(values | more))


def _image_graph(**more: Any) -> FloatGraph:
    """Conv, pool, conv, spikes counted."""
    builder = GraphBuilder((2, 8, 8))
    first = convolve(builder.input, convolution(RNG.normal(0, 0.3, (6, 2, 3, 3))), RNG.normal(0, 0.1, 6))
    fired = builder.fire("conv.1", first, _neurons(6, **more))
    small = pool(fired, (2, 2), average=True)
    second = convolve(small, convolution(RNG.normal(0, 0.6, (4, 6, 3, 3)), padding=((1, 1), (1, 1))))
    again = builder.fire("conv.2", second, _neurons(4, **more))
    last = linear(flatten(again), RNG.normal(0, 0.5, (5, 36)))
    return builder.readout("out", builder.fire("out", last, _neurons(5)), "spike_count")


def _imported(graph: FloatGraph) -> Imported:
    return Imported(graph, Findings("test"))


def _images(graph: FloatGraph, samples: int = 60) -> InputData:
    return InputData(RNG.integers(0, 256, (samples, int(np.prod(graph.shape))), np.uint8))


@pytest.mark.parametrize("reset", ["soft", "hard"])
@pytest.mark.parametrize("alpha", [None, np.array(0.6)])
def test_eight_bits_keep_the_classes_and_nearly_all_spikes(reset: str, alpha: Any) -> None:
    """Of five random networks the middle one: untrained ones have classes that are nearly equal."""
    found = []
    for _ in range(5):
        graph = _image_graph(reset=reset, alpha=alpha, strict=reset == "soft")
        made = convert(_imported(graph), _images(graph), 12, Widths(8, 24)).agreement
        assert made.semantics == 1
        assert all(layer.rate > 0.01 for layer in made.layers)
        found.append([made.quantisation, *np.min([[one.same, one.found] for one in made.layers], 0)])
    classes, same, spikes = np.median(found, 0)
    assert classes >= 0.9 and same >= 0.94 and spikes >= 0.85


def test_every_layer_fits_the_state_word_and_fewer_bits_lose_more() -> None:
    graph = _image_graph()
    data = _images(graph)
    found = {}
    for bits, state in ((8, 24), (3, 24), (8, 16)):
        made = convert(_imported(graph), data, 12, Widths(bits, state))
        for layer in made.network.layers:
            assert bits_needed(*state_bounds(made.network, layer).extremes) <= state
            assert all(edge.synapses.weight_bits == bits for edge in layer.edges)
        found[bits, state] = np.mean([layer.found for layer in made.agreement.layers])
    assert found[8, 24] > found[3, 24] and found[8, 24] > found[8, 16]


def test_what_fits_no_state_word_is_refused_with_numbers() -> None:
    graph = _image_graph()
    with pytest.raises(UnsupportedModel, match=r"need \d+ bits .* has 8") as caught:
        convert(_imported(graph), _images(graph), 12, Widths(8, 8))
    assert caught.value.hint is not None


def _reference(network: Network, x: NDArray[np.uint8]) -> NDArray[np.int64]:
    payloads = encode_inputs(network.input, network.steps, x)
    return execute_network(network, payloads).outputs


@pytest.mark.parametrize("lower", [None, np.array(-0.3)])
def test_batches_of_integers_are_those_of_the_interpreter(lower: Any) -> None:
    graph = _image_graph(lower=lower, alpha=np.array(0.5))
    data = _images(graph, 6)
    network = convert(_imported(graph), data, 9, Widths(8, 24)).network
    x = (data.x.astype(np.int64) * (network.input.max_payload + 1) >> 8).astype(np.uint8)
    if network.input.max_payload == 255:
        x = data.x
    got = run_integers(network, x.reshape(6, 1, *graph.shape).astype(np.int64)).outputs
    assert got.any()
    np.testing.assert_array_equal(got, _reference(network, x))


def test_recurrent_layers_of_events_with_a_bias_in_the_current() -> None:
    builder = GraphBuilder((4, 1, 1))
    own = linear(population("hidden", (8, 1, 1), delay=1), RNG.normal(0, 0.3, (8, 8)))
    current = add(linear(builder.input, RNG.normal(0, 0.6, (8, 4)), RNG.normal(0, 0.1, 8)), own)
    hidden = builder.fire("hidden", current, _neurons(8, alpha=np.array(0.7)))
    last = FloatNeurons(np.array(0.0), beta=np.array(0.9), reset="none")
    graph = builder.readout(
        "out", builder.fire("out", linear(hidden, RNG.normal(size=(3, 8))), last), "membrane"
    )
    x = (RNG.random((50, 20, 4)) < 0.3).astype(np.uint8)
    made = convert(_imported(graph), InputData(x, RNG.integers(0, 3, 50)), None, Widths(8, 20))
    assert [layer.name for layer in made.network.layers] == ["one", "hidden", "out"]
    assert made.network.input.encoding == "events" and made.network.input.max_payload == 1
    assert made.agreement.overall >= 0.9 and made.agreement.layers[1].found > 0.9
    assert made.agreement.accuracy is not None


def test_normalised_inputs_become_biases() -> None:
    builder = GraphBuilder((2, 1, 1))
    fired = builder.fire("a", linear(builder.input, np.array([[1.0, -0.5], [0.2, 0.7]])), _neurons(2))
    graph = builder.readout("out", fired, "spike_count")
    data = replace(_images(graph, 200), mean=(0.2, 0.4), deviation=(0.5, 0.25))
    made = convert(_imported(graph), data, 15, Widths(8, 24))
    assert made.agreement.semantics == 1 and made.agreement.layers[0].found > 0.98


def test_data_that_do_not_fit() -> None:
    graph = _image_graph()
    with pytest.raises(UsageError, match="samples have 5 features, the network takes 128"):
        convert(_imported(graph), InputData(np.zeros((3, 5), np.uint8)), 4, Widths())
    with pytest.raises(UsageError, match="need a number of steps"):
        convert(_imported(graph), _images(graph), None, Widths())
    with pytest.raises(UsageError, match="have 7 steps, not 4"):
        convert(_imported(graph), InputData(np.zeros((3, 7, 128), np.uint8)), 4, Widths())


def test_a_grid_clips_what_costs_less_than_it_gains() -> None:
    weights = RNG.normal(size=(3, 400))
    weights[:, 0] = 9.0
    clipped = on_grid(weights, np.ones(400), 4, shared=False)
    plain = np.abs(weights).max(1) / 7
    error = ((clipped.restored - weights) ** 2).sum()
    assert error < ((np.rint(weights / plain[:, None]) * plain[:, None] - weights) ** 2).sum() * 0.7
    ignored = on_grid(weights, np.r_[1e6, np.ones(399)], 4, shared=False)
    np.testing.assert_allclose(ignored.restored[:, 0], 9.0, rtol=0.03)
    assert len(set(on_grid(weights * [[1], [2], [3]], np.ones(400), 4, shared=True).scale)) == 1


def test_names_become_identifiers() -> None:
    given = identifiers(["a.b", "a_b", "1", "input", "", "x" * 99, "ü"])
    assert list(given.values()) == ["a_b", "a_b_2", "n1", "input_2", "layer", "x" * 56, "layer_2"]
