"""The command line `snnc`: options and files in, the packages' functions called, exit codes out."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from snnc.base.errors import BudgetExceeded, MismatchError, SnncError, TimingFailed, UsageError
from snnc.base.files import write_json
from snnc.base.quoting import quote
from snnc.base.terminal import print_error
from snnc.base.units import format_quantity, parse_quantity
from snnc.base.version import __version__
from snnc.commands.console import Console, SnncGroup

if TYPE_CHECKING:
    from snnc.exploration.search import Goal

Command = TypeVar("Command", bound=Callable[..., Any])

EPILOG = (
    "Exit codes: 0 ok, 1 bug, 2 usage or bad file, 3 does not fit or timing fails, 4 unsupported model, "
    "5 executions differ, 6 budget exceeded, 130 interrupted, 141 output not read to its end."
)
CONTEXT = {
    "help_option_names": ["-h", "--help"],
    "max_content_width": 100,
    "show_default": True,
    "auto_envvar_prefix": "SNNC",
}

pass_console = click.make_pass_decorator(Console, ensure=True)


class NamedPath(click.Path):
    """A path that names something: an empty one would mean the current folder."""

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> Any:
        """The path; refuses an empty one."""
        if value == "":
            self.fail("a path must not be empty", parameter, context)
        return super().convert(value, parameter, context)


class FiniteRange(click.FloatRange):
    """A number in a range; unlike click's own, NaN is in none."""

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> Any:
        """The number; refuses what is none."""
        number = super().convert(value, parameter, context)
        if not math.isfinite(number):
            self.fail(f"{number} is not a finite number", parameter, context)
        return number


directory = NamedPath(file_okay=False, path_type=Path)
file = NamedPath(path_type=Path, dir_okay=False)
anything = NamedPath(path_type=Path)
destination = NamedPath(path_type=Path, allow_dash=True)
count = click.IntRange(1, 2**31 - 1)


def json_option(name: str) -> Callable[[Command], Command]:
    """`--json`, for a command that keeps `name` in its build."""
    text = f"Also write {name} here (- for stdout)."
    return click.option("--json", "json_file", type=destination, metavar="FILE", help=text)


@click.group(cls=SnncGroup, context_settings=CONTEXT, epilog=EPILOG)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but data and errors.")
@click.option("-v", "--verbose", is_flag=True, help="Say more.")
@click.version_option(__version__)
@click.pass_context
def main(context: click.Context, quiet: bool, verbose: bool) -> None:
    """Train, compile, simulate and verify spiking neural networks, exactly.

    \b
    snnc train digits-mlp -o model.pt
    snnc compile model.pt --target fpga -o build/model
    snnc simulate build/model --data digits
    snnc verify build/model --samples 32
    """
    context.obj = Console(quiet, verbose)


@main.command()
@click.option("-o", "--output", type=directory, default=Path("build/demo"), help="Directory for all files.")
@pass_console
def demo(console: Console, output: Path) -> None:
    """The main job end to end on embedded data: train, compile, simulate, verify the RTL."""
    from snnc.commands.demo import run_demo

    run_demo(console, output)


@main.command()
@click.argument("recipe", required=False)
@click.option("-o", "--output", type=file, help="Model file to write (.pt).")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=1, help="Seed of everything random.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Change a field of the recipe.")
@click.option("--data", help="Train on this data set or .npz instead of the recipe's.")
@click.option("--data-dir", type=directory, envvar="SNNC_DATA", help="Where the data sets lie.")
@click.option("--from", "checkpoint", type=file, help="Checkpoint that RECIPE convert starts from.")
@click.option("--calibrate", metavar="DATA", help="Images for convert (default: the training split).")
@click.option("--list", "show_list", is_flag=True, help="List the recipes and their fields.")
@pass_console
def train(
    console: Console,
    recipe: str | None,
    output: Path | None,
    seed: int,
    settings: tuple[str, ...],
    data: str | None,
    data_dir: Path | None,
    checkpoint: Path | None,
    calibrate: str | None,
    show_list: bool,
) -> None:
    """Train RECIPE and write the model; the same command continues where it was interrupted.

    \b
    torchrun --nproc-per-node 2 -m snnc train ... shares each batch between two processes.
    """
    from snnc.training.fitting.recipes import describe_recipes

    if show_list:
        click.echo(describe_recipes())
        return
    if recipe is None or output is None:
        raise UsageError("RECIPE and -o MODEL.pt are needed", hint="`snnc train --list` shows the recipes")
    from snnc.commands.train import convert_model, train_model
    from snnc.training.conversion.options import CONVERT

    chosen = _settings(settings) | ({} if data is None else {"data": data})
    if recipe == CONVERT:
        if checkpoint is None:
            raise UsageError("convert needs --from CHECKPOINT, a file of pretrained weights")
        converted = convert_model(
            checkpoint,
            output,
            settings={"seed": str(seed)} | chosen,
            calibrate=calibrate,
            data_dir=data_dir,
            console=console,
        )
        console.say(
            f"test accuracy {converted.quality.accuracy:.2%} (exact, from the integers), float "
            f"{converted.float_accuracy:.2%}, mean firing rate {converted.quality.mean_rate:.2%}\n"
            f"wrote {output}"
        )
        return
    if checkpoint is not None or calibrate is not None:
        raise UsageError(f"--from and --calibrate go with convert, not with {recipe}")
    result = train_model(recipe, output, seed=seed, settings=chosen, data_dir=data_dir, console=console)
    if not result.first:
        return
    console.say(
        f"test accuracy {result.accuracy:.2%}, mean firing rate {result.mean_rate:.2%} (exact, "
        f"from the integers)\nwrote {output}"
    )


