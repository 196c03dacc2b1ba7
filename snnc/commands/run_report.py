"""What `snnc run` reports: the content of run.json, and the same for people."""

from dataclasses import asdict, dataclass
from typing import Any

from snnc.base.units import format_quantity
from snnc.base.version import __version__
from snnc.rtl.host.link import LinkCounts
from snnc.sim.report import Spread

SCHEMA = 1
BASIS = {"predictions": "exact", "cycles": "exact", "latency_s": "simulated"}


@dataclass(frozen=True)
class HostTimes:
    """Seconds that the host took."""

    load_s: float
    run_s: float


@dataclass(frozen=True)
class RunReport:
    """Samples run on hardware: predictions and cycles as the hardware gave them."""

    target: str
    model_hash: str
    steps: int
    predictions: list[int]
    correct: int
    cycles: list[int] | None
    """Per sample, counted by the hardware; None where the mesh waited for the line."""
    clock_hz: float
    port: str
    link: LinkCounts
    host: HostTimes

    @property
    def samples(self) -> int:
        """How many were run."""
        return len(self.predictions)

    @property
    def accuracy(self) -> float:
        """Correct predictions over samples."""
        return self.correct / self.samples

    @property
    def cycle_spread(self) -> Spread:
        """Cycles of a sample."""
        return Spread.of(self.cycles)

    @property
    def latency_s(self) -> Spread:
        """Seconds of a sample at the target's clock."""
        return self.cycle_spread.over(self.clock_hz)

    def to_dict(self) -> dict[str, Any]:
        """run.json."""
        return {
            "schema": SCHEMA,
            "snnc": __version__,
            "target": self.target,
            "model_hash": self.model_hash,
            "samples": self.samples,
            "steps": self.steps,
            "accuracy": self.accuracy,
            "correct": self.correct,
            "predictions": self.predictions,
            "cycles": {**asdict(self.cycle_spread), "per_sample": self.cycles},
            "clock_hz": self.clock_hz,
            "latency_s": asdict(self.latency_s),
            "basis": BASIS,
            "link": {"port": self.port, **asdict(self.link)},
            "host": asdict(self.host),
        }

    def render(self) -> str:
        """A few lines for people."""
        return "\n".join(
            [
                f"{self.samples} samples x {self.steps} steps on the hardware at {self.port}",
                f"accuracy    {self.accuracy:.4f}  ({self.correct} of {self.samples}, exact)",
                *self._times(),
                self._link_line(),
            ]
        )

    def _times(self) -> list[str]:
        cycles, latency = self.cycle_spread, self.latency_s
        if latency.mean is None or latency.max is None:
            return ["cycles      unknown: the mesh waited for the line"]
        mean, longest = format_quantity(latency.mean, "s"), format_quantity(latency.max, "s")
        return [
            f"cycles      {cycles.mean:.1f} mean, {cycles.max} max  (exact, counted by the hardware)",
            f"latency     {mean} mean, {longest} max  (those cycles at {self.clock_hz / 1e6:g} MHz)",
        ]

    def _link_line(self) -> str:
        link = self.link
        refused = sum(link.by_board[1:]) + link.damaged_replies
        return (
            f"link        {link.sent} frames, {link.repeated} repeated, {refused} refused; "
            f"{self.host.load_s:.1f} s to load, {self.host.run_s:.1f} s to run"
        )
