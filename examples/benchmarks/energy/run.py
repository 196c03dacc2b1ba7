"""What networks cost with spikes and without, on the same table: one row per network and target.

    python examples/benchmarks/energy/run.py -o build/energy

trains the networks on digits, takes the trained ones of `examples/` (MNIST in `$SNNC_DATA`; without it they
are left out, which the table says), compiles, simulates and prices. Networks that are trained are kept, so
that the same command goes on where it was interrupted; it ends with the table in `build/energy/table.md`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

import snnc
from snnc.base.errors import FileError
from snnc.base.files import make_directory, write_text
from snnc.compiler.formats.storage import Build
from snnc.models import Selection, load_inputs, read_model
from snnc.sim.accounting.comparison import DenseComparison
from snnc.sim.report import Report
from snnc.sim.report_energy import BuiltFigures, EnergyFigures

EXAMPLES = Path(__file__).parents[2]
ONE_CORE, EIGHT_CORES = (
    str(Path(__file__).with_name(f"{name}.yaml")) for name in ("one-core", "eight-cores")
)
"""Few cores that tiles share: a core that waits for others is clocked all the same."""
SEED = 1
HEADER = (
    "network",
    "target",
    "accuracy",
    "steps",
    "rate",
    "cycles",
    "with spikes",
    "without",
    "ideal",
    "made for it: with",
    "without",
    "ideal",
    "dynamic alone: with",
    "without",
    "spikes",
)


@dataclass(frozen=True)
class Row:
    """One network on one target."""

    name: str
    target: str
    settings: dict[str, Any] | None
    """Of the recipe `digits-mlp`; None for a trained model of `examples/`."""
    data: str = "digits"


ROWS = (
    Row("digits-mlp", "fpga", {}),
    Row("digits, 1 step", "fpga", {"steps": 1}),
    Row("digits, 1 step, rate_penalty=3", "fpga", {"steps": 1, "rate_penalty": 3.0}),
    Row("digits, 2 steps, 32 neurons", "fpga", {"steps": 2, "hidden": "32"}),
    Row("mnist-cnn", "fpga", None, "mnist"),
    Row("mnist-cnn", ONE_CORE, None, "mnist"),
    Row("mnist-fpga", "fpga", None, "mnist"),
    Row("mnist-fpga", "ecp5-25k-mesh", None, "mnist"),
    Row("mnist-fpga", "ecp5-25k", None, "mnist"),
    Row("mnist-fpga", ONE_CORE, None, "mnist"),
)


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("build/energy"))
@click.option("--samples", type=click.IntRange(1), default=200, help="Of the test split.")
@click.option("--energy-table", help="Price by this table instead of the target's.")
def main(output: Path, samples: int, energy_table: str | None) -> None:
    """Train, simulate and price every row; the table is printed and kept."""
    make_directory(output)
    text = rows_of(output, samples, energy_table)
    write_text(output / "table.md", text)
    click.echo(text)


def rows_of(output: Path, samples: int, energy_table: str | None = None) -> str:
    """The table as Markdown; what is trained is kept in `output`."""
    lines, missing = [], []
    for row in ROWS:
        try:
            report = simulated(row, output, samples, energy_table)
        except FileError as error:
            missing.append(f"{row.name}: {error.message}")
            continue
        lines.append(cells(row, report))
        click.echo(f"{row.name} on {Path(row.target).stem}: {report.comparison.verdict}", err=True)
    return table(HEADER, lines) + "".join(f"\nleft out: {line}" for line in missing) + "\n"


def simulated(row: Row, output: Path, samples: int, energy_table: str | None) -> Report:
    """The report of a row on the first test samples."""
    network = read_model(model_of(row, output))[1]
    inputs = load_inputs(network, Selection(row.data, None, "test", samples))
    program: Build = snnc.compile(network, row.target)
    return snnc.simulate(program, inputs.x, inputs.y, energy_table=energy_table)


def model_of(row: Row, output: Path) -> Path:
    """The model file of a row, trained unless it is there."""
    if row.settings is None:
        return EXAMPLES / f"{row.name}.pt"
    path = output / f"{''.join(c if c.isalnum() else '-' for c in row.name)}.pt"
    if not path.exists():
        snnc.save(snnc.train("digits-mlp", seed=SEED, **row.settings), path)
    return path


def cells(row: Row, report: Report) -> tuple[str, ...]:
    """One row of the table."""
    hidden = report.layers[:-1] or report.layers
    neurons = sum(layer.neurons for layer in hidden)
    rate = sum(layer.rate * layer.neurons for layer in hidden) / neurons
    return (
        row.name,
        Path(row.target).stem,
        f"{report.accuracy:.2%}" if report.accuracy is not None else "",
        str(report.steps),
        f"{rate:.1%}",
        f"{report.cycle_spread.mean:,.0f}",
        *_ways(report.energy, report.dense),
        *_ways(report.energy.built, report.comparison.built),
        number(report.energy.built.dynamic),
        number(report.comparison.built.total - report.comparison.built.by_action["static"]),
        verdict(report),
    )


def _ways(energy: EnergyFigures | BuiltFigures, dense: DenseComparison) -> tuple[str, str, str]:
    interval = f"{number(energy.mean)} ({number(energy.low)}–{number(energy.high)})"
    return interval, number(dense.total), number(dense.ideal.total)


def number(joules: float) -> str:
    """Nanojoules with three digits that matter."""
    return f"{float(f'{joules * 1e9:.3g}'):,g}"


def verdict(report: Report) -> str:
    """Against what spikes win on memories made for the network."""
    mean, dense = report.energy.built.mean, report.comparison.built
    if mean < dense.ideal.total:
        return "win against the ideal"
    return "win" if mean < dense.total else f"lose, {mean / dense.total:.1f} times"


def table(header: Sequence[str], lines: Sequence[tuple[str, ...]], words: int = 2) -> str:
    """As Markdown; the first `words` columns and the last are text, the others numbers."""
    rule = ("---",) * words + ("--:",) * (len(header) - words - 1) + ("---",)
    return "\n".join("| " + " | ".join(row) + " |" for row in (header, rule, *lines))


if __name__ == "__main__":
    main()
