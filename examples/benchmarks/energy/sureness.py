"""How sure a verdict is: who needs less, with spikes or without, at other ends of the table's intervals."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from snnc.compiler.formats.storage import Build
from snnc.compiler.passes.specialise import specialise
from snnc.sim.accounting.coefficients import CORNERS, Coefficient
from snnc.sim.accounting.comparison import price_dense
from snnc.sim.accounting.energy import price
from snnc.sim.accounting.energy_table import EnergyTable, load_energy_table
from snnc.sim.accounting.zeros import Zeros, ZeroSkipping
from snnc.sim.report import Report

TOLERANCE = 1e-3


@dataclass(frozen=True)
class Duel:
    """Joules of an inference with spikes and without, at the low, typical and high end of all prices."""

    spikes: tuple[float, float, float]
    dataflow: tuple[float, float, float]
    ideal: tuple[float, float, float]

    @property
    def leads(self) -> tuple[float, ...]:
        """Dataflow over spikes at each end; above 1 spikes win."""
        return tuple(other / own for own, other in zip(self.spikes, self.dataflow, strict=True))


@dataclass(frozen=True)
class Case:
    """A simulated network, to be priced again."""

    build: Build
    report: Report
    skipping: ZeroSkipping
    made_for_it: bool
    """On memories made for the network, not on the target's."""
    table: EnergyTable

    def duel(self, table: EnergyTable | None = None, hidden: float | None = None) -> Duel:
        """Both sides by its table or another; with `hidden`, so many of the activations of the other side's
        layers are not zero, in place of as many as there are spikes."""
        table = table or self.table
        tiled, report = self.build.tiled, self.report
        program = specialise(tiled) if self.made_for_it else tiled
        counts = {name: np.array([number]) for name, number in report.counts.items()}
        cycles = None if report.cycles is None else sum(report.cycles)
        energy = price(counts, program, cycles, table, built=self.made_for_it)
        densities, source = report.comparison.densities, self.build.network.input.name
        if hidden is not None:
            densities = dict.fromkeys(densities, hidden) | {source: densities[source]}
        zeros = Zeros(self.skipping, densities)
        dense = price_dense(tiled, self.build.network, table, sized=self.made_for_it, zeros=zeros)
        low, typical, high = (energy.at(corner).total / report.samples for corner in CORNERS)
        ideal = dense.ideal
        return Duel(
            (low, typical, high),
            (dense.low, dense.total, dense.high),
            (ideal.low, ideal.total, ideal.high),
        )

    def worst(self) -> float:
        """Dataflow over spikes where every price stands at that end of its interval that hurts spikes most,
        found for one price at a time."""
        table, lead = self.table, self.duel().leads[1]
        for place, coefficient in table.coefficients().items():
            ends = {coefficient.at("low"), coefficient.at("high")} - {coefficient.value}
            found = {end: self.duel(changed(table, place, end)).leads[1] for end in ends}
            if found and min(found.values()) < lead:
                table = changed(table, place, min(found, key=lambda end: found[end]))
                lead = min(found.values())
        return lead

    def even_density(self) -> float | None:
        """Share of the activations of layers that are not zero from which on spikes win; None where the array
        skips no zeros, and where spikes lose even if none is zero."""
        if self.skipping == "none" or self.duel(hidden=1.0).leads[1] < 1:
            return None
        if self.duel(hidden=0.0).leads[1] >= 1:
            return 0.0
        low, high = 0.0, 1.0
        while high - low > TOLERANCE:
            middle = (low + high) / 2
            if self.duel(hidden=middle).leads[1] < 1:
                low = middle
            else:
                high = middle
        return high


def changed(table: EnergyTable, place: str, value: float) -> EnergyTable:
    """The table with another typical value of one coefficient, by its place in it."""
    names = place.split(".", 2)
    return _replaced(table, names, value)


def _replaced(item: Any, names: list[str], value: float) -> Any:
    if isinstance(item, Coefficient):
        return replace(item, value=value, low=None, high=None)
    name, rest = names[0], names[1:]
    if isinstance(item, dict):
        return item | {name: _replaced(item[name], rest, value)}
    return replace(item, **{name: _replaced(getattr(item, name), rest, value)})


def cases(build: Build, report: Report) -> Iterator[Case]:
    """On both kinds of memories, against arrays that skip no zeros, those of activations, and of weights."""
    table = load_energy_table(report.energy.table)
    for made_for_it in (False, True):
        for skipping in ("none", "activations", "both"):
            yield Case(build, report, skipping, made_for_it, table)
