"""Energy: counted actions times the table's cost of each, plus static power times time. Always estimated."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnc.compiler.ir.program import TiledProgram
from snnc.sim.accounting.action_costs import MEMORY_ACTIONS, action_costs
from snnc.sim.accounting.coefficients import CORNERS, Corner
from snnc.sim.accounting.counts import Counts
from snnc.sim.accounting.energy_table import EnergyTable
from snnc.sim.accounting.static_power import static_power

PICO = 1e-12
BASIS = "estimated"


@dataclass(frozen=True)
class Price:
    """Joules of everything counted, all coefficients at the same end of their intervals."""

    by_action: dict[str, float]
    dynamic: float
    static: float | None
    """None where no time is known and the hardware has static power."""
    static_parts: dict[str, float]
    """Joules of the device, of leaking memories and of the clock; empty where no time is known."""
    total: float
    """Dynamic plus static as far as that is known."""
    per_core: NDArray[np.float64]
    """(cores + 1,): dynamic energy by core, flits booked on their sender; the last entry is the host port."""

    @property
    def memory_share(self) -> float:
        """Part of the dynamic energy spent in memories and tables, FIFOs aside."""
        memory = sum(self.by_action[name] for name in MEMORY_ACTIONS)
        return memory / self.dynamic if self.dynamic else 0.0


@dataclass(frozen=True)
class EnergyReport:
    """Joules of everything counted; nothing in it is measured on a chip."""

    low: Price
    typical: Price
    high: Price
    table: EnergyTable
    basis: str = BASIS

    def at(self, corner: Corner) -> Price:
        """The price at one end of the intervals."""
        found: Price = getattr(self, corner)
        return found


def price(
    counts: Counts, program: TiledProgram, cycles: int | None, table: EnergyTable, *, built: bool = False
) -> EnergyReport:
    """Energy of `counts` on the hardware of `program`; `cycles` is how long the static power ran, None if no
    time is known. With `built` the hardware is made for this network alone: see `specialise`."""
    low, typical, high = (_price_at(corner, counts, program, cycles, table, built) for corner in CORNERS)
    return EnergyReport(low, typical, high, table)


def _price_at(
    corner: Corner,
    counts: Counts,
    program: TiledProgram,
    cycles: int | None,
    table: EnergyTable,
    built: bool,
) -> Price:
    costs = action_costs(table, program.target, program.weight_bits, corner)
    energies = {name: counts[name] * (cost * PICO) for name, cost in costs.items()}
    by_action = {name: float(energy.sum()) for name, energy in energies.items()}
    dynamic = sum(by_action.values())
    power = static_power(table, program, corner, built=built)
    parts: dict[str, float] = {}
    if cycles is not None:
        seconds = cycles / (program.target.clock_mhz * 1e6)
        parts = {name: watts * seconds for name, watts in vars(power).items()}
    static = None if cycles is None and power.total else sum(parts.values())
    return Price(
        by_action=by_action,
        dynamic=dynamic,
        static=static,
        static_parts=parts,
        total=dynamic + (static or 0.0),
        per_core=np.sum(list(energies.values()), axis=0),
    )
