"""Checkpoints: the same model comes back, and no broken or hostile file gets further than one line."""

import io
import pickle
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from snnc.base.errors import FileError, UsageError
from snnc.compiler.ir.provenance import Activity, Measured, Provenance
from snnc.compiler.isa.arithmetic import Decay
from snnc.models import read_model
from snnc.training.files import checkpoint, tensor_files
from snnc.training.files.checkpoint import Checkpoint, load_checkpoint, requantised, save_checkpoint
from snnc.training.model.architectures import build_layers
from snnc.training.model.classifier import SpikingClassifier
from snnc.training.model.config import ModelConfig, Population, fully_connected

PROVENANCE = Provenance(recipe="digits-mlp", seed=1)
CONFIG = ModelConfig((6, 1, 1), fully_connected((5, 3), population=Population(leak=Decay(1, 3))))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A model file of a small network."""
    torch.manual_seed(0)
    path = tmp_path / "model.pt"
    save_checkpoint(path, SpikingClassifier(CONFIG), PROVENANCE)
    return path


def test_round_trip(saved: Path) -> None:
    torch.manual_seed(0)
    model = SpikingClassifier(CONFIG)
    loaded = load_checkpoint(saved)
    assert (
        loaded.provenance == PROVENANCE and loaded.model.config == model.config and not loaded.model.training
    )
    x = np.random.default_rng(0).integers(0, 17, (20, 6)).astype(np.uint8)
    for first, second in zip(model.trace(x), loaded.model.trace(x), strict=True):
        assert np.array_equal(first.membranes, second.membranes)
        assert np.array_equal(first.spikes, second.spikes)


def test_round_trip_of_a_graph(tmp_path: Path) -> None:
    layers = build_layers("residual", (4, 8), 3, Population(current_leak=Decay(3, 4)), 3, "membrane")
    torch.manual_seed(0)
    model = SpikingClassifier(ModelConfig((1, 8, 8), layers, steps=2))
    save_checkpoint(tmp_path / "graph.pt", model)
    loaded = load_checkpoint(tmp_path / "graph.pt").model
    assert loaded.config == model.config
    x = np.random.default_rng(0).integers(0, 17, (5, 64)).astype(np.uint8)
    for first, second in zip(model.trace(x), loaded.trace(x), strict=True):
        assert np.array_equal(first.membranes, second.membranes)


def test_requantised(saved: Path) -> None:
    checkpoint_ = load_checkpoint(saved)
    changed = requantised(checkpoint_, weight_bits=2, steps=9).model
    assert changed.config.steps == 9 and {layer.weight_bits for layer in changed.config.layers} == {2}
    assert abs(changed.stack[0].integers().weights[0]).max() == 1
    assert torch.equal(changed.stack[0].synapses.weight, checkpoint_.model.stack[0].synapses.weight)
    same = requantised(checkpoint_, weight_bits=None, steps=None)
    assert same.model.config == CONFIG


def test_what_was_measured_is_not_that_of_the_requantised_model(saved: Path) -> None:
    measured = replace(PROVENANCE, test=Measured(0.9, 0.1, 3.0), activity=Activity({"input": 0.5}, 1.5))
    checkpoint_ = Checkpoint(load_checkpoint(saved).model, measured)
    assert requantised(checkpoint_, weight_bits=2, steps=None).provenance == PROVENANCE


def test_an_activity_of_other_layers_is_refused_where_the_model_is_read(saved: Path) -> None:
    model = load_checkpoint(saved).model
    save_checkpoint(saved, model, Provenance(activity=Activity({"input": 0.5, "a": 0.5}, 1.5)))
    with pytest.raises(FileError, match="activity must be that of input, hidden1, readout, not of"):
        read_model(saved)


def test_fewer_steps_than_the_readout_waits_for() -> None:
    layers = fully_connected((4, 3), population=Population(), weight_bits=4, readout="spike_count")
    model = SpikingClassifier(ModelConfig((6, 1, 1), layers, steps=4, readout="spike_count", first_step=2))
    with pytest.raises(
        UsageError, match=r"^the model cannot run for 2 steps: first_step must be an integer in 0"
    ):
        requantised(Checkpoint(model, Provenance()), weight_bits=None, steps=2)


def test_same_content_gives_the_same_bytes(saved: Path, tmp_path: Path) -> None:
    loaded = load_checkpoint(saved)
    other = tmp_path / "another name.pt"
    save_checkpoint(other, loaded.model, loaded.provenance)
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
    _refused(saved, "holds '__builtin__.getattr'; only dense real tensors and plain data are read")
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


def _renamed(path: Path, change: Callable[[str, bytes], tuple[str, bytes]]) -> None:
    """The archive at `path` with every entry changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(buffer, "w") as copy:
        for name in archive.namelist():
            copy.writestr(*change(name, archive.read(name)))
    path.write_bytes(buffer.getvalue())


