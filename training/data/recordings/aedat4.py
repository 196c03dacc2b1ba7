"""What the packets of an AEDAT 4 file unpack to at most: their frames are walked, nothing is unpacked.

Sources: docs.inivation.com, file formats; RFC 8878 (Zstandard) and the LZ4 frame format, version 1.6.
"""

import struct
from pathlib import Path
from typing import BinaryIO

from snnc.base.errors import FileError

MAX_PACKET_BYTES = 1 << 28
"""Of a packet when it is unpacked: 16 million events, where cameras write some thousand."""

_MAX_HEADER_BYTES = 1 << 20
_MAGIC = b"#!AER-DAT4.0\r\n"
_ZSTANDARD, _LZ4 = 0xFD2FB528, 0x184D2204
_ZSTANDARD_BLOCK = 1 << 17
"""Largest block."""
_RAW, _REPEATED = 0, 1
"""Types of blocks of Zstandard."""


class _Ended(Exception):
    """The file ends inside a frame."""


def check_packets(path: Path) -> None:
    """Raise FileError where a packet may unpack to over `MAX_PACKET_BYTES`.

    A file that is cut short or damaged passes: whoever unpacks it says so.
    """
    with path.open("rb") as stream:
        end = stream.seek(0, 2)
        stream.seek(0)
        try:
            _walk(stream, end, str(path))
        except _Ended:
            return


def _walk(stream: BinaryIO, end: int, where: str) -> None:
    if _taken(stream, len(_MAGIC)) != _MAGIC:
        return
    size = _number(stream, 4)
    header = stream.read(min(size, _MAX_HEADER_BYTES))
    start = len(_MAGIC) + 4 + size
    if 0 <= (table := _table_position(header)) < end:
        _check(stream, table, end, where)
    while start + 8 <= end and start != table:
        stream.seek(start + 4)
        stop = start + 8 + _number(stream, 4)
        _check(stream, start + 8, min(stop, end), where)
        start = stop


def _table_position(header: bytes) -> int:
    """Where the table of packets is; -1 without one. The header is a flat buffer, this its second field."""
    try:
        (root,) = struct.unpack_from("<I", header, 0)
        fields = root - struct.unpack_from("<i", header, root)[0]
        (size,) = struct.unpack_from("<H", header, fields)
        (place,) = struct.unpack_from("<H", header, fields + 6) if size >= 8 else (0,)
        (position,) = struct.unpack_from("<q", header, root + place) if place else (-1,)
    except struct.error:
        return -1
    return int(position)


def _check(stream: BinaryIO, start: int, stop: int, where: str) -> None:
    """Raise FileError where the frames from `start` to `stop` unpack to too much together."""
    stream.seek(start)
    unpacked = 0
    while stream.tell() < stop and (part := _frame(stream)) is not None:
        unpacked += part
        if unpacked > MAX_PACKET_BYTES:
            raise FileError(
                f"what is packed at byte {start} may have over {MAX_PACKET_BYTES} bytes", where=where
            )


def _frame(stream: BinaryIO) -> int | None:
    """Most bytes that the frame here unpacks to, behind which the stream is left; None if it is no frame."""
    magic = _number(stream, 4)
    if magic == _ZSTANDARD:
        return _zstandard(stream)
    return _lz4(stream) if magic == _LZ4 else None


def _zstandard(stream: BinaryIO) -> int:
    descriptor = _number(stream, 1)
    single = descriptor >> 5 & 1
    _taken(stream, (1 - single) + (0, 1, 2, 4)[descriptor & 3])
    announced = _number(stream, (single, 2, 4, 8)[descriptor >> 6])
    unpacked, last = 0, 0
    while not last and unpacked <= MAX_PACKET_BYTES:
        header = _number(stream, 3)
        last, kind, size = header & 1, header >> 1 & 3, header >> 3
        unpacked += size if kind in (_RAW, _REPEATED) else _ZSTANDARD_BLOCK
        _taken(stream, 1 if kind == _REPEATED else size)
    _taken(stream, 4 * (descriptor >> 2 & 1))
    return max(announced, unpacked)


def _lz4(stream: BinaryIO) -> int:
    flags, block = _number(stream, 1), 1 << 8 + 2 * (_number(stream, 1) >> 4 & 7)
    announced = _number(stream, 8 * (flags >> 3 & 1))
    _taken(stream, 4 * (flags & 1) + 1)
    unpacked = 0
    while (header := _number(stream, 4)) and unpacked <= MAX_PACKET_BYTES:
        size, plain = header & 0x7FFFFFFF, header >> 31
        unpacked += size if plain else block
        _taken(stream, size + 4 * (flags >> 4 & 1))
    _taken(stream, 4 * (flags >> 2 & 1))
    return max(announced, unpacked)


def _number(stream: BinaryIO, size: int) -> int:
    return int.from_bytes(_taken(stream, size), "little")


def _taken(stream: BinaryIO, size: int) -> bytes:
    """The next bytes; of more than a header needs none are kept."""
    if size <= 16:
        data = stream.read(size)
        if len(data) < size:
            raise _Ended
        return data
    stream.seek(size, 1)
    return b""
