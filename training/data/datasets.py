"""Where samples come from: the embedded digits, IDX, `.npz` and `.ts` files, all checked before use.

`digits.npz` was made once with scikit-learn 1.9.1 (the 8x8 digits of the UCI repository, public domain):

    d = sklearn.datasets.load_digits()
    xa, xb, ya, yb = train_test_split(d.data.astype(np.uint8), d.target.astype(np.int64),
                                      test_size=0.2, stratify=d.target, random_state=0)
    np.savez_compressed("digits.npz", x_train=xa, y_train=ya, x_test=xb, y_test=yb)
"""

import gzip
import math
import os
import struct
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import FileError, UsageError
from snnc.base.files import expansion_limit, is_file
from snnc.base.quoting import printable, quote
from snnc.compiler.ir.network import Shape
from snnc.training.data.npz import read_arrays
from snnc.training.data.series import SERIES_SETS, is_series, load_series, series_files

DATA_VARIABLE = "SNNC_DATA"
"""Environment variable that names the folder of the data sets which are not embedded."""

IDX_SETS = ("mnist", "fashion-mnist")
NPZ_SETS = {"cifar10-sample": {"train": "train-2000.npz", "test": "test-1000.npz"}}
"""File of each split; `x` (N, channels, height, width) and `y` in it."""
SOURCES = ("digits", *IDX_SETS, *NPZ_SETS, *SERIES_SETS)
SPLITS = ("train", "test")

_IDX_PREFIX = {"train": "train", "test": "t10k"}
_IDX_UNSIGNED_BYTE = 0x08
_MAX_IDX_BYTES = 1 << 28
MAX_SAMPLES = 1 << 22
PIECE = 1 << 20
"""Bytes or values that are unpacked or converted at once."""

MAX_CLASSES = 1 << 14


@dataclass(frozen=True)
class Samples:
    """Labelled integer inputs, as they enter a network.

    `x` is uint8: (N, features) graded values, or (N, steps, features) spike trains; `y` holds a label for
    each: (N,) class indices, or arrays (N, ...), int64 of classes of pixels or float64 of numbers and boxes.
    """

    name: str
    x: NDArray[np.uint8]
    y: NDArray[Any]
    shape: Shape
    """Channels, height and width of a sample or of one step; (features, 1, 1) where there are none."""
    spike_trains: bool = False

    def __len__(self) -> int:
        return int(self.x.shape[0])

    @property
    def has_classes(self) -> bool:
        """Whether each label is one class."""
        return self.y.ndim == 1 and self.y.dtype == np.int64

    @property
    def classes(self) -> NDArray[np.int64]:
        """The labels, where each is one class; raises FileError where they are arrays."""
        if not self.has_classes:
            raise FileError(
                f"labels are {self.y.dtype} of shape {self.y.shape}, here each must be one class",
                where=self.name,
            )
        return self.y.astype(np.int64, copy=False)

    @property
    def features(self) -> int:
        """Number of input axons."""
        return int(self.x.shape[-1])


def load_samples(
    source: str,
    split: str = "test",
    limit: int | None = None,
    data_dir: Path | None = None,
    *,
    events: bool = False,
) -> Samples:
    """The first `limit` samples of `source`: a name in `SOURCES`, or the path of an `.npz` or `.ts`.

    An `.npz` holds `x_train`, `y_train`, `x_test`, `y_test`, or `x` and `y`, which count as a test split.
    Its `y` is (N,) integers, classes, or (N, ...): integers, classes of pixels; floats, numbers or boxes.
    Its `x` is uint8, or float in [0, 1], which becomes round(255 x), of shape (N, features) or
    (N, channels, height, width); with `events` it is spike trains (N, steps, ...), bool or uint8.
    Pixels of the named sets are taken as they are: 0..16 for digits, 0..255 for the others.
    Series (`series.load_series`) are spike trains with a graded value for every channel and step.
    `data_dir` (else $SNNC_DATA) holds one folder per data set that is not embedded.
    """
    if split not in SPLITS:
        raise UsageError(f"unknown split {quote(split)}; known: {', '.join(SPLITS)}")
    if limit is not None and limit < 1:
        raise UsageError(f"the number of samples must be at least 1, not {limit}")
    from_file, series = source.endswith(".npz"), is_series(source)
    if not from_file and not series and source not in SOURCES:
        raise UsageError(
            f"unknown data set {quote(source)}; known: {', '.join(SOURCES)}, or the path of an .npz or .ts"
        )
    if events != series and not from_file:
        held, taken = ("series", "one value per input") if series else ("graded pixels", "spike trains")
        raise UsageError(f"data set {quote(source)} holds {held}, but the model takes {taken}")
    if series:
        samples = _load_series(source, split, data_dir)
    elif from_file:
        samples = _load_npz(Path(source), split, events)
    elif source == "digits":
        samples = replace(_load_npz(Path(__file__).with_name("digits.npz"), split, False), shape=(1, 8, 8))
    elif source in NPZ_SETS:
        (path,) = _files(source, (NPZ_SETS[source][split],), data_dir)
        samples = _load_npz(path, "test", False)
    else:
        samples = _load_idx(source, split, data_dir)
    return replace(samples, name=source, x=samples.x[:limit], y=samples.y[:limit])


