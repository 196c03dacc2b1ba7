"""Energy by action and by layer, and where it breaks even with the same network without spikes."""

from typing import Any

import numpy as np

from snnc.base.units import format_quantity
from snnc.reporting.plots import bars, lines
from snnc.reporting.subject import Subject
from snnc.sim.report import Report

TITLE = "Energy"
EVENT_ACTIONS = (
    "weight_reads",
    "axon_reads",
    "payload_multiplies",
    "event_fifo_writes",
    "flit_hops",
    "host_flits",
)
"""What is done for events alone, but for the few flits that end a step."""


def content(subject: Subject) -> dict[str, Any]:
    """Three plots, and the break-even in words."""
    report = subject.report
    if report is None:
        return {"missing": [subject.missing["report"]]}
    actions = sorted(report.energy.by_action.items(), key=lambda item: -item[1])
    layers = [(row.name, row.energy_j * 1e9) for row in report.layers]
    layers.append(("host port", report.energy.host * 1e9))
    if report.energy.static is not None:
        layers.append(("static", report.energy.static * 1e9))
    lanes = subject.build.tiled.target.lanes
    event = event_energy(report, lanes)
    return {
        "actions": bars("Energy by action", [(n, j * 1e9) for n, j in actions if j], "nJ per sample"),
        "layers": bars("Energy by layer", layers, "nJ per sample"),
        "even": _even_plot(report, event),
        "verdict": break_even(report, event),
        "energy": report.energy,
        "dense": report.dense,
    }


def event_energy(report: Report, lanes: int) -> float:
    """Joules per sample that grow with the number of events: theirs alone, and of the accesses and additions
    that sweeps make too, the part that comes with a weight word."""
    energies, counts = report.energy.by_action, report.counts
    rows = counts.get("weight_reads", 0)
    shared = {"state_reads": rows, "state_writes": rows, "lane_adds": rows * lanes}
    alone = sum(energies.get(name, 0.0) for name in EVENT_ACTIONS)
    return alone + sum(
        energies.get(name, 0.0) * min(part / counts[name], 1.0)
        for name, part in shared.items()
        if counts.get(name)
    )


def break_even(report: Report, event: float) -> str:
    """In words, at which activity the network would cost what it costs without spikes."""
    rest, dense = report.energy.mean - event, report.dense.total
    if rest >= dense:
        spent = format_quantity(rest, "J")
        return f"At no activity: what does not depend on events takes {spent}, more than without spikes."
    if event <= 0:
        return "No events were sent, so nothing is known of what they cost."
    factor = (dense - rest) / event
    now = "It is below that now." if factor > 1 else "It is above that now."
    return f"At {factor:.2f} times the events of today. {now}"


def _even_plot(report: Report, event: float) -> Any:
    rest, dense = report.energy.mean - event, report.dense.total
    factor = (dense - rest) / event if event > 0 else 0.0
    x = np.linspace(0, min(max(2.0, 1.3 * factor), 100.0), 2)
    curves = {
        "with spikes": (rest + event * x) * 1e9,
        "without spikes": np.full(2, dense * 1e9),
    }
    return lines("Energy over activity", x, curves, ("events, as a multiple of today's", "nJ per sample"))