@main.command(name="compile")
@click.argument("model", type=file)
@click.option("--target", default="fpga", help="Name of a target, or a .yaml file.")
@click.option("-o", "--output", type=directory, help="Build directory (default: build/MODEL).")
@click.option("--bits", type=click.IntRange(2, 8), help="Quantise the weights to this width instead.")
@click.option("--steps", type=click.IntRange(1, 1024), help="Run this many time steps instead.")
@click.option("--calibrate", metavar="DATA", help="Cut by the firing rates measured on this data.")
@click.option("--data-dir", type=directory, envvar="SNNC_DATA", help="Where the data sets lie.")
@click.option("--print-after", metavar="PASS", help="Print the IR after this pass (or all).")
@click.option("--verify", "check", is_flag=True, help="Compare every level, its bits too, on more inputs.")
@click.option(
    "--optimise",
    type=click.Choice(["latency", "area", "energy"]),
    help="Choose lanes, cores and tiling for the target's device; draws pareto.svg.",
)
@click.option("--dry-run", is_flag=True, help="Check that the model fits; write nothing.")
@pass_console
def compile_command(
    console: Console,
    model: Path,
    target: str,
    output: Path | None,
    bits: int | None,
    steps: int | None,
    calibrate: str | None,
    data_dir: Path | None,
    print_after: str | None,
    check: bool,
    optimise: "Goal | None",
    dry_run: bool,
) -> None:
    """Compile MODEL for a target into a build directory."""
    from snnc.commands.builds import compile_model

    compile_model(
        model,
        target,
        output or Path("build") / model.stem,
        bits=bits,
        steps=steps,
        print_after=print_after,
        check=check,
        dry_run=dry_run,
        calibrate=calibrate,
        optimise=optimise,
        data_dir=data_dir,
        console=console,
    )


@main.command()
@click.argument("build", type=directory)
@click.option("--data", required=True, help="Data set by name, or an .npz file with x and y.")
@click.option("--data-dir", type=directory, envvar="SNNC_DATA", help="Where the data sets lie.")
@click.option("--split", type=click.Choice(["train", "test"]), default="test", help="Part of a data set.")
@click.option("--samples", type=count, help="Use only the first N samples.")
@click.option("--tier", type=click.Choice(["cycle", "functional"]), default="cycle", help="Level of detail.")
@click.option("--max-energy", metavar="ENERGY", help="Budget per sample, e.g. 5uJ.")
@click.option("--max-latency", metavar="TIME", help="Budget of the slowest sample, e.g. 1ms.")
@click.option("--min-accuracy", type=FiniteRange(0, 1), help="Budget, e.g. 0.95.")
@click.option("--trace", type=file, help="Write every spike and membrane of the run to this .npz.")
@click.option(
    "--json",
    "json_file",
    type=destination,
    metavar="FILE",
    help="Also write report.json here (- for stdout).",
)
@pass_console
def simulate(
    console: Console,
    build: Path,
    data: str,
    data_dir: Path | None,
    split: str,
    samples: int | None,
    tier: str,
    max_energy: str | None,
    max_latency: str | None,
    min_accuracy: float | None,
    trace: Path | None,
    json_file: Path | None,
) -> None:
    """Simulate a build: accuracy, cycles, latency, energy; checks budgets."""
    from snnc.commands.build_folder import REPORT_FILE
    from snnc.commands.builds import simulate_build

    energy_limit = None if max_energy is None else parse_quantity(max_energy, "J", "--max-energy")
    latency_limit = None if max_latency is None else parse_quantity(max_latency, "s", "--max-latency")
    if latency_limit is not None and tier == "functional":
        raise UsageError("--max-latency needs --tier cycle: the functional tier has no time")
    report, text = simulate_build(
        build,
        data,
        data_dir=data_dir,
        split=split,
        samples=samples,
        tier=tier,
        trace=trace,
        console=console,
    )
    _deliver(report, text, build / REPORT_FILE, json_file, console)
    _check_budgets(report, energy_limit, latency_limit, min_accuracy)


