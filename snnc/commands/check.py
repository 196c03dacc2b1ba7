"""`snnc check`: every budget of a repository, as a table that a reviewer understands."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from snnc.base.errors import MAX_PLACE, BudgetExceeded, SnncError
from snnc.base.files import write_text
from snnc.base.quoting import printable, shortened
from snnc.commands.budget_file import Entry, read_budgets
from snnc.commands.budgets import Found
from snnc.commands.console import Console
from snnc.commands.deliver import deliver
from snnc.commands.options import data_dir_option, file, json_option, pass_console
from snnc.commands.simulate import simulate_build
from snnc.compiler.formats.storage import Build

REPORT_FILE = "check.json"


@click.command("check")
@click.argument("budgets", type=file)
@data_dir_option
@click.option("--markdown", type=file, help="Also write the table as Markdown here, for a review.")
@json_option(REPORT_FILE)
@pass_console
def command(
    console: Console, budgets: Path, data_dir: Path | None, markdown: Path | None, json_file: Path | None
) -> None:
    """Check every budget of BUDGETS, a TOML file; exit code 6 and a table where one is exceeded."""
    entries = read_budgets(budgets)
    for number, entry in enumerate(entries):
        with _located(budgets, number):
            entry.budgets()
    networks = []
    for number, entry in enumerate(entries):
        with _located(budgets, number):
            networks.append(_check(entry, budgets.parent, data_dir, console))
    checked = Checked(networks)
    deliver(checked, console, json_file=json_file)
    if markdown is not None:
        write_text(markdown, checked.markdown())
    if checked.broken:
        total = sum(len(network.found) for network in checked.networks)
        raise BudgetExceeded(f"{checked.broken} of {total} budgets exceeded", where=str(budgets))


@contextmanager
def _located(budgets: Path, number: int) -> Iterator[None]:
    """What goes wrong inside is told as that of an entry of the file."""
    try:
        yield
    except SnncError as error:
        places = (str(budgets), f"network[{number}]", error.where)
        error.where = shortened(printable(": ".join(filter(None, places))), MAX_PLACE)
        raise


@dataclass(frozen=True)
class Network:
    """One entry of the file and what was found."""

    name: str
    data: str
    samples: int
    found: list[Found]


@dataclass(frozen=True)
class Checked:
    """All entries."""

    networks: list[Network]

    @property
    def broken(self) -> int:
        """Budgets that are not kept."""
        return sum(not found.kept for network in self.networks for found in network.found)

    def to_dict(self) -> dict[str, Any]:
        """`check.json`."""
        networks = [
            asdict(network) | {"found": [_document(found) for found in network.found]}
            for network in self.networks
        ]
        return {"schema": 1, "broken": self.broken, "networks": networks}

    def render(self) -> str:
        """The table as text."""
        from snnc.sim.report_tables import format_table

        parts = []
        for network in self.networks:
            header = (f"{network.name}, {network.samples} samples of {network.data}", *HEADER[1:])
            parts.append(format_table(header, _rows(network.found)))
        return "\n\n".join(parts)

    def markdown(self) -> str:
        """The table as Markdown, what is broken first."""
        state = f"{self.broken} exceeded" if self.broken else "all kept"
        lines = [f"### Budgets: {state}", ""]
        for network in self.networks:
            lines += [
                f"**{_escaped(network.name)}**, {network.samples} samples of {_escaped(network.data)}",
                "",
            ]
            lines += ["| " + " | ".join(HEADER) + " |", "|---|--:|--:|--:|---|"]
            for row in _rows(sorted(network.found, key=lambda found: found.kept)):
                lines.append("| " + " | ".join(map(_escaped, row)) + " |")
            lines.append("")
        return "\n".join([*lines, LEGEND, ""])


HEADER = ("budget", "found", "limit", "used", "")
LEGEND = (
    "Accuracy is exact and latency simulated, cycle by cycle. Energy is estimated: exact counts of actions "
    "times the prices of a table; its low and high values take every price at that end of its interval."
)


def _document(found: Found) -> dict[str, Any]:
    """JSON has no number for what is infinitely over its limit."""
    used = found.used if math.isfinite(found.used) else None
    return asdict(found) | {"used": used, "kept": found.kept}


def _rows(found: Sequence[Found]) -> list[tuple[str, ...]]:
    return [
        (
            one.what,
            one.value,
            one.limit,
            f"{one.used:.0%}" if math.isfinite(one.used) else "-",
            "ok" if one.kept else "EXCEEDED",
        )
        for one in found
    ]


def _escaped(text: str) -> str:
    """Text of a user inside a table of Markdown."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "'")


def _check(entry: Entry, folder: Path, data_dir: Path | None, console: Console) -> Network:
    """Simulate one entry; a model is compiled first, and nothing of it is kept."""
    if entry.build is not None:
        build = Build.load(folder / entry.build)
    else:
        build = _compile(entry, folder / str(entry.model), console)
    selection = entry.selection(folder, data_dir)
    report = simulate_build(build, selection, entry.tier, console, entry.energy_table)
    return Network(entry.name, entry.data, report.samples, entry.budgets().compare(report))


def _compile(entry: Entry, model: Path, console: Console) -> Build:
    from snnc.commands.compile import Request, compile_model, validate_compiled

    compiled = compile_model(Request(model, entry.target), console)
    validate_compiled(compiled, False, Console(quiet=True))
    return compiled.build
