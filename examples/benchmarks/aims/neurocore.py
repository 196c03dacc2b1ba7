"""The neurocore's aims: cycles and energy simulated, area and clock placed, beside what was wanted.

    python examples/benchmarks/aims/neurocore.py -o build/aims

trains the network on digits, takes the trained ones of `examples/` (MNIST in `$SNNC_DATA`; without it they
are left out, which the table says) and places every design with each seed, minutes each. What was trained and
placed is kept in the folder, so that the same command goes on where it was interrupted; a folder is for one
state of the sources. It ends with the table in `build/aims/table.md`.
"""

import json
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

import snnc
from snnc.base.errors import FileError
from snnc.base.files import make_directory, write_text
from snnc.compiler.formats.storage import Build
from snnc.models import Selection, load_inputs, read_model
from snnc.rtl.fpga.area import CONFIGURATIONS, TILES
from snnc.rtl.fpga.openflow import DEVICES, place, synthesise
from snnc.rtl.sources import TILE, sources
from snnc.sim.report import Report

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[1]
HEADER = ("figure", "before", "aim", "reached")
HEADLINE = {
    "fast": ("45 µs in 4,364 LUT4", "≤ 18 µs in ≤ 6,000 LUT4"),
    "small": ("48 µs in 3,902 LUT4", "≤ 33 µs in ≤ 3,600 LUT4"),
}
"""Targets of this folder, for `examples/mnist-fpga.pt`: what was before, and the aim."""
CORES = {
    "dense-16": ("clock, dense core, 16 lanes", "82–108 MHz", "≥ 118 MHz"),
    "dense-16-tile": ("LUT4 per lane, dense, 16 lanes, real router", "340", "≤ 215"),
    "full": ("clock, full core", "105 MHz", "≥ 110 MHz"),
}
"""Loadable cores of `snnc.rtl.fpga.area`."""

Row = tuple[str, str, str, str]


@dataclass(frozen=True)
class Placed:
    """A design placed with one seed."""

    mhz: float
    luts: int


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("build/aims"))
@click.option("--samples", type=click.IntRange(1), default=500, help="Of the test split.")
@click.option("--seeds", type=click.IntRange(0), default=5, help="Placements of each design; 0 places none.")
@click.option("--only", multiple=True, help="Designs to place, of those in the table; all without.")
def main(output: Path, samples: int, seeds: int, only: tuple[str, ...]) -> None:
    """Measure, print the table and keep it."""
    make_directory(output)
    rows = [*simulated(output, samples)]
    for name, (before, aim) in HEADLINE.items():
        rows.append((f"headline, {name}", before, aim, headline(name, output, samples, seeds, only)))
    for name, (figure, before, aim) in CORES.items():
        placed = placements(output / name, seeds if not only or name in only else 0, CoreDesign(name))
        rows.append((figure, before, aim, core(name, placed)))
    text = table(HEADER, rows)
    write_text(output / "table.md", text)
    click.echo(text)


def simulated(output: Path, samples: int) -> Iterator[Row]:
    """Cycles and dynamic energy of the two networks on target `fpga`."""
    aims = {
        "digits": (("1,730", "≤ 600"), ("67.5 nJ", "≤ 15 nJ")),
        "mnist-cnn": (("11,968", "≤ 4,500"), ("220 nJ", "≤ 90 nJ")),
    }
    for name, (cycles, energy) in aims.items():
        try:
            report = simulate(snnc.compile(model(name, output), "fpga"), name, samples)
        except FileError as error:
            yield f"{name}, cycles and energy", *cycles, f"left out: {error.message}"
            continue
        yield f"{name}, cycles", *cycles, f"{report.cycle_spread.mean:,.0f}"
        dynamic = report.energy.dynamic * 1e9, report.energy.built.dynamic * 1e9
        yield f"{name}, dynamic energy", *energy, "{:.1f} nJ, on its own memories {:.1f}".format(*dynamic)


