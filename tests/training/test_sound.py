"""Sound files: samples of every width, bands that hold a tone, and changes that rebuild the power."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from recorded import write_wave

from snnc.base.errors import FileError, UsageError
from snnc.training.data.recordings.sound import FLOOR, band_powers, encode_sound, mel_filters, read_wave
from snnc.training.data.recordings.view import WHOLE, Taken, View

RATE = 8000


def _tone(hertz: float, seconds: float = 1.0, size: float = 1.0) -> np.ndarray:
    return size * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_every_width(tmp_path: Path, width: int) -> None:
    path = tmp_path / "a.wav"
    stereo = np.stack([_tone(440, 0.1, 0.5), _tone(440, 0.1, -0.25)], axis=1)
    write_wave(path, stereo, RATE, width)
    samples, rate = read_wave(path)
    assert rate == RATE and np.abs(samples - stereo.mean(axis=1)).max() < 2.0 ** (2 - 8 * width) + 1e-6


def test_a_tone_is_in_its_band() -> None:
    filters = mel_filters(20, 512, RATE)
    assert (filters.sum(axis=1) > 0).all()
    for hertz in (300, 1000, 3000):
        line = round(hertz * 512 / RATE)
        powers = band_powers(_tone(hertz).astype(np.float32), RATE, 160, 50, 20)
        assert (powers[:-2].argmax(axis=1) == filters[:, line].argmax()).all()
        assert -6 < powers[:-2].max() <= 0.01
    assert (band_powers(np.zeros(800, np.float32), RATE, 80, 10, 20) == FLOOR).all()


def test_spectrogram_is_linear_in_decibels(tmp_path: Path) -> None:
    levels = []
    for size in (1.0, 0.1, 0.01):
        write_wave(tmp_path / "a.wav", _tone(1000, size=size), RATE, 4)
        levels.append(int(encode_sound(tmp_path / "a.wav", WHOLE, Taken((16, 1, 1), 20, 240))[5].max()))
    assert [round((a - b) / 3) for a, b in pairwise(levels)] == [20, 20]


def test_changes_rebuild_the_power(tmp_path: Path) -> None:
    sizes = np.repeat([0.001, 0.5, 0.01, 0.2], RATE // 4)
    write_wave(tmp_path / "a.wav", _tone(1000) * sizes, RATE, 4)
    view = View(microseconds=25_000, sound="delta")
    events = encode_sound(tmp_path / "a.wav", view, Taken((2, 1, 12), 40, 255)).reshape(40, 2, 12).astype(int)
    powers = band_powers(read_wave(tmp_path / "a.wav")[0], RATE, 200, 40, 12)
    told = powers[0] + 3.0 * np.cumsum(events[:, 0] - events[:, 1], axis=0)
    assert np.abs(told - powers).max() < 3 and events[:, 0].any() and events[:, 1].any()
    assert not (events[:, 0] * events[:, 1]).any()


def test_what_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    write_wave(path, _tone(440))
    with pytest.raises(UsageError, match="even number of inputs, two per band, not 7"):
        encode_sound(path, View(sound="delta"), Taken((7, 1, 1), 3))
    with pytest.raises(FileError, match=r"a step has 80000 samples of sound, the limits are 1\.\."):
        encode_sound(path, View(microseconds=10_000_000), Taken((8, 1, 1), 3))
    content = path.read_bytes()
    huge = content[:40] + (2**32 - 2).to_bytes(4, "little") + content[44:]
    for damaged, message in (
        (content[:30], r"not a readable \.wav file"),
        (b"RIFX" + content[4:], r"not a readable \.wav file"),
        (content[:20] + b"\x03" + content[21:], "unknown format: 3"),
        (content[:44], "16 bits per sample, 8000 Hz and 0 bytes"),
        (huge, "states 2147483647 samples, the limit is 16777216"),
    ):
        path.write_bytes(damaged)
        with pytest.raises(FileError, match=message):
            read_wave(path)
