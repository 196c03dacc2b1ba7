"""Files that hold one recording: N-MNIST and AEDAT 2.0 by hand, AEDAT 4, Prophesee and ES through faery.

The N-MNIST format is ATIS's of five bytes (Orchard et al. 2015); AEDAT 2.0 is at docs.inivation.com, file
formats. Coordinates are taken as stored.
"""

import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from snnc.base.errors import FileError
from snnc.base.files import file_errors
from snnc.base.quoting import printable
from snnc.training.data.npz import read_arrays
from snnc.training.data.recordings.aedat4 import check_packets
from snnc.training.data.recordings.events import BLOCK, MAX_FILE_BYTES, Events, Stream

_OVERFLOW_ROW = 240
_OVERFLOW_TIME = 1 << 13
"""An N-MNIST record in this row stands for so many microseconds, not for an event."""
_MAX_HEADER_LINES = 1 << 14
_MAX_LINE = 1 << 12
_DAVIS_SIDES = {"240": (180, 240), "346": (260, 346), "640": (480, 640)}
"""Height and width by what the name of the chip contains."""


def open_nmnist(path: Path) -> Stream:
    """Records of x, y, polarity (1 bit) and microseconds (23 bits, big endian)."""
    return Stream(_nmnist_blocks(path))


def _nmnist_blocks(path: Path) -> Iterator[Events]:
    elapsed = 0
    with _opened(path) as stream:
        for records in _records(stream, 5, path):
            x, y, first, middle, last = (records[:, column].astype(np.int64) for column in range(5))
            overflows = y == _OVERFLOW_ROW
            over = elapsed + np.cumsum(overflows) * _OVERFLOW_TIME
            elapsed = int(over[-1])
            t = over + (((first & 127) << 16) | (middle << 8) | last)
            block = Events.of(t, x, y, first >> 7)
            yield Events(*(array[~overflows] for array in (block.t, block.x, block.y, block.on)))


def open_aedat(path: Path) -> Stream:
    """AEDAT 2.0: text lines, then pairs of address and microseconds, 32 bits each, big endian.

    Chips: DVS128, which is also taken where the header names none, and the DAVIS family.
    """
    with _opened(path) as stream:
        chip, start = _aedat_header(stream, path)
    if "davis" in chip.lower():
        sides = next((sides for name, sides in _DAVIS_SIDES.items() if name in chip), None)
    else:
        sides = (128, 128)
    return Stream(_aedat_blocks(path, start, davis="davis" in chip.lower()), sides)


def _aedat_header(stream: BinaryIO, path: Path) -> tuple[str, int]:
    """Name of the chip, and where the events begin."""
    chip, version = "", None
    for _ in range(_MAX_HEADER_LINES):
        start = stream.tell()
        line = stream.readline(_MAX_LINE)
        if not line.startswith(b"#"):
            break
        version = version or re.match(rb"#!AER-DAT(\d+\.\d+)", line)
        if found := re.match(rb"#\s*AEChip:\s*([\w.]+)", line):
            chip = found[1].decode()
    if version is None or version[1] != b"2.0":
        said = "no version" if version is None else f"version {version[1].decode()}"
        raise FileError(f"is AEDAT of {said}; 2.0 and 4 (.aedat4) are read", where=str(path))
    return chip, start


def _aedat_blocks(path: Path, start: int, *, davis: bool) -> Iterator[Events]:
    wraps, last = 0, 0
    with _opened(path) as stream:
        stream.seek(start)
        for records in _records(stream, 8, path):
            words = records.view(">u4").astype(np.int64)
            address, stamps = words[:, 0], words[:, 1]
            # Stamps of 32 bits begin anew after 71 minutes; smaller steps back are jitter of old hardware.
            fallen = np.diff(stamps, prepend=last) < -(1 << 31)
            wrapped = wraps + np.cumsum(fallen)
            wraps, last = int(wrapped[-1]), int(stamps[-1])
            t = stamps + (wrapped << 32)
            if davis:
                block = Events.of(t, address >> 12 & 0x3FF, address >> 22 & 0x1FF, address >> 11 & 1)
                wanted = (address >> 31 == 0) & (address >> 10 & 1 == 0)
            else:
                block = Events.of(t, address >> 1 & 0x7F, address >> 8 & 0x7F, address & 1)
                wanted = address >> 15 == 0
            yield Events(*(array[wanted] for array in (block.t, block.x, block.y, block.on)))


