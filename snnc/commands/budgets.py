"""Budgets of a simulation: what it must keep to, as text, and what was found against it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from snnc.base.errors import BudgetExceeded, UsageError
from snnc.base.quoting import quote
from snnc.base.units import format_quantity, parse_quantity

if TYPE_CHECKING:
    from snnc.sim.report import Report

Tier = Literal["cycle", "functional"]
End = Literal["low", "typical", "high"]
"""Of an interval of energy."""


def positive_quantity(text: str, unit: str, option: str) -> float:
    """As `parse_quantity`, but nothing keeps to a limit of 0; raises UsageError."""
    value = parse_quantity(text, unit, option)
    if value == 0:
        raise UsageError(f"{option} must be more than 0 {unit}, not {quote(text)}")
    return value


@dataclass(frozen=True)
class EnergyBudget:
    """Most joules of a sample, on average."""

    joules: float
    end: End = "typical"
    """Which value of the interval must keep to it."""
    layer: str | None = None
    """None: the whole network with its static part; a layer has only a dynamic one."""

    @staticmethod
    def parse(text: str, option: str) -> "EnergyBudget":
        """`5uJ`, `high:5uJ`, `conv1=5uJ` or `conv1=high:5uJ`; raises UsageError."""
        layer, equals, rest = text.rpartition("=")
        if equals and not layer:
            raise UsageError(f"{option} names no layer before the = of {quote(text)}")
        return EnergyBudget.read(rest, option, layer or None)

    @staticmethod
    def read(text: str, option: str, layer: str | None = None) -> "EnergyBudget":
        """`5uJ` or `high:5uJ`, of a layer or of the whole network; raises UsageError."""
        end, _, quantity = text.rpartition(":")
        if end not in ("", *get_args(End)):
            raise UsageError(f"{option} takes the {', '.join(get_args(End))} value, not {quote(end)}")
        return EnergyBudget(positive_quantity(quantity, "J", option), end or "typical", layer)  # type: ignore[arg-type]

    @property
    def what(self) -> str:
        """What must keep to it, in words."""
        scope = f"energy of layer {self.layer}" if self.layer is not None else "energy"
        return scope if self.end == "typical" else f"{scope}, {self.end} value"


@dataclass(frozen=True)
class Found:
    """One budget and what was found."""

    what: str
    value: str
    limit: str
    used: float
    """Found over limit of an upper bound, limit over found of a lower one: over 1 it is broken."""
    basis: str

    @property
    def kept(self) -> bool:
        return self.used <= 1


@dataclass(frozen=True)
class Budgets:
    """What a simulation must keep to; None for what it need not."""

    energies: tuple[EnergyBudget, ...] = ()
    latency_s: float | None = None
    """Most seconds of the slowest sample."""
    accuracy: float | None = None
    """Least share of correct predictions."""

    @staticmethod
    def parse(energies: tuple[str, ...], latency: str | None, accuracy: float | None) -> "Budgets":
        """Budgets as they stand on the command line; raises UsageError."""
        return Budgets(
            tuple(EnergyBudget.parse(text, "--max-energy") for text in energies),
            None if latency is None else positive_quantity(latency, "s", "--max-latency"),
            accuracy,
        )

    def require_time(self, tier: Tier) -> None:
        """Raise UsageError where a tier cannot say whether they are kept."""
        if self.latency_s is not None and tier == "functional":
            raise UsageError("--max-latency needs --tier cycle: the functional tier has no time")

    def compare(self, report: "Report") -> list[Found]:
        """Every budget with what was found; raises UsageError where that is not known."""
        found = [_energy(budget, report) for budget in self.energies]
        if self.latency_s is not None and (latency := report.latency_s.max) is not None:
            value, limit = format_quantity(latency, "s"), format_quantity(self.latency_s, "s")
            share = _ratio(latency, self.latency_s)
            found.append(Found("latency", value, limit, share, "at most (simulated)"))
        if self.accuracy is not None and report.metrics is not None:
            raise UsageError(
                f"the labels are {report.metrics.task}, of which there is no accuracy to keep to"
            )
        if self.accuracy is not None and report.accuracy is not None:
            value, limit = f"{report.accuracy:.4f}", f"{self.accuracy:.4f}"
            found.append(Found("accuracy", value, limit, _ratio(self.accuracy, report.accuracy), "(exact)"))
        return found

    def check(self, report: "Report") -> None:
        """Raise BudgetExceeded with every budget that is not kept, UsageError where that is not known."""
        broken = [found for found in self.compare(report) if not found.kept]
        if broken:
            lines = [f"{found.what} {found.value} {found.basis}, budget {found.limit}" for found in broken]
            raise BudgetExceeded("\n".join(lines))


def _energy(budget: EnergyBudget, report: "Report") -> Found:
    """Of a sample, by the table."""
    if budget.layer is None:
        if report.energy.static is None:
            raise UsageError("--max-energy needs --tier cycle: the target has static power, which takes time")
        value = report.energy.at(budget.end)
    else:
        value = _layer_energy(budget, report)
    basis = f"per sample (estimated: table `{report.energy.table}`)"
    limit = format_quantity(budget.joules, "J")
    return Found(budget.what, format_quantity(value, "J"), limit, _ratio(value, budget.joules), basis)


def _layer_energy(budget: EnergyBudget, report: "Report") -> float:
    rows = {row.name: row for row in report.layers}
    if budget.layer not in rows:
        raise UsageError(f"no layer is called {quote(budget.layer)}; there are {', '.join(rows)}")
    row = rows[budget.layer]
    return {"low": row.energy_low_j, "typical": row.energy_j, "high": row.energy_high_j}[budget.end]


def _ratio(part: float, whole: float) -> float:
    if whole == 0:
        return 0.0 if part == 0 else float("inf")
    return part / whole
