"""What of a recording a network sees: length of a step, window of pixels, pooling, the code of sound."""

import re
from dataclasses import dataclass
from typing import Literal, get_args

from snnc.base.errors import UsageError
from snnc.base.quoting import quote
from snnc.base.units import parse_quantity
from snnc.compiler.ir.network import Shape, count

SoundCode = Literal["spectrogram", "delta"]
"""`spectrogram`: the power of each band in each step, graded. `delta`: an event wherever the power of a band
has risen (first channel) or fallen (second) by so many decibels since its last event."""

MAX_POOL = 64
MAX_SENSOR = 1 << 14
"""Largest side of a sensor, in pixels."""
_MAX_BIN = 1 << 40


@dataclass(frozen=True)
class Crop:
    """A window of the sensor, in pixels; events outside are dropped."""

    height: int
    width: int
    top: int = 0
    left: int = 0

    @staticmethod
    def parse(text: str) -> "Crop":
        """`HEIGHTxWIDTH`, or `HEIGHTxWIDTH+TOP+LEFT`; raises UsageError."""
        match = re.fullmatch(r"(\d{1,5})x(\d{1,5})(?:\+(\d{1,5})\+(\d{1,5}))?", text)
        sides = [int(number or 0) for number in match.groups()] if match else [0]
        if min(sides[:2]) < 1 or max(sides) > MAX_SENSOR:
            form = f"HEIGHTxWIDTH or HEIGHTxWIDTH+TOP+LEFT, of 1..{MAX_SENSOR} pixels"
            raise UsageError(f"--crop must be {form}, not {quote(text)}")
        return Crop(*sides)


@dataclass(frozen=True)
class Taken:
    """What a network takes of each sample: `steps` times an input of `shape`, payloads up to `most`."""

    shape: Shape
    steps: int
    most: int = 1

    @property
    def features(self) -> int:
        """Inputs of one step."""
        return count(self.shape)

    @property
    def values(self) -> int:
        """Inputs of all steps."""
        return self.steps * self.features


@dataclass(frozen=True)
class View:
    """How the events of a recording become the steps of a network.

    A step is `microseconds` long, or holds `events` events; with neither, every recording is cut into as many
    equal parts as there are steps. Steps count from the first event, and what comes after the last is
    dropped. Polarities become the two channels of the network's input, off before on; where that has one
    channel they are counted together.
    """

    microseconds: int | None = None
    events: int | None = None
    pool: int = 1
    """Side of the square of pixels that is one input."""
    crop: Crop | None = None
    sound: SoundCode = "spectrogram"
    decibels: float = 3.0
    """Step of the delta code."""

    @staticmethod
    def parse(step: str | None, pool: int = 1, crop: str | None = None, sound: str = "spectrogram") -> "View":
        """The view that options of the command line describe: `10ms`, or `500 events`; raises UsageError."""
        microseconds, events = _step(step)
        if not 1 <= pool <= MAX_POOL:
            raise UsageError(f"--pool must be 1..{MAX_POOL}, not {pool}")
        if sound not in get_args(SoundCode):
            raise UsageError(f"--sound must be {' or '.join(get_args(SoundCode))}, not {quote(sound)}")
        window = None if crop is None else Crop.parse(crop)
        return View(microseconds, events, pool, window, sound)  # type: ignore[arg-type]


WHOLE = View()
"""Every recording in as many equal parts as there are steps, every pixel an input."""


def _step(text: str | None) -> tuple[int | None, int | None]:
    """Microseconds or events of a step."""
    if text is None:
        return None, None
    if match := re.fullmatch(r"\s*(\d{1,12})\s*events?\s*", text):
        number = int(match[1])
        if number < 1:
            raise UsageError("--bin must be at least 1 event, not 0")
        return None, number
    microseconds = round(parse_quantity(text, "s", "--bin") * 1e6)
    if not 1 <= microseconds <= _MAX_BIN:
        raise UsageError(
            f"--bin must be 1us..{_MAX_BIN}us or a number of events like 500events, not {quote(text)}"
        )
    return microseconds, None
