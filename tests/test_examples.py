"""The examples run: the stored network compiles, and the script prints what it says."""

import json
import runpy
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from builders import tiny_program

import snnc
from snnc.compiler.passes.encode import Encode
from snnc.compiler.targets import load_target

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
    assert capsys.readouterr().out.count("left out") == len(script["ROWS"]) == 5
    for row in script["ROWS"][:3]:
        network = snnc.load(folder / "models" / f"{row.name}.pt")
        program = snnc.compile(network, row.target)
        random = np.random.default_rng(0)
        size = (2, network.steps, network.input.features) if row.name == "mnist-delays" else (2, 784)
        x = random.integers(0, network.input.max_payload + 1, size)
        line = script["cells"](row, network, snnc.simulate(program, x))
        assert len(line) == len(script["HEADER"]) and line[2].startswith("9")


def test_the_script_prints_its_figures(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLES / "api.py"))["main"](epochs=1, samples=4)
    printed = capsys.readouterr().out
    assert printed.startswith("accuracy ")
    assert "nJ (estimated, table cmos45)" in printed


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
    rows = [line.split("|") for line in (tmp_path / "table.md").read_text().splitlines()[2:]]
    methods = {(row[2].strip(), row[3].strip()) for row in rows}
    assert methods == {("", "ann"), ("2", "logits"), ("2", "qann"), ("2", "qcfs"), ("4", "balanced")}
    assert all(float(row[5]) > 30 for row in rows)
    main([*common, "digits-*-T2-s1", "--limit-hours", "0"])
    assert "] digits-logits-T2-s1" not in capsys.readouterr().out
    runpy.run_path(str(folder / "noise.py"))["main"](
        ["-o", str(tmp_path), "--network", "digits", "--samples", "60"]
    )
    curves = json.loads((tmp_path / "noise.json").read_text())
    flips = [set(panel) for title, panel in curves.items() if "bits" in title]
    others = [set(panel) for title, panel in curves.items() if "bits" not in title]
    assert flips == [{"qann"}] and others == [{"ann", "qann"}] * 3
    picture = ElementTree.parse(tmp_path / "noise.svg").getroot()
    assert len(picture.findall("{*}polyline")) == 7


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
    assert [line.count("|") for line in energy["table"]([cells]).splitlines()] == [len(cells) + 1] * 3
    assert (tmp_path / "digits.pt").exists()
    committed = (EXAMPLES / "benchmarks" / "energy" / "README.md").read_text("utf-8")
    assert "| " + " | ".join(energy["HEADER"]) + " |" in committed
