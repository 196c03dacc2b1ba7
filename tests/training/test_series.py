"""Series from `.ts` files: levels, classes, splits, changes, packages that bring them, a recipe."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

import snnc
from snnc.base.errors import FileError, UsageError
from snnc.models import Selection, load_inputs
from snnc.training.data import series
from snnc.training.data.datasets import load_samples
from snnc.training.data.prepare import load_prepared
from snnc.training.files.checkpoint import save_checkpoint
from snnc.training.fitting.recipes import find_recipe
from snnc.training.fitting.train import train

HEADER = "# two gestures\n@problemName Small\n@timeStamps false\n@classLabel true up down\n@data\n"
TRAIN = "0,1,2:-4,-4,-4:up\n2,1:-4,-4:down\n"
TEST = "1,1,1,9:5,-4,-4,-4:down\n"


def _write(folder: Path, train: str = HEADER + TRAIN, test: str = HEADER + TEST, stem: str = "Small") -> str:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{stem}_TRAIN.ts").write_text(train)
    (folder / f"{stem}_TEST.ts").write_text(test)
    return str(folder / f"{stem}_TEST.ts")


def test_values_become_parts_of_what_the_training_split_spans(tmp_path: Path) -> None:
    source = _write(tmp_path)
    learn = load_samples(source, "train", events=True)
    assert learn.x.tolist() == [
        [[1, 1], [128, 1], [255, 1], [0, 0]],
        [[255, 1], [128, 1], [0, 0], [0, 0]],
    ]
    assert learn.classes.tolist() == [0, 1] and learn.shape == (2, 1, 1) and learn.spike_trains
    test = load_samples(source, "test", events=True)
    assert test.x.tolist() == [[[128, 1], [128, 1], [128, 1], [255, 1]]] and test.classes.tolist() == [1]
    assert np.array_equal(snnc.dataset(source).x, test.x)


def test_changes_tell_the_value_and_then_how_it_moves(tmp_path: Path) -> None:
    path = tmp_path / "trains.npz"
    x = np.array([[[40, 255], [41, 1], [48, 1], [31, 1], [16, 1], [0, 0]]], np.uint8)
    np.savez(path, x=x, y=np.array([0]))
    samples = load_prepared(str(path), "test", "changes", 7, events=True)
    assert samples.shape == (4, 1, 1)
    assert samples.x.tolist() == [
        [[2, 7, 0, 0], [0, 0, 0, 6], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
    ]


def test_a_known_problem_lies_in_the_folder_of_data_sets_or_in_a_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(series, "PACKAGES", ("some_archive",))
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    with pytest.raises(FileError, match=r"JapaneseVowels_TRAIN\.ts and JapaneseVowels_TEST\.ts") as caught:
        load_samples("japanese-vowels", events=True, data_dir=tmp_path)
    assert caught.value.hint == "pip install 'snnc[series]' brings the files"
    package = tmp_path / "site" / "some_archive"
    _write(package / "datasets" / "data" / "JapaneseVowels", stem="JapaneseVowels")
    (package / "__init__.py").write_text("raise RuntimeError('files are enough')\n")
    importlib.invalidate_caches()
    assert load_samples("japanese-vowels", events=True, data_dir=tmp_path).x.shape == (1, 4, 2)
    assert "some_archive" not in sys.modules
    _write(tmp_path / "japanese-vowels", test=HEADER + TEST + TEST, stem="JapaneseVowels")
    assert len(load_samples("japanese-vowels", events=True, data_dir=tmp_path)) == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("@timeStamps false", "@timeStamps true", "a time of its own"),
        ("@classLabel true up down", "@targetlabel true", "has no classes"),
        ("@classLabel true up down", "@classLabel false", "has no classes"),
        ("@data\n", "", "has no line @data"),
        (TEST, "", "no line @data with series"),
        (":down", ":left", "of class 'left'"),
        ("1,1,1,9", "1,1,?,9", "no numbers, or channels of different lengths"),
        ("1,1,1,9", "1,1,9", "channels of different lengths"),
        ("1,1,1,9", "1,1,nan,9", "a gap"),
        ("1,1,1,9", "1,1,inf,9", "beyond 1e100"),
        (":5,-4,-4,-4", "", "has 1 channels, the training split 2"),
        (TEST, TEST + "1,2:up\n", "series of 1 and of 2 channels"),
        ("# two", "\udcff", "no text in UTF-8"),
    ],
)
def test_what_is_no_series_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = HEADER + TEST
    assert old in text
    source = _write(tmp_path)
    Path(source).write_bytes(text.replace(old, new).encode(errors="surrogateescape"))
    with pytest.raises(FileError, match=message):
        load_samples(source, events=True)


def test_other_files_and_models_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = _write(tmp_path)
    with pytest.raises(UsageError, match="holds series, but the model takes one value per input"):
        load_samples(source)
    with pytest.raises(UsageError, match="preparation changes makes spike trains"):
        load_prepared(source, "test", "changes", 15)
    with pytest.raises(FileError, match=r"must end in _TRAIN\.ts or _TEST\.ts"):
        load_samples(str(tmp_path / "Small.ts"), events=True)
    monkeypatch.setattr(series, "MAX_VALUES", 7)
    with pytest.raises(FileError, match="over 7 values"):
        load_samples(source, events=True)
    Path(source).unlink()
    with pytest.raises(FileError, match=r"needs Small_TRAIN\.ts and Small_TEST\.ts"):
        load_samples(source, events=True)


@pytest.mark.slow
def test_a_recipe_answers_after_every_step_of_a_series(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    texts = []
    for number in (60, 20):
        text = HEADER
        for sample in range(number):
            steps, rising = int(generator.integers(4, 7)), sample % 2
            values = np.linspace(0, 1, steps)[:: 1 if rising else -1] + generator.normal(0, 0.05, (2, steps))
            channels = [",".join(f"{value:.3f}" for value in channel) for channel in values]
            text += ":".join([*channels, "up" if rising else "down"]) + "\n"
        texts.append(text)
    source = _write(tmp_path, *texts)
    settings = {"data": source, "preparation": "changes", "steps": "6", "hidden": "16", "epochs": "12"}
    result = train(find_recipe("vowels-delays"), 1, settings | {"batch": "10", "dropout": "0"})
    assert result.accuracy > 0.9
    save_checkpoint(tmp_path / "m.pt", result.model, result.provenance())
    program = snnc.compile(tmp_path / "m.pt")
    loaded = load_inputs(program.network, Selection(source))
    assert loaded.x.shape == (20, 6, 4)
    report = snnc.simulate(program, loaded.x, loaded.classes)
    assert report.accuracy == result.accuracy
    assert report.answers is not None and report.answers.correct is not None
    assert report.answers.correct[-1] == round(20 * result.accuracy) and len(report.answers.correct) == 6
