"""Runs the mesh in its harness: parameters and flits in, packets and sweep trace out.

`build_rtl` compiles the mesh with its harness once per set of parameters and keeps the result in a
cache; `run_rtl` feeds it a stimulus and returns what left the mesh, with cycles.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import UsageError
from snnc.compiler.isa.contract import FLIT, FlitType
from snnc.compiler.isa.flits import flit
from snnc.rtl.parameters import RtlParameters
from snnc.rtl.simulation.model import build_model, run_model
from snnc.rtl.simulation.results import RtlTrace, read_outputs, read_trace
from snnc.rtl.simulation.tools import Simulator
from snnc.rtl.sources import simulation_sources

TOP = "snnc_harness"
STIMULUS, OUTPUT, TRACE = "stimulus.hex", "output.txt", "trace.txt"
"""What a run reads and writes in its folder."""


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
class RtlRun:
    """What one simulation gave."""

    outputs: NDArray[np.void]
    """Packets that left the mesh: fields `run`, `cycle` and `flit`."""
    trace: RtlTrace | None
    """None when the build has no trace."""
    cycles: int
    """Clock cycles simulated, with configuration and resets."""
    timed_out: bool
    wrong: bool
    """An error bit was set, or a run ended elsewhere than between two samples."""
    log: str
    """What the simulator printed."""


def end_of_run(ends: int) -> int:
    """Stimulus word that waits for `ends` END flits in this run, resets, and begins the next."""
    return flit(FlitType.RESTART, ends)


def build_rtl(
    parameters: RtlParameters,
    cache_dir: Path,
    simulator: Simulator = "verilator",
    *,
    trace: bool = True,
    stall_hooks: bool = False,
    assertions: bool = True,
    waves: bool = False,
    counters: bool = False,
) -> BuiltRtl:
    """Compile the mesh and its harness, or find it in `cache_dir`.

    `stall_hooks` adds random stalls inside every FIFO (`run_rtl(stall=...)`); without them only
    the host's streams stall. `counters` makes the log tell every action (`counters.py`). Safe
    to call from several processes at once.
    """
    names = ("TRACE", "STALL", "ASSERT", "WAVES")
    chosen = (trace, stall_hooks, assertions, waves and simulator == "icarus")
    defines = [f"SNNC_{name}" for name, wanted in zip(names, chosen, strict=True) if wanted]
    directory = build_model(
        simulation_sources(counters=counters),
        TOP,
        parameters.verilog(),
        cache_dir,
        simulator,
        defines=defines,
        public=("clk_i", "done_o", "timed_out_o", "cycles_o"),
        waves=waves,
    )
    return BuiltRtl(parameters, simulator, directory, trace, stall_hooks, waves)


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
    """Run the mesh on `stimulus` (flits) until `ends` END flits have left, over all runs, and it is at rest.

    The first `config_flits` flits configure and are followed by a reset. `stall` is the share of
    cycles in which the host offers no input, and takes no output. `waves` names a waveform file
    to write (VCD by Verilator, FST by Icarus); the build must have been made with `waves=True`.
    Files stay in `work_dir`.
    """
    if waves is not None and not built.waves:
        raise UsageError("waveforms need a build made with waves=True")
    settings = {
        "config_flits": config_flits,
        "ends": ends,
        "timeout": timeout_cycles,
        "stall": round(stall * 1000),
        "stall_seed": seed,
    }
    with _folder(work_dir) as folder:
        lines = [f"{word:0{-(-FLIT.width // 4)}x}\n" for word in np.asarray(stimulus, np.uint64).tolist()]
        (folder / STIMULUS).write_text("".join(lines))
        log = _simulate(built, folder, settings, waves)
        cycles, timed_out, wrong = (folder / "result.txt").read_text().split()[:3]
        return RtlRun(
            outputs=read_outputs(folder / OUTPUT),
            trace=read_trace(folder / TRACE, built.parameters) if built.trace else None,
            cycles=int(cycles),
            timed_out=timed_out == "1",
            wrong=wrong == "1",
            log=log,
        )


def _simulate(built: BuiltRtl, folder: Path, settings: dict[str, int], waves: Path | None) -> str:
    """Run the compiled mesh on the stimulus in `folder`, where its results go; returns what it printed."""
    arguments = {"stimulus": STIMULUS, "output": OUTPUT, "trace": TRACE, **settings}
    plusargs = [f"+{name}={value}" for name, value in arguments.items()]
    test_args = []
    if waves is not None and built.simulator == "icarus":
        plusargs.append(f"+waves={waves.resolve()}")
    elif waves is not None:
        test_args = ["--trace-file", str(waves.resolve())]
    return run_model(
        built.directory,
        TOP,
        "snnc.rtl.simulation.harness_clock",
        built.simulator,
        folder,
        plusargs=plusargs,
        test_args=test_args,
        waves=waves is not None,
    )


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    """The folder of a run: `kept`, or one that goes with it."""
    if kept is None:
        with tempfile.TemporaryDirectory(prefix="snnc-rtl-") as folder:
            yield Path(folder).resolve()
        return
    kept.mkdir(parents=True, exist_ok=True)
    yield kept.resolve()
