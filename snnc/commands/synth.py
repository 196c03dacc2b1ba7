"""`snnc synth`: a build placed and routed on its device, or its weights put into a finished design."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from snnc.base.errors import TimingFailed, UsageError
from snnc.commands.console import Console
from snnc.commands.deliver import deliver
from snnc.commands.options import (
    FiniteRange,
    build_argument,
    directory,
    json_option,
    pass_console,
    seed_option,
)
from snnc.commands.synthesis import SynthesisOptions, exchange_weights, synthesise_build
from snnc.commands.synthesis_report import REPORT_FILE, Synthesis, megahertz, read_synthesis
from snnc.compiler.formats.storage import Build


@click.command("synth")
@build_argument
@seed_option("Seed of the placement.", default=1)
@click.option("--clock", type=FiniteRange(1, 10_000), metavar="MHZ", help="Clock instead of the target's.")
@click.option(
    "--loadable", is_flag=True, help="Build the whole target, for any network, not for this one alone."
)
@click.option(
    "--exchange-weights",
    "placed",
    type=directory,
    metavar="PLACED",
    help="Place nothing: put these weights into the finished design of build PLACED, of the same hardware.",
)
@json_option(REPORT_FILE)
@click.pass_context
@pass_console
def command(
    console: Console,
    context: click.Context,
    folder: Path,
    seed: int,
    clock: float | None,
    loadable: bool,
    placed: Path | None,
    json_file: Path | None,
) -> None:
    """Place and route a build with the open tools: resources, clock, bitstream."""
    if placed is not None:
        _refuse_given(context, "seed", "clock", "loadable")
        exchange = _exchange(folder, placed, console)
        deliver(exchange, console, kept=folder / REPORT_FILE, json_file=json_file)
        return
    build, options = Build.load(folder), SynthesisOptions(seed, clock, loadable)
    result = synthesise_build(build, folder, options, console)
    deliver(result, console, kept=folder / REPORT_FILE, json_file=json_file)
    if not result.met:
        raise TimingFailed(
            f"the placed design runs at {megahertz(result.fmax_hz)}, "
            f"the clock is {megahertz(result.clock_hz)}",
            where=str(folder),
            hint=f"`--clock {int(result.fmax_hz / 1e6)}` asks for less; another `--seed` may be faster",
        )


@dataclass(frozen=True)
class Exchange:
    """A finished design with the weights of another build."""

    placed: Path
    """The build that the design was placed for."""
    design: Synthesis

    def to_dict(self) -> dict[str, Any]:
        """The synth.json of the design."""
        return self.design.to_dict()

    def render(self) -> str:
        """Two lines for people."""
        clock = f"{self.design.fmax_hz / 1e6:.1f} MHz"
        return (
            f"weights exchanged in the design of {self.placed}, placed for {clock}\n"
            f"bitstream  {self.design.bitstream}"
        )


def _exchange(folder: Path, placed: Path, console: Console) -> Exchange:
    build, design = Build.load(folder), read_synthesis(placed)
    exchange_weights(build, folder, placed, design, console)
    return Exchange(placed, design)


def _refuse_given(context: click.Context, *names: str) -> None:
    """Raise UsageError where one of these options was given, whatever its value."""
    if any(context.get_parameter_source(name) is not ParameterSource.DEFAULT for name in names):
        options = " and ".join((", ".join(f"--{name}" for name in names[:-1]), f"--{names[-1]}"))
        raise UsageError(f"{options} are those of the design whose weights are exchanged")
