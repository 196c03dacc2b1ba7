"""NIR graphs become float graphs that compute what their exporter's framework computes."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest
from numpy.typing import NDArray

from snnc.base.errors import FileError, SnncError, UnsupportedModel
from snnc.compiler.frontends.conversion import InputData, convert
from snnc.compiler.frontends.execution import execute
from snnc.compiler.frontends.findings import Imported
from snnc.compiler.frontends.float_graph import FloatNeurons
from snnc.compiler.frontends.nir.reader import NirOptions, read_nir
from snnc.compiler.frontends.nir.writer import to_graph
from snnc.compiler.frontends.quantise import Widths

RNG = np.random.default_rng(11)
NORSE = Path(__file__).with_name("lif_norse.nir")
"""Of the NIR paper's repository (BSD-3-Clause), whose simulators recorded the spikes below."""


def _graph(*nodes: Any, shape: tuple[int, ...] = (3,)) -> nir.NIRGraph:
    """Nodes in a row, between an Input of `shape` and an Output."""
    named = {"input": nir.Input(np.array(shape))}
    named |= {f"n{number}": node for number, node in enumerate(nodes)}
    named["output"] = nir.Output(np.array([1]))
    return nir.NIRGraph(named, list(pairwise(named)), type_check=False)


def _neurons(imported: Imported, name: str) -> FloatNeurons:
    neurons = imported.graph.population(name).neurons
    assert isinstance(neurons, FloatNeurons)
    return neurons


def _lif(size: int = 3, tau: float = 1e-3, r: float = 1.0, theta: float = 0.5, **more: Any) -> nir.LIF:
    ones = np.ones(size)
    values = {"v_leak": 0 * ones, "v_reset": 0 * ones} | {key: value * ones for key, value in more.items()}
    return nir.LIF(tau=tau * ones, r=r * ones, v_threshold=theta * ones, **values)


def _affine(rows: int, columns: int) -> nir.Affine:
    return nir.Affine(RNG.normal(size=(rows, columns)), RNG.normal(size=rows))


def test_the_neuron_of_the_nir_paper_fires_when_norse_says() -> None:
    with np.load(NORSE.with_suffix(".npz")) as recorded:
        current, membrane = recorded["input"], recorded["membrane"]
    imported = read_nir(NORSE)
    found = execute(imported.graph, current.reshape(1, 1000, 1, 1, 1), record=["1"])
    assert np.flatnonzero(found.emitted["1"]).tolist() == [460, 510, 710, 760]
    np.testing.assert_allclose(found.membranes["1"].reshape(-1), membrane, atol=2.5e-8)
    assert "exporter norse (inferred" in imported.findings.general[0]


def test_files_and_objects_read_alike(tmp_path: Path) -> None:
    graph = _graph(_affine(4, 3), _lif(4), _affine(2, 4), _lif(2))
    nir.write(tmp_path / "net.nir", graph)
    x = RNG.normal(size=(5, 7, 3, 1, 1))
    from_file, from_memory = read_nir(tmp_path / "net.nir"), read_nir(graph)
    np.testing.assert_array_equal(execute(from_file.graph, x).outputs, execute(from_memory.graph, x).outputs)
    assert from_file.findings.general == from_memory.findings.general


def _step(x: NDArray[np.float64], beta: float, gain: float, theta: float) -> list[int]:
    """Spikes of NIR's own equations in Euler steps."""
    v, spikes = 0.0, []
    for value in x:
        v = beta * v + gain * value
        spikes.append(int(v > theta))
        v = 0.0 if v > theta else v
    return spikes


@pytest.mark.parametrize("dt", [1e-4, 5e-4])
def test_a_leaky_neuron_by_its_equations(dt: float) -> None:
    x = RNG.normal(1, 1, 200)
    found = read_nir(_graph(_lif(1, theta=0.6), shape=(1,)), NirOptions(dt=dt, exporter="nir"))
    outputs = execute(found.graph, x.reshape(1, -1, 1, 1, 1), record=["n0"])
    expected = _step(x, 1 - dt / 1e-3, dt / 1e-3, 0.6)
    assert 3 < sum(expected) < 200
    assert outputs.emitted["n0"].reshape(-1).tolist() == expected


