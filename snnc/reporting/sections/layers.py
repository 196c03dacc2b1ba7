"""The layers: sizes, activity, cycles and energy."""

from typing import Any

from snnc.reporting.subject import Subject

TITLE = "Layers"


def content(subject: Subject) -> dict[str, Any]:
    """A row per layer with totals; the one that takes longest is marked."""
    report = subject.report
    if report is None:
        return {"missing": [subject.missing["report"]]}
    slowest = max((row.cycles or 0.0 for row in report.layers), default=0.0)
    energy = report.energy
    return {
        "layers": report.layers,
        "slowest": slowest,
        "host": energy.host,
        "static": energy.static,
        "total": energy.mean,
        "neurons": sum(row.neurons for row in report.layers),
        "cores": sum(row.cores for row in report.layers),
        "sops": sum(row.sops for row in report.layers),
        "spikes": sum(row.spikes for row in report.layers),
        "samples": report.samples,
    }
