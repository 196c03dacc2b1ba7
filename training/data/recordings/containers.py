"""Files of many recordings: `.npz` with offsets, and HDF5 as the Heidelberg spiking data sets have it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from snnc.base.errors import FileError
from snnc.base.quoting import quote
from snnc.training.data.datasets import MAX_CLASSES, MAX_SAMPLES
from snnc.training.data.npz import read_arrays
from snnc.training.data.recordings.event_files import blocks_of
from snnc.training.data.recordings.events import BLOCK, Events, Recording, Stream


def npz_recordings(path: Path) -> list[Recording]:
    """Recording i is `[offset[i]:offset[i + 1]]` of `t`, `x`, `y` and `p`, and `label[i]` its class."""
    arrays = read_arrays(path, ("t", "x", "y", "p", "offset", "label"))
    where = str(path)
    if "offset" not in arrays or "label" not in arrays:
        raise FileError("must hold arrays offset and label beside the events", where=where)
    labels = checked_labels(arrays["label"], where)
    offsets = arrays["offset"]
    expected = f"{len(labels) + 1} integers that rise from 0 to {arrays['t'].size if 't' in arrays else 0}"
    if offsets.dtype.kind not in "iu" or offsets.shape != (len(labels) + 1,):
        raise FileError(f"offset must hold {expected}, not {offsets.dtype} {offsets.shape}", where=where)
    places = offsets.astype(np.int64).tolist()
    if "t" not in arrays or places != sorted(places) or (places[0], places[-1]) != (0, arrays["t"].size):
        raise FileError(f"offset must hold {expected}", where=where)
    return [_slice(arrays, places, number, label, where) for number, label in enumerate(labels)]


def _slice(arrays: dict[str, Any], places: list[int], number: int, label: int, where: str) -> Recording:
    def opened() -> Stream:
        return Stream(blocks_of(arrays, places[number], places[number + 1], where))

    return Recording(f"{where}, recording {number}", label, opened)


def hdf5_recordings(path: Path) -> list[Recording]:
    """Recording i is `spikes/times[i]` in seconds and `spikes/units[i]`, and `labels[i]` its class.

    Source: Cramer et al. 2020, the Heidelberg spiking data sets; 700 units there.
    """
    where = str(path)
    with _opened(path) as file:
        labels = checked_labels(_plain(file, "labels", where)[:], where)
        for name in ("spikes/times", "spikes/units"):
            found = _variable(file, name, where).shape
            if found != (len(labels),):
                raise FileError(f"{name} has shape {found}, labels {len(labels)}", where=where)
    return [_row(path, number, label) for number, label in enumerate(labels)]


def _row(path: Path, number: int, label: int) -> Recording:
    return Recording(f"{path}, recording {number}", label, lambda: Stream(_row_blocks(path, number)))


def _row_blocks(path: Path, number: int) -> Iterator[Events]:
    where = f"{path}, recording {number}"
    with _opened(path) as file:
        times = _variable(file, "spikes/times", where)[number]
        units = _variable(file, "spikes/units", where)[number]
    if len(times) != len(units) or units.dtype.kind not in "iu":
        raise FileError(f"has {len(times)} times and {len(units)} units ({units.dtype})", where=where)
    seconds = times.astype(np.float64)
    if not bool(((seconds >= 0) & (seconds < 1e6)).all()):
        raise FileError("times must be 0..1e6 seconds", where=where)
    order = np.argsort(seconds, kind="stable")
    t, x = np.rint(seconds[order] * 1e6), units[order]
    for start in range(0, len(t), BLOCK):
        part = slice(start, start + BLOCK)
        zeros = np.zeros(len(t[part]), np.int64)
        yield Events.of(t[part], x[part], zeros, zeros)


def _opened(path: Path) -> Any:
    import h5py

    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise FileError("is not a readable HDF5 file", where=str(path)) from error


def _plain(file: Any, name: str, where: str) -> Any:
    """A data set of numbers in the file."""
    import h5py

    found = file.get(name)
    if not isinstance(found, h5py.Dataset) or found.ndim != 1:
        raise FileError(f"has no list {name}: expected labels, spikes/times and spikes/units", where=where)
    if found.size > MAX_SAMPLES:
        raise FileError(f"{name} has {found.size} entries, the limit is {MAX_SAMPLES}", where=where)
    return found


def _variable(file: Any, name: str, where: str) -> Any:
    """A data set whose entries are lists of numbers."""
    import h5py

    found = _plain(file, name, where)
    inner = h5py.check_vlen_dtype(found.dtype)
    if not isinstance(inner, np.dtype) or inner.kind not in "fiu":
        raise FileError(f"{name} must hold lists of numbers, not {found.dtype}", where=where)
    return found


def checked_labels(labels: Any, where: str) -> list[int]:
    """Class indices as integers."""
    if labels.dtype.kind not in "iu" or labels.ndim != 1 or not labels.size:
        raise FileError(f"labels must be integers, not {labels.dtype} of shape {labels.shape}", where=where)
    if labels.size > MAX_SAMPLES:
        raise FileError(f"has {labels.size} recordings, the limit is {MAX_SAMPLES}", where=where)
    numbers: list[int] = labels.tolist()
    if not 0 <= min(numbers) <= max(numbers) < MAX_CLASSES:
        raise FileError(f"labels must lie in 0..{MAX_CLASSES - 1}, not {quote(max(numbers))}", where=where)
    return numbers
