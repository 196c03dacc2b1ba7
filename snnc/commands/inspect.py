"""`snnc inspect`: the IR of a build or of a model as text."""

from pathlib import Path

import click

from snnc.base.errors import UsageError
from snnc.base.quoting import quote
from snnc.commands.options import file_or_directory
from snnc.compiler.formats.storage import Program
from snnc.compiler.formats.text import print_ir
from snnc.compiler.passes.encode import Encode
from snnc.models import read_model

LEVELS = ("network", "tiled", "image")


@click.command("inspect")
@click.argument("path", type=file_or_directory)
@click.option("--level", type=click.Choice(LEVELS), default="tiled", help="IR to print.")
def command(path: Path, level: str) -> None:
    """Print the IR of a build directory, or of a model (.pt, network level only)."""
    click.echo(inspect_ir(path, level), nl=False)


def inspect_ir(path: Path, level: str) -> str:
    """The text of one IR level of a build directory or a model file."""
    if path.is_file():
        if level != "network":
            raise UsageError(
                f"a model file has only the network level, not {quote(level)}", hint="add `--level network`"
            )
        return print_ir(read_model(path)[1])
    program = Program.load(path)
    if level == "network":
        return print_ir(program.network)
    return print_ir(program.tiled if level == "tiled" else Encode().run(program.tiled))
