"""`snnc inspect`: the IR of a build or of a model as text."""

from pathlib import Path

import click

from snnc.base.errors import UsageError
from snnc.base.quoting import quote
from snnc.commands.options import file, file_or_directory
from snnc.compiler.formats.storage import Build
from snnc.compiler.formats.text import IrText, print_ir, write_ir
from snnc.models import read_model

LEVELS = ("network", "tiled", "image")


@click.command("inspect")
@click.argument("path", type=file_or_directory)
@click.option("--level", type=click.Choice(LEVELS), default="tiled", help="IR to print.")
@click.option("-o", "--output", type=file, help="Write the text here, its large arrays beside it.")
def command(path: Path, level: str, output: Path | None) -> None:
    """Print the IR of a build directory, or of a model (.pt, network level only)."""
    found = inspect_ir(path, level)
    if output is None:
        click.echo(print_ir(found.ir, found.target), nl=False)
    else:
        write_ir(found.ir, output, found.target)


def inspect_ir(path: Path, level: str) -> IrText:
    """One IR level of a build directory or a model file, with its target."""
    if path.is_file():
        if level != "network":
            raise UsageError(
                f"a model file has only the network level, not {quote(level)}", hint="add `--level network`"
            )
        return IrText(read_model(path)[1], None)
    build = Build.load(path)
    if level == "network":
        return IrText(build.network, build.tiled.target)
    return IrText(build.tiled if level == "tiled" else build.image, build.tiled.target)
