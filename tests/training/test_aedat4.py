"""AEDAT 4 files whose packets would unpack to more than memory are refused before anything is unpacked."""

import struct
from pathlib import Path
from typing import Any

import faery
import numpy as np
import pytest

from snnc.base.errors import FileError
from snnc.training.data.recordings import aedat4
from snnc.training.data.recordings.aedat4 import check_packets
from snnc.training.data.recordings.load import load_recordings
from snnc.training.data.recordings.view import Taken, View

PACKINGS: dict[str, Any] = {"zstandard": ("zstd", 3), "lz4": ("lz4", 1), "nothing": None}
BLOCK = 1 << 17


def recorded(path: Path, packing: str) -> bytes:
    events = np.zeros(20_000, faery.EVENTS_DTYPE)
    events["t"], events["x"] = np.arange(20_000) * 10, np.arange(20_000) % 30
    faery.events_stream_from_array(events, (32, 32)).to_file(path, compression=PACKINGS[packing])
    return path.read_bytes()


def zstandard(blocks: int, announced: int | None = None, checksum: bool = False) -> bytes:
    """A frame of so many blocks that each repeat one byte 2^17 times, four bytes long."""
    parts = [
        (BLOCK << 3 | 1 << 1 | int(n == blocks - 1)).to_bytes(3, "little") + b"\0" for n in range(blocks)
    ]
    told = b"" if announced is None else struct.pack("<Q", announced)
    head = bytes([(0 if announced is None else 3) << 6 | int(checksum) << 2, 0x38])
    return b"\x28\xb5\x2f\xfd" + head + told + b"".join(parts) + bytes(4 * checksum)


def lz4(blocks: int, announced: int | None = None) -> bytes:
    """A frame of so many packed blocks of up to 4 MB, a byte long each."""
    told = b"" if announced is None else struct.pack("<Q", announced)
    flags = 0x40 | (0 if announced is None else 8)
    return b"\x04\x22\x4d\x18" + bytes([flags, 0x70]) + told + b"\0" + (b"\1\0\0\0\0" * blocks) + bytes(4)


def packet(content: bytes) -> bytes:
    return struct.pack("<ii", 0, len(content)) + content


def header(whole: bytes) -> bytes:
    return whole[: 18 + struct.unpack_from("<I", whole, 14)[0]]


@pytest.mark.parametrize("packing", ["zstandard", "lz4"])
def test_what_packets_of_a_true_file_unpack_to(
    packing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(tmp_path / "a.aedat4", packing)
    check_packets(tmp_path / "a.aedat4")
    # A packet of 4,096 events has 65,568 bytes, which blocks of a bound round up to 4 MB at most.
    monkeypatch.setattr(aedat4, "MAX_PACKET_BYTES", 65_567)
    with pytest.raises(FileError, match=r"what is packed at byte \d+ may have over 65567 bytes"):
        check_packets(tmp_path / "a.aedat4")
    monkeypatch.setattr(aedat4, "MAX_PACKET_BYTES", 1 << 22)
    check_packets(tmp_path / "a.aedat4")


@pytest.mark.parametrize(
    "bomb",
    [
        packet(zstandard(4096)),
        packet(zstandard(1)) + packet(zstandard(2049, checksum=True)),
        packet(zstandard(2000, checksum=True) + zstandard(100)),
        packet(zstandard(1, announced=1 << 40)),
        packet(lz4(65)),
        packet(lz4(1, announced=1 << 29)),
        packet(lz4(60) + lz4(10)),
    ],
    ids=["blocks", "second packet", "two frames", "announced", "lz4", "lz4 announced", "two lz4 frames"],
)
def test_bombs(bomb: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a_0.aedat4"
    path.write_bytes(header(recorded(path, "zstandard")) + bomb)
    with pytest.raises(FileError, match=f"may have over {1 << 28} bytes"):
        load_recordings(str(path), view=View(), taken=Taken((2, 32, 32), 4))


def test_a_bomb_in_the_table_that_the_header_points_to(tmp_path: Path) -> None:
    path = tmp_path / "a.aedat4"
    whole = recorded(path, "zstandard")
    table = aedat4._table_position(header(whole)[18:])
    assert table > 0
    path.write_bytes(whole[:table] + zstandard(4096))
    with pytest.raises(FileError, match=rf"what is packed at byte {table} "):
        check_packets(path)


def test_frames_within_the_limit_and_files_cut_anywhere_pass(tmp_path: Path) -> None:
    path = tmp_path / "a.aedat4"
    start = header(recorded(path, "zstandard"))
    whole = start + packet(zstandard(2048, checksum=True)) + packet(lz4(60)) + packet(b"plain events here")
    for length in (*range(0, len(start), 7), *range(len(start), len(whole), 101), len(whole)):
        path.write_bytes(whole[:length])
        check_packets(path)
