"""The verdicts: each figure of a build with what it rests on."""

from dataclasses import dataclass
from typing import Any

from snnc.base.units import format_quantity
from snnc.reporting.subject import Subject
from snnc.sim.report import Report

TITLE = "Verdicts"


@dataclass(frozen=True)
class Verdict:
    """One figure: as people read it, on what basis, and the number that two builds are compared by."""

    name: str
    text: str
    basis: str
    number: float | None = None
    lower_is_better: bool | None = None


def content(subject: Subject) -> dict[str, Any]:
    """Every figure there is, warnings of the simulation, and what was compared."""
    report = subject.report
    return {
        "verdicts": verdicts(subject),
        "warnings": [] if report is None else report.warnings,
        "verification": subject.verification,
        "missing": [subject.missing[name] for name in ("report", "verify") if name in subject.missing],
    }


def verdicts(subject: Subject) -> list[Verdict]:
    """The figures of a build, the first ones of a page."""
    found = [] if subject.report is None else _simulated(subject.report)
    if (verification := subject.verification) is not None:
        equal = verification.first_difference is None
        names = " = ".join(verification.executions)
        text = f"{names} on {verification.samples} samples" if equal else "the executions DIFFER"
        found.append(Verdict("exactness", text, "exact", float(not equal), True))
    if (synthesis := subject.synthesis) is not None:
        text = f"{synthesis.fmax_hz / 1e6:.1f} MHz placed, {synthesis.clock_hz / 1e6:g} MHz wanted"
        met = "met" if synthesis.met else "NOT met"
        found.append(Verdict("clock", f"{text}: {met}", "placed", synthesis.fmax_hz, False))
    return found


def _simulated(report: Report) -> list[Verdict]:
    found = []
    if report.accuracy is not None:
        text = f"{report.accuracy:.2%} ({report.correct} of {report.samples})"
        found.append(Verdict("accuracy", text, "exact", report.accuracy, False))
    if report.metrics is not None:
        name, figure = next(iter(report.metrics.figures.items()))
        found.append(
            Verdict(name.replace("_", " "), report.metrics.summary, "exact", figure, "error" in name)
        )
    cycles, latency = report.cycle_spread, report.latency_s
    if cycles.mean is not None and latency.mean is not None and latency.max is not None:
        found.append(
            Verdict("cycles", f"{cycles.mean:.1f} mean, {cycles.max} max", "exact", cycles.mean, True)
        )
        mean, longest = format_quantity(latency.mean, "s"), format_quantity(latency.max, "s")
        clock = f"simulated, {report.clock_hz / 1e6:g} MHz"
        found.append(Verdict("latency", f"{mean} mean, {longest} max", clock, latency.mean, True))
    if report.answers is not None:
        first, interval = report.answers.cycles_mean[0], report.answers.interval
        text = f"after every step: the first after {first:,.1f} cycles, then one every {interval:,.1f}"
        found.append(Verdict("answers", text, "exact", interval, True))
    if report.throughput_hz is not None:
        text = f"{report.throughput_hz:,.0f} samples/s back to back"
        found.append(Verdict("throughput", text, "simulated", report.throughput_hz, False))
    energy, dense = report.energy, report.dense
    basis = f"{energy.basis}, table {energy.table}"
    mean, low, high = (format_quantity(joules, "J") for joules in (energy.mean, energy.low, energy.high))
    text = f"{mean} per sample ({low} to {high}), {energy.memory_share:.0%} of the dynamic part in memories"
    found.append(Verdict("energy", text, basis, energy.mean, True))
    mean, ideal = format_quantity(dense.total, "J"), format_quantity(dense.ideal.total, "J")
    text = f"{mean}, ideally {ideal}, with {dense.activation_bits}-bit activations"
    found.append(Verdict("without spikes", text, basis, dense.total, None))
    spikes = report.counts.get("spikes", 0) / report.samples
    found.append(Verdict("spikes", f"{spikes:,.1f} per sample", "exact", spikes, True))
    return found