def _opened(path: Path) -> BinaryIO:
    """The file, which must be a regular one of bounded size."""
    with file_errors(path, "cannot be read"):
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise FileError("cannot be read: is no regular file", where=str(path))
        if found.st_size > MAX_FILE_BYTES:
            raise FileError(f"has {found.st_size} bytes, the limit is {MAX_FILE_BYTES}", where=str(path))
        return path.open("rb")


def _records(stream: BinaryIO, size: int, path: Path) -> Iterator[Any]:
    """Blocks of records of `size` bytes, (records, size)."""
    while data := stream.read(BLOCK * size):
        if len(data) % size:
            raise FileError(f"ends inside a record of {size} bytes", where=str(path))
        yield np.frombuffer(data, np.uint8).reshape(-1, size)


def open_with_faery(path: Path) -> Stream:
    """AEDAT 4, Prophesee `.dat` and `.raw` (EVT 2, 2.1, 3), and `.es`."""
    import faery

    _opened(path).close()
    if path.suffix.lower() == ".aedat4":
        check_packets(path)
    stream = _trusted_to(lambda: faery.events_stream_from_file(path), path)
    width, height = stream.dimensions()
    return Stream(_faery_blocks(stream, path), (int(height), int(width)))


def _faery_blocks(stream: Any, path: Path) -> Iterator[Events]:
    blocks = iter(stream)
    while (block := _trusted_to(lambda: next(blocks, None), path)) is not None:
        for start in range(0, len(block), BLOCK):
            part = block[start : start + BLOCK]
            yield Events.of(part["t"], part["x"], part["y"], part["on"])


def _trusted_to(call: Callable[[], Any], path: Path) -> Any:
    """What faery returns; what it raises about a damaged file becomes a FileError."""
    try:
        return call()
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    # It raises RuntimeError and plain Exception, and panics of Rust are not even of Exception.
    except BaseException as error:
        said = printable(" ".join(str(error).split()))
        raise FileError(f"is not a readable {path.suffix} file ({said})", where=str(path)) from None


def open_npz(path: Path) -> Stream:
    """Arrays `t`, `x`, and where there are any `y` and `p`, of one recording."""
    arrays = read_arrays(path, ("t", "x", "y", "p"))
    return Stream(blocks_of(arrays, 0, len(arrays["t"]) if "t" in arrays else 0, str(path)))


def blocks_of(arrays: dict[str, Any], first: int, end: int, where: str) -> Iterator[Events]:
    """Blocks of the events `first`..`end` of arrays that lie in memory."""
    columns = _columns(arrays, where)
    for start in range(first, end, BLOCK):
        yield Events.of(*(column[start : min(start + BLOCK, end)] for column in columns))


def _columns(arrays: dict[str, Any], where: str) -> list[Any]:
    """t, x, y and p, all of one length; y and p are 0 where there are none."""
    for name in ("t", "x"):
        if name not in arrays:
            raise FileError(f"has no array {name}: events are arrays t, x, y and p", where=where)
    count = arrays["t"].shape
    nothing = np.broadcast_to(np.uint8(0), count)
    columns = [arrays.get(name, nothing) for name in ("t", "x", "y", "p")]
    for name, column in zip("txyp", columns, strict=True):
        if column.shape != count or column.ndim != 1 or column.dtype.kind not in "biu":
            raise FileError(
                f"array {name} must hold {count} integers as t does, not {column.dtype} {column.shape}",
                where=where,
            )
    return columns
