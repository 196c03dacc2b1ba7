"""`snnc targets`: what the built-in targets offer."""

from collections.abc import Iterable

import click

from snnc.compiler.targets import Target, builtin_targets


@click.command("targets")
def command() -> None:
    """List the targets with their limits."""
    click.echo(render_targets(builtin_targets().values()))


def render_targets(targets: Iterable[Target]) -> str:
    """A table, a target a line."""
    targets = list(targets)
    width = max(len(target.name) for target in targets)
    lines = [
        f"{'target':{width}} {'cores':>5} {'tiles':>5} {'lanes':>5} {'neurons':>7} {'weights KiB':>11} "
        f"{'state':>5} {'MHz':>5}  description"
    ]
    for target in targets:
        lines.append(
            f"{target.name:{width}} {target.core_count:5} {target.contexts:5} {target.lanes:5} "
            f"{target.neurons:7} {target.weight_kibit / 8:11.1f} {target.state_bits:5} "
            f"{target.clock_mhz:5.0f}  {target.description}"
        )
    lines.append("tiles, neurons, weights: per core; state: bits per neuron")
    return "\n".join(lines)
