"""Recordings of every format are the events that were written, and one clear line for every broken file."""

import struct
from pathlib import Path

import h5py
import numpy as np
import pytest
from recorded import (
    SIDES,
    WRITERS,
    counted,
    draw_events,
    write_aedat2,
    write_hdf5,
    write_nmnist,
    write_npz,
    write_wave,
)

from snnc.base.errors import FileError, SnncError, UsageError
from snnc.training.data.recordings import event_files, load
from snnc.training.data.recordings.load import READERS, is_recordings, load_recordings
from snnc.training.data.recordings.view import WHOLE, Crop, Taken, View

SHAPE = (2, *SIDES)
TAKEN = Taken(SHAPE, 5, 255)
STEP = View(microseconds=10_000, crop=Crop(*SIDES))


def _expected(seed: int) -> np.ndarray:
    events = draw_events(seed)
    return counted(events, (events["t"] - events["t"][0]) // 10_000, 5, SHAPE)


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_is_read_as_written(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "events"
    for seed in (0, 1):
        (folder / str(seed)).mkdir(parents=True)
        WRITERS[name](folder / str(seed) / name, draw_events(seed))
    samples = load_recordings(str(folder), view=STEP, taken=TAKEN)
    assert samples.y.tolist() == [0, 1] and samples.spike_trains and samples.shape == SHAPE
    assert np.array_equal(samples.x, [_expected(0), _expected(1)])


@pytest.mark.parametrize("name", WRITERS)
def test_blocks_make_no_difference(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_files, "BLOCK", 7)
    path = tmp_path / f"{Path(name).stem}_1{Path(name).suffix}"
    WRITERS[name](path, draw_events(0))
    lengths = [len(block) for block in READERS[path.suffix](path).blocks]
    assert max(lengths) <= 7 and sum(lengths) == 400
    assert np.array_equal(load_recordings(str(path), view=STEP, taken=TAKEN).x[0], _expected(0))


@pytest.mark.parametrize("name", WRITERS)
def test_damage_is_one_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"a_0{Path(name).suffix}"
    WRITERS[name](path, draw_events(0))
    content = path.read_bytes()
    generator = np.random.default_rng(5)
    for number in range(60):
        damaged = bytearray(content)
        for place in generator.integers(0, min(len(content), 600 if number % 2 else len(content)), 3):
            damaged[place] = int(generator.integers(256))
        path.write_bytes(damaged[: int(generator.integers(len(content)))] if number % 3 == 0 else damaged)
        try:
            samples = load_recordings(str(path), view=STEP, taken=TAKEN)
        except SnncError as error:
            assert "\n" not in str(error) and str(error).isprintable() and str(path) in str(error)
        else:
            assert samples.x.shape == (1, 5, 2 * SIDES[0] * SIDES[1])


def test_nmnist_overflow_records_move_the_clock(tmp_path: Path) -> None:
    path = tmp_path / "a_3.bin"
    records = [(1, 2, 10), (0, 240, 0), (0, 240, 0), (1, 2, 20)]
    path.write_bytes(b"".join(struct.pack(">BB", x, y) + struct.pack(">I", t)[1:] for x, y, t in records))
    blocks = list(event_files.open_nmnist(path).blocks)
    assert [block.t.tolist() for block in blocks] == [[10, 2 * 8192 + 20]]


def test_aedat_stamps_wrap(tmp_path: Path) -> None:
    events = {"t": np.array([2**32 - 5, 2**32 + 5]), **{name: np.array([1, 1]) for name in "xyp"}}
    write_aedat2(tmp_path / "a.aedat", events)
    (block,) = event_files.open_aedat(tmp_path / "a.aedat").blocks
    assert block.t.tolist() == events["t"].tolist()


def test_aedat_without_events_of_the_sensor(tmp_path: Path) -> None:
    for version, said in ((b"3.1", "version 3.1"), (b"", "no version")):
        (tmp_path / "a_0.aedat").write_bytes(b"#!AER-DAT" + version + b"\r\n")
        with pytest.raises(FileError, match=f"is AEDAT of {said}; 2.0 and 4"):
            load_recordings(str(tmp_path / "a_0.aedat"), view=STEP, taken=TAKEN)


def test_arrays_with_offsets(tmp_path: Path) -> None:
    parts = [draw_events(seed) for seed in range(3)]
    joined = {name: np.concatenate([part[name] for part in parts]) for name in "txyp"}
    path = str(tmp_path / "all.npz")
    write_npz(Path(path), joined, offset=[0, 400, 800, 1200], label=[4, 0, 9])
    assert is_recordings(path)
    samples = load_recordings(path, limit=2, view=STEP, taken=TAKEN)
    assert samples.y.tolist() == [4, 0] and np.array_equal(samples.x, [_expected(0), _expected(1)])
    for offset in ([0, 400, 800, 1199], [0, 800, 400, 1200], [0, 1200], [0.0, 1, 2, 1200]):
        write_npz(Path(path), joined, offset=offset, label=[4, 0, 9])
        with pytest.raises(FileError, match=r"offset must hold 4 integers that rise from 0 to 1200"):
            load_recordings(path, view=STEP, taken=TAKEN)
    write_npz(Path(path), joined | {"x": joined["x"][1:]}, offset=[0, 1200], label=[1])
    with pytest.raises(FileError, match="array x must hold"):
        load_recordings(path, view=STEP, taken=TAKEN)


def test_heidelberg_layout(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    write_hdf5(
        path, [np.array([0.5, 0.25, 0.75]), np.array([])], [np.array([3, 1, 5]), np.array([])], [19, 2]
    )
    said: list[str] = []
    samples = load_recordings(
        str(path), view=View(microseconds=100_000), taken=Taken((6, 1, 1), 4), say=said.append
    )
    expected = np.zeros((2, 4, 6))
    expected[0, 0, 1] = expected[0, 2, 3] = 1
    assert np.array_equal(samples.x, expected) and samples.y.tolist() == [19, 2]
    assert said == [f"{path}: 3 events, of them dropped: 1 after the last step"]
    with h5py.File(path, "a") as file:
        del file["spikes/units"]
        file["spikes/units"] = np.arange(2)
    with pytest.raises(FileError, match="spikes/units must hold lists of numbers, not int64"):
        load_recordings(str(path), view=WHOLE, taken=TAKEN)
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(FileError, match="not a readable HDF5 file"):
        load_recordings(str(path), view=WHOLE, taken=TAKEN)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Train and test, classes 2 and 10, of 2 and 1 recordings."""
    for split in ("Train", "Test"):
        for name in ("2/a.bin", "2/b.bin", "10/c.bin"):
            (tmp_path / split / name).parent.mkdir(parents=True, exist_ok=True)
            write_nmnist(tmp_path / split / name, draw_events(len(split)))
    return tmp_path


def test_classes_are_folders_and_come_in_turns(folder: Path) -> None:
    said: list[str] = []
    samples = load_recordings(str(folder), "train", view=STEP, taken=TAKEN, say=said.append)
    assert samples.y.tolist() == [0, 1, 0] and np.array_equal(samples.x[0], _expected(5))
    assert said[0].endswith("3 recordings, labels from 2 folders, a class each")
    assert load_recordings(str(folder), limit=2, view=STEP, taken=TAKEN).y.tolist() == [0, 1]
    for path in (folder / "Test").rglob("*.bin"):
        path.unlink()
    with pytest.raises(FileError, match=r"holds no recordings: no file ends in \.aedat"):
        load_recordings(str(folder), view=STEP, taken=TAKEN)


def test_classes_of_files_alone(folder: Path) -> None:
    files = folder / "Test" / "2"
    with pytest.raises(FileError, match=r"a\.bin: has no class: its name ends in no _0") as caught:
        load_recordings(str(files), view=STEP, taken=TAKEN)
    assert caught.value.hint is not None and "labels.csv" in caught.value.hint
    (files / "labels.csv").write_text("a.bin,7\nb.bin,3\n")
    assert load_recordings(str(files), view=STEP, taken=TAKEN).y.tolist() == [7, 3]
    (files / "labels.csv").write_text("a.bin,7\nb.bin,x\n")
    with pytest.raises(FileError, match=r"line 2 must be name,0\.\.16383, not 'b\.bin,x'"):
        load_recordings(str(files), view=STEP, taken=TAKEN)
    (files / "labels.csv").write_text("a.bin,7\n")
    with pytest.raises(FileError, match=r"names 1 files, but not 'b\.bin'"):
        load_recordings(str(files), view=STEP, taken=TAKEN)


def test_what_is_no_recording(tmp_path: Path) -> None:
    np.savez(tmp_path / "pixels.npz", x=np.zeros((2, 3)), y=np.zeros(2))
    assert not is_recordings(str(tmp_path / "pixels.npz")) and not is_recordings("digits")
    assert not is_recordings(str(tmp_path / "absent.npz")) and is_recordings(str(tmp_path))
    for name, message in (("absent.bin", "no such file"), ("absent.h5", "no such file")):
        with pytest.raises(FileError, match=message):
            load_recordings(str(tmp_path / name), view=WHOLE, taken=TAKEN)
    (tmp_path / "only").mkdir()
    (tmp_path / "only" / "train").mkdir()
    with pytest.raises(FileError, match="has no folder test, only train"):
        load_recordings(str(tmp_path / "only"), view=WHOLE, taken=TAKEN)


def test_too_many_values_name_the_limit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "MAX_BYTES", 4000)
    with pytest.raises(FileError, match="3 recordings of 5 steps and 384 inputs are 5760 values") as caught:
        load_recordings(str(folder), view=STEP, taken=TAKEN)
    assert caught.value.hint == "--samples 2 takes the first recordings alone"
    assert len(load_recordings(str(folder), limit=2, view=STEP, taken=TAKEN)) == 2


def test_sound_and_events_alike(tmp_path: Path) -> None:
    write_wave(tmp_path / "tone_1.wav", np.sin(np.arange(8000) * 0.5) / 2)
    samples = load_recordings(str(tmp_path), view=WHOLE, taken=Taken((16, 1, 1), 10, 255))
    assert samples.x.shape == (1, 10, 16) and samples.y.tolist() == [1]
    with pytest.raises(UsageError, match="--bin counts events, but sound has none"):
        load_recordings(str(tmp_path), view=View(events=3), taken=Taken((16, 1, 1), 10))
