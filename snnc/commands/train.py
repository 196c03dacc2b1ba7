"""`snnc train`: models trained or converted, with progress, and written."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from snnc.base.errors import UsageError
from snnc.base.files import make_directory, replaceable
from snnc.base.quoting import quote
from snnc.commands.console import Console
from snnc.commands.options import data_dir_option, data_option, file, pass_console, seed_option
from snnc.models import check_model_name
from snnc.training.conversion.options import CONVERT

if TYPE_CHECKING:
    from snnc.training.conversion.checkpoint import ConversionResult
    from snnc.training.fitting.train import TrainResult


@click.command("train")
@click.argument("recipe", required=False)
@click.option("-o", "--output", type=file, help="Model file to write (.pt).")
@seed_option("Seed of everything random.", default=1)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Change a field of the recipe.")
@data_option("Train on this data set or .npz instead of the recipe's.")
@data_dir_option
@click.option("--from", "checkpoint", type=file, help="Checkpoint that RECIPE convert starts from.")
@click.option("--calibrate", metavar="DATA", help="Images for convert (default: the training split).")
@click.option("--log", type=file, help="Keep what every epoch came to: a .csv, or a folder for TensorBoard.")
@click.option("--list", "show_list", is_flag=True, help="List the recipes and their fields.")
@pass_console
def command(
    console: Console,
    recipe: str | None,
    output: Path | None,
    seed: int,
    settings: tuple[str, ...],
    data: str | None,
    data_dir: Path | None,
    checkpoint: Path | None,
    calibrate: str | None,
    log: Path | None,
    show_list: bool,
) -> None:
    """Train RECIPE and write the model; run again, it continues where it was interrupted.

    \b
    torchrun --nproc-per-node 2 -m snnc train ... shares each batch between two processes.
    """
    if show_list:
        from snnc.training.fitting.recipes import describe_recipes

        click.echo(describe_recipes())
        return
    if recipe is None or output is None:
        raise UsageError("RECIPE and -o MODEL.pt are needed", hint="`snnc train --list` shows the recipes")
    changed = _settings(settings) | ({} if data is None else {"data": data})
    if recipe != CONVERT:
        if checkpoint is not None or calibrate is not None:
            raise UsageError(f"--from and --calibrate go with convert, not with {recipe}")
        trained = train_model(
            recipe, output, seed=seed, settings=changed, data_dir=data_dir, log=log, console=console
        )
        if trained.first:
            console.say(f"{render_training(trained)}\nwrote {output}")
        return
    if log is not None:
        raise UsageError("--log goes with trainings, and convert is none")
    if checkpoint is None:
        raise UsageError("convert needs --from CHECKPOINT, a file of pretrained weights")
    changed = {"seed": str(seed)} | changed
    converted = convert_model(checkpoint, output, changed, calibrate, data_dir, console)
    console.say(f"{render_conversion(converted)}\nwrote {output}")


def train_model(
    recipe: str,
    output: Path,
    *,
    seed: int,
    settings: dict[str, str],
    data_dir: Path | None = None,
    log: Path | None = None,
    console: Console,
) -> "TrainResult":
    """Train `recipe` and write the model file, with progress."""
    from snnc.training.fitting.recipe import apply_settings
    from snnc.training.fitting.recipes import find_recipe

    chosen = apply_settings(find_recipe(recipe), settings)
    _prepare_output(output)
    from snnc.training.files.checkpoint import save_checkpoint
    from snnc.training.fitting.logs import open_log
    from snnc.training.fitting.loop import Progress
    from snnc.training.fitting.train import TrainingFiles, train

    keep = None if log is None else open_log(log)
    files = TrainingFiles.beside(output)
    with console.progress(f"training {recipe}", chosen.epochs) as update:

        def report(state: Progress) -> None:
            update(state.epoch, state.describe())
            console.detail(state.describe())
            if keep is not None:
                keep(state)

        warn = _warn(console)
        result = train(chosen, seed, progress=report, data_dir=data_dir, files=files, warn=warn)
    if result.first:
        save_checkpoint(output, result.model, result.provenance())
        files.state.unlink(missing_ok=True)
    return result


def convert_model(
    checkpoint: Path,
    output: Path,
    settings: dict[str, str],
    calibrate: str | None,
    data_dir: Path | None,
    console: Console,
) -> "ConversionResult":
    """Convert pretrained weights to a spiking model and write the model file, with progress."""
    from snnc.base.settings import with_settings
    from snnc.training.conversion.options import Conversion

    conversion = with_settings(Conversion(), settings, "recipe convert")
    _prepare_output(output)
    from snnc.training.conversion.checkpoint import convert_checkpoint
    from snnc.training.files.checkpoint import save_checkpoint

    with ExitStack() as stack:

        def announce(stage: str, total: int) -> Callable[[int], None]:
            stack.close()
            return stack.enter_context(console.progress(stage, total))

        result = convert_checkpoint(
            conversion,
            checkpoint,
            calibrate=calibrate,
            data_dir=data_dir,
            announce=announce,
            warn=_warn(console),
        )
    save_checkpoint(output, result.model, result.provenance())
    return result


def render_training(result: "TrainResult") -> str:
    """What a trained model is worth, in a line."""
    return (
        f"test accuracy {result.accuracy:.2%}, mean firing rate {result.mean_rate:.2%} (exact, "
        "from the integers)"
    )


def render_conversion(result: "ConversionResult") -> str:
    """The same of a converted one, beside the network it comes from."""
    return (
        f"test accuracy {result.quality.accuracy:.2%} (exact, from the integers), float "
        f"{result.float_accuracy:.2%}, mean firing rate {result.quality.mean_rate:.2%}"
    )


def _settings(pairs: tuple[str, ...]) -> dict[str, str]:
    settings = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"--set takes KEY=VALUE, not {quote(pair)}")
        settings[key] = value
    return settings


def _warn(console: Console) -> Callable[[str], None]:
    return lambda message: console.say(f"warning: {message}")


def _prepare_output(path: Path) -> None:
    """Find out before hours of training that their result cannot be stored, or not be read again."""
    check_model_name(path)
    make_directory(path.parent)
    replaceable(path)
