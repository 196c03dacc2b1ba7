"""Model files as they are read, and the samples they take."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from snnc.base.errors import FileError, UsageError, VerificationError
from snnc.base.files import is_file
from snnc.base.quoting import printable, quote
from snnc.compiler.ir.network import Network
from snnc.training.data.recordings.view import WHOLE, Taken, View

if TYPE_CHECKING:
    from snnc.training.data.datasets import Samples
    from snnc.training.files.checkpoint import Checkpoint


@dataclass(frozen=True)
class Selection:
    """Which samples of which data."""

    data: str
    """Name of a data set, path of an `.npz` or `.ts` file, or file or folder of recordings."""
    data_dir: Path | None = None
    """Where the data sets lie."""
    split: str = "test"
    samples: int | None = None
    """The first so many; None for all."""
    view: View = WHOLE
    """What is seen of recordings."""


def read_model(
    path: Path, *, bits: int | None = None, steps: int | None = None
) -> "tuple[Checkpoint, Network]":
    """The model file `path` and its integer network, with weights requantised to `bits` and run for `steps`
    where these are given. Raises FileError, UsageError."""
    check_model_name(path)
    if not is_file(path):
        raise FileError("no such model file", where=str(path))
    from snnc.training.files.checkpoint import load_checkpoint, requantised
    from snnc.training.files.export import to_network

    checkpoint = load_checkpoint(path)
    if bits is not None or steps is not None:
        checkpoint = requantised(checkpoint, weight_bits=bits, steps=steps)
    try:
        return checkpoint, to_network(checkpoint.model, printable(path.stem), checkpoint.provenance)
    except VerificationError as error:
        raise FileError(str(error), where=str(path)) from None


def check_model_name(path: Path) -> None:
    """Raises UsageError where a model cannot have this name."""
    if path.suffix != ".pt":
        raise UsageError(f"a model is a .pt file, not {quote(path.name)}")


def load_inputs(
    network: Network, chosen: Selection, say: Callable[[str], object] = lambda line: None
) -> "Samples":
    """Samples prepared as the model was trained on them; `say` gets what is to be known about recordings.

    Raises FileError where they do not fit its input.
    """
    from snnc.training.data.recordings.load import is_recordings

    loaded = (_recorded if is_recordings(chosen.data) else _prepared)(network, chosen, say)
    node = network.input
    if loaded.features != node.features:
        raise FileError(
            f"samples have {loaded.features} features, the model takes {node.features}", where=chosen.data
        )
    if node.encoding == "events" and loaded.x.shape[1] != network.steps:
        raise FileError(
            f"spike trains have {loaded.x.shape[1]} steps, the model takes {network.steps}",
            where=chosen.data,
        )
    return loaded


def _recorded(network: Network, chosen: Selection, say: Callable[[str], object]) -> "Samples":
    from snnc.training.data.recordings.load import load_recordings

    node = network.input
    if node.encoding != "events":
        raise FileError(
            f"holds recordings, but the model takes one value per input ({node.encoding}), not events",
            where=chosen.data,
        )
    taken = Taken(node.shape, network.steps, node.max_payload)
    return load_recordings(chosen.data, chosen.split, chosen.samples, view=chosen.view, taken=taken, say=say)


def _prepared(network: Network, chosen: Selection, say: Callable[[str], object]) -> "Samples":
    from snnc.training.data.prepare import load_prepared

    return load_prepared(
        chosen.data,
        chosen.split,
        network.provenance.preparation,
        network.input.max_payload,
        events=network.input.encoding == "events",
        limit=chosen.samples,
        data_dir=chosen.data_dir,
    )
