"""Which step and input an event meets: against counting one by one, for every kind of view."""

from pathlib import Path

import numpy as np
import pytest
from recorded import SIDES, counted, draw_events, write_nmnist

from snnc.base.errors import FileError, UsageError
from snnc.training.data.recordings.load import load_recordings
from snnc.training.data.recordings.view import WHOLE, Crop, Taken, View

EVENTS = draw_events(0)
SINCE = EVENTS["t"] - EVENTS["t"][0]


@pytest.fixture
def source(tmp_path: Path) -> str:
    write_nmnist(tmp_path / "a_0.bin", EVENTS)
    return str(tmp_path / "a_0.bin")


def test_equal_parts(source: str) -> None:
    samples = load_recordings(source, view=WHOLE, taken=Taken((2, *SIDES), 6, 255))
    expected = counted(EVENTS, SINCE * 6 // (SINCE[-1] + 1), 6, (2, *SIDES))
    assert np.array_equal(samples.x[0], expected) and samples.x.sum() == 400


def test_steps_of_events(source: str) -> None:
    samples = load_recordings(source, view=View.parse("90 events"), taken=Taken((2, *SIDES), 5, 255))
    assert samples.x[0].sum(axis=1).tolist() == [90, 90, 90, 90, 40]
    assert np.array_equal(samples.x[0], counted(EVENTS, np.arange(400) // 90, 5, (2, *SIDES)))


def test_polarities_together_and_pooled(source: str) -> None:
    samples = load_recordings(source, view=View.parse("10ms", pool=2), taken=Taken((1, 6, 8), 4, 255))
    assert np.array_equal(samples.x[0], counted(EVENTS, SINCE // 10_000, 4, (1, 6, 8), pool=2))


def test_payloads_count_up_to_the_most(source: str) -> None:
    said: list[str] = []
    taken = Taken((2, *SIDES), 1, 2)
    samples = load_recordings(source, view=View.parse("1"), taken=taken, say=said.append)
    exact = counted(EVENTS, SINCE * 0, 1, (2, *SIDES))
    assert np.array_equal(samples.x[0], np.minimum(exact, 2))
    lost = int(exact.sum() - samples.x.sum())
    assert lost and said == [f"{source}: 400 events, of them dropped: {lost} beyond 2 in one step and input"]


def test_crop(source: str) -> None:
    said: list[str] = []
    view, taken = View.parse("1", crop="4x5+3+2"), Taken((2, 4, 5), 1, 255)
    samples = load_recordings(source, view=view, taken=taken, say=said.append)
    moved = EVENTS | {"x": EVENTS["x"] - 2, "y": EVENTS["y"] - 3}
    kept = (moved["x"] >= 0) & (moved["x"] < 5) & (moved["y"] >= 0) & (moved["y"] < 4)
    expected = counted(
        {name: column[kept] for name, column in moved.items()}, np.zeros(kept.sum(), int), 1, (2, 4, 5)
    )
    assert np.array_equal(samples.x[0], expected)
    assert said == [f"{source}: 400 events, of them dropped: {400 - kept.sum()} outside the window"]


def test_flat_inputs_take_the_window(source: str) -> None:
    view = View(crop=Crop(*SIDES), microseconds=10_000)
    flat = load_recordings(source, view=view, taken=Taken((2 * SIDES[0] * SIDES[1], 1, 1), 5))
    apart = load_recordings(source, view=view, taken=Taken((2, *SIDES), 5))
    assert np.array_equal(flat.x, apart.x)


def test_an_event_before_the_first_is_in_the_first_step(tmp_path: Path) -> None:
    late = {name: np.array([column[0], column[0]]) for name, column in EVENTS.items()} | {
        "t": np.array([9000, 8000])
    }
    write_nmnist(tmp_path / "a_0.bin", late)
    samples = load_recordings(
        str(tmp_path / "a_0.bin"), view=View(microseconds=10), taken=Taken((2, *SIDES), 3, 9)
    )
    assert samples.x.sum(axis=2).tolist() == [[2, 0, 0]]


def test_what_does_not_fit(source: str) -> None:
    with pytest.raises(FileError, match=r"has an event at x \d+, y \d+; the model's input is of 6x8 pixels"):
        load_recordings(source, view=WHOLE, taken=Taken((2, 6, 8), 3))
    with pytest.raises(UsageError, match=r"12x16 pixels with --pool 1 .* the model's input is \(3, 12, 16\)"):
        load_recordings(source, view=WHOLE, taken=Taken((3, 12, 16), 3))
    with pytest.raises(UsageError, match="with --pool 3 are 4x5 inputs"):
        load_recordings(source, view=View(pool=3, crop=Crop(12, 16)), taken=Taken((2, 4, 6), 3))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("0 events",), "at least 1 event"),
        (("10V",), "--bin must be a number with a unit like 5us"),
        (("1e-9",), "--bin must be 1us"),
        (("1ms", 0), "--pool must be 1..64, not 0"),
        (("1ms", 1, "3by4"), "--crop must be HEIGHTxWIDTH"),
        (("1ms", 1, "0x4"), "--crop must be HEIGHTxWIDTH"),
        (("1ms", 1, None, "noise"), "--sound must be spectrogram or delta"),
    ],
)
def test_views_that_are_none(arguments: tuple[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        View.parse(*arguments)
