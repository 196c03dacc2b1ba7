"""Power of the headline network on an ECP5 and on an iCE40 UP5K: intervals, and what of them is assumed.

    python examples/benchmarks/energy/intervals.py -o build/energy

compiles `examples/mnist-fpga.pt` for the hardware below, makes the power page of each (samples of MNIST in
`$SNNC_DATA`, one of them on the RTL) and writes `build/energy/intervals.md` and `build/energy/assumed.md`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
from run import table

import snnc
from snnc.base.files import make_directory, write_text
from snnc.base.units import format_quantity
from snnc.commands.console import Console
from snnc.commands.power import power_of
from snnc.commands.power_page import Line, PowerPage
from snnc.models import Selection

HERE = Path(__file__).parent
MODEL = HERE.parents[1] / "mnist-fpga.pt"
TARGETS = ("ecp5-25k", "ecp5-25k-mesh", str(HERE / "up5k-wide.yaml"))
RATES = (1.0, 100.0, 1000.0)
"""Inferences per second."""
STANDING = ("static", "clock", "clock trunk")
"""Lines of the page that do not grow with the rate."""
INTERVALS = ("target", "part", "rate", "busy", "static", "clock", "inferences", "total", "per inference")
ASSUMED = ("target", "what", "power", "price", "part of the interval")


@dataclass(frozen=True)
class Design:
    """One kind of hardware and its page at the last of the rates."""

    target: str
    page: PowerPage

    def at(self, rate: float) -> list[Line]:
        """The lines of its page at another rate, of what changes registers only the sum."""
        scale = rate / self.page.rate_hz
        lines = [_scaled(line, 1 if line.name in STANDING else scale) for line in self.page.lines]
        toggles = [line for line in lines if line.name.startswith("toggles: ")]
        others = [line for line in lines if line not in toggles]
        return [*others, _sum("registers that change", toggles)] if toggles else others


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("build/energy"))
@click.option("--samples", type=click.IntRange(1), default=50, help="Of the test split.")
def main(output: Path, samples: int) -> None:
    """Make the pages; the tables are printed and kept."""
    make_directory(output)
    for name, text in tables(samples).items():
        write_text(output / f"{name}.md", text)
        click.echo(text)


def tables(samples: int) -> dict[str, str]:
    """Both tables as Markdown: `intervals`, and `assumed` with what the widest parts rest on."""
    designs = [_design(target, samples) for target in TARGETS]
    rows = [_interval(design, rate) for design in designs for rate in RATES]
    parts = [row for design in designs for row in _assumed(design)]
    return {"intervals": table(INTERVALS, rows) + "\n", "assumed": table(ASSUMED, parts) + "\n"}


def _design(target: str, samples: int) -> Design:
    build = snnc.compile(MODEL, target)
    selection = Selection("mnist", None, "test", samples)
    page = power_of(build, Path(), selection, RATES[-1], 1, None, Console(quiet=True))
    return Design(Path(target).stem, page)


def _interval(design: Design, rate: float) -> tuple[str, ...]:
    lines = design.at(rate)
    total = _sum("total", lines)
    clock = _sum("clock", [line for line in lines if line.name in STANDING[1:]])
    work = _sum("inferences", [line for line in lines if line.name not in STANDING])
    busy = design.page.busy * rate / design.page.rate_hz
    parts = (lines[0], clock, work, total, _scaled(total, 1 / rate))
    units = ("W", "W", "W", "W", "J")
    figures = (_figure(line, unit) for line, unit in zip(parts, units, strict=True))
    return design.target, design.page.part, f"{rate:g}/s", f"{busy:.2%}", *figures


def _assumed(design: Design) -> Iterator[tuple[str, ...]]:
    """What an interval at the highest rate is made of, the widest part first."""
    lines = design.at(design.page.rate_hz)
    width = sum(line.high - line.low for line in lines)
    for line in sorted(lines, key=lambda line: line.low - line.high):
        share = (line.high - line.low) / width
        yield design.target, line.name, _figure(line, "W"), line.confidence, f"{share:.1%}"


def _scaled(line: Line, factor: float) -> Line:
    values = (value * factor for value in (line.typical, line.low, line.high))
    return Line(line.name, *values, line.amount, line.confidence)


def _sum(name: str, lines: list[Line]) -> Line:
    columns = zip(*((line.typical, line.low, line.high) for line in lines), strict=True)
    return Line(name, *(sum(column) for column in columns), "", lines[0].confidence)


def _figure(line: Line, unit: str) -> str:
    typical, low, high = (format_quantity(value, unit) for value in (line.typical, line.low, line.high))
    return f"{typical} ({low} … {high})"


if __name__ == "__main__":
    main()
