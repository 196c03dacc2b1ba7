"""`snnc bench`: what simulation and compilation cost, beside the least they could, peers and aims."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from snnc.base.files import make_directory
from snnc.commands.console import Console
from snnc.commands.deliver import deliver
from snnc.commands.options import directory, file, json_option, pass_console

if TYPE_CHECKING:
    from snnc.benchmark.figures import Large
    from snnc.benchmark.networks import Subject
    from snnc.benchmark.results import Bench

RESULT_FILE, PICTURE_FILE = "bench.json", "cost.svg"
SAMPLES, MESH_SAMPLES, FEWER = 8, 1, 3
"""Samples of a round, of the large mesh, and rounds of what takes long."""
LARGEST_MESH = 32
"""Side of the mesh that is filled, where targets may be so large."""
PARTS = ("networks", "threads", "large", "scaling", "rtl")


@click.command("bench")
@click.option("-o", "--output", type=directory, help="Folder for bench.json and cost.svg.")
@click.option("--rounds", type=click.IntRange(2, 1000), default=9, help="Measurements of each.")
@click.option("--only", type=click.Choice(PARTS), multiple=True, help="Measure this part; may be repeated.")
@click.option("--sanafe", type=file, metavar="PYTHON", help="A Python that has SANA-FE.")
@click.option(
    "--sanafe-script",
    type=file,
    default="examples/benchmarks/peers/sanafe_peer.py",
    help="What it runs.",
)
@json_option(RESULT_FILE)
@pass_console
def command(
    console: Console,
    output: Path | None,
    rounds: int,
    only: tuple[str, ...],
    sanafe: Path | None,
    sanafe_script: Path,
    json_file: Path | None,
) -> None:
    """Measure what simulation and compilation cost, beside peers, aims and the least possible.

    CPU time, contenders in turn, encoding included, ratios of the same round: docs/performance.md.
    """
    result = measure(console, rounds, only or PARTS, sanafe, sanafe_script)
    if output is not None:
        make_directory(output)
        if result.curves:
            from snnc.benchmark.plot import draw_curves

            draw_curves(result.curves, output / PICTURE_FILE)
    kept = None if output is None else output / RESULT_FILE
    deliver(result, console, kept=kept, json_file=json_file)


def measure(
    console: Console, rounds: int, parts: tuple[str, ...], sanafe: Path | None, script: Path
) -> "Bench":
    """The parts that are wanted, one after the other."""
    from snnc.benchmark import peers
    from snnc.benchmark.figures import measure_network, thread_speedup
    from snnc.benchmark.hardware import verilated
    from snnc.benchmark.networks import NETWORKS, subject
    from snnc.benchmark.results import Bench
    from snnc.benchmark.scaling import measure_scaling

    rows = []
    for name in NETWORKS if "networks" in parts else ():
        console.say(f"measuring {name}")
        large = name == "mesh"
        one = subject(name, MESH_SAMPLES if large else SAMPLES)
        rows.append(
            measure_network(one, FEWER if large else rounds, {} if large else _snntorch(one, console))
        )
    threads = thread_speedup(subject("conv", 2 * SAMPLES), rounds) if "threads" in parts else None
    found = tuple(_large(console)) if "large" in parts else ()
    curves = tuple(measure_scaling(FEWER, console.detail)) if "scaling" in parts else ()
    compared = None if sanafe is None else peers.sanafe(subject("dense", 1), sanafe, script, rounds)
    if "rtl" in parts:
        console.say("compiling and running the RTL")
    speeds = tuple(verilated(FEWER)) if "rtl" in parts else ()
    return Bench(rounds, tuple(rows), threads, found, compared, speeds, curves)


def _snntorch(subject: "Subject", console: Console) -> dict[str, Callable[[], object]]:
    """snnTorch as a contender, where it is installed."""
    from snnc.benchmark.peers import snntorch

    try:
        return {"snnTorch": snntorch(subject)}
    except ModuleNotFoundError as error:
        console.say(f"without snnTorch: {error.name} is not installed")
        return {}


def _large(console: Console) -> "list[Large]":
    from snnc.base.bounds import Range, annotations, unannotated
    from snnc.benchmark.figures import large_convolutional, large_dense, long_chain, measure_apart
    from snnc.compiler.targets import Target

    rules = unannotated(annotations(Target)["width"])[1]
    most = int(min(*(rule.high for rule in rules if isinstance(rule, Range)), LARGEST_MESH))
    console.say("compiling large networks")
    return [
        measure_apart(large_dense, 4096, side=most, memory=True),
        measure_apart(large_dense, 10_000, side=most),
        measure_apart(large_convolutional, side=most),
        measure_apart(long_chain, most * most, side=most),
    ]
