"""One wide core or many narrow ones: six networks on four kinds of hardware, each cut down to its network.

    python examples/benchmarks/packing/run.py -o build/packing --seeds 1

takes the trained networks of `examples/` and trains the others, simulates samples of each test split and
predicts the area; with `--seeds` it places the designs of `--only` as well, minutes each. What was trained
and placed is kept in the folder, so that the same command goes on where it was interrupted; a folder is for
one state of the sources. MNIST lies in `$SNNC_DATA`; without it its networks are not simulated, which the
table says. It ends with the table in `build/packing/table.md`.
"""

import statistics
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import click

sys.path.append(str(Path(__file__).parents[1] / "aims"))

from neurocore import EXAMPLES, BoardDesign, Placed, placements, simulate, table, trained

import snnc
from snnc.base.errors import FileError, SnncError
from snnc.base.files import make_directory, write_text
from snnc.compiler.formats.storage import Build
from snnc.compiler.ir.network import Network
from snnc.compiler.ir.packing import on_core
from snnc.compiler.passes.specialise import BLOCK_KIBIT
from snnc.compiler.pipeline import Compilation, run_passes, standard_passes
from snnc.compiler.targets import Target, load_target
from snnc.exploration.search import FULL
from snnc.rtl.fpga.area_model import Area, predict_area
from snnc.rtl.parameters import WEIGHTS_ALONE

HEADER = (
    "network",
    "hardware",
    "cores",
    "tiles",
    "fits",
    "LUT4",
    "block RAM",
    "clock [MHz]",
    "cycles",
    "time [µs]",
    "energy [nJ]",
)
PARTS = {"LFE5U-12F": "ecp5-12k", "LFE5U-25F": "ecp5-25k", "LFE5U-85F": "ecp5-85k"}
"""Parts from the smallest on, and the targets that name their cells."""

Row = tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """A trained network, stored or of a recipe."""

    data: str
    model: str = ""
    """Its file in `examples/`."""
    recipe: str = ""
    settings: Mapping[str, object] = field(default_factory=dict)

    def network(self, name: str, output: Path) -> Network:
        """As it was trained; the file of a recipe is kept in `output`."""
        if self.model:
            return snnc.load(EXAMPLES / self.model)
        return snnc.load(trained(output / f"{name}.pt", self.recipe, **self.settings))


@dataclass(frozen=True)
class Hardware:
    """Lanes and cores before they are cut down to a network."""

    lanes: int
    width: int
    height: int
    contexts: int
    spread: bool
    """Whether layers are cut further than they must be, where that is faster."""

    def target(self, part: str) -> Target:
        """On a part, whose block RAM the cores may share as they need it."""
        small = load_target(PARTS[part])
        assert small.device is not None
        return replace(
            small,
            name=f"{part}-{self.width}x{self.height}x{self.lanes}",
            width=self.width,
            height=self.height,
            lanes=self.lanes,
            contexts=self.contexts,
            neurons=1 << 16,
            weight_kibit=small.device.block_rams * BLOCK_KIBIT,
            parameter_words=256,
            delay_slots=16,
            cuba=False,
            decay_multiplier=False,
            reset_amount=True,
            channel_leak=True,
            lower_clamp=True,
            fraction_bits=7,
        )


CASES = {
    "digits": Case("digits", recipe="digits-mlp"),
    "mnist-fpga": Case("mnist", "mnist-fpga.pt"),
    "mnist-cnn": Case("mnist", "mnist-cnn.pt"),
    "mnist-residual": Case("mnist", recipe="mnist-residual"),
    "six-layers": Case("mnist", recipe="mnist-residual", settings={"hidden": (8, 16, 32), "epochs": 3}),
    "mnist-delays": Case("mnist", "benchmarks/energy/models/mnist-delays.pt"),
}
HARDWARE = {
    "one core, 16 lanes": Hardware(16, 1, 1, 16, spread=False),
    "one core, 8 lanes": Hardware(8, 1, 1, 16, spread=False),
    "a core a layer, 8 lanes": Hardware(8, 4, 2, 1, spread=False),
    "up to 8 cores, 4 lanes": Hardware(4, 4, 2, 1, spread=True),
}


