"""What `snnc synth` reports of a placed design: the content of synth.json, and the table for people."""

import math
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Resource:
    """One kind of cell: what the placed design takes of what there is, and what was expected of it."""

    used: int
    available: int
    predicted: int


@dataclass(frozen=True)
class Synthesis:
    """The content of synth.json."""

    device: str
    board: str | None
    loadable: bool
    """Whether another network of the target can be loaded into the bitstream."""
    lut: Resource
    ff: Resource
    bram: Resource
    dsp: Resource
    fmax_hz: float
    clock_hz: float
    critical_path: str
    bitstream: str
    """Path relative to the build directory."""
    seed: int
    tools: dict[str, str]

    @property
    def met(self) -> bool:
        """Whether the placed design runs at its clock."""
        return self.fmax_hz >= self.clock_hz

    def to_dict(self) -> dict[str, Any]:
        """The JSON document."""
        predicted = {name: getattr(self, name).predicted for name in ("lut", "ff", "bram", "dsp")}
        return {**asdict(self), "timing_met": self.met, "predicted": predicted}

    def render(self) -> str:
        """The report for people."""
        kind = "loadable with any network of the target" if self.loadable else "for this network"
        lines = [
            f"{self.device}, board {self.board or 'none'}, hardware {kind}, seed {self.seed}",
            f"{'':11}{'placed':>7} / {'available':9}{'':>5}{'predicted':>10}{'off by':>8}",
        ]
        rows = (("LUT4", self.lut), ("flip-flops", self.ff), ("block RAM", self.bram), ("DSP", self.dsp))
        for name, cells in rows:
            off = f"{cells.predicted / cells.used - 1:+.1%}" if cells.used else ""
            share = f"{cells.used / cells.available:.0%}"
            lines.append(
                f"{name:11}{cells.used:7} / {cells.available:<9}{share:>5}{cells.predicted:10}{off:>8}"
            )
        verdict = "met" if self.met else "NOT met"
        lines.append(
            f"clock      {megahertz(self.clock_hz)} wanted, {megahertz(self.fmax_hz)} placed: {verdict}"
        )
        lines.append(f"critical   {self.critical_path}")
        lines.append(f"bitstream  {self.bitstream}")
        return "\n".join(lines)


def megahertz(hertz: float) -> str:
    """`hertz` rounded down to 10 kHz, so that a clock missed by little is not shown as the one wanted."""
    return f"{math.floor(hertz / 1e4) / 100:.2f} MHz"