def check_payload(samples: Samples, max_payload: int) -> None:
    """Raise FileError unless every value fits the range 0..`max_payload` of a network's input."""
    largest = int(samples.x.max(initial=0))
    if largest > max_payload:
        raise FileError(
            f"values reach {largest}, but the network's input takes 0..{max_payload}", where=samples.name
        )


def _load_npz(path: Path, split: str, events: bool) -> Samples:
    wanted = (f"x_{split}", f"y_{split}", "x", "y")
    arrays = read_arrays(path, wanted)
    name = str(path)
    if f"x_{split}" in arrays or f"y_{split}" in arrays:
        x, y = arrays.get(f"x_{split}"), arrays.get(f"y_{split}")
    elif split == "test":
        x, y = arrays.get("x"), arrays.get("y")
    else:
        raise FileError(f"has no split {quote(split)}: expected arrays x_{split} and y_{split}", where=name)
    if x is None or y is None:
        raise FileError(f"expected arrays x and y, or x_{split} and y_{split}", where=name)
    inputs = _inputs(x, events, name)
    labels = _labels(y, len(x) if x.ndim else 0, name)
    return Samples(name, inputs, labels, _shape(x.shape[2 if events else 1 :]), events)


def _inputs(x: NDArray[np.generic], events: bool, where: str) -> NDArray[np.uint8]:
    """`x` as uint8 (N, features), or (N, steps, features) with `events`."""
    leading = 2 if events else 1
    if x.ndim <= leading or x.size == 0:
        kind = "spike trains (N, steps, ...)" if events else "samples (N, features) or (N, C, H, W)"
        raise FileError(f"x must be non-empty {kind}, not of shape {x.shape}", where=where)
    flat = x.reshape(*x.shape[:leading], -1)
    if len(x) > MAX_SAMPLES:
        raise FileError(f"x has {len(x)} samples, the limit is {MAX_SAMPLES}", where=where)
    if x.dtype == np.uint8 or (events and x.dtype == np.bool_):
        return flat.astype(np.uint8, copy=False)
    if events or not np.issubdtype(x.dtype, np.floating):
        allowed = "bool or uint8" if events else "uint8, or float in [0, 1]"
        raise FileError(f"x must be {allowed}, not {x.dtype}", where=where)
    pixels = np.empty(flat.shape, np.uint8)
    # Piece by piece: float64 values of all samples together may be eight times what the file holds.
    for source, result in zip(_pieces(flat), _pieces(pixels), strict=True):
        values = source.astype(np.float64)
        if not bool(((values >= 0) & (values <= 1)).all()):
            raise FileError(f"float x must lie in [0, 1], not {values.min()}..{values.max()}", where=where)
        result[...] = np.rint(values * 255)
    return pixels


def _pieces(array: NDArray[Any]) -> list[NDArray[Any]]:
    """Views of the array by a bounded number of its items."""
    flat = array.reshape(-1)
    return [flat[start : start + PIECE] for start in range(0, flat.size, PIECE)]


def _shape(sizes: tuple[int, ...]) -> Shape:
    """Sizes of a sample as (channels, height, width)."""
    if len(sizes) == 3:
        return sizes[0], sizes[1], sizes[2]
    return math.prod(sizes), 1, 1


