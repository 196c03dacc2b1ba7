"""`snnc run`: a build on the hardware behind a serial port."""

import time
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from snnc.base.errors import LinkError
from snnc.base.files import cache_directory
from snnc.commands.console import Console
from snnc.commands.deliver import deliver
from snnc.commands.options import build_argument, json_option, pass_console, selection_options
from snnc.commands.run_report import HostTimes, RunReport
from snnc.compiler.formats.storage import Build
from snnc.compiler.ir.image import Image
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.passes.encode import Encode
from snnc.compiler.passes.specialise import specialise
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.models import Selection, load_inputs
from snnc.rtl.host.driver import Board, HardwareResults, run_samples
from snnc.rtl.host.link import Link
from snnc.rtl.host.loading import load_flits
from snnc.rtl.host.port import SIMULATED, open_port
from snnc.rtl.host.readback import read_back
from snnc.rtl.parameters import EVERY_MEMORY, WEIGHTS_ALONE, RtlParameters, identity, parameters_for

RESULT_FILE = "run.json"


@dataclass(frozen=True)
class Line:
    """The serial port that the board is at."""

    port: str
    """Device, or `sim` for a board in software."""
    baud: int


@dataclass(frozen=True)
class Manner:
    """How samples are run."""

    stream: bool = False
    """Also those that the board cannot gather."""
    read_back: bool = False
    """First compare what the memories hold with what was loaded."""


@click.command("run")
@build_argument
@click.option("--port", required=True, help="Serial device of the board, or `sim` for one in software.")
@click.option("--baud", type=click.IntRange(1200, 12_000_000), default=1_000_000, help="Bits per second.")
@selection_options
@click.option(
    "--stream", is_flag=True, help="Run also samples that the board cannot gather; no exact cycles."
)
@click.option("--read-back", is_flag=True, help="First compare the memories with what was loaded.")
@json_option(RESULT_FILE)
@pass_console
def command(
    console: Console,
    folder: Path,
    port: str,
    baud: int,
    selection: Selection,
    stream: bool,
    read_back: bool,
    json_file: Path | None,
) -> None:
    """Run a build on a board: load it over UART, stream samples, read results and cycles."""
    how = Manner(stream, read_back)
    report = run_build(folder, selection, Line(port, baud), console, how)
    deliver(report, console, kept=folder / RESULT_FILE, json_file=json_file)


def run_build(folder: Path, chosen: Selection, line: Line, console: Console, how: Manner) -> RunReport:
    """Load a build into the board at `line` and run samples on it.

    Raises LinkError where the board does not answer or is another, DoesNotFit where a sample is too large.
    """
    build = Build.load(folder)
    network, inputs = build.network, load_inputs(build.network, chosen, console.say)
    labels = inputs.classes
    payloads = encode_inputs(network.input, network.steps, inputs.x)
    loadable = _Hardware.of(build.tiled, EVERY_MEMORY)
    if line.port == SIMULATED:
        console.say("compiling the board in software; it is kept for the next time")
    with open_port(line.port, line.baud, loadable.image, cache_directory()) as (port, timeout):
        board = Board(Link(port, timeout))
        board.connect()
        console.detail(f"{port.name}: hardware {board.identity:06x}, gathers {board.input_depth} flits")
        hardware = _held(board.identity, loadable)
        results, times = _load_and_run(board, hardware, payloads, how, console)
    predictions = np.argmax(results.outputs, axis=1)
    target = hardware.program.target
    return RunReport(
        target=target.name,
        model_hash=build.model_hash,
        steps=network.steps,
        predictions=predictions.tolist(),
        correct=int(np.count_nonzero(predictions == labels)),
        cycles=None if results.cycles is None else results.cycles.tolist(),
        clock_hz=target.clock_mhz * 1e6,
        port=line.port,
        link=board.link.counts,
        host=times,
    )


@dataclass(frozen=True)
class _Hardware:
    """Hardware that runs the build: a program, as it is placed there, and its image."""

    program: TiledProgram
    image: Image
    parameters: RtlParameters

    @staticmethod
    def of(program: TiledProgram, loadable: int) -> "_Hardware":
        """The hardware of `program`'s target."""
        image = Encode().run(program)
        return _Hardware(program, image, parameters_for(image, loadable=loadable))


def _held(identity_held: int, loadable: _Hardware) -> _Hardware:
    """What the board holds: hardware for this network alone, as `snnc synth` makes it, or else `loadable`."""
    own = _Hardware.of(specialise(loadable.program), WEIGHTS_ALONE)
    return own if identity(own.parameters, own.image) == identity_held else loadable


def _load_and_run(
    board: Board, hardware: _Hardware, payloads: IntArray, how: Manner, console: Console
) -> tuple[HardwareResults, HostTimes]:
    parameters = hardware.parameters
    if how.read_back:
        _compare_memories(board, hardware, console)
    start = time.perf_counter()
    with console.progress("loading", len(load_flits(hardware.image, parameters.loadable))) as update:
        board.load(hardware.image, parameters, progress=update)
    loaded = time.perf_counter()
    with console.progress("running", len(payloads)) as update:
        results = run_samples(board, hardware.program, payloads, stream=how.stream, progress=update)
    return results, HostTimes(loaded - start, time.perf_counter() - loaded)


def _compare_memories(board: Board, hardware: _Hardware, console: Console) -> None:
    """Raise LinkError where the board does not hold what is loaded into it."""
    with console.progress("reading back", len(hardware.image.on_core())) as update:
        found = read_back(board, hardware.image, hardware.parameters, update)
    if wrong := [part for part in found if part.different]:
        worst = max(wrong, key=lambda part: part.different)
        raise LinkError(
            f"{worst.different} of {worst.words} words of {worst.memory} on core {worst.place} are not what "
            f"was loaded; {len(wrong) - 1} other memories differ",
            where=board.link.port.name,
        )
    console.say(f"read back: {sum(part.words for part in found)} words, none different")
