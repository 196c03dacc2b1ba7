"""How an error looks on a terminal."""

import click

from snnc.base.errors import SnncError
from snnc.base.quoting import printable


def print_error(error: SnncError) -> None:
    """`error:`, where and what, further facts indented, then an empty line and a checked remedy."""
    label = click.style("error:", fg="red", bold=True)
    first, *rest = str(error).splitlines() or [""]
    click.echo(f"{label} {first}", err=True)
    for line in rest:
        click.echo(f"  {line}", err=True)
    if error.hint:
        hint = "\n".join(map(printable, error.hint.split("\n")))
        click.echo(f"\n{click.style('hint:', fg='cyan')} {hint}", err=True)
