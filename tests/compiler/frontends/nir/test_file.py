"""NIR files from anybody: what is broken or hostile gets one line and reads nothing else."""

from collections.abc import Callable
from pathlib import Path

import h5py
import nir
import numpy as np
import pytest

from snnc.base.errors import FileError
from snnc.compiler.frontends.nir import file as nir_file
from snnc.compiler.frontends.nir.file import read_file


def _write(path: Path) -> None:
    nodes = {
        "input": nir.Input(np.array([2])),
        "w": nir.Linear(np.eye(2)),
        "output": nir.Output(np.array([2])),
    }
    nir.write(path, nir.NIRGraph(nodes, [("input", "w"), ("w", "output")]))


def test_a_file_is_what_was_written(tmp_path: Path) -> None:
    _write(tmp_path / "net.nir")
    found = read_file(tmp_path / "net.nir")
    assert found.version == nir.version
    assert set(found.graph.nodes) == {"input", "w", "output"}
    assert set(found.graph.edges) == {("input", "w"), ("w", "output")}
    np.testing.assert_array_equal(found.graph.nodes["w"].parameters["weight"], np.eye(2))


def _soft(file: h5py.File) -> None:
    file["node/nodes/w/bias"] = h5py.SoftLink("/node/nodes/w/weight")


def _external(file: h5py.File) -> None:
    file["node/nodes/w/bias"] = h5py.ExternalLink("/etc/passwd", "/")


def _outside(file: h5py.File) -> None:
    file["node/nodes/w"].create_dataset("bias", (4,), np.uint8, external=[("/etc/passwd", 0, 4)])


def _bomb(file: h5py.File) -> None:
    file["node/nodes/w"].create_dataset("bias", (1 << 40,), np.float64, chunks=(1 << 16,), compression="gzip")


def _round(file: h5py.File) -> None:
    file["node/nodes/w/again"] = file["node"]


def _objects(file: h5py.File) -> None:
    file["node/nodes/w"].create_dataset("bias", data=np.array([(1, 2.0)], [("a", int), ("b", float)]))


def _references(file: h5py.File) -> None:
    file["node/nodes/w"].create_dataset("bias", data=np.array([file.ref], h5py.ref_dtype))


def _no_type(file: h5py.File) -> None:
    del file["node/nodes/w/type"]


def _no_node(file: h5py.File) -> None:
    del file["node"]


def _wild_edge(file: h5py.File) -> None:
    del file["node/edges"]
    file["node"].create_dataset("edges", data=[[b"input", b"nowhere"]])


@pytest.mark.parametrize(
    "change, said",
    [
        (_soft, "is a link"),
        (_external, "is a link"),
        (_outside, "outside the file"),
        (_bomb, "the limit for a file of its size"),
        (_round, "nested deeper than"),
        (_objects, "neither numbers nor text"),
        (_references, "neither numbers nor text"),
        (_no_type, "a node has no type"),
        (_no_node, "no group called node"),
        (_wild_edge, "joins no two nodes"),
    ],
)
def test_a_hostile_file_is_refused(tmp_path: Path, change: Callable[[h5py.File], None], said: str) -> None:
    path = tmp_path / "net.nir"
    _write(path)
    with h5py.File(path, "a") as file:
        change(file)
    with pytest.raises(FileError, match=said):
        read_file(path)


def test_a_file_with_too_many_objects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(tmp_path / "net.nir")
    monkeypatch.setattr(nir_file, "MAX_OBJECTS", 5)
    with pytest.raises(FileError, match="more than 5 objects"):
        read_file(tmp_path / "net.nir")


@pytest.mark.parametrize("part", [0.0, 0.3, 0.9])
def test_a_file_cut_short(tmp_path: Path, part: float) -> None:
    path = tmp_path / "net.nir"
    _write(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(FileError, match="not a readable NIR file"):
        read_file(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no such file"):
        read_file(tmp_path / "net.nir")
