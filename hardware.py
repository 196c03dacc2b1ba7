"""`snnc run`: a build on the hardware behind a serial port, what it prints and what its JSON holds."""

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from . import __version__
from .compiler.encoding import encode_inputs
from .compiler.passes.encode import Encode
from .compiler.storage import Program
from .console import Console, format_quantity
from .files import cache_directory, write_text
from .model_files import load_inputs

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
    """Load a build into the board at `port_name` and run samples on it; writes and returns its run.json.

    Raises LinkError where the board does not answer or is another, DoesNotFit where a sample is too large.
    """
    from .rtl.host import Board, load_flits, run_samples
    from .rtl.link import Link
    from .rtl.port import SIMULATED, open_port

    program = Program.load(build)
    inputs = load_inputs(program.network, data, data_dir=data_dir, split=split, samples=samples)
    network, tiled = program.network, program.tiled
    payloads = encode_inputs(network.input, network.steps, inputs.x)
    image = Encode().run(tiled)
    if port_name == SIMULATED:
        console.say("compiling the board in software; it is kept for the next time")
    with open_port(port_name, baud, image, cache_directory()) as (port, timeout):
        board = Board(Link(port, timeout))
        board.connect()
        console.detail(f"{port.name}: hardware {board.identity:06x}, gathers {board.input_depth} flits")
        start = time.perf_counter()
        with console.progress("loading", len(load_flits(image))) as update:
            board.load(image, progress=update)
        loaded = time.perf_counter()
        with console.progress("running", len(payloads)) as update:
            results = run_samples(board, tiled, payloads, stream=stream, progress=update)
        finished = time.perf_counter()
    predictions = np.argmax(results.outputs, axis=1)
    correct = int(np.count_nonzero(predictions == inputs.y))
    cycles = None if results.cycles is None else results.cycles.tolist()
    document = {
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
    write_text(build / RESULT_FILE, json.dumps(document, indent=1) + "\n")
    return document


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