def test_the_exporter_is_told_by_what_it_writes() -> None:
    tau = 1e-4 / (1 - 0.9)
    snntorch = read_nir(_graph(_lif(3, float(np.float32(tau)), float(np.float32(tau / 1e-4)))))
    assert snntorch.findings.source.endswith("snntorch")
    neurons = _neurons(snntorch, "n0")
    assert (neurons.reset, neurons.strict, neurons.reset_delay) == ("soft", True, True)
    np.testing.assert_allclose(neurons.beta, 0.9)
    assert bool((neurons.gain == 1).all())
    sinabs = read_nir(_graph(_lif(3, 20.0)))
    np.testing.assert_allclose(_neurons(sinabs, "n0").beta, np.exp(-1 / 20))
    np.testing.assert_allclose(_neurons(sinabs, "n0").gain, 1 - np.exp(-1 / 20))
    assert sinabs.findings.found["n0"].status == "approximate"
    norse = read_nir(_graph(_lif(3, 1e-5)))
    np.testing.assert_allclose(_neurons(norse, "n0").beta, 0.9)
    assert "undone" in " ".join(norse.findings.found["n0"].remarks)


def test_what_the_user_says_goes_before_what_is_inferred() -> None:
    options = NirOptions(dt=2e-4, reset="hard", strict=False, exporter="snntorch")
    found = read_nir(_graph(_lif(3, 1e-3, 10.0)), options)
    neurons = _neurons(found, "n0")
    assert (neurons.reset, neurons.strict, neurons.reset_delay) == ("hard", False, False)
    np.testing.assert_allclose(neurons.beta, 0.8)
    assert "given" in found.findings.general[0] and "given" in found.findings.general[1]


def _cuba(size: int) -> nir.CubaLIF:
    ones = np.ones(size)
    return nir.CubaLIF(
        tau_syn=5e-4 * ones,
        tau_mem=1e-3 * ones,
        r=10 * ones,
        v_leak=0 * ones,
        v_reset=0 * ones,
        v_threshold=1.5 * ones,
        w_in=5 * ones,
    )


@pytest.mark.parametrize("nested", [False, True])
def test_a_recurrent_layer_hears_itself_one_step_later(nested: bool) -> None:
    rng = np.random.default_rng(5)
    weights, forward = rng.normal(size=(4, 4)), rng.normal(size=(4, 3))
    inside = {"lif": _cuba(4), "back": nir.Linear(weights)}
    loop = [("lif", "back"), ("back", "lif")]
    if nested:
        inner = nir.NIRGraph(
            {"input": nir.Input(np.array([4])), **inside, "output": nir.Output(np.array([4]))},
            [("input", "lif"), *loop, ("lif", "output")],
            type_check=False,
        )
        outer = {"first": nir.Linear(forward), "block": inner}
        edges = [("input", "first"), ("first", "block"), ("block", "output")]
    else:
        outer = {"first": nir.Linear(forward), **inside}
        edges = [("input", "first"), ("first", "lif"), *loop, ("lif", "output")]
    ends = {"input": nir.Input(np.array([3])), "output": nir.Output(np.array([4]))}
    found = read_nir(nir.NIRGraph({**ends, **outer}, edges, type_check=False))
    name = "block.lif" if nested else "lif"
    assert {(edge.source, edge.delay) for edge in found.graph.population(name).edges} == {
        ("input", 0),
        (name, 1),
    }
    x = rng.normal(size=(30, 3))
    v, i, s, expected = np.zeros(4), np.zeros(4), np.zeros(4), []
    for value in x:
        i = 0.8 * i + forward @ value + weights @ s
        v = 0.9 * v + i - 1.5 * s
        s = (v > 1.5).astype(float)
        expected.append(s)
    outputs = execute(found.graph, x.reshape(1, 30, 3, 1, 1), record=[name])
    assert 10 < np.sum(expected) < 110
    np.testing.assert_array_equal(outputs.emitted[name].reshape(30, 4), expected)


