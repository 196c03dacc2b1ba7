"""Five networks trained to need few spikes, three of them on time or events, priced with and without spikes.

    python examples/benchmarks/energy/sparse.py -o build/energy

takes the trained models in `models/`, compiles them for targets that hold them, simulates samples of each
test split in `$SNNC_DATA` (`mnist`, `n-mnist`, `fsdd`) and writes two tables, `build/energy/sparse.md` and
`build/energy/sureness.md`. What `$SNNC_DATA` lacks is left out, which the tables say.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import event_data
from run import EIGHT_CORES, ONE_CORE, number, table, verdict
from sureness import Case, cases

import snnc
from snnc.base.errors import FileError
from snnc.base.files import make_directory, write_text
from snnc.compiler.ir.network import Network
from snnc.models import Selection, load_inputs, read_model
from snnc.sim.report import Report
from snnc.sim.report_energy import BuiltFigures, EnergyFigures
from snnc.training.data.datasets import Samples

HERE = Path(__file__).parent
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
    "zeros skipped: without",
    "ideal",
    "spikes",
)
SURENESS = (
    "network",
    "memories",
    "zeros skipped",
    "with spikes",
    "without",
    "ideal",
    "lead, low",
    "typical",
    "high",
    "worst prices",
    "over the ideal",
    "even at density",
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
    Row("mnist-s2nn", ONE_CORE, mnist),
    Row("mnist-cnn-s2nn", ONE_CORE, mnist),
    Row("mnist-delays", ONE_CORE, mnist),
    Row("n-mnist", EIGHT_CORES, lambda network, samples: event_data.nmnist(samples), (0.96, 200)),
    Row("spoken-digits", EIGHT_CORES, lambda network, samples: event_data.spoken(samples), (299 / 300, 300)),
)


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("build/energy"))
@click.option("--samples", type=click.IntRange(1), default=50, help="Of each test split.")
@click.option("--energy-table", help="Price by this table instead of the target's.")
def main(output: Path, samples: int, energy_table: str | None) -> None:
    """Simulate and price every row; the tables are printed and kept."""
    make_directory(output)
    for name, text in tables(samples, energy_table).items():
        write_text(output / f"{name}.md", text)
        click.echo(text)


def tables(samples: int, energy_table: str | None = None) -> dict[str, str]:
    """Both tables as Markdown: `sparse`, and `sureness` on how far each verdict carries."""
    lines, duels, missing = [], [], []
    for row in ROWS:
        network = read_model(HERE / "models" / f"{row.name}.pt")[1]
        try:
            inputs = row.inputs(network, samples)
        except FileError as error:
            missing.append(f"\nleft out: {row.name}: {error.message}")
            continue
        build = snnc.compile(network, row.target)
        report = snnc.simulate(build, inputs.x, inputs.y, energy_table=energy_table)
        own = list(cases(build, report))
        lines.append(cells(row, network, report, own))
        duels += [sureness(row, case) for case in own]
        click.echo(f"{row.name}: {report.comparison.verdict}", err=True)
    left_out = "".join(missing) + "\n"
    return {"sparse": table(HEADER, lines) + left_out, "sureness": table(SURENESS, duels, 3) + left_out}


def cells(row: Row, network: Network, report: Report, own: Sequence[Case]) -> tuple[str, ...]:
    """One row of the first table; accuracy is that of the whole test split."""
    provenance = network.provenance
    tested = row.tested or (provenance.test.accuracy if provenance.test is not None else 0.0, 10_000)
    hidden = report.layers[:-1]
    rate = sum(layer.rate * layer.neurons for layer in hidden) / sum(layer.neurons for layer in hidden)
    gated = next(case for case in own if case.made_for_it and case.skipping == "activations").duel()
    return (
        row.name,
        Path(row.target).stem,
        f"{tested[0]:.2%}",
        f"{tested[1]:,}",
        str(report.steps),
        f"{rate:.1%}",
        f"{report.cycle_spread.mean:,.0f}",
        *_prices(report.energy),
        number(report.dense.total),
        number(report.dense.ideal.total),
        *_prices(report.energy.built),
        number(report.comparison.built.total),
        number(report.comparison.built.ideal.total),
        number(gated.dataflow[1]),
        number(gated.ideal[1]),
        verdict(report),
    )


def sureness(row: Row, case: Case) -> tuple[str, ...]:
    """One row of the second table; leads are the documented dataflow over spikes, above 1 spikes win."""
    duel = case.duel()
    leads = (*duel.leads, case.worst())
    over_ideal = duel.ideal[1] / duel.spikes[1]
    if min(leads) > 1:
        state = "win at all prices"
    elif min(duel.leads) > 1:
        state = "win"
    else:
        state = "lose" if duel.leads[1] < 1 else "win at typical prices alone"
    return (
        row.name,
        "made for it" if case.made_for_it else "target's",
        {"none": "no", "activations": "activations", "both": "and weights"}[case.skipping],
        *(number(joules[1]) for joules in (duel.spikes, duel.dataflow, duel.ideal)),
        *(f"{lead:.2f}" for lead in leads),
        f"{over_ideal:.2f}",
        _density(case.even_density()),
        state,
    )


def _density(found: float | None) -> str:
    if found is None:
        return "–"
    return f"{found:.1%}" if found else "any"


def _prices(energy: EnergyFigures | BuiltFigures) -> Iterator[str]:
    yield f"{number(energy.mean)} ({number(energy.low)}–{number(energy.high)})"


if __name__ == "__main__":
    main()
