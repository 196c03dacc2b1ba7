"""Energy by action and by layer with its intervals, and against the same network without spikes."""

from typing import Any

from snnc.reporting.plots import Bar, bars
from snnc.reporting.subject import Subject
from snnc.sim.accounting.comparison import DenseComparison
from snnc.sim.report import Report

TITLE = "Energy"
UNIT = "nJ per sample"


def content(subject: Subject) -> dict[str, Any]:
    """Plots of what it goes to and of what it is without spikes, and the rates of events that break even."""
    report = subject.report
    if report is None:
        return {"missing": [subject.missing["report"]]}
    return {
        "actions": bars("Energy by action", _actions(report), UNIT),
        "layers": bars("Energy by layer", _layers(report), UNIT),
        "ways": bars("Energy with and without spikes", _ways(report), UNIT),
        "energy": report.energy,
        "comparison": report.comparison,
    }


def _bar(name: str, typical: float, low: float | None = None, high: float | None = None) -> Bar:
    """In nanojoules."""
    ends = (typical if end is None else end for end in (low, high))
    return Bar(name, typical * 1e9, *(end * 1e9 for end in ends))


def _actions(report: Report) -> list[Bar]:
    energy = report.energy
    ranked = sorted(energy.by_action.items(), key=lambda item: -item[1])
    lows, highs = energy.by_action_low, energy.by_action_high
    return [_bar(name, joules, lows.get(name), highs.get(name)) for name, joules in ranked if joules]


def _layers(report: Report) -> list[Bar]:
    found = [_bar(row.name, row.energy_j, row.energy_low_j, row.energy_high_j) for row in report.layers]
    found.append(_bar("host port", report.energy.host))
    found += [_bar(f"static: {name}", joules) for name, joules in report.energy.static_parts.items()]
    return found


def _ways(report: Report) -> list[Bar]:
    """The network with spikes, without by the documented dataflow, and by the ideal, on both memories."""
    spikes, dense, built = report.energy, report.comparison, report.energy.built
    return [
        _bar("spikes, target's memories", spikes.mean, spikes.low, spikes.high),
        *_without("target's memories", dense.target),
        _bar("spikes, its own memories", built.mean, built.low, built.high),
        *_without("its own memories", dense.built),
    ]


def _without(place: str, dense: DenseComparison) -> list[Bar]:
    ideal = dense.ideal
    return [
        _bar(f"dataflow, {place}", dense.total, dense.low, dense.high),
        _bar(f"ideal, {place}", ideal.total, ideal.low, ideal.high),
    ]
