"""The power page: its lines add up and say what they rest on, and the toggles are the RTL's."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import tiny_network, tiny_payloads
from click.testing import CliRunner

from snnc.base.errors import UsageError
from snnc.commands.cli import main
from snnc.commands.power_page import Activity, PowerPage, power_page
from snnc.compiler.formats.storage import Build
from snnc.compiler.passes.specialise import specialise
from snnc.compiler.pipeline import compile_network
from snnc.compiler.targets import load_target
from snnc.rtl.simulation.toggles import count_toggles
from snnc.sim.accounting.counts import count_actions
from snnc.sim.accounting.energy_table import load_energy_table
from snnc.sim.engine.functional import run_functional

WAVES = """$timescale 1ps $end
$scope module snnc_harness $end
$var wire 1 ! counting $end
$var wire 4 " wait_q [3:0] $end
$scope module u_top $end
$scope module u_mesh $end
$scope module u_router $end
$var wire 4 # read_q [3:0] $end
$var wire 4 $ read [3:0] $end
$upscope $end
$scope module u_core $end
$scope module u_emitter $end
$scope module u_emit $end
$var wire 1 % hit_q2 $end
$upscope $end
$scope module u_trace $end
$var wire 1 & step_q $end
$upscope $end
$upscope $end
$upscope $end
$upscope $end
$upscope $end
$upscope $end
$enddefinitions $end
#0
0!
b0000 #
b0000 "
0%
0&
#1
b1111 #
#2
1!
b0011 #
b1111 $
b1111 "
1%
1&
#3
b0010 #
0%
#4
0!
b1101 #
"""


def test_registers_that_change_in_a_run_are_counted_by_part(tmp_path: Path) -> None:
    path = tmp_path / "w.vcd"
    path.write_text(WAVES)
    assert count_toggles(path) == Counter({"router": 2 + 1, "emitter": 2})


def page(rate: float, table: str = "ecp5") -> PowerPage:
    program = specialise(compile_network(tiny_network(), load_target("ecp5-25k-mesh")).tiled)
    counts = count_actions(program, run_functional(program, tiny_payloads()).primitives)
    activity = Activity(counts, 3, 500.0, Counter(neurons=1000, router=10), 2000, "placed")
    return power_page(program, load_energy_table(table), activity, rate)


def test_lines_add_up_and_only_what_is_done_grows_with_the_rate() -> None:
    idle, slow, fast = page(1e-3), page(100), page(1000)
    for found in (idle, slow, fast):
        typical, low, high = found.totals
        assert low < typical < high
        assert typical == pytest.approx(sum(line.typical for line in found.lines))
        assert all(line.low <= line.typical <= line.high and line.amount for line in found.lines)
        assert {line.confidence for line in found.lines} <= {"measured", "derived", "assumed"}
    always = [line for line in idle.lines if line.name in ("static", "clock")]
    assert idle.totals[0] == pytest.approx(sum(line.typical for line in always), rel=1e-6)
    assert always[0].typical == pytest.approx(0.085)
    assert always[1].typical == pytest.approx(2000 * 100e6 * 0.014e-12)
    assert fast.totals[0] - idle.totals[0] == pytest.approx(10 * (slow.totals[0] - idle.totals[0]), rel=1e-3)
    assert fast.busy == pytest.approx(500 * 1000 / 100e6)
    toggles = {line.name: line.typical for line in fast.lines}
    assert toggles["toggles: neurons"] == pytest.approx(1000 * 1000 * 0.5e-12)
    document = fast.to_dict()
    assert document["energy_per_sample_j"]["typical"] == pytest.approx(fast.totals[0] / 1000)
    assert max(map(len, fast.render().splitlines())) <= 80


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(
        UsageError, match=r"^at most 200000 inferences per second follow each other, not 1e\+06$"
    ):
        page(1e6)
    for table in ("cmos45", "loihi"):
        with pytest.raises(UsageError, match=rf"^table `{table}` has no static power of an FPGA"):
            page(1, table)
    assert page(1, "ice40-up5k").lines[0].confidence == "measured"


def test_a_target_without_an_fpga_has_no_page(tmp_path: Path) -> None:
    compiled = compile_network(tiny_network(), load_target("mesh16"))
    Build(compiled.network, compiled.tiled).save(tmp_path)
    result = CliRunner().invoke(main, ["power", str(tmp_path), "--data", "digits"])
    assert result.exit_code == 2 and "has no FPGA behind it" in result.stderr


@pytest.mark.slow
def test_the_page_of_a_build(tmp_path: Path) -> None:
    network = replace(tiny_network(), name="tiny")
    compiled = compile_network(network, load_target("ecp5-25k-mesh"))
    Build(compiled.network, compiled.tiled).save(tmp_path)
    np.savez(tmp_path / "own.npz", x=np.full((2, 1, 6, 6), 3, np.uint8), y=np.zeros(2, np.int64))
    arguments = ["power", str(tmp_path), "--data", str(tmp_path / "own.npz"), "--rate", "50", "--json", "-"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document == json.loads((tmp_path / "power.json").read_text())
    names = [line["name"] for line in document["lines"]]
    assert {"static", "clock", "toggles: neurons", "memories", "arithmetic", "mesh", "pads"} <= set(names)
    assert all(line["typical"] > 0 for line in document["lines"] if line["name"] != "toggles: status")
    assert "predicted" in document["lines"][1]["amount"]
