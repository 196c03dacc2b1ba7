"""Model files: trained, converted, read, and the samples they take."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from snnc.base.errors import FileError, UsageError
from snnc.base.files import is_file, make_directory, replaceable
from snnc.base.quoting import printable, quote
from snnc.commands.console import Console
from snnc.compiler.ir.network import Network

if TYPE_CHECKING:
    from snnc.training.conversion.checkpoint import ConversionResult
    from snnc.training.data.datasets import Samples
    from snnc.training.files.checkpoint import Checkpoint
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
    from snnc.training.conversion.options import Conversion
    from snnc.training.fitting.recipe import with_fields

    conversion = with_fields(Conversion(), settings, "recipe convert")
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


def read_model(
    path: Path, *, bits: int | None = None, steps: int | None = None
) -> "tuple[Checkpoint, Network]":
    """The model file `path` and its integer network, with weights requantised to `bits` and run for `steps`
    where these are given. Raises FileError, UsageError."""
    _check_name(path)
    if not is_file(path):
        raise FileError("no such model file", where=str(path))
    from snnc.training.files.checkpoint import load_checkpoint, requantised
    from snnc.training.files.export import to_network

    checkpoint = load_checkpoint(path)
    for text in (*checkpoint.notes, *checkpoint.notes.values()):
        if not text.isprintable():
            raise FileError(f"notes must be printable, not {quote(text)}", where=str(path))
    if bits is not None or steps is not None:
        checkpoint = requantised(checkpoint, weight_bits=bits, steps=steps)
    return checkpoint, to_network(checkpoint.model, printable(path.stem), checkpoint.notes)


def _warn(console: Console) -> Callable[[str], None]:
    return lambda message: console.say(f"warning: {message}")


def _prepare_output(path: Path) -> None:
    """Find out before hours of training that their result cannot be stored, or not be read again."""
    _check_name(path)
    make_directory(path.parent)
    replaceable(path)


def _check_name(path: Path) -> None:
    if path.suffix != ".pt":
        raise UsageError(f"a model is a .pt file, not {quote(path.name)}")


def load_inputs(
    network: Network, data: str, *, data_dir: Path | None, split: str = "test", samples: int | None = None
) -> "Samples":
    """Samples prepared as the model was trained on them; raises FileError where they do not fit its input."""
    from snnc.training.data.prepare import load_prepared

    node = network.input
    loaded = load_prepared(
        data,
        split,
        network.notes.get("preparation", "none"),
        node.max_payload,
        events=node.encoding == "events",
        limit=samples,
        data_dir=data_dir,
    )
    if loaded.features != node.features:
        raise FileError(
            f"samples have {loaded.features} features, the model takes {node.features}", where=data
        )
    if node.encoding == "events" and loaded.x.shape[1] != network.steps:
        raise FileError(
            f"spike trains have {loaded.x.shape[1]} steps, the model takes {network.steps}",
            where=data,
        )
    return loaded
