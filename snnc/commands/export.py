"""`snnc export`: a model as a NIR file."""

from pathlib import Path

import click

from snnc.base.errors import UsageError
from snnc.base.quoting import quote
from snnc.commands.console import Console
from snnc.commands.options import file, pass_console
from snnc.models import read_model


@click.command("export")
@click.argument("model", type=file)
@click.option("-o", "--output", type=file, required=True, help="The .nir file to write.")
@pass_console
def command(console: Console, /, model: Path, output: Path) -> None:
    """Write MODEL (.pt) as a NIR file, which `snnc import` reads back exactly."""
    if output.suffix != ".nir":
        raise UsageError(f"an exported model is a .nir file, not {quote(output.name)}")
    from snnc.compiler.frontends.nir.writer import write_nir

    _, network = read_model(model)
    for warning in write_nir(network, output):
        console.say(f"warning: {warning}")
    console.say(f"wrote {output}")