@dataclass(frozen=True)
class Design:
    """A network compiled for one kind of hardware, cut down to it, on the smallest part that it fits."""

    part: str
    """Empty where it fits none."""
    program: Build
    area: Area
    """Predicted, with the UART of the board."""


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("build/packing"))
@click.option("--samples", type=click.IntRange(1), default=200, help="Of the test split.")
@click.option("--seeds", type=click.IntRange(0), default=0, help="Placements of each design.")
@click.option("--only", multiple=True, help="Networks to place, all without; NETWORK/N its Nth hardware.")
def main(output: Path, samples: int, seeds: int, only: tuple[str, ...]) -> None:
    """Measure, print the table and keep it."""
    make_directory(output)
    rows: list[Row] = []
    for name, case in CASES.items():
        network = case.network(name, output)
        for number, (kind, hardware) in enumerate(HARDWARE.items(), 1):
            chosen = not only or name in only or f"{name}/{number}" in only
            design = fitting(network, hardware)
            placed = placements_of(design, output / f"{name}-{number}", seeds if chosen else 0)
            rows.append((name, kind, *figures(design, placed, case.data, samples)))
    text = table(HEADER, rows)
    write_text(output / "table.md", text)
    click.echo(text)


def fitting(network: Network, hardware: Hardware) -> Design | SnncError:
    """The design on the smallest part that it fits by the area model, else on the largest; or why none is."""
    found: Design | SnncError
    for part in PARTS:
        target = hardware.target(part)
        try:
            passes = standard_passes(target, spread=hardware.spread, specialise=True)
            compiled = Compilation.of(run_passes(network, passes))
        except SnncError as error:
            found = error
            continue
        area = predict_area(compiled.image, WEIGHTS_ALONE, uart=True)
        fits = _fits(area, target)
        found = Design(part if fits else "", Build(compiled.network, compiled.tiled), area)
        if fits:
            break
    return found


def _fits(area: Area, target: Target) -> bool:
    device = target.device
    assert device is not None
    return (
        area.lut <= FULL * device.luts and area.bram <= device.block_rams and area.dsp <= device.multipliers
    )


def placements_of(design: Design | SnncError, folder: Path, seeds: int) -> list[Placed]:
    """What was placed before, and up to so many seeds of a design that fits a part."""
    if isinstance(design, SnncError) or not design.part:
        return []
    try:
        return placements(folder, seeds, BoardDesign(design.program))
    except SnncError as error:
        click.echo(f"{folder.name}: {error}", err=True)
        return placements(folder, 0, BoardDesign(design.program))


def figures(design: Design | SnncError, placed: list[Placed], data: str, samples: int) -> Iterator[str]:
    """The cells of a row behind its names."""
    if isinstance(design, SnncError):
        yield from ("–", "–", f"none: {design.message.splitlines()[0]}", *["–"] * 6)
        return
    tiled = design.program.tiled
    yield str(len(on_core(tiled)))
    yield str(len(tiled.cores))
    yield design.part or "none"
    predicted = f"{design.area.lut:,} predicted"
    yield f"**{placed[0].luts:,}** ({predicted})" if placed else predicted
    yield str(design.area.bram)
    clock = statistics.median(each.mhz for each in placed) if placed else None
    yield f"{clock:.1f}" if clock else "–"
    try:
        report = simulate(design.program, data, samples)
    except FileError as error:
        yield from (f"left out: {error.message}", "–", "–")
        return
    cycles = report.cycle_spread.mean
    yield f"{cycles:,.0f}"
    yield f"{cycles / clock:.1f}" if clock else f"{cycles / tiled.target.clock_mhz:.1f} at 100 MHz"
    yield f"{report.energy.mean * 1e9:.1f}"


if __name__ == "__main__":
    main()
