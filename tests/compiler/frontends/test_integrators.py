"""Integrators in front of spiking neurons become synaptic currents: the same spikes and answers."""

from typing import Any

import numpy as np
import pytest

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends.builder import GraphBuilder
from snnc.compiler.frontends.canonical import canonical
from snnc.compiler.frontends.conversion import InputData, convert
from snnc.compiler.frontends.execution import execute
from snnc.compiler.frontends.findings import Findings, Imported
from snnc.compiler.frontends.float_graph import FloatGraph, FloatNeurons
from snnc.compiler.frontends.quantise import Widths
from snnc.compiler.frontends.synapses import convolution
from snnc.compiler.frontends.values import Value, add, convolve, delayed, flatten, linear, pool

RNG = np.random.default_rng(23)
STEPS = 25
SIDE = 3


def _leaky(**more: Any) -> FloatNeurons:
    return FloatNeurons(**({"theta": np.array(0.6), "beta": np.array(0.9)} | more))


def _integrator(**more: Any) -> FloatNeurons:
    own: dict[str, Any] = {
        "theta": np.array(0.0),
        "beta": np.array(0.8),
        "gain": np.array(0.7),
        "reset": "none",
    }
    return FloatNeurons(**(own | more))


def _spikes(builder: GraphBuilder) -> Value:
    return builder.fire("first", linear(builder.input, RNG.normal(size=(5, 3)), RNG.normal(size=5)), _leaky())


def _agree(graph: FloatGraph, name: str = "last") -> FloatGraph:
    """The contract's form has no integrators but the answer, and its spikes are those of the graph."""
    x = RNG.random((4, STEPS, *graph.shape))
    form = canonical(graph, STEPS)
    before, after = (execute(one, x, record=[name]) for one in (graph, form.graph))
    np.testing.assert_allclose(after.emitted[name], before.emitted[name], atol=1e-9)
    np.testing.assert_allclose(after.outputs, before.outputs, atol=1e-9)
    assert np.ptp(before.emitted[name]) > 0
    silent = [
        one.name
        for one in form.graph.populations
        if isinstance(one.neurons, FloatNeurons) and one.neurons.reset == "none"
    ]
    assert silent in ([], [graph.readout.population])
    assert not form.remarks
    return form.graph


@pytest.mark.parametrize(
    "integrator",
    [
        {},
        {"beta": np.array(1.0)},
        {"v_leak": np.array(0.2), "initial": np.array(0.3), "drive": np.array(0.05)},
    ],
)
@pytest.mark.parametrize("reset", ["soft", "hard"])
def test_one_between_two_matrices(integrator: dict[str, Any], reset: str) -> None:
    builder = GraphBuilder((3, 1, 1))
    between = linear(_spikes(builder), RNG.normal(size=(4, 5)), RNG.normal(size=4))
    smooth = builder.fire("li", between, _integrator(**integrator))
    current = linear(smooth, RNG.normal(size=(SIDE, 4)), RNG.normal(size=SIDE))
    last = builder.fire("last", current, _leaky(reset=reset))
    _agree(builder.readout("readout", last, "spike_count"))


def test_time_constants_of_their_own_where_each_feeds_one_neuron() -> None:
    builder = GraphBuilder((3, 1, 1))
    betas = 0.6 + 0.3 * RNG.random(SIDE)
    smooth = builder.fire("li", linear(_spikes(builder), RNG.normal(size=(SIDE, 5))), _integrator(beta=betas))
    last = builder.fire("last", smooth, _leaky())
    form = _agree(builder.readout("readout", last, "spike_count"))
    neurons = form.population("last").neurons
    assert isinstance(neurons, FloatNeurons) and neurons.alpha is not None
    np.testing.assert_allclose(neurons.alpha.reshape(-1), betas)


def test_spikes_beside_it_leave_the_current_a_step_later() -> None:
    builder = GraphBuilder((3, 1, 1))
    spikes = _spikes(builder)
    smooth = builder.fire("li", linear(spikes, RNG.normal(size=(4, 5))), _integrator())
    direct = delayed(linear(spikes, RNG.normal(size=(SIDE, 5))), 2)
    current = add(linear(smooth, RNG.normal(size=(SIDE, 4)), RNG.normal(size=SIDE)), direct)
    last = builder.fire("last", current, _leaky())
    form = _agree(builder.readout("readout", last, "spike_count"))
    assert sorted(edge.delay for edge in form.population("last").edges if edge.source == "first") == [0, 2, 3]