def test_two_populations_in_a_loop_of_which_the_first_hears_the_second_later() -> None:
    """The loop is entered through a node that is no neuron: only what comes back is delayed."""
    nodes = {"add": nir.Scale(np.ones(2)), "a": _lif(2), "there": nir.Linear(np.eye(2)), "b": _lif(2)}
    ends = {"input": nir.Input(np.array([2])), "output": nir.Output(np.array([2]))}
    edges = [("input", "add"), ("add", "a"), ("a", "there"), ("there", "b"), ("b", "add"), ("b", "output")]
    graph = read_nir(nir.NIRGraph({**ends, **nodes}, edges, type_check=False)).graph
    heard = {one.name: sorted((edge.source, edge.delay) for edge in one.edges) for one in graph.populations}
    assert heard == {"a": [("b", 1), ("input", 0)], "b": [("a", 0)]}


@pytest.mark.parametrize("padding", [1, (1, 1), np.array([1, 1]), "same", "valid"])
@pytest.mark.parametrize("stride", [1, np.int64(1), (1, 1)])
def test_convolutions_as_exporters_write_them(padding: Any, stride: Any) -> None:
    convolution = nir.Conv2d((6, 6), RNG.normal(size=(4, 2, 3, 3)), stride, padding, 1, 1, RNG.normal(size=4))
    side = 4 if isinstance(padding, str) and padding == "valid" else 6
    found = read_nir(_graph(convolution, nir.Threshold(np.array([0.3])), shape=(2, 6, 6)))
    assert found.graph.population("n1").shape == (4, side, side)


def test_a_convolution_of_features_is_one_of_single_pixels() -> None:
    fired, kernels = nir.Threshold(0.5 * np.ones(3)), np.eye(3).reshape(3, 3, 1, 1)
    single = nir.Conv2d((1, 1), kernels, 1, 0, 1, 1, np.zeros(3))
    graph = read_nir(_graph(nir.Linear(np.eye(3)), fired, nir.Flatten(None, 0, -1), single, fired)).graph
    assert graph.population("n4").shape == (3, 1, 1)
    wide = nir.Conv2d((3, 1), np.ones((1, 1, 3, 1)), 1, 0, 1, 1, np.zeros(1))
    with pytest.raises(UnsupportedModel, match="follows a flattened value"):
        read_nir(_graph(nir.Linear(np.eye(3)), fired, nir.Flatten(None, 0, -1), wide, fired))


def test_one_dimension_pools_delays_and_scales() -> None:
    found = read_nir(
        _graph(
            nir.Conv1d(12, RNG.normal(size=(4, 2, 3)), 1, "same", 1, 1, np.zeros(4)),
            nir.Threshold(np.array([0.0])),
            nir.SumPool2d(np.array([1, 2]), np.array([1, 2]), np.array([0, 0])),
            nir.Scale(np.array(0.5)),
            nir.Delay(np.array([2e-4])),
            nir.Flatten(None, 0, -1),
            nir.Linear(RNG.normal(size=(3, 24))),
            nir.LI(np.ones(3) * 1e-3, np.ones(3), np.zeros(3)),
            shape=(2, 12),
        )
    )
    (edge,) = found.graph.population("n7").edges
    assert (edge.source, edge.delay, edge.pool) == ("n1", 2, (1, 2))
    assert found.graph.readout.kind == "membrane"


def test_delays_may_differ_between_neurons() -> None:
    found = read_nir(_graph(nir.Delay(np.array([0, 1e-4, 1e-4])), nir.Threshold(np.ones(3) * 0.5)))
    x = np.zeros((1, 3, 3, 1, 1))
    x[0, 0] = 1
    fired = execute(found.graph, x, record=["n1"]).emitted["n1"].reshape(3, 3)
    assert fired.tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 0]]


