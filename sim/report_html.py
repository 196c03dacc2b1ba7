"""The simulation report as a notebook shows it: figures with their basis, then the layers."""

from typing import TYPE_CHECKING

from snnc.base.html import html_table
from snnc.base.units import format_quantity

if TYPE_CHECKING:
    from snnc.sim.report import Report


def render_html(report: "Report") -> str:
    """Two tables."""
    latency, energy = report.latency_s, report.energy
    figures: list[tuple[str, object, str]] = []
    if report.accuracy is not None:
        figures.append(("accuracy", f"{report.accuracy:.4f} ({report.correct} of {report.samples})", "exact"))
    if latency.mean is not None and latency.max is not None:
        spread = report.cycle_spread
        figures.append(("cycles, mean and max", f"{spread.mean:.1f}, {spread.max}", "exact"))
        seconds = f"{format_quantity(latency.mean, 's')}, {format_quantity(latency.max, 's')}"
        figures.append(("latency, mean and max", seconds, f"simulated, {report.clock_hz / 1e6:g} MHz"))
    low, mean, high = (format_quantity(value, "J") for value in (energy.low, energy.mean, energy.high))
    figures.append(("energy of a sample", f"{mean} ({low} … {high})", f"estimated, {energy.table}"))
    said = f"{report.samples} samples × {report.steps} steps on {report.target}, {report.tier} tier"
    rows = [
        (
            *(row.name, row.neurons, row.cores),
            None if row.cycles is None else f"{row.cycles:.0f}",
            *(row.sops, row.spikes, f"{row.rate:.4f}", format_quantity(row.energy_j, "J")),
        )
        for row in report.layers
    ]
    header = ("layer", "neurons", "cores", "cycles", "sops", "spikes", "rate", "energy of a sample")
    return html_table(said, ("", "value", "basis"), figures) + "\n" + html_table("layers", header, rows)