def _labels(y: NDArray[Any], count: int, where: str) -> NDArray[Any]:
    """Classes of samples, 0 or more; arrays of classes, negative where none counts; or arrays of numbers."""
    if y.dtype.kind not in "iuf" or y.ndim < 1 or len(y) != count or y.size == 0:
        raise FileError(
            f"y must be {count} integers, or arrays of {count}, not {y.dtype} of shape {y.shape}", where=where
        )
    if y.dtype.kind == "f":
        numbers = y.astype(np.float64)
        if not bool(np.isfinite(numbers).all()):
            raise FileError("y holds NaN or infinite numbers", where=where)
        return numbers
    least = 0 if y.ndim == 1 else -1
    if not bool(((y >= least) & (y < MAX_CLASSES)).all()):
        raise FileError(f"y must lie in {least}..{MAX_CLASSES - 1}, not {y.min()}..{y.max()}", where=where)
    return y.astype(np.int64)


def _load_series(source: str, split: str, data_dir: Path | None) -> Samples:
    x, y = load_series(series_files(source, _root(data_dir)), split)
    return Samples(source, x, y, (x.shape[2], 1, 1), spike_trains=True)


def _root(data_dir: Path | None) -> Path | None:
    """The folder of the data sets that are not embedded."""
    return data_dir or (Path(os.environ[DATA_VARIABLE]) if os.environ.get(DATA_VARIABLE) else None)


def _files(name: str, files: tuple[str, ...], data_dir: Path | None) -> list[Path]:
    """Where the files of a data set that is not embedded lie; raises FileError where they do not."""
    root = _root(data_dir)
    if root is None:
        raise FileError(
            f"data set {name!r} is not embedded: {' and '.join(files)} are read from FOLDER/{name}",
            hint=f"name the folder with --data-dir FOLDER or the environment variable {DATA_VARIABLE}",
        )
    paths = [root / name / file for file in files]
    if not all(is_file(path) for path in paths):
        raise FileError(f"data set {name!r} needs {' and '.join(files)} in {root / name}")
    return paths


def _load_idx(name: str, split: str, data_dir: Path | None) -> Samples:
    """One split of an IDX data set (format: yann.lecun.com/exdb/mnist, gzip-compressed)."""
    files = tuple(f"{_IDX_PREFIX[split]}-{part}.gz" for part in ("images-idx3-ubyte", "labels-idx1-ubyte"))
    paths = _files(name, files, data_dir)
    images = _read_idx(paths[0], 3)
    labels = _read_idx(paths[1], 1)
    shape = (1, images.shape[1], images.shape[2])
    return Samples(
        name, images.reshape(len(images), -1), _labels(labels, len(images), str(paths[1])), shape, False
    )


def _read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """The array of an IDX file of unsigned bytes; nothing is allocated before the sizes are checked."""
    try:
        with gzip.open(path) as stream:
            header = stream.read(4 + 4 * dimensions)
            shape = _idx_shape(header, dimensions, path)
            size, limit = math.prod(shape), min(_MAX_IDX_BYTES, expansion_limit(path))
            if not 0 < size <= limit or shape[0] > MAX_SAMPLES:
                raise FileError(
                    f"shape {shape} is outside 1..{limit} bytes and {MAX_SAMPLES} samples", where=str(path)
                )
            content = bytearray()
            while len(content) <= size and (piece := stream.read(PIECE)):
                content += piece
    except (OSError, EOFError, zlib.error) as error:
        raise FileError(f"is not a readable gzip file ({printable(str(error))})", where=str(path)) from error
    if len(content) != size:
        found = "more" if len(content) > size else str(len(content))
        raise FileError(f"must hold {size} bytes of data, found {found}", where=str(path))
    return np.frombuffer(content, np.uint8).reshape(shape)


def _idx_shape(header: bytes, dimensions: int, path: Path) -> tuple[int, ...]:
    if len(header) != 4 + 4 * dimensions:
        raise FileError(f"ends inside its {4 + 4 * dimensions} byte header", where=str(path))
    magic, *shape = struct.unpack(f">{1 + dimensions}I", header)
    expected = _IDX_UNSIGNED_BYTE << 8 | dimensions
    if magic != expected:
        raise FileError(f"has magic number {magic:#010x}, expected {expected:#010x}", where=str(path))
    return tuple(shape)
