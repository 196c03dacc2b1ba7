"""The netlist of a small network, simulated cell by cell: packets and cycles are the simulator's."""

import re
from collections.abc import Callable, Sequence
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
from snnc.rtl.simulation.cosimulate import cosimulate
from snnc.rtl.simulation.simulate import RtlRun, run_rtl
from snnc.rtl.simulation.toggles import count_toggles
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


def run_netlist(
    netlist: Path, parameters: RtlParameters, cache: Path, simulator: Simulator, waves: Path | None = None
) -> RtlRun:
    """Stream the payloads through the netlist; nothing is configured."""
    built = build_gates(netlist, parameters, cache, simulator, waves=waves is not None)
    stimulus = encode_samples(PROGRAM, tiny_payloads())
    ends = TINY_SAMPLES * PROGRAM.ends_per_sample
    return run_rtl(built, stimulus, ends, timeout_cycles=100_000, waves=waves)


def is_held(scopes: Sequence[str], name: str) -> bool:
    """Whether a signal of the netlist is the output of a flip-flop, or of a block RAM's register."""
    return scopes[-2] == "u_netlist" and (name == "Q" or name.startswith("DO"))


def is_logic(scopes: Sequence[str], name: str) -> bool:
    """Whether it is the output of a look-up table, its multiplexers, or a carry cell."""
    return scopes[-2] == "u_netlist" and name in ("Z", "S0", "S1")


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


def test_the_registers_that_change_are_about_those_that_the_power_page_counts_in_the_rtl(
    netlist: tuple[Path, RtlParameters],
    tmp_path: Path,
    rtl_cache: Path,
    needs: Callable[[Simulator], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The ratios of docs/energy.md. Fewer change in the netlist, whose FIFOs are distributed RAM; the RTL
    runs each sample twice, alone and in the stream."""
    needs("icarus")
    needs("verilator")
    monkeypatch.setenv("SIM_CMD_SUFFIX", "-vcd")  # Behind cocotb's own choice of no waveform or FST.
    gates, rtl = tmp_path / "gates.vcd", tmp_path / "rtl.vcd"
    assert not run_netlist(*netlist, rtl_cache, "icarus", waves=gates).timed_out
    monkeypatch.delenv("SIM_CMD_SUFFIX")
    image = Encode().run(PROGRAM)
    cosimulate(image, PROGRAM, tiny_payloads(), cache=rtl_cache, work=tmp_path, waves=rtl)
    held, counted = count_toggles(gates, is_held), count_toggles(rtl)
    logic = count_toggles(gates, is_logic)
    assert 2 * held["neurons"] / counted["neurons"] == pytest.approx(0.95, abs=0.1)
    assert 2 * held.total() / counted.total() == pytest.approx(0.88, abs=0.1)
    assert logic.total() / held.total() == pytest.approx(0.84, abs=0.15)
