"""The examples run: the stored network compiles, and the script prints what it says."""

import importlib
import json
import runpy
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from builders import tiny_program

import snnc
from snnc.compiler.passes.encode import Encode
from snnc.compiler.targets import load_target
from snnc.sim.metrics import measure
from snnc.training.conversion.resnet import ResNet
from snnc.training.data.datasets import Samples

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def test_the_stored_network_compiles_for_the_default_target() -> None:
    program = snnc.compile(EXAMPLES / "mnist-cnn.pt")
    assert program.network.provenance.test is not None
    assert round(program.network.provenance.test.accuracy, 4) == 0.9904
    assert {core.layer for core in program.tiled.cores} == {"hidden1", "hidden2", "readout"}


def test_the_network_for_the_small_fpga_fits_it() -> None:
    program = snnc.compile(EXAMPLES / "mnist-fpga.pt", target="ecp5-25k-mesh")
    assert program.network.provenance.test is not None
    assert round(program.network.provenance.test.accuracy, 4) == 0.9853
    assert len(program.tiled.cores) == 2


def test_the_network_for_the_small_fpga_fits_one_core() -> None:
    program = snnc.compile(EXAMPLES / "mnist-fpga.pt", target="ecp5-25k").tiled
    assert [str(core.at) for core in program.cores] == ["(0,0)", "(0,0).1"]


def test_the_networks_for_which_spikes_win_compile_for_their_targets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = EXAMPLES / "benchmarks" / "energy"
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("SNNC_DATA", str(tmp_path))
    script = runpy.run_path(str(folder / "sparse.py"))
    script["main"](["-o", str(tmp_path)], standalone_mode=False)
    assert capsys.readouterr().out.count("left out") == 2 * len(script["ROWS"]) == 10
    for row in script["ROWS"][:3]:
        network = snnc.load(folder / "models" / f"{row.name}.pt")
        program = snnc.compile(network, row.target)
        random = np.random.default_rng(0)
        size = (2, network.steps, network.input.features) if row.name == "mnist-delays" else (2, 784)
        x = random.integers(0, network.input.max_payload + 1, size)
        report = snnc.simulate(program, x)
        cases = list(script["cases"](program, report))
        line = script["cells"](row, network, report, cases)
        assert len(line) == len(script["HEADER"]) and line[2].startswith("9")
        assert all(len(script["sureness"](row, case)) == len(script["SURENESS"]) for case in cases)


def test_the_script_prints_its_figures(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLES / "api.py"))["main"](epochs=1, samples=4)
    printed = capsys.readouterr().out
    assert printed.startswith("accuracy ")
    assert "nJ (estimated, table cmos45)" in printed


def test_what_a_gpu_is_to_measure_runs_without_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = EXAMPLES / "benchmarks" / "gpu"
    monkeypatch.syspath_prepend(str(folder))
    images, data = np.random.default_rng(0), tmp_path / "cifar10-sample"
    data.mkdir()
    for name in ("train-2000", "test-1000"):
        x = images.integers(0, 256, (4, 3, 32, 32)).astype(np.uint8)
        np.savez(data / f"{name}.npz", x=x, y=np.arange(4))
    torch.save(ResNet(20).state_dict(), tmp_path / "resnet20.th")
    main = runpy.run_path(str(folder / "run.py"))["main"]
    common = ["--tiny", "--data", str(tmp_path), "-o", str(tmp_path / "out"), "--seeds", "1"]
    main(["remaining", *common, "--resnet", str(tmp_path / "resnet20.th")])
    told = {path.name: path.read_text() for path in (tmp_path / "out").glob("*.txt")}
    parts = ("distillation", "train", "small", "resnet")
    assert all(f"{part}: exit 0" in told["remaining.txt"] for part in parts)
    found = told["distillation.txt"] + told["small.txt"] + told["resnet.txt"] + told["fashion-large-1.txt"]
    for line in ("distillation, seed 1: teacher 0.", "4-bit conversion, seed 1: float 0.", "S2NN, seed 1: f"):
        assert line in found
    assert "ResNet-20, 8-bit weights: float 0." in found and "seed 1: test 0." in found


