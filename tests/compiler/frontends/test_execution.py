"""The float graph's own execution against its equations written out once more, a number at a time."""

import numpy as np
import pytest

from snnc.base.errors import UnsupportedModel, UsageError
from snnc.compiler.frontends.builder import GraphBuilder
from snnc.compiler.frontends.execution import execute
from snnc.compiler.frontends.float_graph import FloatGraph, FloatNeurons, Reset
from snnc.compiler.frontends.values import add, linear, population

RNG = np.random.default_rng(5)


def _one(neurons: FloatNeurons) -> FloatGraph:
    builder = GraphBuilder((1, 1, 1))
    return builder.readout("sum", builder.fire("one", builder.input, neurons), "spike_count")


def _by_hand(neurons: FloatNeurons, x: list[float]) -> tuple[list[float], list[bool]]:
    v, i, fired = float(neurons.initial), 0.0, False
    membranes, spikes = [], []
    for value in [0.0] * neurons.input_delay + x[: len(x) - neurons.input_delay]:
        i = value if neurons.alpha is None else float(neurons.alpha) * i + value
        u = (
            float(neurons.v_leak)
            + float(neurons.beta) * (v - float(neurons.v_leak))
            + float(neurons.gain) * i
            + float(neurons.drive)
        )
        if neurons.reset_delay and fired:
            u -= float(neurons.subtracted)
        above = u > float(neurons.theta) if neurons.strict else u >= float(neurons.theta)
        fired = neurons.reset != "none" and above
        v = u
        if fired and neurons.reset == "hard":
            v = float(neurons.v_reset)
        if fired and neurons.reset == "soft" and not neurons.reset_delay:
            v = u - float(neurons.subtracted)
        if neurons.lower is not None:
            v = max(v, float(neurons.lower))
        membranes.append(v)
        spikes.append(fired)
    return membranes, spikes


def _number(value: float) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    return np.array(value)


@pytest.mark.parametrize("reset", ["soft", "hard", "none"])
@pytest.mark.parametrize("alpha", [None, 0.7])
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("lower", [None, -0.3])
def test_one_neuron(reset: Reset, alpha: float | None, strict: bool, late: bool, lower: float | None) -> None:
    neurons = FloatNeurons(
        _number(1.0),
        beta=_number(0.8),
        gain=_number(0.5),
        alpha=None if alpha is None else _number(alpha),
        strict=strict,
        reset=reset,
        rho=_number(1.2) if late else None,
        reset_delay=late and reset == "soft",
        v_leak=_number(0.1),
        drive=_number(0.05),
        v_reset=_number(-0.2),
        initial=_number(0.3),
        lower=None if lower is None else _number(lower),
        input_delay=int(late),
    )
    # Quarters, so that the threshold is also met exactly.
    x = (RNG.integers(-8, 16, 60) / 4).tolist()
    found = execute(_one(neurons), np.array(x).reshape(1, 60, 1, 1, 1), record=["one"])
    membranes, spikes = _by_hand(neurons, x)
    np.testing.assert_allclose(found.membranes["one"].reshape(-1), membranes, atol=1e-12)
    sent = membranes if reset == "none" else spikes
    np.testing.assert_allclose(found.emitted["one"].reshape(-1), sent, atol=1e-12)
    np.testing.assert_allclose(found.outputs[0, 0], sum(sent))


def test_comparison_at_the_threshold() -> None:
    x = np.ones((1, 3, 1, 1, 1))
    neurons = [FloatNeurons(_number(1.0), strict=strict, reset="hard") for strict in (False, True)]
    assert [execute(_one(one), x).outputs[0, 0] for one in neurons] == [3, 1]


def test_edges_forwards_and_back_with_delays() -> None:
    """A pulse goes round: a fires at once, b one step later, a again two steps after b."""
    builder = GraphBuilder((1, 1, 1))
    neurons = FloatNeurons(_number(1.0), reset="hard")
    back = population("b", (1, 1, 1), delay=2)
    a = builder.fire("a", add(builder.input, back), neurons)
    late = population("a", (1, 1, 1), delay=1)
    builder.fire("b", linear(late, np.eye(1)), neurons)
    graph = builder.readout("sum", a, "first_spike")
    x = np.zeros((1, 8, 1, 1, 1))
    x[0, 1] = 1
    found = execute(graph, x, record=["a", "b"])
    assert np.flatnonzero(found.emitted["a"]).tolist() == [1, 4, 7]
    assert np.flatnonzero(found.emitted["b"]).tolist() == [2, 5]
    assert found.outputs[0, 0] == 7


def test_samples_in_batches_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = _one(FloatNeurons(_number(1.0), beta=_number(0.9)))
    x = RNG.random((7, 1, 1, 1))
    whole = execute(graph, x, 9, record=["one"])
    monkeypatch.setattr("snnc.compiler.frontends.execution.BATCH_VALUES", 2)
    parts = execute(graph, x, 9, record=["one"])
    np.testing.assert_array_equal(whole.outputs, parts.outputs)
    np.testing.assert_array_equal(whole.membranes["one"], parts.membranes["one"])


def test_inputs_and_graphs_that_do_not_fit() -> None:
    graph = _one(FloatNeurons(_number(1.0)))
    with pytest.raises(UsageError, match="inputs are"):
        execute(graph, np.zeros((1, 1, 1, 1)))
    with pytest.raises(UsageError, match="inputs are"):
        execute(graph, np.zeros((1, 2, 1, 1)), 3)
    builder = GraphBuilder((1, 1, 1))
    a = builder.fire("a", population("b", (1, 1, 1)), FloatNeurons(_number(1.0)))
    builder.fire("b", a, FloatNeurons(_number(1.0)))
    with pytest.raises(UnsupportedModel, match="needs a delay of 1"):
        builder.readout("sum", a, "spike_count")
    builder = GraphBuilder((1, 1, 1))
    fired = builder.fire("a", builder.input, FloatNeurons(_number(np.nan)))
    with pytest.raises(UnsupportedModel, match="theta holds NaN"):
        builder.readout("sum", fired, "spike_count")
