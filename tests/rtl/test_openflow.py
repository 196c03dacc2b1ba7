"""The open FPGA tools on something small: netlist, placed clock, bitstream; and what they refuse."""

from pathlib import Path

import pytest

from snnc.base.errors import DoesNotFit, SnncError
from snnc.rtl.fpga.openflow import DEVICES, missing_tools, pack, place, synthesise
from snnc.rtl.sources import RTL_DIR

ARBITER = [RTL_DIR / "hdl/common/snnc_arbiter.sv"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        any(missing_tools(device) for device in DEVICES.values()),
        reason="the open FPGA tools are not installed",
    ),
]


@pytest.mark.parametrize("name", ["ecp5-25k", "up5k"])
def test_an_arbiter_becomes_a_bitstream(name: str, tmp_path: Path) -> None:
    device = DEVICES[name]
    netlist = synthesise(ARBITER, "snnc_arbiter", {"Requesters": "3"}, device, tmp_path)
    lines: list[str] = []
    placement = place(netlist.path, device, 1, configuration=tmp_path / "a.config", on_line=lines.append)
    assert placement.flip_flops == 3  # a bit per requester
    assert 0 < placement.luts < 40
    assert placement.block_rams == placement.multipliers == 0
    assert 50 < placement.fmax_mhz < 1000
    period = sum(step.delay_ns for step in placement.critical_path)
    assert period == pytest.approx(1000 / placement.fmax_mhz, abs=0.3)
    assert placement.critical_path_in_words().startswith("upper_q to ")
    assert any("Max frequency" in line for line in lines)
    pack(tmp_path / "a.config", device, tmp_path / "a.bit")
    assert (tmp_path / "a.bit").read_bytes().startswith(b"\xff\x00")


def test_a_netlist_is_kept_for_the_same_script_alone(tmp_path: Path) -> None:
    device = DEVICES["ecp5-25k"]

    def lines(requesters: str, *, keep: bool) -> int:
        seen: list[str] = []
        parameters = {"Requesters": requesters}
        netlist = synthesise(
            ARBITER, "snnc_arbiter", parameters, device, tmp_path, keep=keep, on_line=seen.append
        )
        assert netlist.path.is_file()
        assert netlist.cells["TRELLIS_FF"] == int(requesters)
        return len(seen)

    assert lines("3", keep=True) > 0
    assert lines("3", keep=True) == 0
    assert lines("3", keep=False) > 0
    assert lines("2", keep=True) > 0


def test_what_the_tools_refuse_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(SnncError, match=r"yosys ended with code 1: ERROR: Module `snnc_nothing' not found"):
        synthesise(ARBITER, "snnc_nothing", {}, DEVICES["ecp5-25k"], tmp_path)
    latch = tmp_path / "latch.sv"
    latch.write_text("module latch(input a, b, output reg q); always_latch if (a) q = b; endmodule\n")
    with pytest.raises(SnncError, match=r"selection is not empty: .*latch"):
        synthesise([latch], "latch", {}, DEVICES["ecp5-25k"], tmp_path)
    wide = tmp_path / "wide.sv"
    wide.write_text(
        "module wide(input clk, input [99:0] a, output reg q); always @(posedge clk) q <= ^a; endmodule\n"
    )
    netlist = synthesise([wide], "wide", {}, DEVICES["up5k"], tmp_path)
    with pytest.raises(DoesNotFit, match="102 SB_IO needed, the device has 39") as refusal:
        place(netlist.path, DEVICES["up5k"], 1)
    assert refusal.value.exit_code == 3
