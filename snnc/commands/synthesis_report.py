"""What `snnc synth` reports of a placed design: the content of synth.json, and the table for people."""

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from snnc.base.bounds import Range
from snnc.base.errors import FileError
from snnc.base.files import read_limited
from snnc.base.schema import decode, expect
from snnc.rtl.fpga.openflow import DEVICES

REPORT_FILE = "synth.json"
MAX_REPORT_BYTES = 1 << 20
CELLS = ("lut", "ff", "bram", "dsp")
DERIVED = ("timing_met", "predicted")
"""What the document says of the rest."""

Count = Annotated[int, Range(0, 2**31 - 1)]
Frequency = Annotated[float, Range(1.0, 1e12)]


@dataclass(frozen=True)
class Resource:
    """One kind of cell: what the placed design takes of what there is, and what was expected of it."""

    used: Count
    available: Count
    predicted: Count | None
    """None where no model of areas knows the device."""


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
    fmax_hz: Frequency
    clock_hz: Frequency
    critical_path: str
    bitstream: str
    """Path relative to the build directory."""
    seed: Count
    tools: dict[str, str]
    loads_weights: bool = False
    """Whether the host has to load the weights, which no bitstream holds."""

    @property
    def logic(self) -> str:
        """What `lut` counts: cells of an iCE40 are a LUT4 with a flip-flop, or one of both."""
        device = DEVICES.get(self.device)
        return "logic cells" if device is not None and device.family == "ice40" else "LUT4"

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
        rows = ((self.logic, self.lut), ("flip-flops", self.ff), ("block RAM", self.bram), ("DSP", self.dsp))
        for name, cells in rows:
            share = f"{cells.used / cells.available:.0%}"
            lines.append(f"{name:11}{cells.used:7} / {cells.available:<9}{share:>5}{_predicted(cells)}")
        verdict = "met" if self.met else "NOT met"
        lines.append(
            f"clock      {megahertz(self.clock_hz)} wanted, {megahertz(self.fmax_hz)} placed: {verdict}"
        )
        lines.append(f"critical   {self.critical_path}")
        lines.append(f"bitstream  {self.bitstream}")
        if self.loads_weights:
            lines.append("weights    not in the bitstream: `snnc run` loads them before the first sample")
        return "\n".join(lines)


def _predicted(cells: Resource) -> str:
    """The two columns of what was expected."""
    if cells.predicted is None:
        return f"{'-':>10}"
    return f"{cells.predicted:10}" + (f"{cells.predicted / cells.used - 1:+8.1%}" if cells.used else "")


def megahertz(hertz: float) -> str:
    """`hertz` rounded down to 10 kHz, so that a clock missed by little is not shown as the one wanted."""
    return f"{math.floor(hertz / 1e4) / 100:.2f} MHz"


def read_synthesis(build: Path) -> Synthesis:
    """The synth.json of a build, which is distrusted; raises FileError."""
    try:
        document = json.loads(read_limited(build / REPORT_FILE, MAX_REPORT_BYTES))
        expect(isinstance(document, dict), "", "a mapping of fields", document)
        stated = {name: value for name, value in document.items() if name not in DERIVED}
        result: Synthesis = decode(Synthesis, stated)
        return result
    except (FileError, ValueError, RecursionError):
        raise FileError(f"no {REPORT_FILE} of a placed design here", where=str(build)) from None
