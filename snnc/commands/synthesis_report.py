"""What `snnc synth` reports of a placed design: the content of synth.json, and the table for people."""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from snnc.base.errors import FileError
from snnc.base.files import read_limited

REPORT_FILE = "synth.json"
MAX_REPORT_BYTES = 1 << 20
CELLS = ("lut", "ff", "bram", "dsp")


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
        predicted = {name: getattr(self, name).predicted for name in CELLS}
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


def read_synthesis(build: Path) -> Synthesis:
    """The synth.json of a build, which is distrusted; raises FileError."""
    try:
        document = json.loads(read_limited(build / REPORT_FILE, MAX_REPORT_BYTES))
        return _from_dict(document)
    except (FileError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise FileError(f"no {REPORT_FILE} of a placed design here", where=str(build)) from None


def _from_dict(document: dict[str, Any]) -> Synthesis:
    """What `to_dict` was made of; raises ValueError, KeyError, TypeError or AttributeError."""
    cells = {name: Resource(**document[name]) for name in CELLS}
    tools = {str(name): str(version) for name, version in document["tools"].items()}
    board = document["board"]
    result = Synthesis(
        device=str(document["device"]),
        board=None if board is None else str(board),
        loadable=document["loadable"],
        **cells,
        fmax_hz=document["fmax_hz"],
        clock_hz=document["clock_hz"],
        critical_path=str(document["critical_path"]),
        bitstream=str(document["bitstream"]),
        seed=document["seed"],
        tools=tools,
    )
    counts = [number for resource in cells.values() for number in asdict(resource).values()]
    if not all(type(number) is int and number >= 0 for number in (*counts, result.seed)):
        raise ValueError("cells and seed are counts")
    if type(result.loadable) is not bool:
        raise ValueError("loadable is true or false")
    if not all(type(clock) is float and 0 < clock < math.inf for clock in (result.fmax_hz, result.clock_hz)):
        raise ValueError("clocks are positive")
    return result