def test_the_training_benchmark_resumes_skips_and_adds_noise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = EXAMPLES / "benchmarks" / "training"
    monkeypatch.syspath_prepend(str(folder))
    main = runpy.run_path(str(folder / "run.py"))["main"]
    common = ["-o", str(tmp_path), "--epochs", "2", "--samples", "20", "--cells"]
    main([*common, "digits-logits-T2-s1", "--limit-hours", "0"])
    assert "out of time" in capsys.readouterr().out
    assert not list(tmp_path.glob("*.json"))
    main([*common, "digits-logits-T2-s1"])
    printed = capsys.readouterr().out
    assert "teacher 1/2" not in printed and "teacher 2/2" in printed
    for pattern in ("digits-*ann-T[02]-s1", "digits-qcfs-T2-s1", "digits-balanced-T4-s1"):
        main([*common, pattern])
    main([*common, "*", "--trained-only"])
    assert "accuracy" not in capsys.readouterr().out.rpartition("] digits-ann")[2].partition("###")[0]
    rows = [line.split(" | ") for line in (tmp_path / "table.md").read_text().splitlines() if "`" in line]
    found = {row[0].strip("| "): row[-1] for row in rows}
    assert set(found) == {"`qann`", "`qcfs`", "`logits`", "`balanced`"}
    assert all(float(cell.split(" %")[0]) > 30 for cell in found.values())
    assert "nJ (ideal" in found["`qann`"]
    for method in ("`qcfs`", "`logits`", "`balanced`"):
        assert " cycles, " in found[method] and "nJ" in found[method]
    energy = ElementTree.parse(tmp_path / "energy.svg").getroot()
    assert len(energy.findall("{*}polyline")) == 3
    runpy.run_path(str(folder / "noise.py"))["main"](
        ["-o", str(tmp_path), "--network", "digits", "--samples", "60"]
    )
    curves = json.loads((tmp_path / "noise-T2.json").read_text())
    flips = [set(panel) for title, panel in curves.items() if "bits" in title]
    others = [set(panel) for title, panel in curves.items() if "bits" not in title]
    assert flips == [{"logits", "qann", "qcfs"}] and others == [{"ann", "logits", "qann", "qcfs"}] * 3
    picture = ElementTree.parse(tmp_path / "noise-T2.svg").getroot()
    assert len(picture.findall("{*}polyline")) == 15


def test_an_own_module_on_own_data(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLES / "own_model.py"))["main"](epochs=3, steps=16, samples=60)
    lines = capsys.readouterr().out.splitlines()
    own, spiking = (float(line.split()[2].rstrip("%")) for line in lines)
    assert own > 85 and spiking > own - 10


def test_an_upset_is_one_bit_and_makes_another_program() -> None:
    upsets = runpy.run_path(str(EXAMPLES / "benchmarks" / "upsets" / "run.py"))
    image = Encode().run(tiny_program(load_target("fpga")))
    loaded = image.config_flits()
    for section in upsets["SECTIONS"]:
        drawn = upsets["flips"](image, section, 20, seed=1)
        assert len({flip.key for flip in drawn}) == len(drawn) == 20
        for flip in drawn:
            changed = loaded ^ flip.of(image).config_flits()
            assert sum(int(word).bit_count() for word in changed) in (1, 2)
    threshold = upsets["Flip"](0, "thresholds", 0)
    assert upsets["is_found"](image, threshold)
    unused = upsets["Flip"](0, "registers", 32 * 60)
    assert not upsets["is_found"](image, unused)


