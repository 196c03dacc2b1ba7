"""The power of a build on its FPGA at a rate of inferences: every line with what it rests on."""

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from snnc.base.errors import UsageError
from snnc.base.units import format_quantity
from snnc.compiler.ir.program import TiledProgram
from snnc.sim.accounting.action_costs import MEMORY_ACTIONS, action_costs
from snnc.sim.accounting.coefficients import CORNERS, Coefficient
from snnc.sim.accounting.counts import Counts
from snnc.sim.accounting.energy_table import EnergyTable, Power

PICO = 1e-12
UART_BITS_PER_FLIT = 60
"""Six bytes, each with a start and a stop bit."""
UART_TOGGLES = 0.5
"""Changes of the line per bit, on random data."""
ARITHMETIC = ("lane_adds", "compares", "multiplies", "payload_multiplies")
MESH = ("event_fifo_writes", "flit_hops", "host_flits")


@dataclass(frozen=True)
class Line:
    """One part of the power, in watts."""

    name: str
    typical: float
    low: float
    high: float
    amount: str
    """How much of it there is, and where that number is from."""
    confidence: str
    """Of the price: measured, derived or assumed, the worst of several."""


@dataclass(frozen=True)
class Activity:
    """What a build does, per sample."""

    counts: Counts
    """Of all `samples`."""
    samples: int
    cycles: float
    """Mean cycles of a sample."""
    toggles: Counter[str]
    """Bits of registers that change per sample, by part of the design."""
    registers: int
    registers_basis: str
    """Where their number is from."""


@dataclass(frozen=True)
class PowerPage:
    """The content of power.json."""

    part: str
    table: str
    rate_hz: float
    clock_hz: float
    busy: float
    """Share of the time in which a sample is under way."""
    lines: list[Line]

    @property
    def totals(self) -> tuple[float, float, float]:
        """Watts: typical, low, high."""
        rows = [(line.typical, line.low, line.high) for line in self.lines]
        typical, low, high = (sum(column) for column in zip(*rows, strict=True))
        return typical, low, high

    def to_dict(self) -> dict[str, Any]:
        """The JSON document, in watts and joules."""
        typical, low, high = self.totals
        total = {"typical": typical, "low": low, "high": high}
        per_sample = {name: watts / self.rate_hz for name, watts in total.items()}
        return {"schema": 1, **asdict(self), "total_w": total, "energy_per_sample_j": per_sample}

    def render(self) -> str:
        """The page as text."""
        from snnc.sim.report_tables import format_table

        rows = [
            (line.name, *(_watts(value) for value in (line.typical, line.low, line.high)), line.confidence)
            for line in self.lines
        ]
        rows.append(("total", *map(_watts, self.totals), ""))
        typical, low, high = (format_quantity(watts / self.rate_hz, "J") for watts in self.totals)
        clock, busy = f"{self.clock_hz / 1e6:g} MHz", f"busy {self.busy:.2%}"
        parts = [
            f"{self.part} at {clock}, {self.rate_hz:g} inferences/s, {busy}",
            format_table(("line", "power", "low", "high", "price"), rows),
            f"per inference {typical} ({low} ... {high}), estimated, table {self.table}",
            *(textwrap.fill(f"{line.name}: {line.amount}", 80) for line in self.lines),
        ]
        return "\n".join(parts)


def power_page(program: TiledProgram, table: EnergyTable, activity: Activity, rate_hz: float) -> PowerPage:
    """Power of hardware made for `program` alone at `rate_hz` inferences per second, idle time included.

    Raises UsageError for a rate that the hardware does not reach, and for a table without an FPGA's power.
    """
    target = program.target
    if table.power is None or not table.power.device_static:
        raise UsageError(f"table `{table.name}` has no static power of an FPGA: `--energy-table ecp5` has")
    clock_hz = target.clock_mhz * 1e6
    busy = activity.cycles * rate_hz / clock_hz
    if busy > 1:
        most = clock_hz / activity.cycles
        raise UsageError(f"at most {most:.6g} inferences per second follow each other, not {rate_hz:g}")
    part = target.device.part if target.device is not None else ""
    lines = [
        *_always(table.power, part, activity, clock_hz),
        *_toggles(table.power, activity, rate_hz),
        *_counted(program, table, activity, rate_hz),
        *_pads(table.power, activity, rate_hz),
    ]
    return PowerPage(part or target.name, table.name, rate_hz, clock_hz, busy, lines)


def _always(power: Power, part: str, activity: Activity, clock_hz: float) -> Iterator[Line]:
    """What flows without any inference."""
    static = power.static_of(part)
    if static is None:
        raise UsageError(f"the table has no static power of {part}; it has {', '.join(power.device_static)}")
    yield _line("static", static, 1e-3, "the whole device, always")
    registers = f"{activity.registers} flip-flops ({activity.registers_basis}) in every cycle, idle ones too"
    yield _line("clock", power.clock_per_register, activity.registers * clock_hz * PICO, registers)
    if power.clock_base is not None:
        yield _line("clock trunk", power.clock_base, clock_hz * PICO, "every cycle")


def _toggles(power: Power, activity: Activity, rate_hz: float) -> Iterator[Line]:
    """Registers that change, from the waveform of the RTL."""
    if power.toggle is None:
        return
    for part, number in sorted(activity.toggles.items(), key=lambda item: -item[1]):
        amount = f"{number} register bits change per sample (trace of the RTL)"
        yield _line(f"toggles: {part}", power.toggle, number * rate_hz * PICO, amount)


def _counted(program: TiledProgram, table: EnergyTable, activity: Activity, rate_hz: float) -> Iterator[Line]:
    """Memories, arithmetic and the mesh, from exact counts."""
    costs = [action_costs(table, program.target, program.weight_bits, corner) for corner in CORNERS]
    known = table.coefficients()
    parts = {
        "memories": ("memory", MEMORY_ACTIONS),
        "arithmetic": ("logic", ARITHMETIC),
        "mesh": ("logic", MESH),
    }
    for name, (prefix, actions) in parts.items():
        per_sample = {action: float(activity.counts[action].sum()) / activity.samples for action in actions}
        low, typical, high = (
            sum(number * cost[action] for action, number in per_sample.items()) * rate_hz * PICO
            for cost in costs
        )
        bases = [item.basis for place, item in known.items() if place.startswith(f"{prefix}.")]
        amount = f"{sum(per_sample.values()):.0f} actions per sample (exact)"
        yield Line(name, typical, low, high, amount, _worst(bases))


def _pads(power: Power, activity: Activity, rate_hz: float) -> Iterator[Line]:
    """The lines of the UART."""
    if power.pad_toggle is None:
        return
    flits = float(activity.counts["host_flits"].sum()) / activity.samples
    toggles = flits * UART_BITS_PER_FLIT * UART_TOGGLES
    amount = f"{flits:.0f} flits per sample over the UART (exact), half of their bits change it (assumed)"
    yield _line("pads", power.pad_toggle, toggles * rate_hz * PICO, amount)


def _line(name: str, price: Coefficient, amount: float, words: str) -> Line:
    low, typical, high = (price.at(corner) * amount for corner in CORNERS)
    return Line(name, typical, low, high, words, price.basis)


def _worst(bases: Sequence[str]) -> str:
    """The least certain of them."""
    return max(bases, key=("measured", "derived", "assumed").index) if bases else "not priced"


def _watts(value: float) -> str:
    return format_quantity(value, "W")
