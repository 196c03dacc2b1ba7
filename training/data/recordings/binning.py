"""Events to the steps of a network: which step, which input, and how many of each."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import FileError, UsageError
from snnc.compiler.ir.network import Shape, count
from snnc.compiler.isa.arithmetic import IntArray
from snnc.training.data.recordings.events import Events, Recording
from snnc.training.data.recordings.view import Crop, Taken, View

_HINT = "choose a window with --crop HEIGHTxWIDTH+TOP+LEFT, and squares of pixels with --pool"


@dataclass(frozen=True)
class Plane:
    """Where on the sensor the inputs of a network lie."""

    channels: int
    """2 for polarities apart, 1 for both together."""
    window: Crop
    pool: tuple[int, int]
    whole: bool
    """The window is all there may be: an event outside is a mistake, not cropped."""

    @property
    def sides(self) -> tuple[int, int]:
        """Rows and columns of inputs."""
        return self.window.height // self.pool[0], self.window.width // self.pool[1]

    @staticmethod
    def of(view: View, shape: Shape, sensor: tuple[int, int] | None) -> "Plane":
        """The plane for a network's input of `shape` and a sensor of (height, width), where that is known.

        An input of (features, 1, 1) takes what the window or the sensor says, and a row of channels where
        neither does. Raises UsageError where the pixels are not as many as the inputs.
        """
        window = view.crop or (Crop(*sensor) if sensor is not None else _matching(shape, view.pool))
        pool = (view.pool if window.height > 1 else 1, view.pool)
        rows, columns = window.height // pool[0], window.width // pool[1]
        for polarities in (1, 2):
            taken = (polarities, rows, columns)
            if shape in (taken, (count(taken), 1, 1)):
                return Plane(polarities, window, pool, whole=view.crop is None and sensor is None)
        raise UsageError(
            f"recordings of {window.height}x{window.width} pixels with --pool {view.pool} are "
            f"{rows}x{columns} inputs of 1 or 2 polarities; the model's input is {shape}",
            hint=_HINT,
        )

    def inputs(self, events: Events, where: str) -> tuple[IntArray, NDArray[np.bool_]]:
        """The number of the input that each event meets, and whether it meets one."""
        y, x = events.y - self.window.top, events.x - self.window.left
        rows, columns = self.sides
        if self.whole:
            self._require_inside(x, y, where)
        row, column = y // self.pool[0], x // self.pool[1]
        inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        channel = np.minimum(events.on, self.channels - 1)
        return (channel * rows + row) * columns + column, inside

    def _require_inside(self, x: IntArray, y: IntArray, where: str) -> None:
        outside = (x < 0) | (y < 0) | (x >= self.window.width) | (y >= self.window.height)
        if outside.any():
            first = int(np.argmax(outside))
            raise FileError(
                f"has an event at x {x[first]}, y {y[first]}; the model's input is of "
                f"{self.window.height}x{self.window.width} pixels (height x width)",
                where=where,
                hint=_HINT,
            )


def _matching(shape: Shape, pool: int) -> Crop:
    """The window that fills an input of this shape; of (features, 1, 1) a row."""
    channels, height, width = shape
    if height == width == 1:
        return Crop(1, channels * pool)
    return Crop(height * pool if height > 1 else 1, width * pool)


@dataclass
class Tally:
    """Events of the recordings that were read, and what became of them."""

    events: int = 0
    cropped: int = 0
    late: int = 0
    """After the last step."""
    merged: int = 0
    """More in a step and input than a payload counts."""

    def describe(self, most: int) -> str:
        """One line, with every event that a network does not see."""
        parts = [
            (self.cropped, "outside the window"),
            (self.late, "after the last step"),
            (self.merged, f"beyond {most} in one step and input"),
        ]
        lost = [f"{number} {what}" for number, what in parts if number]
        return f"{self.events} events" + (
            f", of them dropped: {', '.join(lost)}" if lost else ", none dropped"
        )


def bin_events(recording: Recording, view: View, taken: Taken, tally: Tally) -> NDArray[np.uint8]:
    """Events in each step and input, (steps, features); what is lost is added to `tally`."""
    plane = Plane.of(view, taken.shape, recording.open().sides)
    counts = np.zeros(taken.values, np.uint32)
    for events, step in _stepped(recording, view, taken.steps):
        inputs, inside = plane.inputs(events, recording.name)
        early = step < taken.steps
        kept = inside & early
        np.add.at(counts, step[kept] * taken.features + inputs[kept], 1)
        tally.events += len(events)
        tally.cropped += int(np.count_nonzero(~inside))
        tally.late += int(np.count_nonzero(inside & ~early))
    seen = np.minimum(counts, taken.most)
    tally.merged += int((counts - seen).sum())
    return seen.astype(np.uint8).reshape(taken.steps, taken.features)


def _stepped(recording: Recording, view: View, steps: int) -> Iterator[tuple[Events, IntArray]]:
    """Blocks of events, and the step of each, which is the first for one before the first event."""
    first, last = _span(recording) if view.microseconds is view.events is None else (None, 0)
    passed = 0
    for events in recording.open().blocks:
        if not len(events):
            continue
        if first is None:
            first = int(events.t[0])
        if view.events is not None:
            step = (passed + np.arange(len(events))) // view.events
        elif view.microseconds is not None:
            step = (events.t - first) // view.microseconds
        else:
            step = (events.t - first) * steps // (last - first + 1)
        yield events, np.maximum(step, 0)
        passed += len(events)


def _span(recording: Recording) -> tuple[int | None, int]:
    """Time of the first event, and the latest time."""
    first, last = None, 0
    for events in recording.open().blocks:
        if len(events):
            last = int(events.t.max()) if first is None else max(last, int(events.t.max()))
            first = int(events.t[0]) if first is None else first
    return first, last
