"""Sound as events: `.wav` files to the power of mel bands in each step, graded or as changes."""

import math
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import FileError, UsageError
from snnc.base.files import is_file
from snnc.base.quoting import printable
from snnc.training.data.recordings.view import Taken, View

MAX_FRAMES = 1 << 24
"""Of a recording, over all channels."""
FLOOR = -80.0
"""Decibels under a sine of full scale, 0 dB, that count as silence."""
MAX_TRANSFORM = 1 << 16

FloatArray = NDArray[np.float64]


def encode_sound(path: Path, view: View, taken: Taken) -> NDArray[np.uint8]:
    """One recording, (steps, features).

    A network's input has one feature per band for a spectrogram, two for the delta code. Each step looks at
    twice its length, as Hann windows that overlap by half.
    Source of the delta code: send on delta, as in Speech2Spikes (Stewart et al. 2023).
    """
    if view.events is not None:
        raise UsageError("--bin counts events, but sound has none: give a time like 10ms")
    features = taken.features
    if view.sound == "delta" and features % 2:
        raise UsageError(f"--sound delta needs an even number of inputs, two per band, not {features}")
    samples, rate = read_wave(path)
    hop = len(samples) // taken.steps if view.microseconds is None else round(rate * view.microseconds / 1e6)
    if not 1 <= hop <= MAX_TRANSFORM // 2:
        raise FileError(
            f"a step has {hop} samples of sound, the limits are 1..{MAX_TRANSFORM // 2}", where=str(path)
        )
    bands = features // 2 if view.sound == "delta" else features
    powers = band_powers(samples, rate, hop, taken.steps, bands)
    if view.sound == "delta":
        return _changes(powers, view.decibels, taken.most)
    return np.rint((powers - FLOOR) / -FLOOR * taken.most).clip(0, taken.most).astype(np.uint8)


def read_wave(path: Path) -> tuple[NDArray[np.float32], int]:
    """Samples in -1..1, the mean of all channels, and how many there are in a second.

    Raises FileError for anything but PCM of 8 to 32 bits, and for more than `MAX_FRAMES` values.
    """
    where = str(path)
    if not is_file(path):
        raise FileError("no such file", where=where)
    try:
        with wave.open(where) as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            if file.getnframes() * channels > MAX_FRAMES:
                raise FileError(
                    f"states {file.getnframes() * channels} samples, the limit is {MAX_FRAMES}", where=where
                )
            data = file.readframes(file.getnframes())
    except (wave.Error, EOFError, OSError, RuntimeError) as error:
        raise FileError(
            f"is not a readable .wav file ({printable(str(error)) or 'cut short'})", where=where
        ) from None
    if width not in (1, 2, 3, 4) or not 1 <= rate <= 1 << 20 or len(data) < width * channels:
        raise FileError(
            f"has {8 * width} bits per sample, {rate} Hz and {len(data)} bytes of sound", where=where
        )
    values = _integers(data[: len(data) // (width * channels) * width * channels], width)
    return values.reshape(-1, channels).mean(axis=1, dtype=np.float32) / np.float32(1 << 8 * width - 1), rate


def _integers(data: bytes, width: int) -> NDArray[np.float32]:
    """Samples of `width` bytes as numbers; those of one byte are unsigned."""
    if width == 1:
        return np.frombuffer(data, np.uint8).astype(np.float32) - 128
    if width == 3:
        padded = np.zeros((len(data) // 3, 4), np.uint8)
        padded[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        return (padded.view("<i4")[:, 0] >> 8).astype(np.float32)
    return np.frombuffer(data, f"<i{width}").astype(np.float32)


def band_powers(samples: NDArray[np.float32], rate: int, hop: int, steps: int, bands: int) -> FloatArray:
    """Power of each mel band in each step, in decibels under a sine of full scale, (steps, bands)."""
    window = np.hanning(2 * hop + 2)[1:-1]
    size = 1 << math.ceil(math.log2(max(2 * hop, 256)))
    filters = mel_filters(bands, size, rate)
    full_scale = 4 / (size * (window**2).sum())
    powers = np.empty((steps, bands))
    for step in range(steps):
        piece = samples[step * hop : step * hop + 2 * hop].astype(np.float64)
        spectrum = np.abs(np.fft.rfft(piece * window[: len(piece)], size))
        powers[step] = filters @ spectrum**2 * full_scale
    floor = 10 ** (FLOOR / 10)
    return 10 * np.log10(np.maximum(powers, floor))


def mel_filters(bands: int, size: int, rate: int) -> FloatArray:
    """Triangles that are equally wide on the mel scale, 2595 log10(1 + f / 700), (bands, size / 2 + 1).

    A band narrower than the spectrum's lines takes the line next to its middle.
    """
    top = 2595 * math.log10(1 + rate / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, bands + 2) / 2595) - 1)
    lines = np.fft.rfftfreq(size, 1 / rate)
    rising = (lines - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - lines) / (edges[2:] - edges[1:-1])[:, None]
    filters = np.clip(np.minimum(rising, falling), 0, None)
    empty = np.flatnonzero(~filters.any(axis=1))
    filters[empty, np.abs(lines - edges[1:-1][empty, None]).argmin(axis=1)] = 1
    return filters


def _changes(powers: FloatArray, decibels: float, most: int) -> NDArray[np.uint8]:
    """Events of rising and of falling power, (steps, 2 bands); silence changes nothing in the first step."""
    events = np.zeros((len(powers), 2, powers.shape[1]), np.uint8)
    told = powers[0].copy()
    for step, power in enumerate(powers):
        moved = np.trunc((power - told) / decibels)
        told += moved * decibels
        events[step, 0] = moved.clip(0, most)
        events[step, 1] = (-moved).clip(0, most)
    return events.reshape(len(powers), -1)
