"""`snnc simulate`: a build on samples, its report, and the budgets it has to keep."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from snnc.base.errors import BudgetExceeded, UsageError
from snnc.base.units import format_quantity, parse_quantity
from snnc.commands.build_folder import REPORT_FILE
from snnc.commands.console import Console
from snnc.commands.deliver import deliver
from snnc.commands.options import (
    FiniteRange,
    build_argument,
    file,
    json_option,
    pass_console,
    selection_options,
)
from snnc.compiler.formats.storage import Build
from snnc.models import Selection, load_inputs

if TYPE_CHECKING:
    from snnc.sim.report import Report

Tier = Literal["cycle", "functional"]


@click.command("simulate")
@build_argument
@selection_options
@click.option("--tier", type=click.Choice(["cycle", "functional"]), default="cycle", help="Level of detail.")
@click.option("--max-energy", metavar="ENERGY", help="Budget per sample, e.g. 5uJ.")
@click.option("--max-latency", metavar="TIME", help="Budget of the slowest sample, e.g. 1ms.")
@click.option("--min-accuracy", type=FiniteRange(0, 1), help="Budget, e.g. 0.95.")
@click.option("--trace", type=file, help="Write every spike and membrane of the run to this .npz.")
@json_option(REPORT_FILE)
@pass_console
def command(
    console: Console,
    folder: Path,
    selection: Selection,
    tier: Tier,
    max_energy: str | None,
    max_latency: str | None,
    min_accuracy: float | None,
    trace: Path | None,
    json_file: Path | None,
) -> None:
    """Simulate a build: accuracy, cycles, latency, energy; checks budgets."""
    budgets = Budgets.parse(max_energy, max_latency, min_accuracy)
    budgets.require_time(tier)
    report = simulate_build(folder, selection, tier, console, trace)
    deliver(report, console, kept=folder / REPORT_FILE, json_file=json_file)
    budgets.check(report)


def simulate_build(
    folder: Path, selection: Selection, tier: Tier, console: Console, trace: Path | None = None
) -> "Report":
    """Simulate a build, with progress; with `trace` every spike and membrane is written there."""
    from snnc.sim.accounting.energy_table import load_energy_table
    from snnc.sim.simulate import simulate

    build = Build.load(folder)
    load_energy_table(build.tiled.target.energy_table)
    inputs = load_inputs(build.network, selection, console.say)
    with console.progress("simulating", len(inputs.y)) as update:
        report = simulate(build, inputs.x, inputs.y, tier, progress=update)
    if trace is not None:
        from snnc.commands.trace_file import write_trace

        write_trace(build, inputs.x, trace)
    return report


@dataclass(frozen=True)
class Budgets:
    """What a simulation must keep to; None for what it need not."""

    energy_j: float | None = None
    """Most joules of a sample, on average."""
    latency_s: float | None = None
    """Most seconds of the slowest sample."""
    accuracy: float | None = None
    """Least share of correct predictions."""

    @staticmethod
    def parse(energy: str | None, latency: str | None, accuracy: float | None) -> "Budgets":
        """Budgets as they stand on the command line; raises UsageError."""
        return Budgets(
            None if energy is None else parse_quantity(energy, "J", "--max-energy"),
            None if latency is None else parse_quantity(latency, "s", "--max-latency"),
            accuracy,
        )

    def require_time(self, tier: Tier) -> None:
        """Raise UsageError where a tier cannot say whether they are kept."""
        if self.latency_s is not None and tier == "functional":
            raise UsageError("--max-latency needs --tier cycle: the functional tier has no time")

    def check(self, report: "Report") -> None:
        """Raise BudgetExceeded with every budget that is not kept, UsageError where that is not known."""
        energy, latency = report.energy, report.latency_s.max
        if self.energy_j is not None and energy.static is None:
            raise UsageError("--max-energy needs --tier cycle: the target has static power, which takes time")
        broken = []
        if self.energy_j is not None and energy.mean > self.energy_j:
            used, limit = format_quantity(energy.mean, "J"), format_quantity(self.energy_j, "J")
            broken.append(f"energy {used} per sample (estimated: table `{energy.table}`), budget {limit}")
        if self.latency_s is not None and latency is not None and latency > self.latency_s:
            used, limit = format_quantity(latency, "s"), format_quantity(self.latency_s, "s")
            broken.append(f"latency {used} at most (simulated), budget {limit}")
        if self.accuracy is not None and report.accuracy is not None and report.accuracy < self.accuracy:
            broken.append(f"accuracy {report.accuracy:.4f} (exact), budget {self.accuracy:.4f}")
        if broken:
            raise BudgetExceeded("\n".join(broken))
