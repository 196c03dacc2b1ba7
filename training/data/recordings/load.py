"""Recordings by file or folder, as samples of a network that takes events."""

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from snnc.base.errors import FileError, UsageError
from snnc.base.files import file_errors
from snnc.base.quoting import quote
from snnc.compiler.ir.network import MAX_INPUT_VALUES
from snnc.training.data.datasets import SOURCES, SPLITS, Samples
from snnc.training.data.recordings import event_files
from snnc.training.data.recordings.binning import Tally, bin_events
from snnc.training.data.recordings.containers import hdf5_recordings, npz_recordings
from snnc.training.data.recordings.events import Recording, Stream
from snnc.training.data.recordings.folders import labelled_files, named_label
from snnc.training.data.recordings.sound import encode_sound
from snnc.training.data.recordings.view import Taken, View

READERS: dict[str, Callable[[Path], Stream]] = {
    ".bin": event_files.open_nmnist,
    ".aedat": event_files.open_aedat,
    ".aedat4": event_files.open_with_faery,
    ".dat": event_files.open_with_faery,
    ".raw": event_files.open_with_faery,
    ".es": event_files.open_with_faery,
    ".npz": event_files.open_npz,
}
"""Files of one recording each, by suffix."""
CONTAINERS: dict[str, Callable[[Path], list[Recording]]] = {
    ".npz": npz_recordings,
    ".h5": hdf5_recordings,
    ".hdf5": hdf5_recordings,
}
SOUND = ".wav"
MAX_BYTES = 1 << 30
"""Of all samples together, one per step and input."""


def is_recordings(source: str) -> bool:
    """Whether a source of samples is recordings: a folder, or a file of events or sound."""
    path = Path(source)
    suffix = path.suffix.lower()
    if source in SOURCES or path.is_dir():
        return source not in SOURCES
    return "t" in _arrays(path) if suffix == ".npz" else suffix in {*READERS, *CONTAINERS, SOUND}


def load_recordings(
    source: str,
    split: str = "test",
    limit: int | None = None,
    *,
    view: View,
    taken: Taken,
    say: Callable[[str], object] = lambda line: None,
) -> Samples:
    """The first `limit` recordings of a file or folder as spike trains (N, steps, features).

    One recording is read at a time, in blocks. `say` gets a line about the labels and one about events that
    the network does not see. Raises FileError where files are missing, damaged or too large, UsageError where
    the view does not fit what the network takes.
    """
    if split not in SPLITS:
        raise UsageError(f"unknown split {quote(split)}; known: {', '.join(SPLITS)}")
    if limit is not None and limit < 1:
        raise UsageError(f"the number of samples must be at least 1, not {limit}")
    path, tally = Path(source), Tally()
    chosen = (_contained(path) or _labelled(path, split, say))[:limit]
    _check_size(len(chosen), taken, source)
    x = np.empty((len(chosen), taken.steps, taken.features), np.uint8)
    for number, recording in enumerate(chosen):
        if isinstance(recording, Sound):
            x[number] = encode_sound(recording.path, view, taken)
        else:
            x[number] = bin_events(recording, view, taken, tally)
    if tally.events:
        say(f"{source}: {tally.describe(taken.most)}")
    labels = np.array([recording.label for recording in chosen], np.int64)
    return Samples(source, x, labels, taken.shape, spike_trains=True)


@dataclass(frozen=True)
class Sound:
    """One labelled file of sound."""

    path: Path
    label: int


def _check_size(recordings: int, taken: Taken, source: str) -> None:
    """Raise FileError where the samples together are too large."""
    if taken.values > MAX_INPUT_VALUES or recordings * taken.values > MAX_BYTES:
        raise FileError(
            f"{recordings} recordings of {taken.steps} steps and {taken.features} inputs are "
            f"{recordings * taken.values} values, the limit is {MAX_BYTES}",
            where=source,
            hint=f"--samples {max(MAX_BYTES // taken.values, 1)} takes the first recordings alone",
        )


def _arrays(path: Path) -> set[str]:
    """Names of the arrays in an `.npz`; of a broken one none, so that it is refused where it is read."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {name.removesuffix(".npy") for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return set()


def _contained(path: Path) -> Sequence[Recording]:
    """The recordings of a file that holds many; none for another file or a folder."""
    suffix = path.suffix.lower()
    with file_errors(path, "cannot be read"):
        if path.is_dir() or suffix not in CONTAINERS:
            return ()
        if not path.is_file():
            raise FileError("no such file", where=str(path))
    if suffix in READERS and "offset" not in _arrays(path):
        return ()
    return CONTAINERS[suffix](path)


def _labelled(path: Path, split: str, say: Callable[[str], object]) -> Sequence[Recording | Sound]:
    """Files of one recording each, with their classes."""
    with file_errors(path, "cannot be read"):
        alone, is_folder = path.is_file(), path.is_dir()
    if not alone and not is_folder:
        raise FileError("no such file or folder", where=str(path))
    if alone:
        return [_recording(path, named_label(path))]
    files, origin = labelled_files(path, split, (*READERS, SOUND))
    say(f"{path}: {len(files)} recordings, labels from {origin}")
    return [_recording(file, label) for file, label in files]


def _recording(file: Path, label: int) -> Recording | Sound:
    suffix = file.suffix.lower()
    if suffix == SOUND:
        return Sound(file, label)
    return Recording(str(file), label, lambda: READERS[suffix](file))
