"""`snnc power`: the power of a build on its FPGA, line by line."""

import tempfile
from collections import Counter
from pathlib import Path

import click
import numpy as np

from snnc.base.errors import FileError, UsageError
from snnc.base.files import cache_directory
from snnc.commands.build_folder import POWER_FILE
from snnc.commands.console import Console
from snnc.commands.deliver import deliver
from snnc.commands.options import (
    FiniteRange,
    build_argument,
    json_option,
    pass_console,
    positive,
    selection_options,
)
from snnc.commands.power_page import Activity, PowerPage, power_page
from snnc.commands.synthesis import hardware_image
from snnc.commands.synthesis_report import read_synthesis
from snnc.compiler.formats.storage import Build
from snnc.compiler.ir.image import Image
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.passes.specialise import specialise
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.models import Selection, load_inputs

TABLES = {"ecp5": "ecp5", "ice40": "ice40-up5k"}
"""Of each family of devices."""


@click.command("power")
@build_argument
@selection_options
@click.option("--rate", type=FiniteRange(1e-6, 1e9), default=1000, help="Inferences per second.")
@click.option("--traced", type=positive, default=1, help="Samples whose toggles are counted in the RTL.")
@click.option("--energy-table", metavar="NAME", help="Price by this table, or .yaml, not by the device's.")
@json_option(POWER_FILE)
@pass_console
def command(
    console: Console,
    folder: Path,
    selection: Selection,
    rate: float,
    traced: int,
    energy_table: str | None,
    json_file: Path | None,
) -> None:
    """Power of a build on its FPGA at a rate of inferences, line by line, idle time included."""
    page = power_of(Build.load(folder), folder, selection, rate, traced, energy_table, console)
    deliver(page, console, kept=folder / POWER_FILE, json_file=json_file)


def power_of(
    build: Build,
    folder: Path,
    selection: Selection,
    rate: float,
    traced: int,
    energy_table: str | None,
    console: Console,
) -> PowerPage:
    """Count, trace and price; the flip-flops are those of synth.json in `folder` where the build was placed.

    Raises UsageError for a target without an FPGA, or a rate out of reach, TargetError for a table.
    """
    from snnc.sim.accounting.counts import count_actions
    from snnc.sim.accounting.energy_table import load_energy_table
    from snnc.sim.engine.cycle import run_isolated

    device = build.tiled.target.device
    if device is None:
        raise UsageError(
            f"target `{build.tiled.target.name}` has no FPGA behind it",
            hint="compile for one of the targets with a device: `snnc targets`",
        )
    table = load_energy_table(energy_table or TABLES.get(device.family, "ecp5"))
    inputs = load_inputs(build.network, selection)
    payloads = encode_inputs(build.network.input, build.network.steps, inputs.x)
    small = specialise(build.tiled)
    run = run_isolated(small, payloads)
    image = hardware_image(build, loadable=False)
    registers, basis = _registers(folder, image)
    activity = Activity(
        counts=count_actions(small, run.primitives),
        samples=len(payloads),
        cycles=float(np.mean(run.cycles)),
        toggles=Counter(),
        registers=registers,
        registers_basis=basis,
    )
    power_page(small, table, activity, rate)  # What can be refused is refused before the RTL runs.
    console.say(f"tracing {min(traced, len(payloads))} samples on the RTL")
    activity.toggles.update(_toggles(small, image, payloads[:traced]))
    return power_page(small, table, activity, rate)


def _toggles(program: TiledProgram, image: Image, payloads: IntArray) -> Counter[str]:
    """Bits of registers that change per sample, mean over two runs of each: one alone, one in a stream."""
    from snnc.rtl.simulation.cosimulate import cosimulate
    from snnc.rtl.simulation.toggles import count_toggles

    with tempfile.TemporaryDirectory(prefix="snnc-power-") as work:
        waves = Path(work) / "power.vcd"
        cosimulate(image, program, payloads, cache=cache_directory(), work=Path(work), waves=waves)
        found = count_toggles(waves)
    return Counter({part: round(number / (2 * len(payloads))) for part, number in found.items()})


def _registers(folder: Path, image: Image) -> tuple[int, str]:
    """Flip-flops of the hardware for this network, and where their number is from."""
    from snnc.rtl.fpga.area_model import predict_area
    from snnc.rtl.parameters import WEIGHTS_ALONE

    try:
        design = read_synthesis(folder)
        if not design.loadable:
            return design.ff.used, "placed, synth.json"
    except FileError:
        pass
    return predict_area(image, WEIGHTS_ALONE, uart=True).ff, "predicted, docs/area.md"
