"""What a sweep found, for people and programs: the front as a table, all points as a picture and as JSON."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from snnc.base.units import format_quantity
from snnc.exploration.ranking import front
from snnc.exploration.scatter import Dot, draw_scatter
from snnc.exploration.space import OBJECTIVES, Objective, Point, Search
from snnc.exploration.sweep import Explored, Found

AXES: dict[Objective, tuple[str, float]] = {
    "error": ("wrong answers [%]", 100.0),
    "latency": ("µs per sample (simulated)", 1e6),
    "energy": ("nJ per sample (estimated)", 1e9),
    "area": ("LUT4 (predicted)", 1.0),
    "memory": ("Kibit of memory", 1 / 1024),
    "cores": ("cores", 1.0),
}
"""What an axis of the picture shows, and in which unit."""


@dataclass(frozen=True)
class Results:
    """The outcome of `snnc explore`."""

    explored: Explored
    search: Search
    command: Callable[[Point], str]
    """The command that builds a point."""

    @cached_property
    def measured(self) -> list[Found]:
        """Designs that were simulated cycle by cycle."""
        return [design for design in self.explored.found if design.measured is not None]

    @cached_property
    def front(self) -> list[Found]:
        """Those of them that no other beats, best goal first."""
        values = [design.values(self.search.objectives) for design in self.measured]
        return sorted((self.measured[place] for place in front(values)), key=self._merit)

    @cached_property
    def chosen(self) -> Found | None:
        """The best of the front for the goal, or None where all miss the accuracy asked for."""
        allowed = (d for d in self.front if (d.screened.accuracy or 0.0) >= self.search.min_accuracy)
        return next(allowed, None)

    def to_dict(self) -> dict[str, Any]:
        """`pareto.json`."""
        return {
            "schema": 1,
            "objectives": list(self.search.objectives),
            "points": len(self.explored.found) + len(self.explored.refused),
            "refused": [{"point": one.label, "why": why} for one, why in self.explored.refused.items()],
            "lost": self.explored.lost,
            "measured": len(self.measured),
            "front": [self._row(design) for design in self.front],
            "chosen": None if self.chosen is None else self._row(self.chosen),
        }

    def render(self) -> str:
        """The front as a table, and how to build the chosen point."""
        from snnc.sim.report_tables import format_table

        explored = self.explored
        lines = [
            f"{len(explored.found)} designs and {len(explored.refused)} that cannot be; {len(self.measured)} "
            f"simulated cycle by cycle, {len(self.front)} of these beaten by none in "
            f"{', '.join(self.search.objectives)}",
            f"{explored.done} looks now, {explored.reused} known from an earlier run",
        ]
        if explored.lost:
            lines.append(f"{explored.lost} looks lost their worker every time: run again to repeat them")
        if not self.front:
            return "\n".join(lines)
        header = ("design", "accuracy", "latency", "energy", "LUT4", "Kibit", "cores", "")
        table = format_table(header, [self._cells(design) for design in self.front])
        note = "accuracy exact, latency simulated, energy estimated, LUT4 predicted"
        lines += ["", table, note, ""]
        if self.chosen is None:
            lines.append(f"none reaches an accuracy of {self.search.min_accuracy:.2%}")
        else:
            lines.append(f"build the chosen one with\n  {self.command(self.chosen.point)}")
        return "\n".join(lines)

    def csv(self) -> str:
        """Every design, in the order of the search."""
        text = io.StringIO()
        rows = [self._row(design) for design in self.explored.found]
        names = ["design", "measured", *OBJECTIVES, "command"]
        writer = csv.DictWriter(text, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue()

    def picture(self, title: str) -> str:
        """An SVG of all designs by the first two objectives; one alone is drawn against the memory."""
        x, y = (*self.search.objectives, "memory" if self.search.objectives != ("memory",) else "cores")[:2]
        dots = []
        for design in self.explored.found:
            left, top = design.values((x, y))  # type: ignore[arg-type]
            kind: Any = "chosen" if design is self.chosen else "on" if design in self.front else "design"
            numbers = f"{design.point.label}: {', '.join(filter(None, self._cells(design)[1:-1]))}"
            dots.append(Dot(left * AXES[x][1], top * AXES[y][1], kind, "", numbers))  # type: ignore[index]
        return draw_scatter(dots, title, AXES[x][0], AXES[y][0])  # type: ignore[index]

    def _merit(self, design: Found) -> tuple[float, ...]:
        return (*design.values((self.search.goal,)), *design.values(self.search.objectives))

    def _row(self, design: Found) -> dict[str, Any]:
        values = dict(zip(OBJECTIVES, design.values(OBJECTIVES), strict=True))
        known = values | {"area": design.screened.area}
        return {
            "design": design.point.label,
            "measured": design.measured is not None,
            **known,
            "command": self.command(design.point),
        }

    def _cells(self, design: Found) -> tuple[str, ...]:
        found, timed = design.screened, design.measured or design.screened
        return (
            design.point.label,
            f"{found.accuracy or 0.0:.2%}",
            format_quantity(timed.latency_s or 0.0, "s"),
            format_quantity(timed.energy_j or 0.0, "J"),
            "" if found.area is None else str(found.area),
            f"{(found.memory or 0) / 1024:.0f}",
            str(found.cores),
            "< chosen" if design is self.chosen else "",
        )