@main.command()
@click.argument("build", type=directory)
@click.option("--port", required=True, help="Serial device of the board, or `sim` for one in software.")
@click.option("--baud", type=click.IntRange(1200, 12_000_000), default=1_000_000, help="Bits per second.")
@click.option("--data", required=True, help="Data set by name, or an .npz file with x and y.")
@click.option("--data-dir", type=directory, envvar="SNNC_DATA", help="Where the data sets lie.")
@click.option("--split", type=click.Choice(["train", "test"]), default="test", help="Part of a data set.")
@click.option("--samples", type=count, help="Use only the first N samples.")
@click.option(
    "--stream", is_flag=True, help="Run also samples that the board cannot gather; no exact cycles."
)
@click.option(
    "--json", "json_file", type=destination, metavar="FILE", help="Also write run.json here (- for stdout)."
)
@pass_console
def run(
    console: Console,
    build: Path,
    port: str,
    baud: int,
    data: str,
    data_dir: Path | None,
    split: str,
    samples: int | None,
    stream: bool,
    json_file: Path | None,
) -> None:
    """Run a build on a board: load the program over UART, stream samples, read results and cycles."""
    from snnc.commands.run import RESULT_FILE, render_run, run_build

    document = run_build(
        build,
        port,
        data,
        baud=baud,
        data_dir=data_dir,
        split=split,
        samples=samples,
        stream=stream,
        console=console,
    )
    _deliver(document, render_run(document), build / RESULT_FILE, json_file, console)


@main.command()
@click.argument("build", type=directory)
@click.option("--samples", type=count, default=8, help="Number of samples to compare.")
@click.option("--data", help="Data set by name, or .npz (default: the data the model was trained on).")
@click.option("--data-dir", type=directory, envvar="SNNC_DATA", help="Where the data sets lie.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, help="Seed of the random stalls.")
@click.option("--stall", type=FiniteRange(0, 0.9), default=0.0, help="Also stall every port, this often.")
@click.option(
    "--json",
    "json_file",
    type=destination,
    metavar="FILE",
    help="Also write verify.json here (- for stdout).",
)
@pass_console
def verify(
    console: Console,
    build: Path,
    samples: int,
    data: str | None,
    data_dir: Path | None,
    seed: int,
    stall: float,
    json_file: Path | None,
) -> None:
    """Run trainer, reference, simulator and RTL on the same samples and compare everything."""
    from snnc.commands.build_folder import VERIFY_FILE
    from snnc.commands.builds import verify_build

    result = verify_build(
        build, samples=samples, data=data, data_dir=data_dir, seed=seed, stall=stall, console=console
    )
    _deliver(result.to_dict(), result.summary(), build / VERIFY_FILE, json_file, console)
    if result.first_difference is not None:
        raise MismatchError(result.first_difference.describe(), hint=result.wave_hint())


@main.command()
@click.argument("build", type=directory)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=1, help="Seed of the placement.")
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
@click.option(
    "--json", "json_file", type=destination, metavar="FILE", help="Also write synth.json here (- for stdout)."
)
@pass_console
def synth(
    console: Console,
    build: Path,
    seed: int,
    clock: float | None,
    loadable: bool,
    placed: Path | None,
    json_file: Path | None,
) -> None:
    """Place and route a build with the open tools: resources, clock, bitstream."""
    from snnc.commands.synth import exchange_weights, synthesise_build
    from snnc.commands.synthesis_report import megahertz

    if placed is None:
        result = synthesise_build(build, seed=seed, clock_mhz=clock, loadable=loadable, console=console)
        _write_json(result.to_dict(), json_file)
        if not result.met:
            placed_clock, wanted = megahertz(result.fmax_hz), megahertz(result.clock_hz)
            raise TimingFailed(
                f"the placed design runs at {placed_clock}, the clock is {wanted}",
                where=str(build),
                hint=f"`--clock {int(result.fmax_hz / 1e6)}` asks for less; another `--seed` may be faster",
            )
        return
    if clock is not None or loadable or seed != 1:
        raise UsageError("--seed, --clock and --loadable are those of the design whose weights are exchanged")
    _write_json(exchange_weights(build, placed, console=console), json_file)


