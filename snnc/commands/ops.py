"""`snnc ops`: what is supported."""

import click

from snnc.compiler.supported import supported_text


@click.command("ops")
def command() -> None:
    """List the supported layers, neurons and rules, from the checks themselves."""
    click.echo(supported_text(), nl=False)
