"""The report holds the keys that scripts rely on, its totals are its sums, and it is deterministic."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from snnc.base.errors import FileError, UsageError
from snnc.compiler.formats.storage import Build
from snnc.compiler.ir.network import Conv2d, Edge, Input, Layer, Linear, Network, Neurons, Readout
from snnc.compiler.isa.arithmetic import Decay
from snnc.compiler.pipeline import compile_network
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.reference.interpreter import execute_network
from snnc.compiler.targets import load_target
from snnc.sim.report import Outputs, Report
from snnc.sim.simulate import Tier, simulate

SAMPLES = 12


def population(generator: np.random.Generator, count: int, fires: bool) -> Neurons:
    return Neurons(
        threshold=generator.integers(50, 150, count),
        bias=generator.integers(-9, 10, count),
        initial=np.zeros(count, np.int64),
        reset="soft" if fires else "none",
        leak=Decay(1, 3),
        state_bits=16,
    )


def weights(generator: np.random.Generator, *shape: int) -> np.ndarray:
    return generator.integers(-7, 8, shape).astype(np.int8)


@pytest.fixture(scope="module")
def program() -> Build:
    """A convolution of 5 x 8 pixels, a recurrent hidden layer, a membrane readout."""
    generator = np.random.default_rng(0)
    conv = Conv2d(weights(generator, 6, 1, 3, 3), 4, padding=(1, 1))
    hidden = (
        Edge("conv", Linear(weights(generator, 30, 6 * 2 * 4), 4), pool=(2, 2)),
        Edge("hidden", Linear(weights(generator, 30, 30), 4), delay=1),
    )
    layers = (
        Layer("conv", (6, 5, 8), population(generator, 6, True), (Edge("pixels", conv),)),
        Layer("hidden", (30, 1, 1), population(generator, 30, True), hidden),
        Layer(
            "out",
            (10, 1, 1),
            population(generator, 10, False),
            (Edge("hidden", Linear(weights(generator, 10, 30), 4)),),
        ),
    )
    node = Input("pixels", (1, 5, 8), "direct", 15)
    network = Network("small", 4, node, layers, Readout("out", "membrane"))
    compiled = compile_network(network, load_target("fpga"))
    return Build(compiled.network, compiled.tiled)


def samples() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(1)
    return generator.integers(0, 16, (SAMPLES, 40)).astype(np.uint8), generator.integers(0, 10, SAMPLES)


def report_of(program: Build, tier: Tier = "cycle") -> Report:
    return simulate(program, *samples(), tier=tier)


def test_predictions_equal_the_reference_in_both_tiers(program: Build) -> None:
    x, y = samples()
    expected = execute_network(program.network, encode_inputs(program.network.input, 4, x)).predictions
    for tier in ("cycle", "functional"):
        report = report_of(program, tier)
        assert report.predictions == expected.tolist()
        assert report.correct == int((expected == y).sum())


def test_keys_that_scripts_rely_on(program: Build) -> None:
    document = json.loads(json.dumps(report_of(program).to_dict()))
    for key in (
        "schema",
        "snnc",
        "target",
        "model_hash",
        "samples",
        "steps",
        "accuracy",
        "correct",
        "predictions",
        "outputs",
        "clock_hz",
        "throughput_hz",
    ):
        assert document[key] is not None, key
    assert set(document["cycles"]) == {"mean", "max", "per_sample"}
    assert set(document["latency_s"]) == {"mean", "max"}
    assert {"mean", "dynamic", "static", "by_action", "table", "basis"} <= set(document["energy_j"])
    counts = {"sops", "spikes", "weight_reads", "state_reads", "state_writes", "flit_hops"}
    assert counts <= set(document["counts"])
    layer = {"name", "kind", "neurons", "weights", "weight_bits", "cores", "cycles", "sops", "spikes", "rate"}
    layer |= {"weight_memory_bits", "state_memory_bits", "packets", "packets_per_spike"}
    layer |= {"halo_packets_per_spike", "energy_j", "state_bits", "predicted_cycles"}
    layer |= {"energy_low_j", "energy_high_j", "energy_built_j"}
    assert layer == set(document["layers"][0])
    assert [row["kind"] for row in document["layers"]] == ["conv", "linear, recurrent", "linear"]
    core = {"x", "y", "context", "layer", "busy", "stalled", "causes", "weight_bits_used", "weight_bits"}
    assert core | {"state_bits_used", "state_bits"} == set(document["cores"][0])
    assert set(document["sim"]) == {"wall_s", "sops_per_s", "cycles_per_s"}
    assert document["latency_s"]["max"] == document["cycles"]["max"] / 100e6
    assert len(document["cycles"]["per_sample"]) == SAMPLES


def test_totals_are_sums(program: Build) -> None:
    document = report_of(program).to_dict()
    for key in ("sops", "spikes"):
        assert document["counts"][key] == sum(row[key] for row in document["layers"])
    energy = document["energy_j"]
    assert energy["dynamic"] == pytest.approx(
        sum(row["energy_j"] for row in document["layers"]) + energy["host"]
    )
    assert energy["mean"] == pytest.approx(energy["dynamic"] + energy["static"])


def test_equal_runs_give_equal_reports_but_for_the_wall_clock(program: Build) -> None:
    first, second = (report_of(program).to_dict() for _ in range(2))
    del first["sim"], second["sim"]
    assert json.dumps(first) == json.dumps(second)


def test_throughput_of_a_stream_is_at_least_that_of_single_samples(program: Build) -> None:
    report = report_of(program)
    assert report.cycles is not None and report.throughput_hz is not None
    assert report.throughput_hz >= report.clock_hz / max(report.cycles)


def test_the_functional_tier_knows_no_time(program: Build) -> None:
    timed, untimed = report_of(program).to_dict(), report_of(program, "functional").to_dict()
    assert untimed["cycles"] == {"mean": None, "max": None, "per_sample": None}
    assert untimed["latency_s"] == {"mean": None, "max": None}
    assert untimed["throughput_hz"] is None
    assert untimed["counts"] == timed["counts"]
    assert untimed["energy_j"]["dynamic"] == timed["energy_j"]["dynamic"]


@pytest.mark.parametrize("tier", ["cycle", "functional"])
def test_text_fits_eighty_columns_and_marks_the_bottleneck(program: Build, tier: Tier) -> None:
    text = report_of(program, tier).render()
    assert max(map(len, text.splitlines())) <= 80
    assert "estimated" in text
    assert ("<" in text) == (tier == "cycle")


def test_samples_and_labels_that_do_not_fit(program: Build) -> None:
    x, y = samples()
    with pytest.raises(FileError, match=r"^there are no samples$"):
        simulate(program, x[:0], y[:0])
    for labels in (y[:1], y[:, None], np.append(y, 0)):
        with pytest.raises(
            FileError, match=rf"^labels are int64 of shape .* takes integers of shape \({SAMPLES},\), "
        ):
            simulate(program, x, labels)
    with pytest.raises(UsageError, match=r"^tier must be cycle or functional, not 'fast'$"):
        simulate(program, x, y, tier="fast")  # type: ignore[arg-type]


def test_progress_counts_samples(program: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = samples()
    monkeypatch.setattr("snnc.sim.simulate.BATCH_BYTES", 8 * 4 * 40 * 5)
    done: list[int] = []
    batched: dict[str, Any] = simulate(program, x, y, progress=done.append).to_dict()
    assert done == [5, 10, 12]
    whole = report_of(program).to_dict()
    del batched["sim"], whole["sim"]
    assert batched == whole


def warnings_of(chosen: Build, x: np.ndarray) -> list[str]:
    """What the report, its document and its text all say of a run; the text folded back."""
    report = simulate(chosen, x, tier="functional")
    assert report.to_dict()["warnings"] == report.warnings
    text = " ".join(report.render().split())
    assert all(f"warning {warning}" in text for warning in report.warnings)
    return report.warnings


def with_threshold(chosen: Build, name: str, threshold: int) -> Build:
    """The network compiled again with one threshold for all neurons of a layer."""
    layers = tuple(
        replace(
            layer, neurons=replace(layer.neurons, threshold=np.full_like(layer.neurons.threshold, threshold))
        )
        if layer.name == name
        else layer
        for layer in chosen.network.layers
    )
    compiled = compile_network(replace(chosen.network, layers=layers), load_target("fpga"))
    return Build(compiled.network, compiled.tiled)


def test_a_layer_that_never_fires_is_no_quiet_result(program: Build) -> None:
    x, _ = samples()
    assert warnings_of(program, x) == []
    (warning,) = warnings_of(with_threshold(program, "hidden", 100_000), x)
    assert warning.startswith(f"layer 'hidden' never fires in {SAMPLES} samples: ")
    assert "lower its threshold" in warning


def test_a_layer_that_always_fires_neither(program: Build) -> None:
    x, _ = samples()
    (warning,) = warnings_of(with_threshold(program, "hidden", -100_000), x)
    assert warning.startswith(f"layer 'hidden' fires in every neuron and step of {SAMPLES} samples: ")
    assert "raise its threshold" in warning


@pytest.mark.parametrize(("largest", "warned"), [(0, True), (1, True), (15, True), (16, False), (255, False)])
def test_data_that_use_a_sixteenth_of_the_range_are_noticed(
    program: Build, largest: int, warned: bool
) -> None:
    wide = replace(program.network, input=replace(program.network.input, max_payload=255))
    compiled = compile_network(wide, load_target("fpga"))
    x = np.zeros((2, 40), np.uint8)
    x[1, 3] = largest
    found = warnings_of(Build(compiled.network, compiled.tiled), x)
    about = [warning for warning in found if "input value" in warning]
    assert len(about) == warned
    if 0 < largest < 16:
        assert about[0].startswith(f"the largest input value is {largest}, the model takes 0..255: ")


def test_tensors_and_lists_are_samples_too(program: Build) -> None:
    x, y = samples()
    expected = simulate(program, x, y).to_dict()
    for convert in (torch.from_numpy, np.ndarray.tolist):
        got = simulate(program, convert(x), convert(y)).to_dict()  # type: ignore[arg-type]
        assert (got["predictions"], got["correct"]) == (expected["predictions"], expected["correct"])
    with pytest.raises(FileError, match="samples must be an array of integers: "):
        simulate(program, torch.zeros(3, 40, requires_grad=True))  # type: ignore[arg-type]
    with pytest.raises(FileError, match=r"^values must be integers 0\.\.15, not float32$"):
        simulate(program, torch.zeros(3, 40))  # type: ignore[arg-type]


@pytest.mark.parametrize("tier", ["cycle", "functional"])
def test_outputs_are_those_of_the_reference_in_the_unit_that_is_named(program: Build, tier: Tier) -> None:
    """A readout with pixels and fraction bits."""
    network = program.network
    conv = network.layers[0]
    silent = replace(conv.neurons, reset="none", fraction_bits=3, state_bits=17)
    dense = replace(
        network,
        layers=(replace(conv, neurons=silent),),
        readout=Readout("conv", "membrane"),
    )
    compiled = compile_network(dense, load_target("fpga"))
    x, _ = samples()
    report = simulate(Build(compiled.network, compiled.tiled), x, tier=tier)
    expected = execute_network(dense, encode_inputs(dense.input, 4, x)).outputs
    outputs = report.to_dict()["outputs"]
    assert outputs["values"] == expected.tolist()
    assert len(outputs["values"][0]) == 240
    assert (outputs["layer"], outputs["kind"], tuple(outputs["shape"])) == ("conv", "membrane", (6, 5, 8))
    assert outputs["unit"] == 1 / 8
    text = report.render()
    assert "outputs     6 x 5 x 8 of layer conv, by channel, row and column  (exact)" in text
    assert "unit        a membrane of 1 is 1/8 of a weight of 1" in text
    plain = report_of(program, tier)
    assert plain.outputs.unit == 1
    assert (
        plain.outputs.values == execute_network(network, encode_inputs(network.input, 4, x)).outputs.tolist()
    )
    assert "outputs  " not in plain.render() and "unit  " not in plain.render()


def test_a_file_keeps_a_quarter_of_a_million_outputs() -> None:
    few = Outputs("a", "membrane", (1, 1, 1), 1.0, [[1]] * (1 << 18))
    more = replace(few, values=[[1]] * ((1 << 18) + 1))
    assert few.to_dict()["values"] == few.values
    assert more.to_dict()["values"] is None
    assert more.values is not None


def test_a_count_of_spikes_has_no_finer_unit(program: Build) -> None:
    network = program.network
    last = network.layers[-1]
    counted = replace(
        network,
        layers=(
            *network.layers[:-1],
            replace(last, neurons=replace(last.neurons, reset="soft", fraction_bits=2)),
        ),
        readout=Readout("out", "spike_count"),
    )
    compiled = compile_network(counted, load_target("fpga"))
    report = simulate(Build(compiled.network, compiled.tiled), samples()[0], tier="functional")
    assert report.outputs.unit == 1
