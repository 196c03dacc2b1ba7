"""What the cycles of each core go to."""

from typing import Any

from snnc.reporting.plots import stacked
from snnc.reporting.subject import Subject

TITLE = "Cycles by cause"
MAX_CORES = 64
"""Most cores that are drawn; the busiest."""


def content(subject: Subject) -> dict[str, Any]:
    """A bar per core, and what its emitter waits for beside that."""
    report = subject.report
    if report is None:
        return {"missing": [subject.missing["report"]]}
    if report.cycles is None or any(core.causes is None for core in report.cores):
        return {"missing": ["only the cycle tier knows: `snnc simulate` without `--tier functional`"]}
    samples = report.samples
    cores = sorted(report.cores, key=lambda core: -(core.busy or 0))
    shown = cores[:MAX_CORES]
    rows = []
    for core in shown:
        causes = {name: count / samples for name, count in (core.causes or {}).items()}
        idle = max(sum(report.cycles) / samples - (core.busy or 0) / samples, 0.0)
        rows.append((f"({core.x}, {core.y}) {core.layer}", causes, idle))
    at_work = ("accumulate", "sweep", "initialise")
    parts = {name: [causes.get(name, 0.0) for _, causes, _ in rows] for name in at_work}
    parts["wait"] = [idle for *_, idle in rows]
    return {
        "plot": stacked(
            "Cycles of each core by cause", [name for name, *_ in rows], parts, "cycles per sample", "wait"
        ),
        "rows": rows,
        "columns": (*at_work, "credit_wait", "mesh_wait"),
        "left_out": len(cores) - len(shown),
        "shared": any(core.context for core in cores),
    }
