"""The outcome of `snnc bench`: figures, aims beside them, as tables and JSON."""

import os
import platform
from dataclasses import asdict, dataclass
from typing import Any

from snnc.base.version import __version__
from snnc.benchmark.figures import BARE, CYCLE, FUNCTIONAL, Large, Row
from snnc.benchmark.hardware import Speeds
from snnc.benchmark.measure import Spread
from snnc.benchmark.scaling import Curve


@dataclass(frozen=True)
class Aim:
    """A figure and what it is to be."""

    what: str
    found: float | None
    """None where it was not measured."""
    aim: float
    least: bool
    """Whether the aim is a lower bound."""
    unit: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether it is; None where it was not measured."""
        if self.found is None:
            return None
        return self.found >= self.aim if self.least else self.found <= self.aim


@dataclass(frozen=True)
class Bench:
    """Everything that was measured."""

    rounds: int
    rows: tuple[Row, ...]
    threads: float | None
    large: tuple[Large, ...]
    sanafe: Spread | None
    """CPU seconds of a sample of the network `dense`."""
    speeds: tuple[Speeds, ...]
    curves: tuple[Curve, ...]

    @property
    def aims(self) -> list[Aim]:
        """Figures beside what they are to be."""
        dense = self._row("dense")
        cycle = None if dense is None else dense.contender(CYCLE)
        sana = None if self.sanafe is None or cycle is None else self.sanafe.median / cycle.seconds.median
        rtl = self.speeds[0].times_rtl.median if self.speeds else None
        big = next((one for one in self.large if one.run_bytes), None)
        million = next((one for one in self.large if one.neurons > 1_000_000), None)
        heavy = next((one for one in self.large if one.weights >= 10**8), None)
        chain = next((one for one in self.large if one.name.startswith("chain")), None)
        return [
            Aim("cycle tier / SANA-FE detailed, dense", sana, 150, True, "x"),
            Aim("cycle tier / Verilated RTL, cycles per CPU second", rtl, 500, True, "x"),
            Aim("two threads / one, by the clock", self.threads, 1.8, True, "x"),
            Aim("functional tier / bare loop, dense", self._speed("dense"), 0.6, True),
            Aim("functional tier / bare loop, conv", self._speed("conv"), 0.5, True),
            Aim("bytes per weight, run", None if big is None else big.run_bytes, 2.2, False),
            Aim("bytes per weight, compilation", None if big is None else big.compile_bytes, 6, False),
            Aim("GB for 100 M weights", None if heavy is None else heavy.process_bytes / 1e9, 2, False),
            Aim("compile 1 M neurons", None if million is None else million.compile_s, 60, False, "s"),
            Aim(
                f"place and route {chain.cores if chain else 1024} tiles",
                None if chain is None else chain.compile_s,
                20,
                False,
                "s",
            ),
        ]

    def to_dict(self) -> dict[str, Any]:
        """`bench.json`."""
        return {
            "schema": 1,
            "snnc": __version__,
            "machine": machine(),
            "rounds": self.rounds,
            "networks": [asdict(row) for row in self.rows],
            "threads": self.threads,
            "large": [asdict(one) for one in self.large],
            "sanafe": None if self.sanafe is None else asdict(self.sanafe),
            "speeds": [asdict(one) for one in self.speeds],
            "curves": [
                asdict(one) | {"fixed_s": one.line[0], "unit_s": one.line[1], "worst": one.worst}
                for one in self.curves
            ],
            "aims": [asdict(aim) | {"reached": aim.reached} for aim in self.aims],
        }

    def render(self) -> str:
        """All tables as text."""
        from snnc.sim.report_tables import format_table

        tables: list[tuple[tuple[str, ...], list[tuple[str, ...]]]] = [
            (NETWORKS, self._network_rows()),
            (SPEEDS, self._speed_rows()),
            (LARGE, self._large_rows()),
            (CURVES, self._curve_rows()),
            (AIMS, [_aim_row(aim) for aim in self.aims]),
        ]
        head = f"snnc {__version__}, {self.rounds} rounds, {machine()}; CPU time of one thread"
        return "\n\n".join([head, *(format_table(header, rows) for header, rows in tables if rows)])

    def _row(self, name: str) -> Row | None:
        return next((row for row in self.rows if row.name == name), None)

    def _speed(self, name: str) -> float | None:
        """Speed of the functional tier as a share of the bare loop's."""
        row = self._row(name)
        tier = None if row is None else row.contender(FUNCTIONAL)
        return None if tier is None else 1 / tier.times_bare.median

    def _network_rows(self) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = []
        for row in self.rows:
            for one in row.contenders:
                first = one.name == BARE
                rows.append(
                    (
                        f"{row.name}, {row.cores} cores, {row.steps} steps" if first else "",
                        one.name,
                        f"{one.seconds.median * 1e3:.3f}",
                        f"{row.events / one.seconds.median:.2g}",
                        f"{row.cycles / one.seconds.median:.2g}" if one.name == CYCLE else "",
                        f"{one.times_bare.low:.2f} {one.times_bare.median:.2f} {one.times_bare.high:.2f}",
                    )
                )
        return rows

    def _speed_rows(self) -> list[tuple[str, ...]]:
        return [
            (
                one.name,
                f"{one.hops_per_cycle:.2f}",
                f"{one.rtl.median:.3g}",
                f"{one.simulator.median:.3g}",
                f"{one.times_rtl.low:.0f} {one.times_rtl.median:.0f} {one.times_rtl.high:.0f}",
            )
            for one in self.speeds
        ]

    def _large_rows(self) -> list[tuple[str, ...]]:
        return [
            (
                one.name,
                f"{one.neurons:,}",
                f"{one.weights:,}",
                f"{one.synapses:,}",
                str(one.cores),
                f"{one.compile_s:.2f}",
                f"{one.compile_bytes:.2f}" if one.compile_bytes else "",
                f"{one.run_bytes:.2f}" if one.run_bytes else "",
                f"{one.run_s:.2f}",
                f"{one.process_bytes / 1e9:.2f}",
            )
            for one in self.large
        ]

    def _curve_rows(self) -> list[tuple[str, ...]]:
        return [
            (
                curve.meaning,
                f"{curve.sizes[0]:.3g} to {curve.sizes[-1]:.3g}",
                f"{curve.line[0] * 1e3:.3f}",
                f"{curve.line[1] * 1e9:.3g}",
                f"{curve.worst:.0%}",
            )
            for curve in self.curves
        ]


NETWORKS = ("network", "", "ms/sample", "events/s", "cycles/s", "times the bare loop: quartiles")
SPEEDS = ("cycles per CPU second", "hops per cycle", "RTL", "cycle tier", "times the RTL: quartiles")
LARGE = (
    "large",
    "neurons",
    "weights",
    "connections",
    "cores",
    "compile [s]",
    "bytes/weight",
    "in a run",
    "run [s]",
    "[GB]",
)
CURVES = ("cost of a sample over", "range", "fixed [ms]", "each [ns]", "worst misfit")
AIMS = ("aim", "found", "to be", "")


def _aim_row(aim: Aim) -> tuple[str, ...]:
    found = "not measured" if aim.found is None else f"{aim.found:.3g}{aim.unit and ' ' + aim.unit}"
    verdict = {None: "", True: "reached", False: "missed"}[aim.reached]
    return aim.what, found, f"{'>=' if aim.least else '<='} {aim.aim:g}", verdict


def machine() -> str:
    """Processor and load in short."""
    cores = len(os.sched_getaffinity(0))
    load, python = os.getloadavg()[0], platform.python_version()
    return f"{platform.machine()}, {cores} cores, load {load:.1f}, Python {python}"