def model(name: str, output: Path) -> Path:
    """The model file, trained unless it is there."""
    if name != "digits":
        return EXAMPLES / f"{name}.pt"
    return trained(output / "digits.pt", "digits-mlp")


def trained(path: Path, recipe: str, **settings: Any) -> Path:
    """The model file of a recipe, trained with seed 1 unless it is there."""
    if not path.exists():
        snnc.save(snnc.train(recipe, seed=1, **settings), path)
    return path


def simulate(program: Build, name: str, samples: int) -> Report:
    """The report of the first test samples."""
    data = "digits" if name == "digits" else "mnist"
    inputs = load_inputs(program.network, Selection(data, None, "test", samples))
    return snnc.simulate(program, inputs.x, inputs.y)


def headline(name: str, output: Path, samples: int, seeds: int, only: tuple[str, ...]) -> str:
    """What a design of the headline network reaches: time per image in the median of the seeds."""
    network = read_model(EXAMPLES / "mnist-fpga.pt")[1]
    program = snnc.compile(network, str(HERE / f"{name}.yaml"))
    placed = placements(output / name, seeds if not only or name in only else 0, BoardDesign(program))
    try:
        cycles = simulate(program, "mnist", samples).cycle_spread.mean
    except FileError as error:
        return f"left out: {error.message}"
    if not placed:
        return f"{cycles:,.0f} cycles, not placed"
    clock = statistics.median(design.mhz for design in placed)
    return f"{cycles / clock:.1f} µs ({cycles:,.0f} cycles) in {placed[0].luts:,} LUT4, {_clocks(placed)}"


def core(name: str, placed: Sequence[Placed]) -> str:
    """What a loadable core reaches."""
    if not placed:
        return "not placed"
    lanes = (CONFIGURATIONS | TILES)[name].lanes
    return f"{placed[0].luts / lanes:.0f} LUT4 per lane, {_clocks(placed)}"


@dataclass(frozen=True)
class BoardDesign:
    """Hardware for one network, with the UART of its board."""

    program: Build

    def place(self, folder: Path, seed: int) -> Placed:
        """Place it with a seed."""
        design = snnc.synthesise(self.program, folder, seed=seed)
        return Placed(design.fmax_hz / 1e6, design.lut.used)


@dataclass(frozen=True)
class CoreDesign:
    """A loadable core of `snnc.rtl.fpga.area`."""

    name: str

    def place(self, folder: Path, seed: int) -> Placed:
        """Place it with a seed."""
        device = DEVICES["ecp5-25k"]
        parameters = (CONFIGURATIONS | TILES)[self.name].verilog()
        top = "snnc_tile" if self.name in TILES else "snnc_top"
        netlist = synthesise([*sources(), TILE], top, parameters, device, folder, keep=True)
        design = place(netlist.path, device, seed)
        return Placed(design.fmax_mhz, design.luts)


def placements(folder: Path, seeds: int, design: BoardDesign | CoreDesign) -> list[Placed]:
    """One for each seed, and what was placed before."""
    make_directory(folder)
    for seed in range(1, seeds + 1):
        path = folder / f"seed{seed}.json"
        if not path.exists():
            placed = design.place(folder / "design", seed)
            write_text(path, json.dumps({"mhz": placed.mhz, "luts": placed.luts}) + "\n")
            click.echo(f"{folder.name}, seed {seed}: {placed.mhz:.1f} MHz, {placed.luts:,} LUT4", err=True)
    kept = sorted(folder.glob("seed*.json"), key=lambda path: int(path.stem.removeprefix("seed")))
    return [Placed(**json.loads(path.read_text("utf-8"))) for path in kept]


def _clocks(placed: Sequence[Placed]) -> str:
    clocks = ", ".join(f"{design.mhz:.1f}" for design in placed)
    return f"{statistics.median(design.mhz for design in placed):.1f} MHz in the median of {clocks}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """As Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


if __name__ == "__main__":
    main()
