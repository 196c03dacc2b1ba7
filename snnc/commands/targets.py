"""`snnc targets`: what the built-in targets offer."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click

from snnc.commands.deliver import print_data
from snnc.commands.options import json_option
from snnc.compiler.targets import Target, builtin_targets


@click.command("targets")
@json_option("all their fields")
def command(json_file: Path | None) -> None:
    """List the targets with their limits."""
    targets = builtin_targets()
    document = {name: asdict(target) for name, target in targets.items()}
    print_data(render_targets(targets.values()), document, json_file)


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
