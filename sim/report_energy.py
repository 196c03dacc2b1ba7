"""The report's figures of energy: intervals, the memories of the target and those that are built, and whether
spikes are worth it."""

from dataclasses import asdict, dataclass, field
from typing import Any

from snnc.compiler.formats.storage import Build
from snnc.compiler.ir.program import TiledProgram
from snnc.sim.accounting.break_even import BreakEven, break_even
from snnc.sim.accounting.coefficients import Corner
from snnc.sim.accounting.comparison import SKIPPED, DenseComparison, price_dense
from snnc.sim.accounting.counts import Primitives
from snnc.sim.accounting.energy import EnergyReport, Price
from snnc.sim.accounting.energy_table import EnergyTable
from snnc.sim.accounting.zeros import Zeros, ZeroSkipping, densities, source_rates


@dataclass(frozen=True)
class BuiltFigures:
    """Joules of one sample on hardware made for this network: what `snnc synth` builds."""

    mean: float
    low: float
    high: float
    dynamic: float
    static: float | None
    by_action: dict[str, float]


@dataclass(frozen=True)
class EnergyFigures:
    """Joules of one sample, mean over the samples: exact counts times the typical costs of a table, on the
    memories of the target; `low` and `high` with every cost at that end of its interval."""

    mean: float
    """Dynamic plus static, as far as that is known."""
    low: float
    high: float
    dynamic: float
    static: float | None
    """None where no time is known and the hardware has static power."""
    static_parts: dict[str, float]
    """Of the device, of leaking memories and of the clock; empty where no time is known."""
    host: float
    """Of the dynamic part, the host's port."""
    memory_share: float
    """Part of the dynamic energy spent in memories."""
    by_action: dict[str, float]
    by_action_low: dict[str, float]
    by_action_high: dict[str, float]
    built: BuiltFigures
    """The same actions on memories made for this network."""
    static_source: str
    not_modelled: list[str]
    table: str
    basis: str

    def at(self, corner: Corner) -> float:
        """Joules of a sample at an end of the intervals."""
        return self.mean if corner == "typical" else float(getattr(self, corner))


def energy_figures(
    program: TiledProgram, energy: EnergyReport, built: EnergyReport, samples: int
) -> EnergyFigures:
    """Per sample."""
    typical, small, table = energy.typical, built.typical, energy.table

    def each(joules: dict[str, float]) -> dict[str, float]:
        return {name: value / samples for name, value in joules.items()}

    return EnergyFigures(
        mean=typical.total / samples,
        low=energy.low.total / samples,
        high=energy.high.total / samples,
        dynamic=typical.dynamic / samples,
        static=None if typical.static is None else typical.static / samples,
        static_parts=each(typical.static_parts),
        host=float(typical.per_core[-1]) / samples,
        memory_share=typical.memory_share,
        by_action=each(typical.by_action),
        by_action_low=each(energy.low.by_action),
        by_action_high=each(energy.high.by_action),
        built=BuiltFigures(
            mean=small.total / samples,
            low=built.low.total / samples,
            high=built.high.total / samples,
            dynamic=small.dynamic / samples,
            static=None if small.static is None else small.static / samples,
            by_action=each(small.by_action),
        ),
        static_source=program.target.static_source,
        not_modelled=_not_modelled(program, table),
        table=table.name,
        basis=energy.basis,
    )


def _not_modelled(program: TiledProgram, table: EnergyTable) -> list[str]:
    missing = list(table.not_modelled)
    device = program.target.device
    power = table.power if table.power is not None and table.power.device_static else None
    if power is not None and device is not None and power.static_of(device.part) is None:
        missing.append(f"static power of {device.part}")
    return missing


@dataclass(frozen=True)
class ComparisonFigures:
    """The network without spikes, on memories like the target's and on memories of its own sizes."""

    target: DenseComparison
    built: DenseComparison
    break_even: dict[str, BreakEven]
    """By layer, on the target's memories, whatever zeros are skipped."""
    verdict: str
    densities: dict[str, float] = field(default_factory=dict)
    """Share of activations that are not zero, by their source, the input or a layer."""

    def to_dict(self) -> dict[str, Any]:
        """The comparison on the target's memories, with the other one beside it."""
        document = asdict(self)
        return {
            **document["target"],
            "built": document["built"],
            "break_even": document["break_even"],
            "verdict": self.verdict,
            "densities": self.densities,
        }


def comparison_figures(
    program: Build,
    counted: Primitives,
    table: EnergyTable,
    energy: EnergyReport,
    built: EnergyReport,
    skipping: ZeroSkipping = "none",
) -> ComparisonFigures:
    """Both comparisons, per inference, with an array that skips these zeros."""
    samples, tiled, network = counted.samples, program.tiled, program.network
    rates = source_rates(tiled, network, counted)
    zeros = Zeros(skipping, densities(tiled, network, rates))
    dense = price_dense(tiled, network, table, zeros=zeros)
    sized = price_dense(tiled, network, table, sized=True, zeros=zeros)
    static = (energy.typical.static or 0.0) / samples
    every = price_dense(tiled, network, table)
    return ComparisonFigures(
        target=dense,
        built=sized,
        break_even=break_even(tiled, network, counted, every, table, static, rates),
        verdict=_verdict(energy.typical, dense, built.typical, sized, samples),
        densities=dict(zeros.densities),
    )


def _verdict(
    energy: Price, dense: DenseComparison, built: Price, sized: DenseComparison, samples: int
) -> str:
    """Who needs less, by the typical values."""
    if not dense.total:
        return "the table prices nothing that a network without spikes does"
    ways = (
        (energy.total / samples, dense.total, dense.ideal.total, "the target's memories"),
        (built.total / samples, sized.total, sized.ideal.total, "memories made for the network"),
    )
    words = [*(_compared(*way) for way in ways), _without_static(built.dynamic / samples, sized)]
    if dense.zero_skipping != "none":
        words.insert(0, f"where the other array has {SKIPPED[dense.zero_skipping]}")
    return "; ".join(words)


def _without_static(dynamic: float, dense: DenseComparison) -> str:
    """The dynamic parts alone, for the clock and the leakage are what is least certain."""
    other = dense.total - dense.by_action["static"]
    state = "win" if dynamic < other else "lose"
    return f"there, without clock and leakage on either side, spikes {state} ({_times(dynamic / other)})"


def _compared(energy: float, dataflow: float, ideal: float, where: str) -> str:
    if energy < ideal:
        return f"on {where} spikes win, even against the ideal ({_times(ideal / energy)} less)"
    if energy < dataflow:
        return (
            f"on {where} spikes win against the documented dataflow ({_times(dataflow / energy)} less), "
            f"not against the ideal ({_times(energy / ideal)} more)"
        )
    return f"on {where} spikes lose ({_times(energy / dataflow)} the documented dataflow)"


def _times(ratio: float) -> str:
    return f"{ratio:.1f} times"