def test_every_node_that_cannot_be_honoured_is_named_at_once() -> None:
    bad = nir.Conv2d((6, 6), np.ones((4, 3, 3, 3)), 1, 0, 1, 1, np.zeros(4))
    nodes = {
        "input": nir.Input(np.array([2, 6, 6])),
        "first": bad,
        "second": nir.Linear(np.ones((2, 7))),
        "lif": _lif(2),
        "output": nir.Output(np.array([2])),
    }
    edges = [("input", "first"), ("input", "second"), ("first", "lif"), ("second", "lif"), ("lif", "output")]
    with pytest.raises(UnsupportedModel, match="2 nodes") as caught:
        read_nir(nir.NIRGraph(nodes, edges, type_check=False))
    assert "first (Conv2d)" in caught.value.message and "second (Linear)" in caught.value.message


@pytest.mark.parametrize(
    "graph, error",
    [
        (lambda: _graph(_lif(3, tau=5e-5), shape=(3,)), None),
        (lambda: _graph(_lif(3, tau=-1.0)), "tau must be greater than 0"),
        (lambda: _graph(_lif(3, theta=np.nan)), "v_threshold holds NaN"),
        (lambda: _graph(_lif(2)), "do not fit neurons"),
        (lambda: _graph(_lif(3), shape=(1, 2, 3, 4)), None),
        (lambda: _graph(nir.Scale(np.ones(3)), _lif(3), shape=(2, 2, 2, 2)), "1 to 3 dimensions"),
    ],
)
def test_numbers_that_mean_nothing(graph: Any, error: str | None) -> None:
    if error is None:
        with pytest.raises(SnncError):
            read_nir(graph(), NirOptions(exporter="nir"))
        return
    with pytest.raises(SnncError, match=error):
        read_nir(graph())


def test_a_loop_without_neurons() -> None:
    nodes = {
        "input": nir.Input(np.array([3])),
        "a": nir.Scale(np.ones(3)),
        "b": nir.Scale(np.ones(3)),
        "output": nir.Output(np.array([3])),
    }
    edges = [("input", "a"), ("a", "b"), ("b", "a"), ("b", "output")]
    with pytest.raises(FileError, match="no neurons between"):
        read_nir(nir.NIRGraph(nodes, edges, type_check=False))


def test_names_with_dots_and_graphs_whose_ends_have_them() -> None:
    inner = {"in.put": nir.Input(np.array([3])), "lif.1": _lif(), "out.put": nir.Output(np.array([3]))}
    nodes = {"in.put": nir.Input(np.array([3])), "b.0": nir.NIRGraph(inner, list(pairwise(inner)))}
    nodes |= {"λ": _affine(2, 3), "lif.1": _lif(2), "out.put": nir.Output(np.array([2]))}
    found = read_nir(nir.NIRGraph(nodes, list(pairwise(nodes)), type_check=False))
    assert [one.name for one in found.graph.populations] == ["b.0.lif.1", "lif.1"]


def test_an_integrator_sends_its_membrane() -> None:
    """LI between layers, and a Linear behind one that gives the answer: the last value counts."""
    weights, answers = RNG.normal(size=(4, 3)), RNG.normal(size=(2, 4))
    tau, ones = np.full(4, 5e-4), np.ones(4)
    leaky = nir.LI(tau, ones, 0.1 * ones)
    graph = _graph(nir.Threshold(0.5 * np.ones(3)), nir.Linear(weights), leaky, nir.Linear(answers))
    x = RNG.random((1, 12, 3, 1, 1))
    v = np.zeros(4)
    for spikes in x[0, :, :, 0, 0] > 0.5:
        v = v + 0.2 * (0.1 - v + weights @ spikes)
    found = read_nir(graph, NirOptions(dt=1e-4, exporter="nir"))
    np.testing.assert_allclose(execute(found.graph, x).outputs[0], answers @ v)
    assert "answer: the last membrane is read" in found.findings.general[-1]


def test_a_bias_before_a_delay_cannot_wait() -> None:
    found = read_nir(_graph(nir.Affine(np.eye(3), np.ones(3)), nir.Delay(np.array(2e-4)), _lif()))
    finding = found.findings.found["n1"]
    assert finding.status == "approximate" and "from the first step, 2 steps early" in finding.remarks[0]
    (edge,) = found.graph.population("n2").edges
    assert edge.delay == 2 and bool((found.graph.population("n2").bias == 1).all())


