"""`snnc ops`: what is supported."""

from pathlib import Path

import click

from snnc.commands.deliver import print_data
from snnc.commands.options import json_option
from snnc.compiler.supported import supported_tables, supported_text


@click.command("ops")
@json_option("the tables")
def command(json_file: Path | None) -> None:
    """List the supported layers, neurons and rules, from the checks themselves."""
    print_data(supported_text().rstrip(), supported_tables(), json_file)
