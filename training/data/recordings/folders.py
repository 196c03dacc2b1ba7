"""Which files of a folder are recordings of which split, and of which class each is."""

import csv
import os
import re
from collections.abc import Iterable
from itertools import zip_longest
from pathlib import Path

from snnc.base.errors import FileError
from snnc.base.files import file_errors, read_limited
from snnc.base.quoting import quote
from snnc.training.data.datasets import MAX_CLASSES, MAX_SAMPLES, SPLITS

LABELS_FILE = "labels.csv"
"""Lines `name,class index` for the files of one folder."""
_MAX_LABELS_BYTES = 1 << 26


def labelled_files(folder: Path, split: str, suffixes: Iterable[str]) -> tuple[list[tuple[Path, int]], str]:
    """The files with these suffixes and their class indices, and in words where those come from.

    `folder` holds `train` and `test`, or is taken for either. In it is a folder per class, numbered in the
    order of their names (of their numbers, where all are numbers), whose files come in turns, one of each
    class; or files alone, labelled by `labels.csv` or by the number behind the last `_` of their names.
    Raises FileError.
    """
    folder = _split_folder(folder, split)
    wanted = frozenset(suffixes)
    classes = sorted(_folders(folder), key=lambda path: (_number(path.name), path.name))
    by_class = [files for path in classes if (files := _files(path, wanted))]
    if by_class:
        turns = (file for turn in zip_longest(*by_class) for file in turn if file is not None)
        number = {file: index for index, files in enumerate(by_class) for file in files}
        return [(file, number[file]) for file in turns], f"{len(by_class)} folders, a class each"
    files = _files(folder, wanted)
    if not files:
        known = " ".join(sorted(wanted))
        raise FileError(f"holds no recordings: no file ends in {known}", where=str(folder))
    listed = folder / LABELS_FILE
    with file_errors(listed, "cannot be read"):
        is_listed = listed.exists()
    if is_listed:
        return _listed(files, listed), LABELS_FILE
    return [(file, named_label(file)) for file in files], "the number behind the last _ of each name"


def named_label(file: Path) -> int:
    """The class that stands behind the last `_` of a file's name; raises FileError where none does."""
    match = re.search(r"_(\d{1,5})$", file.stem)
    if match is None or int(match[1]) >= MAX_CLASSES:
        raise FileError(
            f"has no class: its name ends in no _0 .. _{MAX_CLASSES - 1}",
            where=str(file),
            hint=f"put the files of each class into a folder, or list them in {LABELS_FILE}",
        )
    return int(match[1])


def _split_folder(folder: Path, split: str) -> Path:
    """The folder of a split, or `folder` itself where it has none."""
    splits = {path.name.lower(): path for path in _folders(folder) if path.name.lower() in SPLITS}
    if splits and split not in splits:
        raise FileError(f"has no folder {split}, only {', '.join(sorted(splits))}", where=str(folder))
    return splits.get(split, folder)


def _folders(folder: Path) -> list[Path]:
    with file_errors(folder, "cannot be read"):
        return [path for path in folder.iterdir() if path.is_dir()]


def _files(folder: Path, suffixes: frozenset[str]) -> list[Path]:
    """Files with these suffixes in the folder and below, in order; links to folders are not followed."""
    found = []
    with file_errors(folder, "cannot be read"):
        for root, _, names in os.walk(folder):
            found += [Path(root, name) for name in names if Path(name).suffix.lower() in suffixes]
            if len(found) > MAX_SAMPLES:
                raise FileError(f"holds over {MAX_SAMPLES} recordings, which is the limit", where=str(folder))
    return sorted(found)


def _number(name: str) -> int:
    """Where a folder stands among others: by its number, and all without one alike."""
    return int(name) if name.isdecimal() and len(name) < 10 else -1


def _listed(files: list[Path], listed: Path) -> list[tuple[Path, int]]:
    where = str(listed)
    try:
        rows = list(csv.reader(read_limited(listed, _MAX_LABELS_BYTES).decode().splitlines()))
    except (UnicodeDecodeError, csv.Error) as error:
        raise FileError("is not a readable .csv file", where=where) from error
    classes = {}
    for number, row in enumerate(rows, 1):
        if len(row) != 2 or not re.fullmatch(r"\s*\d{1,5}\s*", row[1]) or int(row[1]) >= MAX_CLASSES:
            raise FileError(
                f"line {number} must be name,0..{MAX_CLASSES - 1}, not {quote(','.join(row))}", where=where
            )
        classes[row[0]] = int(row[1])
    missing = [file.name for file in files if file.name not in classes]
    if missing:
        raise FileError(f"names {len(classes)} files, but not {quote(missing[0])}", where=where)
    return [(file, classes[file.name]) for file in files]
