"""`snnc import`, `snnc export` and `snnc compile net.nir`: from a file to a build, and back."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import nir
import numpy as np
import onnx
import pytest
from click.testing import CliRunner, Result
from recorded import draw_events, write_nmnist

import snnc
from snnc.commands.cli import main
from snnc.models import Selection, load_inputs, read_model
from snnc.training.data.recordings.view import View

RNG = np.random.default_rng(31)


def run(*arguments: str | Path) -> Result:
    """Invoke `snnc` in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def _lif(size: int, theta: float) -> Any:
    """A LIF as snnTorch exports it, beta 0.9."""
    ones = np.ones(size, np.float32)
    tau = np.float32(1e-3)
    return nir.LIF(tau * ones, np.float32(10) * ones, 0 * ones, theta * ones, 0 * ones)


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier of the digits: random features, and a readout fitted to them by least squares."""
    path = tmp_path_factory.mktemp("nir") / "net.nir"
    digits = snnc.dataset("digits", "train")
    features = np.random.default_rng(31).normal(0, 0.35, (48, 64))
    hidden = np.maximum(digits.x / 16 @ features.T - 0.3, 0)
    wanted = np.eye(10)[digits.y] * 2 - 0.6
    answers, *_ = np.linalg.lstsq(np.c_[hidden, np.ones(len(hidden))], wanted, rcond=None)
    nodes = {
        "input": nir.Input(np.array([64])),
        "fc1": nir.Affine(features, np.full(48, -0.3)),
        "lif1": _lif(48, 2.0),
        "fc2": nir.Affine(answers[:-1].T, answers[-1] / 4),
        "lif2": _lif(10, 0.5),
        "output": nir.Output(np.array([10])),
    }
    nir.write(path, nir.NIRGraph(nodes, list(pairwise(nodes)), type_check=False))
    return path


def _import(net: Path, output: Path, *more: str) -> Result:
    return run("import", net, "-o", output, "--calibrate", "digits", "--steps", "12", *more)


def test_a_file_becomes_a_model_that_compiles(net: Path, tmp_path: Path) -> None:
    result = _import(net, tmp_path / "model.pt", "--json", str(tmp_path / "import.json"))
    assert result.exit_code == 0, result.output
    for said in (
        "exporter snntorch (inferred",
        "dt 0.0001 s (inferred",
        "same class, float graph and integers",
    ):
        assert said in result.stderr
    report = json.loads((tmp_path / "import.json").read_text())
    assert report["agreement"]["overall"] > 0.95
    assert abs(report["agreement"]["accuracy"] - report["agreement"]["float_accuracy"]) < 0.03
    assert {node["node"]: node["status"] for node in report["nodes"]} == dict.fromkeys(
        ("fc1", "lif1", "fc2", "lif2"), "exact"
    )
    compiled = run("compile", tmp_path / "model.pt", "-o", tmp_path / "build")
    assert compiled.exit_code == 0, compiled.output
    simulated = run(
        "-q", "simulate", tmp_path / "build", "--data", "digits", "--samples", "100", "--json", "-"
    )
    assert json.loads(simulated.stdout)["accuracy"] > report["agreement"]["float_accuracy"] - 0.1


def test_recordings_calibrate_as_many_events_as_they_have(net: Path, tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    for label in range(3):
        write_nmnist(tmp_path / "train" / f"a_{label}.bin", draw_events(label, 600, (8, 8)))
    seen = ["--calibrate", str(tmp_path), "--bin", "5ms", "--crop", "8x8"]
    said = tmp_path / "import.json"
    result = run("import", net, "-o", tmp_path / "m.pt", *seen, "--steps", "6", "--json", said)
    assert result.exit_code == 0, result.output
    assert "3 recordings, labels from the number behind the last _" in result.stderr
    assert "1800 events, of them dropped" in result.stderr and "after the last step" in result.stderr
    agreement = json.loads(said.read_text())["agreement"]
    assert agreement["samples"] == 3 and agreement["accuracy"] is not None
    node = read_model(tmp_path / "m.pt")[1].input
    chosen = Selection(str(tmp_path), split="train", view=View.parse("5ms", crop="8x8"))
    inputs = load_inputs(read_model(tmp_path / "m.pt")[1], chosen)
    assert node.encoding == "events" and node.max_payload == inputs.x.max() > 1
    compiled = run("compile", net, "-o", tmp_path / "build", *seen, "--steps", "6")
    assert compiled.exit_code == 0, compiled.output
    assert read_model(tmp_path / "build" / "model.pt")[1].input == node
    refused = run("import", net, *seen)
    assert refused.exit_code == 2 and "recordings need a number of steps" in refused.stderr


def test_long_names_leave_room_between_columns(tmp_path: Path) -> None:
    nodes = {"input": nir.Input(np.array([4])), "a_block_of_layers.its_neurons": _lif(4, 0.5)}
    nodes["output"] = nir.Output(np.array([4]))
    nir.write(tmp_path / "net.nir", nir.NIRGraph(nodes, list(pairwise(nodes)), type_check=False))
    result = run("import", tmp_path / "net.nir", "--steps", "4")
    assert "a_block_of_layers.its_neurons  LIF  " in result.stderr


def test_the_same_file_gives_the_same_bytes(net: Path, tmp_path: Path) -> None:
    for name in ("a.pt", "b.pt"):
        assert _import(net, tmp_path / name).exit_code == 0
    assert (tmp_path / "a.pt").read_bytes() == (tmp_path / "b.pt").read_bytes()


def test_an_exported_model_comes_back_exactly(net: Path, tmp_path: Path) -> None:
    assert _import(net, tmp_path / "a.pt").exit_code == 0
    exported = run("export", tmp_path / "a.pt", "-o", tmp_path / "a.nir")
    assert exported.exit_code == 0 and "NIR does not say: a soft reset" in exported.stderr
    assert run("import", tmp_path / "a.nir", "-o", tmp_path / "b.pt").exit_code == 0
    assert (tmp_path / "a.pt").read_bytes() == (tmp_path / "b.pt").read_bytes()
    nir.read(tmp_path / "a.nir")  # with its type check


def test_compile_takes_the_file_itself_and_prints_what_it_assumed(net: Path, tmp_path: Path) -> None:
    result = run("compile", net, "-o", tmp_path / "build", "--steps", "6", "--bits", "4")
    assert result.exit_code == 0, result.output
    assert "exporter snntorch" in result.stderr and "random samples, which says little" in result.stderr
    network = read_model(tmp_path / "build" / "model.pt")[1]
    assert (network.steps, network.weight_bits) == (6, 4)


def test_from_python(net: Path, tmp_path: Path) -> None:
    found = snnc.import_model(net, calibrate="digits", steps=8, bits=6)
    assert found.agreement.samples == 256 and found.agreement.semantics == 1
    program = snnc.compile(found)
    digits = snnc.dataset("digits")
    report = snnc.simulate(program, digits.x[:50], digits.y[:50])
    assert report.accuracy is not None and report.accuracy > 0.6
    snnc.save(found, tmp_path / "model.pt")
    assert snnc.load(tmp_path / "model.pt").weight_bits == 6


@pytest.mark.parametrize(
    "arguments, code, said",
    [
        (["model.pt"], 2, "is no .nir or .onnx file"),
        (["nothing.nir"], 2, "no such file"),
        (["{net}", "--steps", "0"], 2, "Invalid value"),
        (["{net}", "--dt", "0.01"], 4, "is less than the time step"),
        (["{net}", "--calibrate", "nothing"], 2, "unknown data set"),
        (["{net}", "--mean", "a"], 2, "must be numbers"),
        (["{net}", "--calibrate", "digits", "--state-bits", "8"], 4, "a state word has 8"),
        (["{net}", "weights.pt"], 2, "a checkpoint is for a module"),
        (["{net}", "--from", "norse"], 2, "--from is for a module"),
        (["{net}", "--mean", "nan"], 2, "mean must be finite"),
        (["{net}", "--deviation", "inf"], 2, "deviation must be finite"),
        (["net.onnx", "--dt", "0.1"], 2, "--dt is for .nir files"),
        (["module.py:build", "--not-strict"], 2, "--strict is for .nir files"),
        (["module.py:build"], 2, "no such file"),
    ],
)
def test_mistakes_are_one_line(net: Path, arguments: list[str], code: int, said: str) -> None:
    result = run("import", *(one.format(net=net) for one in arguments))
    assert result.exit_code == code and said in result.stderr and "Traceback" not in result.stderr


def test_integers_keep_their_bits(net: Path, tmp_path: Path) -> None:
    assert _import(net, tmp_path / "a.pt").exit_code == 0
    refused = run("compile", tmp_path / "a.pt", "--bits", "4", "--dry-run")
    assert refused.exit_code == 2 and "an imported model keeps its integers of 8 bits" in refused.stderr
    assert run("compile", tmp_path / "a.pt", "--steps", "3", "--dry-run").exit_code == 0


def test_neurons_that_hear_themselves_come_back_exactly(tmp_path: Path) -> None:
    graph = nir.NIRGraph(
        {
            "input": nir.Input(np.array([16])),
            "fc": nir.Linear(RNG.normal(0, 0.5, (6, 16))),
            "lif": _lif(6, 1.0),
            "output": nir.Output(np.array([6])),
        },
        [("input", "fc"), ("fc", "lif"), ("lif", "lif"), ("lif", "output")],
        type_check=False,
    )
    nir.write(tmp_path / "net.nir", graph)
    assert run("import", tmp_path / "net.nir", "-o", tmp_path / "a.pt").exit_code == 0
    assert run("export", tmp_path / "a.pt", "-o", tmp_path / "a.nir").exit_code == 0
    back = run("import", tmp_path / "a.nir", "-o", tmp_path / "b.pt")
    assert back.exit_code == 0, back.stderr
    assert (tmp_path / "a.pt").read_bytes() == (tmp_path / "b.pt").read_bytes()


def test_sizes_that_an_onnx_file_leaves_open(tmp_path: Path) -> None:
    helper = onnx.helper
    weights = RNG.normal(size=(5, 8)).astype(np.float32)
    ends = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", size])
        for name, size in (("x", "size"), ("y", 5))
    ]
    nodes = [helper.make_node("Gemm", ["x", "w"], ["y"], transB=1)]
    made = helper.make_graph(nodes, "net", ends[:1], ends[1:], [onnx.numpy_helper.from_array(weights, "w")])
    onnx.save(
        helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)], ir_version=8),
        tmp_path / "a.onnx",
    )
    refused = run("import", tmp_path / "a.onnx")
    assert refused.exit_code == 4 and "--shape C,H,W" in refused.stderr
    assert run("import", tmp_path / "a.onnx", "--shape", "8,1,1").exit_code == 0


def test_a_shape_that_the_file_states_otherwise_is_refused(net: Path, tmp_path: Path) -> None:
    result = _import(net, tmp_path / "model.pt", "--shape", "1,8,8")
    assert result.exit_code == 2 and "--shape is for modules and .onnx files" in result.output
