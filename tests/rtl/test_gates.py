"""The netlist of a small network, simulated cell by cell: packets and cycles are the simulator's."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from builders import TINY_SAMPLES, target, tiny_payloads, tiny_program

from snnc.compiler.passes.encode import Encode
from snnc.compiler.passes.specialise import specialise
from snnc.compiler.protocol.streams import encode_samples
from snnc.rtl.export import STREAM_TOP, export_rtl
from snnc.rtl.fpga.gates import build_gates
from snnc.rtl.fpga.openflow import DEVICES, missing_tools, synthesise
from snnc.rtl.parameters import WEIGHTS_ALONE, RtlParameters
from snnc.rtl.simulation.simulate import RtlRun, run_rtl
from snnc.rtl.simulation.tools import Simulator, simulator_missing
from snnc.sim.engine.cycle import run_stream

DEVICE = DEVICES["ecp5-25k"]
PROGRAM = specialise(tiny_program(target(width=2, height=1, lanes=4)))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing_tools(DEVICE)), reason="the open FPGA tools are not installed"),
]


@pytest.fixture(name="netlist", scope="module")
def synthesised(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RtlParameters]:
    """The Verilog netlist of the tiny network and its parameters."""
    work = tmp_path_factory.mktemp("gates")
    parameters = export_rtl(Encode().run(PROGRAM), work / "rtl", loadable=WEIGHTS_ALONE)
    files = [work / "rtl" / name for name in (work / "rtl" / "files.f").read_text().split()]
    netlist = synthesise(files, STREAM_TOP, {}, DEVICE, work / "rtl")
    assert netlist.cells["DP16KD"] > 0
    return netlist.path.with_name(f"{STREAM_TOP}.netlist.v"), parameters


@pytest.fixture(name="simulator")
def fastest_to_build(needs: Callable[[Simulator], None]) -> Simulator:
    """Icarus where it is present: Verilator takes longer to compile the cells than Icarus to run them."""
    if simulator_missing("icarus") is None:
        return "icarus"
    needs("verilator")
    return "verilator"


def run_netlist(netlist: Path, parameters: RtlParameters, cache: Path, simulator: Simulator) -> RtlRun:
    """Stream the payloads through the netlist; nothing is configured."""
    built = build_gates(netlist, parameters, cache, simulator)
    stimulus = encode_samples(PROGRAM, tiny_payloads())
    return run_rtl(built, stimulus, TINY_SAMPLES * PROGRAM.ends_per_sample, timeout_cycles=100_000)


def test_the_netlist_gives_the_packets_of_the_simulator_in_its_cycles(
    netlist: tuple[Path, RtlParameters], rtl_cache: Path, simulator: Simulator
) -> None:
    """Weights come from the initial values of the block RAMs, so that their contents are checked too."""
    run = run_netlist(*netlist, rtl_cache, simulator)
    expected = run_stream(PROGRAM, tiny_payloads())
    assert not run.timed_out
    np.testing.assert_array_equal(run.outputs["flit"], expected.flits)
    np.testing.assert_array_equal(run.outputs["cycle"], expected.stamps)


def test_the_block_rams_hold_the_weights_and_another_content_shows(
    netlist: tuple[Path, RtlParameters], tmp_path: Path, rtl_cache: Path, simulator: Simulator
) -> None:
    text = netlist[0].read_text()
    spoiled, count = re.subn(
        r"(INITVAL_00\(320'h)([0-9a-f]+)", lambda m: m[1] + format(int(m[2], 16) ^ 1, "080x"), text
    )
    assert count > 0
    (tmp_path / "spoiled.v").write_text(spoiled)
    run = run_netlist(tmp_path / "spoiled.v", netlist[1], rtl_cache, simulator)
    assert run.outputs["flit"].tolist() != run_stream(PROGRAM, tiny_payloads()).flits.tolist()
