"""`snnc run`: a build on the hardware behind a serial port, what it prints and what its JSON holds."""

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from snnc.base.files import cache_directory
from snnc.base.units import format_quantity
from snnc.base.version import __version__
from snnc.commands.console import Console
from snnc.compiler.formats.storage import Build
from snnc.compiler.ir.image import Image
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.passes.encode import Encode
from snnc.compiler.passes.specialise import specialise
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.models import load_inputs
from snnc.rtl.parameters import EVERY_MEMORY, WEIGHTS_ALONE, RtlParameters, identity, parameters_for

SCHEMA = 1
RESULT_FILE = "run.json"


def run_build(
    build: Path,
    port_name: str,
    data: str,
    *,
    baud: int,
    data_dir: Path | None,
    split: str,
    samples: int | None,
    stream: bool,
    console: Console,
) -> dict[str, Any]:
    """Load a build into the board at `port_name` and run samples on it; returns the document of run.json.

    Raises LinkError where the board does not answer or is another, DoesNotFit where a sample is too large.
    """
    from snnc.rtl.host.driver import Board, run_samples
    from snnc.rtl.host.link import Link
    from snnc.rtl.host.loading import load_flits
    from snnc.rtl.host.port import SIMULATED, open_port

    program = Build.load(build)
    inputs = load_inputs(program.network, data, data_dir=data_dir, split=split, samples=samples)
    network, loadable = program.network, _Hardware.of(program.tiled, EVERY_MEMORY)
    payloads = encode_inputs(network.input, network.steps, inputs.x)
    if port_name == SIMULATED:
        console.say("compiling the board in software; it is kept for the next time")
    with open_port(port_name, baud, loadable.image, cache_directory()) as (port, timeout):
        board = Board(Link(port, timeout))
        board.connect()
        console.detail(f"{port.name}: hardware {board.identity:06x}, gathers {board.input_depth} flits")
        hardware = _held(board.identity, loadable)
        tiled, parameters = hardware.program, hardware.parameters
        start = time.perf_counter()
        with console.progress("loading", len(load_flits(hardware.image, parameters.loadable))) as update:
            board.load(hardware.image, parameters, progress=update)
        loaded = time.perf_counter()
        with console.progress("running", len(payloads)) as update:
            results = run_samples(board, tiled, payloads, stream=stream, progress=update)
        finished = time.perf_counter()
    predictions = np.argmax(results.outputs, axis=1)
    correct = int(np.count_nonzero(predictions == inputs.y))
    cycles = None if results.cycles is None else results.cycles.tolist()
    return {
        "schema": SCHEMA,
        "snnc": __version__,
        "target": tiled.target.name,
        "model_hash": program.model_hash,
        "samples": len(payloads),
        "steps": tiled.steps,
        "accuracy": correct / len(payloads),
        "correct": correct,
        "predictions": predictions.tolist(),
        **_times(cycles, tiled.target.clock_mhz * 1e6),
        "basis": {"predictions": "exact", "cycles": "exact", "latency_s": "simulated"},
        "link": {"port": port_name, **asdict(board.link.counts)},
        "host": {"load_s": loaded - start, "run_s": finished - loaded},
    }


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


def _times(cycles: list[int] | None, clock: float) -> dict[str, Any]:
    """The keys `cycles`, `clock_hz` and `latency_s`, as in report.json."""
    if cycles is None:
        unknown = {"mean": None, "max": None}
        return {"cycles": {**unknown, "per_sample": None}, "clock_hz": clock, "latency_s": unknown}
    known = {"mean": sum(cycles) / len(cycles), "max": max(cycles)}
    latency = {name: value / clock for name, value in known.items()}
    return {"cycles": {**known, "per_sample": cycles}, "clock_hz": clock, "latency_s": latency}


def render_run(document: dict[str, Any]) -> str:
    """A run as text for people."""
    link, host, samples = document["link"], document["host"], document["samples"]
    lines = [
        f"{samples} samples x {document['steps']} steps on the hardware at {link['port']}",
        f"accuracy    {document['accuracy']:.4f}  ({document['correct']} of {samples}, exact)",
    ]
    cycles, latency = document["cycles"], document["latency_s"]
    if cycles["per_sample"] is None:
        lines.append("cycles      unknown: the mesh waited for the line")
    else:
        lines.append(
            f"cycles      {cycles['mean']:.1f} mean, {cycles['max']} max  (exact, counted by the hardware)"
        )
        mean, longest = (format_quantity(latency[name], "s") for name in ("mean", "max"))
        clock = document["clock_hz"] / 1e6
        lines.append(f"latency     {mean} mean, {longest} max  (those cycles at {clock:g} MHz)")
    refused = sum(link["by_board"][1:]) + link["damaged_replies"]
    lines.append(
        f"link        {link['sent']} frames, {link['repeated']} repeated, {refused} refused; "
        f"{host['load_s']:.1f} s to load, {host['run_s']:.1f} s to run"
    )
    return "\n".join(lines)