def test_a_delay_in_a_loop_is_all_of_it() -> None:
    nodes = {"lif": _lif(), "back": nir.Linear(np.eye(3)), "late": nir.Delay(np.full(3, 3e-4))}
    ends = {"input": nir.Input(np.array([3])), "output": nir.Output(np.array([3]))}
    edges = [("input", "lif"), ("lif", "back"), ("back", "late"), ("late", "lif"), ("lif", "output")]
    found = read_nir(nir.NIRGraph({**ends, **nodes}, edges, type_check=False))
    network = convert(found, InputData(np.full((2, 3), 200, np.uint8)), 6, Widths()).network
    written = to_graph(network)
    written.metadata.clear()
    for graph in (found.graph, read_nir(written).graph):
        heard = sorted((edge.source, edge.delay) for edge in graph.population("lif").edges)
        assert heard == [("input", 0), ("lif", 3)]


@pytest.mark.parametrize("kind", ["Input", "Output"])
def test_several_ends_are_refused_with_the_way_out(kind: str) -> None:
    graph = _graph(_lif())
    graph.nodes["more"] = getattr(nir, kind)(np.array([3]))
    graph.edges.append(("more", "n0") if kind == "Input" else ("n0", "more"))
    with pytest.raises(FileError, match=f"2 nodes of type {kind}") as caught:
        read_nir(graph)
    assert caught.value.hint


def _rockpool(tau: float, dt: float, size: int) -> dict[str, Any]:
    """What rockpool writes of membranes."""
    ones = np.ones(size, np.float32)
    r = np.float32(tau * np.exp(-dt / tau) / dt)
    return {"r": r * ones, "v_leak": 0 * ones, "v_threshold": ones}


@pytest.mark.parametrize("taus", [(0.02, 0.02), (0.02, 0.05)])
def test_neurons_of_rockpool_and_their_step(taus: tuple[float, float]) -> None:
    """Its NIR export, by hand: rockpool is no part of the tests' environment."""
    dt, (first, second), syn = 2e-3, taus, 0.01
    weights, more = RNG.normal(size=(4, 3)), RNG.normal(size=(2, 4))
    tau, back = np.float32(second) * np.ones(2, np.float32), np.float32(syn) * np.ones(2, np.float32)
    lif = nir.LIF(tau=np.float32(first) * np.ones(4, np.float32), **_rockpool(first, dt, 4))
    cuba = nir.CubaLIF(tau_syn=back, tau_mem=tau, **_rockpool(second, dt, 2))
    found = read_nir(_graph(nir.Linear(weights), lif, nir.Linear(more), cuba))
    assert found.findings.general[0].startswith("exporter rockpool (inferred")
    assert found.findings.general[1].startswith("dt 0.002 s (inferred")
    v, w, i, fired, sent = np.zeros(4), np.zeros(2), np.zeros(2), [], []
    x = RNG.normal(size=(30, 3))
    for value in x:
        v = np.exp(-dt / first) * v + weights @ value
        z = (v >= 1).astype(float)
        v = v - z
        i = np.exp(-dt / syn) * (i + more @ z)
        w = np.exp(-dt / second) * w + i
        s = (w >= 1).astype(float)
        w = w - s
        fired.append(z)
        sent.append(s)
    outputs = execute(found.graph, x.reshape(1, 30, 3, 1, 1), record=["n1", "n3"])
    assert 10 < np.sum(fired) < 110 and 2 < np.sum(sent) < 58
    np.testing.assert_array_equal(outputs.emitted["n1"].reshape(30, 4), fired)
    np.testing.assert_array_equal(outputs.emitted["n3"].reshape(30, 2), sent)
    assert "neurons of rockpool several times" in found.findings.found["n1"].remarks[-1]


def test_synapses_of_rockpool_decay_as_they_arrive() -> None:
    dt, tau = 1e-3, 0.02
    own = _rockpool(tau, dt, 3)
    del own["v_threshold"]
    found = read_nir(_graph(nir.LI(tau=np.float32(tau) * np.ones(3, np.float32), **own)))
    neurons = _neurons(found, "n0")
    for array in (neurons.beta, neurons.gain):
        np.testing.assert_allclose(array, np.exp(-dt / tau), rtol=1e-6)
