"""Arrays by the names of their content, raw in a zip; reading one from outside is safe."""

import math
import re
import zipfile
import zlib
from collections.abc import Collection

import numpy as np

from snnc.base.errors import FileError
from snnc.base.quoting import quote
from snnc.compiler.formats.codec import ArrayStore, array_name

MAX_ARRAY_BYTES = 1 << 30
"""Whatever the size of the file; `files.expansion_limit` is lower for small ones."""
PIECE_BYTES = 1 << 16
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError)
"""What reading a damaged zip raises; RecursionError is a RuntimeError."""
_NAME = re.compile(r"(int8|int64|uint32)\[(\d{1,9}(?:,\d{1,9}){0,3})\]#[0-9a-f]{16}")


def shape_and_type(name: str) -> tuple[tuple[int, ...], np.dtype[np.integer]] | None:
    """What the name of an array states; None where it is no such name."""
    match = _NAME.fullmatch(name)
    return None if match is None else (tuple(map(int, match[2].split(","))), np.dtype(match[1]))


def write_arrays(archive: zipfile.ZipFile, arrays: ArrayStore) -> None:
    """Add every array; equal arrays give equal bytes."""
    for name in sorted(arrays):
        data = arrays[name].astype(arrays[name].dtype.newbyteorder("<")).tobytes()
        archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)


def read_arrays(archive: zipfile.ZipFile, limit: int, beside: Collection[str] = ()) -> ArrayStore:
    """Every array of an archive whose other members are `beside`.

    Raises FileError for any other member, more than `limit` bytes, and an array its name does not state."""
    arrays: ArrayStore = {}
    limit = min(limit, MAX_ARRAY_BYTES)
    budget = limit
    for name in archive.namelist():
        if name in beside:
            continue
        stated = shape_and_type(name)
        if stated is None:
            raise FileError(f"unexpected member {quote(name)}")
        shape, dtype = stated
        size = math.prod(shape) * dtype.itemsize
        budget -= size
        if budget < 0:
            raise FileError(f"arrays exceed {limit} bytes")
        data = read_member(archive, name, size)
        if len(data) != size:
            raise FileError(f"array {name} has {len(data)} bytes, needs {size}")
        array = np.frombuffer(data, dtype.newbyteorder("<")).astype(dtype, copy=False).reshape(shape)
        if array_name(array) != name:
            raise FileError(f"array {name} does not have the content its name states")
        arrays[name] = array
    return arrays


def read_member(archive: zipfile.ZipFile, name: str, limit: int) -> bytearray:
    """The content of a member, read piece by piece: a size in a header is only a claim."""
    entry = archive.getinfo(name)
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FileError(f"member {quote(name)} is compressed by a method that programs never use")
    data = bytearray()
    with archive.open(entry) as stream:
        while piece := stream.read(PIECE_BYTES):
            data += piece
            if len(data) > limit:
                raise FileError(f"member {quote(name)} is larger than {limit} bytes")
    return data
