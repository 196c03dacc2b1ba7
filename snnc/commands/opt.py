"""`snnc opt`: read an IR text, run passes on it, print what they make of it."""

from pathlib import Path

import click

from snnc.base.errors import UsageError
from snnc.commands.console import Console
from snnc.commands.options import file, pass_console
from snnc.compiler.formats.text import IrText, print_ir, read_ir, write_ir
from snnc.compiler.ir.levels import Level
from snnc.compiler.passes.registry import (
    ALL,
    Pass,
    check_pass_name,
    describe_passes,
    make_pass,
    parse_passes,
)
from snnc.compiler.pipeline import Stage, passes_up_to, run_passes
from snnc.compiler.targets import Target, load_target


@click.command("opt")
@click.argument("text", type=file, required=False)
@click.option("--passes", default="", metavar="PASSES", help="E.g. 'partition{spread=false},place,route'.")
@click.option("--stop-after", metavar="PASS", help="Run the compiler's own passes up to this one.")
@click.option("--target", metavar="NAME", help="For a network whose text says no target.")
@click.option("-o", "--output", type=file, help="Write the result here, its large arrays beside it.")
@click.option("--print-after", metavar="PASS", help="Print the IR after this pass (or all) instead.")
@click.option("--list", "show_list", is_flag=True, help="List the passes with their options.")
@pass_console
def command(
    console: Console,
    text: Path | None,
    passes: str,
    stop_after: str | None,
    target: str | None,
    output: Path | None,
    print_after: str | None,
    show_list: bool,
) -> None:
    """Run compiler passes on TEXT, an IR as in build/MODEL/ir or a model (.pt), and print the result."""
    if show_list:
        click.echo(describe_passes())
        return
    if text is None:
        raise UsageError("a TEXT is needed", hint="`snnc opt --list` shows the passes")
    run_text_passes(
        text,
        passes,
        stop_after=stop_after,
        target_name=target,
        output=output,
        print_after=print_after,
        console=console,
    )


def run_text_passes(
    text: Path,
    passes: str,
    *,
    stop_after: str | None,
    target_name: str | None,
    output: Path | None,
    print_after: str | None,
    console: Console,
) -> None:
    """Run `passes`, or the compiler's own up to `stop_after`, on the IR in `text`, each result verified.

    Prints the last result in full, or writes it to `output`. Raises FileError for a text that is no valid IR,
    UsageError for passes that do not follow on it, and what the passes refuse with.
    """
    if print_after is not None:
        check_pass_name(print_after)
    read, target = _read(text, target_name)
    steps = _steps(read, passes, stop_after, target)
    if print_after not in (None, ALL, *(step.name for step in steps)):
        raise UsageError(f"{print_after} is none of the passes that run")

    def observe(stage: Stage) -> None:
        console.detail(f"  {stage.name:20}{stage.seconds:8.3f} s")
        if print_after in (stage.name, ALL):
            click.echo(f"# after {stage.name}\n{print_ir(stage.ir, target, inline=None)}", nl=False)

    result = run_passes(read, steps, observe)[-1]
    if output is not None:
        write_ir(result, output, target)
        console.say(f"wrote {output}")
    elif print_after is None:
        click.echo(print_ir(result, target, inline=None), nl=False)


def _read(text: Path, target_name: str | None) -> tuple[Level, Target]:
    """The IR of a text or of a model file, and the target it is for."""
    if text.suffix == ".pt":
        from snnc.models import read_model

        read = IrText(read_model(text)[1], None)
    else:
        read = read_ir(text)
    if target_name is None and read.target is None:
        raise UsageError("this network is for no target yet", hint="name one with --target")
    if target_name is not None and read.target is not None:
        raise UsageError(f"this text is for target `{read.target.name}` already")
    return read.ir, read.target or load_target(str(target_name))


def _steps(ir: Level, passes: str, stop_after: str | None, target: Target) -> tuple[Pass, ...]:
    if stop_after is None:
        return parse_passes(passes, target)
    if passes:
        raise UsageError("--stop-after goes with the compiler's own passes, not with --passes")
    return tuple(make_pass(name, target) for name in passes_up_to(stop_after, type(ir)))
