"""Five networks trained to need few spikes, three of them on time or events, priced with and without spikes.

    python examples/benchmarks/energy/sparse.py -o build/energy

takes the trained models in `models/`, compiles them for targets that hold them, simulates samples of each
test split in `$SNNC_DATA` (`mnist`, `n-mnist`, `fsdd`) and writes `build/energy/sparse.md`. What `$SNNC_DATA`
lacks is left out, which the table says.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
import event_data
from run import verdict

import snnc
from snnc.base.errors import FileError
from snnc.base.files import make_directory, write_text
from snnc.compiler.ir.network import Network
from snnc.models import Selection, load_inputs, read_model
from snnc.sim.report import Report
from snnc.sim.report_energy import BuiltFigures, EnergyFigures
from snnc.training.data.datasets import Samples

HERE = Path(__file__).parent
SLOTS = HERE / "fpga-slots16.yaml"
"""The default target with as many bitmap slots as a delay of 12 needs."""
HEADER = (
    "network",
    "target",
    "accuracy",
    "of",
    "steps",
    "rate",
    "cycles",
    "with spikes",
    "without",
    "ideal",
    "made for it: with",
    "without",
    "ideal",
    "spikes",
)


@dataclass(frozen=True)
class Row:
    """One network: its model file, a target, and where its test samples come from."""

    name: str
    target: str
    inputs: Callable[[Network, int], Samples]
    tested: tuple[float, int] | None = None
    """Accuracy of the training's whole test split and its size, where the model file does not say it."""


def mnist(network: Network, samples: int) -> Samples:
    """The first samples of the test split, as the network takes them."""
    return load_inputs(network, Selection("mnist", None, "test", samples))


ROWS = (
    Row("mnist-s2nn", "fpga", mnist),
    Row("mnist-cnn-s2nn", "fpga", mnist),
    Row("mnist-delays", str(SLOTS), mnist),
    Row("n-mnist", "mesh16", lambda network, samples: event_data.nmnist(samples), (0.96, 200)),
    Row("spoken-digits", "mesh16", lambda network, samples: event_data.spoken(samples), (299 / 300, 300)),
)


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("build/energy"))
@click.option("--samples", type=click.IntRange(1), default=100, help="Of each test split.")
@click.option("--energy-table", help="Price by this table instead of the target's.")
def main(output: Path, samples: int, energy_table: str | None) -> None:
    """Simulate and price every row; the table is printed and kept."""
    make_directory(output)
    lines, missing = [], []
    for row in ROWS:
        network = read_model(HERE / "models" / f"{row.name}.pt")[1]
        try:
            inputs = row.inputs(network, samples)
        except FileError as error:
            missing.append(f"\nleft out: {row.name}: {error.message}")
            continue
        report = snnc.simulate(
            snnc.compile(network, row.target), inputs.x, inputs.y, energy_table=energy_table
        )
        lines.append(cells(row, network, report))
        click.echo(f"{row.name}: {report.comparison.verdict}", err=True)
    rows = [HEADER, ("---",) * 2 + ("--:",) * (len(HEADER) - 3) + ("---",), *lines]
    text = "\n".join("| " + " | ".join(line) + " |" for line in rows) + "".join(missing) + "\n"
    write_text(output / "sparse.md", text)
    click.echo(text)


def cells(row: Row, network: Network, report: Report) -> tuple[str, ...]:
    """One row of the table; accuracy is that of the whole test split."""
    provenance = network.provenance
    tested = row.tested or (provenance.test.accuracy if provenance.test is not None else 0.0, 10_000)
    hidden = report.layers[:-1]
    rate = sum(layer.rate * layer.neurons for layer in hidden) / sum(layer.neurons for layer in hidden)
    return (
        row.name,
        Path(row.target).stem,
        f"{tested[0]:.2%}",
        f"{tested[1]:,}",
        str(report.steps),
        f"{rate:.1%}",
        f"{report.cycle_spread.mean:,.0f}",
        *_prices(report.energy),
        f"{report.dense.total * 1e9:,.3g}",
        f"{report.dense.ideal.total * 1e9:,.3g}",
        *_prices(report.energy.built),
        f"{report.comparison.built.total * 1e9:,.3g}",
        f"{report.comparison.built.ideal.total * 1e9:,.3g}",
        verdict(report),
    )


def _prices(energy: EnergyFigures | BuiltFigures) -> tuple[str]:
    return (f"{energy.mean * 1e9:,.3g} ({energy.low * 1e9:,.3g}–{energy.high * 1e9:,.3g})",)


if __name__ == "__main__":
    main()
