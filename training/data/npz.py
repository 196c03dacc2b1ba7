"""Reading arrays from an `.npz` that may be broken or hostile: sizes are checked before allocation."""

import io
import warnings
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import FileError
from snnc.base.files import expansion_limit, is_file
from snnc.base.quoting import quote

MAX_ARRAY_BYTES = 1 << 30
"""Largest array that is read from a file; `files.expansion_limit` is lower for small ones."""

_MAX_HEADER_BYTES = 1 << 16


def read_arrays(path: Path, names: Iterable[str]) -> dict[str, NDArray[np.generic]]:
    """Those of the arrays called `names` that the file holds; pickled objects are refused.

    Raises FileError with one line where the file is missing, cut short or not what it claims to be.
    """
    where = str(path)
    if not is_file(path):
        raise FileError("no such file", where=where)
    limit = min(MAX_ARRAY_BYTES, expansion_limit(path))
    try:
        # What NumPy and the tokenizer remark on a header says nothing to a user that a refusal does not.
        with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(path) as archive:
            members = set(archive.namelist())
            wanted = [name for name in names if f"{name}.npy" in members]
            return {name: _read_array(archive, name, limit, where) for name in wanted}
    except FileError:
        raise
    # Damaged archives and headers raise almost anything (zlib, struct, tokenize); all mean the same.
    except Exception as error:
        raise FileError("is not a readable .npz file", where=where) from error


def _read_array(archive: zipfile.ZipFile, name: str, limit: int, where: str) -> NDArray[np.generic]:
    entry = archive.getinfo(f"{name}.npy")
    size = entry.file_size
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FileError(f"array {name} is compressed by a method that NumPy never uses", where=where)
    if size > limit + _MAX_HEADER_BYTES:
        raise FileError(
            f"array {name} has {size} bytes, the limit for a file of this size is {limit}", where=where
        )
    with archive.open(entry) as stream:
        head = io.BytesIO(stream.read(_MAX_HEADER_BYTES))
        shape, dtype = _header(head)
        if dtype.hasobject:
            raise FileError(f"array {name} holds Python objects, which are never loaded", where=where)
        stated = int(np.prod(shape, dtype=object)) * dtype.itemsize
        if stated != size - head.tell():
            raise FileError(
                f"array {name} states {quote(stated)} bytes of data, found {size - head.tell()}", where=where
            )
    with archive.open(entry) as stream:
        array: NDArray[np.generic] = np.lib.format.read_array(stream, allow_pickle=False)
    return array


def _header(stream: io.BytesIO) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    """Shape and type that an `.npy` announces; leaves the stream at its data."""
    version = np.lib.format.read_magic(stream)
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in readers:
        raise ValueError(f"unknown .npy version {version}")
    shape, _, dtype = readers[version](stream)
    return shape, dtype
