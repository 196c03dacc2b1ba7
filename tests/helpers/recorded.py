"""Recordings drawn at random, and the files of each format that hold them, written for tests."""

import struct
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faery
import h5py
import numpy as np

SIDES = (12, 16)
"""Height and width of the sensor."""

Columns = dict[str, np.ndarray]


def draw_events(seed: int, number: int = 400, sides: tuple[int, int] = SIDES) -> Columns:
    """t, x, y and p of so many events within 50 ms, in order."""
    generator = np.random.default_rng(seed)
    return {
        "t": np.sort(generator.integers(1000, 51_000, number)),
        "x": generator.integers(0, sides[1], number),
        "y": generator.integers(0, sides[0], number),
        "p": generator.integers(0, 2, number),
    }


def _rows(events: Columns) -> list[tuple[int, int, int, int]]:
    return list(zip(*(events[name].tolist() for name in "txyp"), strict=True))


def write_nmnist(path: Path, events: Columns) -> None:
    """Five bytes an event."""
    path.write_bytes(
        b"".join(
            struct.pack(">BBI", x, y, p << 23 | t)[:2] + struct.pack(">I", p << 23 | t)[1:]
            for t, x, y, p in _rows(events)
        )
    )


def write_aedat2(path: Path, events: Columns, chip: str = "DVS128") -> None:
    """AEDAT 2.0 of a DVS128 or DAVIS240C."""
    head = f"#!AER-DAT2.0\r\n# AEChip: eu.seebetter.ini.chips.{chip}\r\n".encode()
    shifts = (1, 8, 0) if chip == "DVS128" else (12, 22, 11)
    words = b"".join(
        struct.pack(">II", x << shifts[0] | y << shifts[1] | p << shifts[2], t % (1 << 32))
        for t, x, y, p in _rows(events)
    )
    path.write_bytes(head + words)


def write_davis(path: Path, events: Columns) -> None:
    """AEDAT 2.0 of a DAVIS240C."""
    write_aedat2(path, events, "davis.DAVIS240C")


def write_with_faery(path: Path, events: Columns) -> None:
    """AEDAT 4, `.dat` and `.raw`, by the suffix."""
    packet = np.zeros(len(events["t"]), faery.EVENTS_DTYPE)
    for name, own in zip(("t", "x", "y", "on"), "txyp", strict=True):
        packet[name] = events[own]
    faery.events_stream_from_array(packet, (SIDES[1], SIDES[0])).to_file(path)


def write_npz(path: Path, events: Columns, **more: list[int] | list[float]) -> None:
    """Arrays of one recording, or with `offset` and `label` of several."""
    arrays: dict[str, Any] = events | {name: np.array(values) for name, values in more.items()}
    np.savez(path, **arrays)


def write_hdf5(path: Path, times: list[np.ndarray], units: list[np.ndarray], labels: list[int]) -> None:
    """The layout of the Heidelberg spiking data sets."""
    with h5py.File(path, "w") as file:
        spikes = file.create_group("spikes")
        for name, rows, kind in (("times", times, np.float32), ("units", units, np.uint16)):
            spikes.create_dataset(name, (len(rows),), h5py.vlen_dtype(kind))
            for number, row in enumerate(rows):
                spikes[name][number] = row
        file.create_dataset("labels", data=np.array(labels, np.uint16))


def write_wave(path: Path, samples: np.ndarray, rate: int = 8000, width: int = 2) -> None:
    """Sound in -1..1 as PCM of `width` bytes; samples (n,) or (n, channels)."""
    values = np.rint(samples * ((1 << 8 * width - 1) - 1)).astype(np.int64)
    if width == 1:
        values += 128
    data = values.reshape(-1, 1).astype("<i8").view(np.uint8)[:, :width].tobytes()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(data)


WRITERS: dict[str, Callable[[Path, Columns], None]] = {
    "a.bin": write_nmnist,
    "dvs.aedat": write_aedat2,
    "davis.aedat": write_davis,
    "a.aedat4": write_with_faery,
    "a.dat": write_with_faery,
    "a.raw": write_with_faery,
    "a.npz": write_npz,
}
"""By the name of the file that each writes."""


def counted(
    events: Columns, step: np.ndarray, steps: int, shape: tuple[int, int, int], pool: int = 1
) -> np.ndarray:
    """Events in each step and input, one by one, (steps, features); the rest are dropped."""
    channels, height, width = shape
    counts = np.zeros((steps, channels, height, width), np.int64)
    for (_, x, y, p), s in zip(_rows(events), step.tolist(), strict=True):
        if s < steps and y // pool < height and x // pool < width:
            counts[s, min(p, channels - 1), y // pool, x // pool] += 1
    return counts.reshape(steps, -1)
