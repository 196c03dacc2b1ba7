"""`snnc synth` on a small network, down to placed timing and a bitstream, and a clock that is missed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from tiny import tiny_network, tiny_program

from snnc.cli import main
from snnc.compiler.storage import Program
from snnc.compiler.targets import load_target
from snnc.rtl.openflow import DEVICES, missing_tools
from snnc.synthesis import Resource, Synthesis

pytestmark = pytest.mark.skipif(
    bool(missing_tools(DEVICES["ecp5-25k"])), reason="the open FPGA tools are not installed"
)


def test_a_small_network_is_placed_and_a_missed_clock_ends_with_code_3(tmp_path: Path) -> None:
    Program(tiny_network(), tiny_program(load_target("ecp5-25k"))).save(tmp_path)
    run = CliRunner().invoke(main, ["synth", str(tmp_path), "--clock", "400", "--seed", "3"])
    assert run.exit_code == 3, run.output
    report = json.loads((tmp_path / "synth.json").read_text())
    assert f"runs at {report['fmax_hz'] / 1e6:.1f} MHz, the clock is 400.0 MHz" in run.stderr
    assert 20e6 < report["fmax_hz"] < 400e6
    assert report["seed"] == 3
    assert report["bram"]["used"] == report["predicted"]["bram"]
    assert report["lut"]["available"] == 24288
    assert 0 < report["lut"]["used"] < 24288
    assert " ns, of which " in report["critical_path"]
    assert (tmp_path / report["bitstream"]).stat().st_size > 50_000
    assert "yosys: ulx3s for ecp5-25k" in run.stderr


def test_a_target_without_an_fpga_is_refused(tmp_path: Path) -> None:
    Program(tiny_network(), tiny_program(load_target("mesh16"))).save(tmp_path)
    run = CliRunner().invoke(main, ["synth", str(tmp_path)])
    assert run.exit_code == 2
    assert "target `mesh16` has no FPGA behind it" in run.stderr


def test_the_report_sets_predicted_beside_placed() -> None:
    cells = Resource(used=100, available=400, predicted=110)
    report = Synthesis(
        "ecp5-25k", "ulx3s", False, cells, cells, cells, cells, 90e6, 100e6, "a to b", "x.bit", 1, {}
    )
    text = report.render()
    assert "LUT4           100 / 400        25%       110  +10.0%" in text
    assert "100.0 MHz wanted, 90.0 MHz placed: NOT met" in text
    assert report.to_dict()["predicted"] == {"lut": 110, "ff": 110, "bram": 110, "dsp": 110}