def test_images_pools_and_the_input_itself() -> None:
    builder = GraphBuilder((2, 6, 6))
    smooth = builder.fire("li", builder.input, _integrator(beta=np.array([0.6, 0.8])))
    kernel = convolution(RNG.normal(size=(4, 1, 3, 3)), padding=((1, 1), (1, 1)), groups=2)
    fired = builder.fire("conv", convolve(smooth, kernel), _leaky())
    again = builder.fire("li2", pool(fired, (2, 2), average=True), _integrator())
    last = builder.fire("last", linear(flatten(again), RNG.normal(size=(SIDE, 36))), _leaky())
    _agree(builder.readout("readout", last, "spike_count"))


@pytest.mark.parametrize("summed", [True, False])
def test_an_answer_computed_from_membranes(summed: bool) -> None:
    builder = GraphBuilder((3, 1, 1))
    smooth = builder.fire("li", linear(_spikes(builder), RNG.normal(size=(4, 5))), _integrator())
    answer = linear(smooth, RNG.normal(size=(SIDE, 4)), RNG.normal(size=SIDE))
    graph = builder.readout("last", answer, "membrane", summed=summed)
    _agree(graph)
    x = RNG.integers(0, 256, (30, 3), np.uint8)
    made = convert(Imported(graph, Findings("test")), InputData(x), STEPS, Widths())
    assert made.agreement.overall > 0.9
    with pytest.raises(UnsupportedModel, match="input brings in the last step"):
        canonical(builder.readout("other", builder.input, "membrane", summed=False), STEPS)


def test_answers_that_leak_differently_are_shown_alike() -> None:
    """The contract shows membranes after the leak, which takes more of the second class."""
    builder = GraphBuilder((3, 1, 1))
    spikes = builder.fire("first", linear(builder.input, np.eye(3)[:2]), _leaky())
    # In the end the first class would be found 0.9 x and the second 0.1 x what it is.
    leaks = _integrator(beta=np.array([0.9, 0.1]), gain=np.array([0.1, 0.9]))
    answer = builder.fire("answer", linear(spikes, np.array([[1.0, 0], [0.3, 0.6]])), leaks)
    graph = builder.readout("readout", answer, "membrane")
    x = RNG.integers(0, 256, (60, 3), np.uint8)
    classes = execute(graph, x.reshape(-1, 3, 1, 1) / 255, STEPS).classes
    assert 0.2 < classes.mean() < 0.8
    made = convert(Imported(graph, Findings("test")), InputData(x), STEPS, Widths())
    assert made.agreement.overall > 0.9


def _chain(builder: GraphBuilder, *between: FloatNeurons, last: FloatNeurons | None = None) -> FloatGraph:
    value = linear(_spikes(builder), RNG.normal(size=(SIDE, 5)))
    for number, neurons in enumerate(between):
        value = linear(builder.fire(f"li{number}", value, neurons), RNG.normal(size=(SIDE, SIDE)))
    return builder.readout("readout", builder.fire("last", value, last or _leaky()), "spike_count")


@pytest.mark.parametrize(
    "between, last, said",
    [
        ([_integrator(), _integrator()], None, "has a current before its membrane"),
        ([_integrator(alpha=np.array(0.5))], None, "has a current before its membrane"),
        ([_integrator(lower=np.array(-1.0))], None, "a clamp, which no current has"),
        ([_integrator(beta=np.array([0.5, 0.6, 0.7]))], None, "leak differently"),
        ([_integrator()], _leaky(alpha=np.array(0.5)), "with a synaptic current hear an integrator"),
    ],
)
def test_what_is_no_current(between: list[FloatNeurons], last: FloatNeurons | None, said: str) -> None:
    with pytest.raises(UnsupportedModel, match=said) as caught:
        canonical(_chain(GraphBuilder((3, 1, 1)), *between, last=last), STEPS)
    assert caught.value.hint


def test_the_input_beside_it_is_refused() -> None:
    builder = GraphBuilder((3, 1, 1))
    both = add(builder.fire("li", builder.input, _integrator()), builder.input)
    graph = builder.readout("readout", builder.fire("last", both, _leaky()), "spike_count")
    with pytest.raises(UnsupportedModel, match="both directly and behind an integrator"):
        canonical(graph, STEPS)
