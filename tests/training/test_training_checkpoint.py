"""Checkpoints: the same model comes back, and no broken or hostile file gets further than one line."""

import io
import pickle
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from snnc.errors import FileError
from snnc.training import checkpoint
from snnc.training.checkpoint import load_checkpoint, save_checkpoint
from snnc.training.config import ModelConfig
from snnc.training.model import SpikingClassifier

NOTES = {"recipe": "digits-mlp", "seed": "1"}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A model file of a small network."""
    torch.manual_seed(0)
    path = tmp_path / "model.pt"
    save_checkpoint(path, SpikingClassifier(ModelConfig((6, 5, 3), leak_shift=3)), NOTES)
    return path


def test_round_trip(saved: Path) -> None:
    torch.manual_seed(0)
    model = SpikingClassifier(ModelConfig((6, 5, 3), leak_shift=3))
    loaded = load_checkpoint(saved)
    assert loaded.notes == NOTES and loaded.model.config == model.config and not loaded.model.training
    x = np.random.default_rng(0).integers(0, 17, (20, 6)).astype(np.uint8)
    for first, second in zip(model.trace(x), loaded.model.trace(x), strict=True):
        assert np.array_equal(first.membranes, second.membranes)
        assert np.array_equal(first.spikes, second.spikes)


def test_same_content_gives_the_same_bytes(saved: Path, tmp_path: Path) -> None:
    loaded = load_checkpoint(saved)
    other = tmp_path / "another name.pt"
    save_checkpoint(other, loaded.model, dict(reversed(NOTES.items())))
    assert other.read_bytes() == saved.read_bytes()


def test_interrupted_write_leaves_the_old_file(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = saved.read_bytes()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(saved, load_checkpoint(saved).model)
    assert saved.read_bytes() == before and list(saved.parent.iterdir()) == [saved]


def test_unwritable_place(saved: Path) -> None:
    with pytest.raises(FileError, match="cannot be written"):
        save_checkpoint(saved.parent / "absent" / "model.pt", load_checkpoint(saved).model)


def _refused(path: Path, message: str) -> None:
    with pytest.raises(FileError, match=message) as caught:
        load_checkpoint(path)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)


def test_cut_files(saved: Path) -> None:
    content = saved.read_bytes()
    for length in (0, 1, 100, len(content) // 2, len(content) - 1):
        saved.write_bytes(content[:length])
        _refused(saved, "not a PyTorch file, or was cut short")


def test_damaged_bytes_never_raise_anything_else(saved: Path) -> None:
    content = saved.read_bytes()
    for position in range(0, len(content), 29):
        saved.write_bytes(content[:position] + bytes([content[position] ^ 0xFF]) + content[position + 1 :])
        try:
            load_checkpoint(saved)
        except FileError as error:
            assert "\n" not in str(error)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    _refused(tmp_path / "absent.pt", "no such file")
    _refused(tmp_path, "no such file")


def test_other_formats(saved: Path) -> None:
    torch.save(torch.zeros(3), saved)
    _refused(saved, "not a model written by snnc train")
    torch.save({"weights": torch.zeros(3)}, saved)
    _refused(saved, "not a model written by snnc train")
    torch.save({"format": "snnc-model"}, saved, _use_new_zipfile_serialization=False)
    _refused(saved, "not a PyTorch file")


class _Attack:
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return Path.touch, (Path("attacked"),)  # type: ignore[return-value]


def test_code_in_the_pickle_is_not_run(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(saved.parent)
    torch.save(_Attack(), saved)
    _refused(saved, "cannot be read as tensors and plain data")
    assert not Path("attacked").exists()
    pickle.loads(pickle.dumps(_Attack()))
    assert Path("attacked").exists()


def test_compressed_archive(saved: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(saved) as archive, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in archive.namelist():
            packed.writestr(name, archive.read(name))
    saved.write_bytes(buffer.getvalue())
    _refused(saved, "compressed archive")


def test_size_limit(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "MAX_FILE_BYTES", 1000)
    _refused(saved, "the limit for a model is 1000")


def _set(*keys: str, value: object) -> Callable[[dict[str, Any]], None]:
    """An edit that puts `value` at the nested `keys`."""

    def edit(content: dict[str, Any]) -> None:
        for key in keys[:-1]:
            content = content[key]
        content[keys[-1]] = value

    return edit


EDITS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "schema": (_set("schema", value=2), "has schema 2, this version reads 1"),
    "no-schema": (lambda content: content.pop("schema"), "has schema None"),
    "missing-key": (lambda content: content.pop("notes"), "must hold config, format, notes"),
    "extra-key": (_set("more", value=1), "must hold config, format, notes"),
    "config-list": (_set("config", value=[1]), "config must hold"),
    "config-key": (_set("config", "width", value=1), "config must hold"),
    "sizes-list": (_set("config", "sizes", value=[6, 5, 3]), "sizes must be a tuple"),
    "sizes-huge": (_set("config", "sizes", value=(6, 10**12, 3)), r"sizes must be an integer in 1\.\."),
    "sizes-many": (_set("config", "sizes", value=(16384, 16384, 3)), "total weights"),
    "sizes-deep": (_set("config", "sizes", value=(1,) * 10**5), "sizes must name"),
    "sizes-text": (_set("config", "sizes", value=(6, "5", 3)), "sizes must be an integer"),
    "sizes-bool": (_set("config", "sizes", value=(6, True, 3)), "sizes must be an integer"),
    "steps": (_set("config", "steps", value=10**9), "steps must be an integer"),
    "reset": (_set("config", "reset", value=["soft"]), "reset must be one of"),
    "fraction": (_set("config", "initial_fraction", value=float("nan")), "initial_fraction"),
    "parameters-list": (_set("parameters", value=[]), "parameters must hold hidden1.weights"),
    "parameter-name": (_set("parameters", "x", value=torch.zeros(1)), "parameters must hold"),
    "shape": (
        _set("parameters", "hidden1.weights", value=torch.zeros(6, 5)),
        r"hidden1.weights must have shape \(5, 6\), not \(6, 5\)",
    ),
    "other-sizes": (_set("config", "sizes", value=(6, 4, 3)), "must have shape"),
    "expanded": (
        _set("parameters", "readout.bias", value=torch.zeros(1).expand(1 << 40)),
        "readout.bias must have shape",
    ),
    "float64": (_set("parameters", "readout.bias", value=torch.zeros(3).double()), "must be a float32"),
    "sparse": (_set("parameters", "readout.bias", value=torch.zeros(3).to_sparse()), "must be a float32"),
    "meta": (_set("parameters", "readout.bias", value=torch.zeros(3, device="meta")), "finite numbers"),
    "not-tensor": (_set("parameters", "readout.bias", value=[0.0] * 3), "must be a float32"),
    "nan": (_set("parameters", "readout.bias", value=torch.full((3,), torch.nan)), "finite numbers"),
    "notes-list": (_set("notes", value=[1]), "notes must be at most"),
    "notes-counter": (_set("notes", value=Counter("ab")), "notes must be texts"),
    "notes-number": (_set("notes", "a", value=1), "notes must be texts"),
    "notes-long": (_set("notes", "a", value="x" * 5000), "notes must be texts"),
}


@pytest.mark.parametrize("name", EDITS)
def test_hostile_content(saved: Path, name: str) -> None:
    edit, message = EDITS[name]
    content = torch.load(saved, weights_only=True)
    edit(content)
    torch.save(content, saved)
    _refused(saved, message)
