"""`snnc report`: a page about one build, or about several side by side."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from snnc.base.files import write_text
from snnc.commands.build_folder import PAGE_FILE
from snnc.commands.console import Console
from snnc.commands.deliver import deliver
from snnc.commands.options import data_dir_option, data_option, directory, file, json_option, pass_console
from snnc.models import Selection


@dataclass(frozen=True)
class Written:
    """A page and what it is about."""

    page: str
    builds: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON document."""
        return asdict(self)

    def render(self) -> str:
        """A line."""
        return f"wrote {self.page}"


@click.command("report")
@click.argument("folders", metavar="BUILD...", type=directory, nargs=-1, required=True)
@click.option("-o", "--output", type=file, help=f"Page (default: {PAGE_FILE} in the only BUILD, or here).")
@data_option("Samples that the report is of (default: those the model was trained on).")
@click.option("--split", type=click.Choice(["train", "test"]), default="test", help="Part of a data set.")
@data_dir_option
@json_option("where it is")
@pass_console
def command(
    console: Console,
    folders: tuple[Path, ...],
    output: Path | None,
    data: str | None,
    split: str,
    data_dir: Path | None,
    json_file: Path | None,
) -> None:
    """Write one HTML page about builds: figures, plots, core map, mistakes, provenance."""
    chosen = None if data is None else Selection(data, data_dir, split)
    output = output or (folders[0] if len(folders) == 1 else Path()) / PAGE_FILE
    write_page(folders, output, console, chosen, data_dir)
    deliver(Written(str(output), tuple(map(str, folders))), console, json_file=json_file)


def write_page(
    folders: tuple[Path, ...],
    output: Path,
    console: Console,
    chosen: Selection | None = None,
    data_dir: Path | None = None,
) -> None:
    """Write the page about the builds in `folders`; raises FileError for one that is none or is damaged."""
    from snnc.reporting.page import render_page
    from snnc.reporting.subject import read_subject

    subjects = []
    with console.progress("reading", len(folders)) as update:
        for number, folder in enumerate(folders, 1):
            subjects.append(read_subject(folder, chosen, data_dir))
            update(number)
    write_text(output, render_page(subjects))