@main.command()
@click.argument("path", type=anything)
@click.option(
    "--level", type=click.Choice(["network", "tiled", "image"]), default="tiled", help="IR to print."
)
@click.option("-o", "--output", type=file, help="Write the text here, its large arrays beside it.")
def inspect(path: Path, level: str, output: Path | None) -> None:
    """Print the IR of a build directory, or of a model (.pt, network level only)."""
    from snnc.commands.builds import inspect_ir
    from snnc.compiler.formats.text import print_ir, write_ir

    found = inspect_ir(path, level)
    if output is None:
        click.echo(print_ir(found.ir, found.target), nl=False)
    else:
        write_ir(found.ir, output, found.target)


@main.command()
@click.argument("text", type=file, required=False)
@click.option("--passes", default="", metavar="PASSES", help="E.g. 'partition{spread=false},place,route'.")
@click.option("--stop-after", metavar="PASS", help="Run the compiler's own passes up to this one.")
@click.option("--target", metavar="NAME", help="For a network whose text says no target.")
@click.option("-o", "--output", type=file, help="Write the result here, its large arrays beside it.")
@click.option("--print-after", metavar="PASS", help="Print the IR after this pass (or all) instead.")
@click.option("--list", "show_list", is_flag=True, help="List the passes with their options.")
@pass_console
def opt(
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
    from snnc.commands.opt import list_passes, run_text_passes

    if show_list:
        list_passes()
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


@main.command()
def targets() -> None:
    """List the targets with their limits."""
    from snnc.compiler.targets import builtin_targets

    click.echo(
        f"{'target':10} {'cores':>5} {'lanes':>5} {'neurons':>7} {'weights KiB':>11} "
        f"{'state':>5} {'MHz':>5}  description"
    )
    for target in builtin_targets().values():
        click.echo(
            f"{target.name:10} {target.core_count:5} {target.lanes:5} {target.neurons:7} "
            f"{target.weight_kibit / 8:11.1f} {target.state_bits:5} {target.clock_mhz:5.0f}  "
            f"{target.description}"
        )
    click.echo("neurons, weights: per core; state: bits per neuron")


@main.command()
def ops() -> None:
    """List the supported layers, neurons and rules, from the checks themselves."""
    from snnc.compiler.supported import supported_text

    click.echo(supported_text(), nl=False)


@main.command()
def doctor() -> None:
    """Say which tools are present and what is missing for which command."""
    from snnc.commands.doctor import diagnose

    lines, complete = diagnose()
    click.echo("\n".join(lines))
    if not complete:
        raise click.exceptions.Exit(2)


def _settings(pairs: tuple[str, ...]) -> dict[str, str]:
    settings = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"--set takes KEY=VALUE, not {quote(pair)}")
        settings[key] = value
    return settings


def _deliver(
    document: dict[str, Any], text: str, kept: Path, json_file: Path | None, console: Console
) -> None:
    """Show a result, then store it in its build: what cannot be written does not cost what was computed."""
    console.say(text)
    errors = []
    for path in (json_file, kept):
        try:
            _write_json(document, path)
        except SnncError as error:
            errors.append(error)
    for further in errors[1:]:
        print_error(further)
    if errors:
        raise errors[0]


def _write_json(document: dict[str, Any], destination: Path | None) -> None:
    if destination is None:
        return
    if str(destination) == "-":
        click.echo(json.dumps(document, indent=1))
    else:
        write_json(destination, document)


def _check_budgets(
    report: dict[str, Any], energy: float | None, latency: float | None, accuracy: float | None
) -> None:
    if energy is not None and report["energy_j"]["static"] is None:
        raise UsageError("--max-energy needs --tier cycle: the target has static power, which takes time")
    broken = []
    if energy is not None and report["energy_j"]["mean"] > energy:
        used = format_quantity(report["energy_j"]["mean"], "J")
        table = report["energy_j"]["table"]
        broken.append(
            f"energy {used} per sample (estimated: table `{table}`), budget {format_quantity(energy, 'J')}"
        )
    if latency is not None and report["latency_s"]["max"] > latency:
        used = format_quantity(report["latency_s"]["max"], "s")
        broken.append(f"latency {used} at most (simulated), budget {format_quantity(latency, 's')}")
    if accuracy is not None and report["accuracy"] < accuracy:
        broken.append(f"accuracy {report['accuracy']:.4f} (exact), budget {accuracy:.4f}")
    if broken:
        raise BudgetExceeded("\n".join(broken))
