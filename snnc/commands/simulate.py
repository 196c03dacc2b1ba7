"""`snnc simulate`: a build on samples, its report, and the budgets it has to keep."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from snnc.commands.budgets import Budgets, Tier
from snnc.commands.build_folder import REPORT_FILE
from snnc.commands.cluster import shared_folder
from snnc.commands.console import Console
from snnc.commands.deliver import deliver
from snnc.commands.options import (
    FiniteRange,
    build_argument,
    cluster_options,
    file,
    json_option,
    pass_console,
    selection_options,
)
from snnc.compiler.formats.storage import Build
from snnc.models import Selection, load_inputs

if TYPE_CHECKING:
    from snnc.exploration.shards import Sharing
    from snnc.sim.accounting.zeros import ZeroSkipping
    from snnc.sim.report import Report


@click.command("simulate")
@build_argument
@selection_options
@click.option("--tier", type=click.Choice(["cycle", "functional"]), default="cycle", help="Level of detail.")
@click.option(
    "--max-energy",
    "max_energies",
    metavar="[LAYER=][low:|high:]ENERGY",
    multiple=True,
    help="Budget per sample, e.g. 5uJ; of the low or high value; of one layer. May be given several times.",
)
@click.option("--max-latency", metavar="TIME", help="Budget of the slowest sample, e.g. 1ms.")
@click.option("--min-accuracy", type=FiniteRange(0, 1), help="Budget, e.g. 0.95.")
@click.option("--energy-table", metavar="NAME", help="Price by this table, or .yaml, not by the target's.")
@click.option(
    "--zero-skipping",
    type=click.Choice(["none", "activations", "both"]),
    default="none",
    help="Zeros that the network without spikes skips: of activations, or of weights too.",
)
@click.option("--trace", type=file, help="Write every spike and membrane of the run to this .npz.")
@cluster_options
@json_option(REPORT_FILE)
@pass_console
def command(
    console: Console,
    folder: Path,
    selection: Selection,
    tier: Tier,
    max_energies: tuple[str, ...],
    max_latency: str | None,
    min_accuracy: float | None,
    energy_table: str | None,
    zero_skipping: "ZeroSkipping",
    trace: Path | None,
    scheduler: str | None,
    workers: int | None,
    json_file: Path | None,
) -> None:
    """Simulate a build: accuracy, cycles, latency, energy; checks budgets.

    With workers a large test set is shared out, with the same report; interrupted, it goes on where it was.
    """
    budgets = Budgets.parse(max_energies, max_latency, min_accuracy)
    budgets.require_time(tier)
    build = Build.load(folder)
    with shared_folder(folder, scheduler, workers) as shared:
        report = simulate_build(build, selection, tier, console, energy_table, trace, zero_skipping, shared)
    deliver(report, console, kept=folder / REPORT_FILE, json_file=json_file)
    budgets.check(report)


def simulate_build(
    build: Build,
    selection: Selection,
    tier: Tier,
    console: Console,
    energy_table: str | None = None,
    trace: Path | None = None,
    zero_skipping: "ZeroSkipping" = "none",
    shared: "Sharing | None" = None,
) -> "Report":
    """Simulate a build, with progress, on `shared` workers if there are; with `trace` every spike and
    membrane is written there."""
    from snnc.sim.accounting.energy_table import load_energy_table
    from snnc.sim.simulate import Runner, run_samples, simulate
    from snnc.sim.warm import MESSAGE, is_cold

    load_energy_table(energy_table or build.tiled.target.energy_table)
    inputs = load_inputs(build.network, selection, console.say)
    run: Runner = run_samples
    if shared is not None:
        from snnc.exploration.shards import shared_runner

        run = shared_runner(shared)
    if is_cold():
        console.say(MESSAGE)
    with console.progress("simulating", len(inputs.y)) as update:
        report = simulate(build, inputs.x, inputs.y, tier, update, energy_table, zero_skipping, run)
    if trace is not None:
        from snnc.commands.trace_file import write_trace

        write_trace(build, inputs.x, trace)
    return report
