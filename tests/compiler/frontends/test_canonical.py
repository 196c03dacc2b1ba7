"""The contract's form of a float graph gives the same spikes and the same answer."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends.builder import GraphBuilder
from snnc.compiler.frontends.canonical import canonical
from snnc.compiler.frontends.execution import execute
from snnc.compiler.frontends.float_graph import FloatGraph, FloatNeurons, Reading
from snnc.compiler.frontends.synapses import convolution
from snnc.compiler.frontends.values import convolve, delayed, flatten, linear, shift

RNG = np.random.default_rng(17)
STEPS = 25


def _neurons(channels: int, **more: Any) -> FloatNeurons:
    values = {
        "theta": 1 + RNG.random(channels),
        "beta": 0.7 + 0.25 * RNG.random(channels),
        "gain": 0.5 + RNG.random(channels),
        "v_leak": 0.2 * RNG.normal(size=channels),
        "v_reset": 0.2 * RNG.normal(size=channels),
        "drive": 0.1 * RNG.normal(size=channels),
        "initial": 0.2 * RNG.normal(size=channels),
    }
    return FloatNeurons(**(values | more))


def _graph(
    neurons: dict[str, Any], reading: Reading = "spike_count", last: dict[str, Any] | None = None
) -> FloatGraph:
    builder = GraphBuilder((2, 5, 5))
    kernel = convolution(RNG.normal(size=(4, 2, 3, 3)), stride=(2, 2))
    first = builder.fire("a", convolve(builder.input, kernel, RNG.normal(size=4)), _neurons(4, **neurons))
    current = linear(flatten(first), RNG.normal(size=(3, 16)), RNG.normal(size=3))
    second = builder.fire("b", current, _neurons(3, **(neurons if last is None else last)))
    return builder.readout("readout", second, reading)


def _agree(graph: FloatGraph) -> None:
    x = RNG.random((6, STEPS, *graph.shape))
    result = canonical(graph, STEPS)
    late = STEPS - result.steps
    before, after = execute(graph, x, record=["a"]), execute(result.graph, x[:, : result.steps], record=["a"])
    np.testing.assert_array_equal(after.emitted["a"], before.emitted["a"][:, late:])
    assert before.emitted["a"].any() and not before.emitted["a"].all()
    np.testing.assert_allclose(after.outputs, before.outputs, atol=1e-9)
    assert not result.remarks


@pytest.mark.parametrize("alpha", [None, 0.6])
@pytest.mark.parametrize("reset", ["soft", "hard"])
@pytest.mark.parametrize("strict", [False, True])
def test_gains_resets_and_leaks(alpha: float | None, reset: str, strict: bool) -> None:
    current = None if alpha is None else np.array(alpha)
    _agree(_graph({"alpha": current, "reset": reset, "strict": strict}))


@pytest.mark.parametrize("alpha", [None, 0.6])
def test_a_reset_one_step_late(alpha: float | None) -> None:
    current = None if alpha is None else np.array(alpha)
    _agree(_graph({"alpha": current, "reset_delay": True}))


def test_a_reset_one_step_late_without_a_memory() -> None:
    graph = _graph({}, last={"beta": np.zeros(3), "reset_delay": True})
    _agree(graph)


def test_inputs_one_step_late() -> None:
    _agree(_graph({"input_delay": 1, "alpha": np.array(0.5)}))
    _agree(_graph({"input_delay": 2, "reset": "hard"}))


def test_clamps_move_with_the_membrane() -> None:
    _agree(_graph({"lower": np.array(-0.4)}))


@pytest.mark.parametrize("reset", [{"reset": "none"}, {"rho": np.array(0.0), "reset_delay": True}])
@pytest.mark.parametrize("reading", ["membrane", "membrane_sum"])
def test_membranes_and_their_sums_are_read(reading: Reading, reset: dict[str, Any]) -> None:
    _agree(
        _graph(
            {},
            reading,
            reset | {"v_leak": np.array(0.0), "initial": np.array(0.0), "drive": np.array(0.0)},
        )
    )


def test_what_has_no_form_in_the_contract() -> None:
    with pytest.raises(UnsupportedModel, match="neurons that fire is read"):
        canonical(_graph({}, "membrane"), STEPS)
    graph = _graph({"input_delay": 3})
    with pytest.raises(UnsupportedModel, match="3 steps are no more than the delay"):
        canonical(graph, 3)
    prompt = FloatNeurons(np.array(1.0), alpha=np.array(0.5))
    mixed = replace(graph, populations=(graph.populations[0], replace(graph.populations[1], neurons=prompt)))
    assert "starts 3 steps off" in canonical(mixed, STEPS).remarks["b"][0]


def test_neurons_that_differ_within_a_channel_are_approximate() -> None:
    builder = GraphBuilder((1, 2, 2))
    theta = np.array([[[1.0, 1.0], [1.0, 1.2]]])
    fired = builder.fire("a", builder.input, FloatNeurons(theta))
    graph = builder.readout("readout", linear(flatten(fired), np.ones((1, 4))), "membrane")
    assert canonical(graph, 3).remarks == {
        "a": ["theta differs within channels, by up to 0.2 from the median taken"]
    }


def test_neurons_behind_the_largest_of_windows_fire_at_every_place_and_an_or_follows() -> None:
    builder = GraphBuilder((1, 5, 4))
    each = convolve(builder.input, convolution(np.ones((1, 1, 1, 1))))
    fired = builder.fire("a", each, FloatNeurons(np.array(1.0)), (2, 2))
    graph = builder.readout("b", linear(flatten(fired), np.eye(4)), "membrane")
    x = np.zeros((1, 4, 1, 5, 4))
    x[0, :, 0, 0, 0] = 0.5
    x[0, 1, 0, 1, 1] = 1.0
    exact = execute(graph, x, record=("a",)).emitted["a"]
    # The largest are 0.5, 1, 0.5, 0.5. Place (0, 0) alone has 0.5 in every step, (1, 1) has 1 in step 1.
    assert exact[0, :, 0, 0, 0].tolist() == [0, 1, 1, 0]
    form = canonical(graph, 4)
    found = execute(form.graph, x, record=("a",)).emitted["a"]
    assert found[0, :, 0, 0, 0].tolist() == [0, 1, 0, 1]
    assert found.shape == (1, 4, 1, 2, 2)
    assert "2 x 2 sums" in form.remarks["a"][0]


@pytest.mark.parametrize("kind", ["none", "each"])
def test_neurons_that_no_or_can_stand_for_are_refused(kind: str) -> None:
    builder = GraphBuilder((1, 4, 4))
    each = convolve(builder.input, convolution(np.ones((1, 1, 1, 1))))
    theta = np.arange(1.0, 5.0).reshape(1, 2, 2) if kind == "each" else np.array(1.0)
    fired = builder.fire("a", each, FloatNeurons(theta, reset="none" if kind == "none" else "soft"), (2, 2))
    graph = builder.readout("b", linear(flatten(fired), np.eye(4)), "membrane")
    with pytest.raises(UnsupportedModel, match="max pool"):
        canonical(graph, 4)


@pytest.mark.parametrize("bias, fires", [(0.3, False), (0.9, True)])
def test_a_bias_acts_while_a_late_input_is_awaited(bias: float, fires: bool) -> None:
    """The first steps are left out: what the bias did in them is where the membrane begins."""
    builder = GraphBuilder((1, 1, 1))
    late = shift(delayed(builder.input, 2), np.array(bias))
    fired = builder.fire("a", late, FloatNeurons(np.array(1.0), beta=np.array(0.9)))
    graph = builder.readout("readout", fired, "spike_count")
    result = canonical(graph, STEPS)
    if fires:
        assert "first 2 steps" in result.remarks["a"][0]
        return
    assert result.late == 2
    x = RNG.random((4, STEPS, 1, 1, 1))
    before, after = execute(graph, x, record=["a"]), execute(result.graph, x[:, :-2], record=["a"])
    np.testing.assert_array_equal(after.emitted["a"], before.emitted["a"][:, 2:])
    assert before.emitted["a"].any() and not result.remarks
