"""Series of measurements with a class each: the `.ts` files of the UCR and UEA archives.

The form is that of sktime and aeon: lines `@key value`, `@data`, then a series on each line, its channels
between colons, the values of a channel between commas, its class at the end.
"""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import FileError
from snnc.base.files import is_file, read_limited
from snnc.base.quoting import quote

SERIES_SETS = {"japanese-vowels": "JapaneseVowels", "basic-motions": "BasicMotions"}
"""Problems that are known by name, and what the archives call them."""
SUFFIX = ".ts"
PACKAGES = ("sktime", "aeon")
"""Either brings the files of these problems; neither is imported."""
MAX_FILE_BYTES = 1 << 28
MAX_VALUES = 1 << 28
"""Of a split, with all of its series as long as the longest."""
LEVELS = 255
"""1..255 are values, 0 is what comes after the end of a series."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """One split as it is stored."""

    series: list[FloatArray]
    """Each (channels, its own number of steps)."""
    y: NDArray[np.int64]
    where: str
    """The file."""

    @property
    def channels(self) -> int:
        """Of every series."""
        return len(self.series[0])

    @property
    def steps(self) -> int:
        """Of the longest."""
        return max(int(one.shape[1]) for one in self.series)


def is_series(source: str) -> bool:
    """Whether a source of samples is series: a known problem or a `.ts` file."""
    return source in SERIES_SETS or source.endswith(SUFFIX)


def series_files(source: str, root: Path | None) -> dict[str, Path]:
    """Files of both splits of a known problem or of a path NAME_TRAIN.ts or NAME_TEST.ts.

    Those of a known problem lie in `root`/`source`, or else in an installed package. Raises FileError where
    they do not.
    """
    if source in SERIES_SETS:
        stem = SERIES_SETS[source]
        folders = [] if root is None else [root / source]
        folders += [place / "datasets" / "data" / stem for place in _packages()]
    else:
        path = Path(source)
        stem, _, split = path.stem.rpartition("_")
        folders = [path.parent]
        if split not in ("TRAIN", "TEST"):
            raise FileError(
                "the name must end in _TRAIN.ts or _TEST.ts: what values mean is measured on the first",
                where=source,
            )
    for folder in folders:
        files = {split: folder / f"{stem}_{split.upper()}{SUFFIX}" for split in ("train", "test")}
        if all(is_file(path) for path in files.values()):
            return files
    hint = "pip install 'snnc[series]' brings the files" if source in SERIES_SETS else None
    raise FileError(f"needs {stem}_TRAIN.ts and {stem}_TEST.ts", where=source, hint=hint)


def load_series(files: Mapping[str, Path], split: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """One split, (N, steps, channels) and classes, of as many steps as the longest series of both splits.

    Values are 1..255: equal parts of what each channel spans in the training split, beyond it its ends. What
    comes after the end of a shorter series is 0. Classes are numbered as the file lists them. Raises
    FileError for what is damaged or too large, has gaps or times of its own, or no classes.
    """
    parts = {name: read_series(path) for name, path in files.items()}
    learn, chosen = parts["train"], parts[split]
    if parts["test"].channels != learn.channels:
        raise FileError(
            f"has {parts['test'].channels} channels, the training split {learn.channels}",
            where=parts["test"].where,
        )
    shape = len(chosen.series), max(part.steps for part in parts.values()), learn.channels
    if np.prod(shape, dtype=float) > MAX_VALUES:
        raise FileError(f"is {shape} series, steps, channels: over {MAX_VALUES} values", where=chosen.where)
    low = np.min([one.min(1) for one in learn.series], 0)[:, None]
    span = np.max([one.max(1) for one in learn.series], 0)[:, None] - low
    x = np.zeros(shape, np.uint8)
    for row, one in zip(x, chosen.series, strict=True):
        height = np.divide(one - low, span, out=np.zeros_like(one), where=span > 0)
        row[: one.shape[1]] = (1 + np.rint(height.clip(0, 1) * (LEVELS - 1))).T
    return x, chosen.y


def read_series(path: Path) -> Part:
    """One file as it stands; classes are numbered in the order in which `@classLabel` lists them. Raises
    FileError as `load_series` does."""
    where = str(path)
    try:
        lines = read_limited(path, MAX_FILE_BYTES).decode().splitlines()
    except UnicodeDecodeError:
        raise FileError("is no text in UTF-8", where=where) from None
    lines = [line for line in map(str.strip, lines) if line and not line.startswith("#")]
    first = next((number for number, line in enumerate(lines) if line.lower() == "@data"), None)
    if first is None or len(lines) == first + 1:
        raise FileError("has no line @data with series behind it", where=where)
    header = {key.lower(): words for key, *words in (line.split() for line in lines[:first])}
    if header.get("@timestamps", ["false"])[0].lower() != "false":
        raise FileError("gives every value a time of its own; series must be evenly spaced", where=where)
    known, *names = header.get("@classlabel", ["false"])
    if known.lower() != "true" or not names:
        raise FileError("has no classes: @classLabel true and their names", where=where)
    numbers = {name: number for number, name in enumerate(names)}
    series, labels = zip(*(_line(line, numbers, where) for line in lines[first + 1 :]), strict=True)
    if len(channels := {len(one) for one in series}) > 1:
        raise FileError(f"has series of {min(channels)} and of {max(channels)} channels", where=where)
    return Part(list(series), np.array(labels, np.int64), where)


def _packages() -> list[Path]:
    found = (importlib.util.find_spec(name) for name in PACKAGES)
    return [Path(place) for spec in found if spec for place in spec.submodule_search_locations or ()]


def _line(line: str, numbers: Mapping[str, int], where: str) -> tuple[FloatArray, int]:
    """A series (channels, steps) and its class."""
    *channels, name = line.split(":")
    if name.strip() not in numbers:
        raise FileError(f"a series is of class {quote(name)}, which @classLabel does not list", where=where)
    try:
        values = np.array([channel.split(",") for channel in channels], np.float64)
    except ValueError:
        raise FileError(
            "a series has values that are no numbers, or channels of different lengths", where=where
        ) from None
    if values.size == 0 or not bool((np.abs(values) < 1e100).all()):
        raise FileError("a series is empty, or has a gap or a number beyond 1e100", where=where)
    return values, numbers[name.strip()]