def test_a_network_built_by_hand(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLES / "by_hand.py"))["main"](rtl=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "step 0: spikes [1 0], membranes [ 23 -33]"
    assert lines[-1].startswith("accuracy 100%, ")


def test_the_energy_benchmark_prices_a_network_with_spikes_and_without(tmp_path: Path) -> None:
    energy = runpy.run_path(str(EXAMPLES / "benchmarks" / "energy" / "run.py"))
    row = energy["Row"]("digits", "fpga", {"epochs": 1, "steps": 1})
    report = energy["simulated"](row, tmp_path, 8, None)
    cells = energy["cells"](row, report)
    assert len(cells) == len(energy["HEADER"]) and cells[0] == "digits"
    assert cells[-1].startswith(("win", "lose, "))
    assert [line.count("|") for line in energy["table"](energy["HEADER"], [cells]).splitlines()] == [
        len(cells) + 1
    ] * 3
    assert (tmp_path / "digits.pt").exists()
    committed = (EXAMPLES / "benchmarks" / "energy" / "README.md").read_text("utf-8")
    assert "| " + " | ".join(energy["HEADER"]) + " |" in committed


def test_the_grid_that_the_detector_learns_is_the_one_that_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES / "benchmarks" / "dense"))
    nets, shapes = (importlib.import_module(name) for name in ("nets", "shapes"))
    boxes = shapes.detection(30, seed=3).y
    wanted, _, sides = nets.targets(torch.from_numpy(boxes), 8)
    grids = torch.cat([sides, wanted], 1).flatten(1).numpy().astype(np.float64)
    found = measure(grids, (7, 8, 8), 1.0, boxes, (shapes.SIDE, shapes.SIDE))
    assert found is not None and found.figures["map"] > 0.95
    assert nets.detector()(torch.zeros(2, 1, 32, 32)).shape == (2, 7, 8, 8)


def test_pictures_have_the_labels_that_their_networks_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES / "benchmarks" / "dense"))
    shapes = importlib.import_module("shapes")
    run = runpy.run_path(str(EXAMPLES / "benchmarks" / "dense" / "run.py"))
    for name, task in run["TASKS"].items():
        made = task.data(6, 1)
        assert made.x.shape == (6, 1, 32, 32) and made.x.dtype == np.uint8 and made.x.std() > 20, name
        torch.manual_seed(0)
        outputs = task.network().eval()(torch.from_numpy(made.x) / 255)
        loss = task.loss(outputs, torch.from_numpy(made.y))
        assert 0 < float(loss.detach()) < 1000, name
        shape = (*outputs.shape[1:], 1, 1)[:3]
        values = outputs.detach().double().numpy().reshape(6, -1)
        assert measure(values, shape, 1.0, made.y, (32, 32)) is not None, name
    assert {0, 1, 2} == set(np.unique(shapes.segmentation(20, 2).y))


def test_a_network_on_events_is_trained_and_judged_by_every_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES / "benchmarks" / "events"))
    train = importlib.import_module("train")
    generator = np.random.default_rng(0)
    x, y = (generator.random((20, 8, 16)) < 0.3).astype(np.uint8), np.arange(20) % 4
    learn = Samples("bands", x, y, (16, 1, 1), spike_trains=True)
    for network, readout in (("delays", "spike_count"), ("cuba", "membrane"), ("recurrent", "membrane")):
        model = train.trained(learn, train.Choice(network, readout, width=8, epochs=1, seed=1))
        right, rate = train.judged(model, learn)
        fired = model.tally(x).fired
        assert len(right) == 8 and rate == pytest.approx(fired.sum() / (len(fired) * 8 * x.shape[1] * len(x)))
        assert right[-1] == (model.predict(x) == y).mean(), network
        objective = train.EveryAnswer(model, silenced=4)
        assert objective.weights[:3].sum() == 0 and objective.weights.sum() == pytest.approx(1), network
        loss, measured = objective(torch.from_numpy(x), torch.from_numpy(y))
        assert 0 < float(loss.detach()) < 10 and len(measured) == 4, network
