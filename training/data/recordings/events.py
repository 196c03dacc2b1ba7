"""Events of a sensor in blocks, so that a recording of any length is read in bounded memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 1 << 17
"""Events that are held at once, where we choose."""
MAX_FILE_BYTES = 1 << 32


@dataclass(frozen=True)
class Events:
    """A block of events in the order in which they were recorded, one entry of each array per event."""

    t: NDArray[np.int64]
    """Microseconds; only differences count."""
    x: NDArray[np.int64]
    y: NDArray[np.int64]
    on: NDArray[np.int64]
    """1 where the pixel became brighter, 0 where darker, and for a sensor without polarities."""

    def __len__(self) -> int:
        return len(self.t)

    @staticmethod
    def of(t: NDArray[Any], x: NDArray[Any], y: NDArray[Any], on: NDArray[Any]) -> "Events":
        """Events from arrays of any integer type."""
        return Events(*(array.astype(np.int64) for array in (t, x, y, on)))


@dataclass(frozen=True)
class Stream:
    """An opened recording."""

    blocks: Iterator[Events]
    sides: tuple[int, int] | None = None
    """Height and width of the sensor, where the file says them; height 1 for a row of channels."""


@dataclass(frozen=True)
class Recording:
    """One labelled sample, which can be read more than once."""

    name: str
    label: int
    open: Callable[[], Stream]
    """Raises FileError with one line where the file is not what it claims to be."""