def test_names_are_found_in_any_pickle_of_the_archive(saved: Path) -> None:
    torch.save(Counter("ab"), saved)
    _renamed(saved, lambda name, data: (name.upper() if name.endswith(".pkl") else name, data))
    _refused(saved, "holds 'collections.Counter'")
    # Protocol 4 names things by other operations; PyTorch would refuse them too, but later.
    _renamed(saved, lambda name, data: (name, pickle.dumps(Counter("ab")) if "PKL" in name else data))
    _refused(saved, "holds 'STACK_GLOBAL'")


def test_a_pickle_that_would_fill_memory_is_not_read(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = b"\x80\x02(" + b"]" * tensor_files.MAX_PICKLE_BYTES + b"l."
    _renamed(saved, lambda name, data: (name, bomb if name.endswith("data.pkl") else data))
    _refused(saved, "describes its tensors in 1048581 bytes, the limit is 1048576")


def test_a_tensor_longer_than_its_bytes_is_refused(saved: Path) -> None:
    content = torch.load(saved, weights_only=True)
    content["parameters"]["readout.bias"] = torch.zeros(77)
    torch.save(content, saved)
    _renamed(saved, lambda name, data: (name, data[:12] if len(data) == 308 else data))
    _refused(saved, "cannot be read as tensors and plain data")


def test_size_limit(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "MAX_FILE_BYTES", 1000)
    _refused(saved, "the limit is 1000")


def _replace(content: Any, keys: tuple[str | int, ...], value: object) -> Any:
    """`content` with `value` at the nested `keys`: dictionaries in place, tuples as new ones."""
    if not keys:
        return value
    key, *rest = keys
    if isinstance(content, tuple):
        items = list(content)
        items[int(key)] = _replace(items[int(key)], tuple(rest), value)
        return tuple(items)
    content[key] = _replace(content.get(key), tuple(rest), value)
    return content


def _set(*keys: str | int, value: object) -> Callable[[dict[str, Any]], None]:
    """An edit that puts `value` at the nested `keys`."""

    def edit(content: dict[str, Any]) -> None:
        _replace(content, keys, value)

    return edit


KEYS = "must hold config, format, parameters, provenance"
EDITS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "schema": (_set("schema", value=1), "has schema 1, this version reads 3"),
    "later-schema": (_set("schema", value=4), "has schema 4, this version reads 3"),
    "no-schema": (lambda content: content.pop("schema"), "has schema of type NoneType, this version reads 3"),
    "missing-key": (
        lambda content: content.pop("provenance"),
        KEYS,
    ),
    "extra-key": (_set("more", value=1), KEYS),
    "config-list": (_set("config", value=[1]), r"config must be a mapping of fields, not \[1\]"),
    "config-key": (_set("config", "width", value=1), "config: unknown fields: width"),
    "layers-text": (_set("config", "layers", value="x"), "config.layers must be a list, not 'x'"),
    "layers-many": (
        _set("config", "layers", value=({},) * 10**5),
        r"config.layers must be a list of 1\.\.64 items",
    ),
    "layers-none": (
        _set("config", "layers", value=()),
        r"config.layers must be a list of 1\.\.64 items, not \(\)",
    ),
    "layer-text": (_set("config", "layers", 0, value="hidden1"), r"layers\[0\] must be a mapping of fields"),
    "channels-huge": (
        _set("config", "layers", 0, "channels", value=10**12),
        "channels must be an integer in",
    ),
    "channels-bool": (
        _set("config", "layers", 0, "channels", value=True),
        r"config.layers\[0\].channels must be an integer in 1\.\.16384, not True",
    ),
    "edges": (
        _set("config", "layers", 0, "edges", value=(1,)),
        r"edges\[0\] must be a mapping of fields, not 1",
    ),
    "kernel": (
        _set("config", "layers", 0, "edges", 0, "kernel", value=(1, 2, 3)),
        r"edges\[0\].kernel must be a list of 2 items, not \(1, 2, 3\)",
    ),
    "leak": (
        _set("config", "layers", 0, "population", "leak", value=3),
        "leak must be a mapping of fields, not 3",
    ),
    "current": (
        _set("config", "layers", 0, "population", "current_leak", value=()),
        "current_leak must be a mapping",
    ),
    "reset": (
        _set("config", "layers", 0, "population", "reset", value=["soft"]),
        "reset must be one of soft, hard, none",
    ),
    "shape-huge": (_set("config", "shape", value=(1 << 14,) * 3), "total weights"),
    "shape-text": (
        _set("config", "shape", value=(6, "5", 3)),
        r"shape\[1\] must be an integer in .*, not '5'",
    ),
    "steps": (_set("config", "steps", value=10**9), "steps must be an integer"),
    "window": (
        _set("config", "first_step", value=1),
        "first_step must be 0 for a readout of membranes, not 1",
    ),
    "fraction": (
        _set("config", "layers", 0, "population", "initial_fraction", value=float("nan")),
        "initial_fraction",
    ),
    "parameters-list": (_set("parameters", value=[]), "parameters must hold hidden1.weights"),
    "parameter-name": (_set("parameters", "x", value=torch.zeros(1)), "parameters must hold"),
    "shape": (
        _set("parameters", "hidden1.weights", value=torch.zeros(6, 5)),
        r"hidden1.weights must have shape \(5, 6\), not \(6, 5\)",
    ),
    "other-shape": (_set("config", "shape", value=(7, 1, 1)), "must have shape"),
    "expanded": (
        _set("parameters", "readout.bias", value=torch.zeros(1).expand(1 << 40)),
        "readout.bias must have shape",
    ),
    "float64": (_set("parameters", "readout.bias", value=torch.zeros(3).double()), "must be a float32"),
    "sparse": (
        _set("parameters", "readout.bias", value=torch.zeros(3).to_sparse()),
        "holds 'torch._utils._re",
    ),
    "compressed": (
        _set("parameters", "readout.bias", value=torch.eye(3).to_sparse_csr()),
        "holds 'torch._utils._rebuild_sparse_tensor'",
    ),
    "quantised": (
        _set(
            "parameters", "readout.bias", value=torch.quantize_per_tensor(torch.ones(3), 1.0, 0, torch.qint8)
        ),
        "only dense real tensors and plain data are read",
    ),
    "meta": (
        _set("parameters", "readout.bias", value=torch.zeros(3, device="meta")),
        "holds 'torch._utils._rebuild_meta_tensor_no_storage'",
    ),
    "nested": (
        _set("parameters", "readout.bias", value=torch.nested.nested_tensor([torch.zeros(3)])),
        "holds 'torch._utils._rebuild_nested_tensor'",
    ),
    "complex": (
        _set("parameters", "readout.bias", value=torch.zeros(3, dtype=torch.complex64)),
        "holds 'torch.ComplexFloatStorage'",
    ),
    "bytes": (_set("provenance", "recipe", value=bytearray(3)), "holds '"),
    "schema-digits": (_set("schema", value=10**300), "has schema of type int"),
    "infinite": (_set("parameters", "readout.bias", value=torch.full((3,), torch.inf)), "finite numbers"),
    "not-tensor": (_set("parameters", "readout.bias", value=[0.0] * 3), "must be a float32"),
    "nan": (_set("parameters", "readout.bias", value=torch.full((3,), torch.nan)), "finite numbers"),
    "provenance-list": (_set("provenance", value=[1]), "provenance must be a mapping of fields, not"),
    "provenance-counter": (_set("provenance", value=Counter("ab")), "holds 'collections.Counter'"),
    "provenance-number": (
        _set("provenance", "recipe", value=1),
        r"provenance\.recipe must be text of one line and at most 4096 characters, not",
    ),
    "provenance-long": (
        _set("provenance", "data", value="x" * 5000),
        r"provenance\.data must be text of one line and at most 4096 characters, not",
    ),
    "preparation": (
        _set("provenance", "preparation", value="none "),
        "provenance.preparation must be one of none, levels, rows, changes, not 'none '",
    ),
    "accuracy": (
        _set("provenance", "test", value={"accuracy": 1.5, "firing_rate": 0.0, "spikes": 0.0}),
        r"provenance.test.accuracy must be a number in 0\.\.1, not 1\.5",
    ),
    "passes": (
        _set("provenance", "activity", value={"rates": {}, "passes": torch.nan}),
        r"provenance.activity.passes must be a number in 1\.\.8, not nan",
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_hostile_content(saved: Path, name: str) -> None:
    edit, message = EDITS[name]
    content = torch.load(saved, weights_only=True)
    edit(content)
    torch.save(content, saved)
    _refused(saved, message)
