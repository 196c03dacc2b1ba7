"""`snnc train`: models trained or converted, with progress, and written."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from snnc.base.files import make_directory, replaceable
from snnc.commands.console import Console
from snnc.models import check_model_name

if TYPE_CHECKING:
    from snnc.training.conversion.checkpoint import ConversionResult
    from snnc.training.fitting.train import TrainResult


def train_model(
    recipe: str,
    output: Path,
    *,
    seed: int,
    settings: dict[str, str],
    data_dir: Path | None,
    console: Console,
) -> "TrainResult":
    """Train `recipe` and write the model file, with progress."""
    from snnc.training.fitting.recipe import apply_settings
    from snnc.training.fitting.recipes import find_recipe

    chosen = apply_settings(find_recipe(recipe), settings)
    _prepare_output(output)
    from snnc.training.files.checkpoint import save_checkpoint
    from snnc.training.fitting.loop import Progress
    from snnc.training.fitting.train import TrainingFiles, train

    files = TrainingFiles.beside(output)
    with console.progress(f"training {recipe}", chosen.epochs) as update:

        def report(state: Progress) -> None:
            update(state.epoch, state.describe())
            console.detail(state.describe())

        warn = _warn(console)
        result = train(chosen, seed, progress=report, data_dir=data_dir, files=files, warn=warn)
    if result.first:
        save_checkpoint(output, result.model, result.notes())
        files.state.unlink(missing_ok=True)
    return result


def convert_model(
    checkpoint: Path,
    output: Path,
    *,
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
    save_checkpoint(output, result.model, result.notes())
    return result


def _warn(console: Console) -> Callable[[str], None]:
    return lambda message: console.say(f"warning: {message}")


def _prepare_output(path: Path) -> None:
    """Find out before hours of training that their result cannot be stored, or not be read again."""
    check_model_name(path)
    make_directory(path.parent)
    replaceable(path)
