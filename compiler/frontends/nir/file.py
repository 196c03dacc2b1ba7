"""A `.nir` file, an HDF5 file from anybody, as plain data: bounded before anything is read, and nothing runs.

`nir.read` builds its nodes while it reads and refuses files whose parameters differ in shape, which is what
several exporters write; here a node is what the file says of it, and shapes are checked by whoever uses it.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from snnc.base.errors import FileError
from snnc.base.files import expansion_limit, is_file
from snnc.base.quoting import quote

MAX_BYTES = 1 << 28
MAX_OBJECTS = 1 << 16
MAX_DEPTH = 24
MAX_NAME = 256
MAX_EDGES = 1 << 16
NUMBERS = "buif"
"""Kinds of NumPy types that a parameter may have."""


@dataclass(frozen=True)
class NirNode:
    """A node as the file has it: its type, and its parameters as numbers, arrays of numbers or text."""

    kind: str
    parameters: dict[str, Any]
    nodes: "dict[str, NirNode]" = field(default_factory=dict)
    """Of a `NIRGraph`, whose edges name them."""
    edges: tuple[tuple[str, str], ...] = ()
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class NirFile:
    """The graph of a file, and the version of the package that wrote it."""

    graph: NirNode
    version: str


def read_file(path: Path) -> NirFile:
    """What the file holds; raises FileError where it is missing, broken, hostile or no NIR."""
    where = str(path)
    if not is_file(path):
        raise FileError("no such file", where=where)
    import h5py

    try:
        with h5py.File(path, "r") as file:
            content = _Reader(min(MAX_BYTES, expansion_limit(path)), where).group(file, MAX_DEPTH)
    except FileError:
        raise
    # The library raises almost anything for a damaged file; all mean the same.
    except Exception as error:
        raise FileError("is not a readable NIR file (HDF5)", where=where) from error
    version, node = content.get("version"), content.get("node")
    if not isinstance(node, dict):
        raise FileError("holds no NIR graph: there is no group called node", where=where)
    graph = _node(node, where)
    if graph.kind != "NIRGraph":
        raise FileError(f"holds a {quote(graph.kind)}, not a NIRGraph", where=where)
    return NirFile(graph, version if isinstance(version, str) else "unknown")


def from_object(graph: Any) -> NirFile:
    """A `nir.NIRGraph` in memory as the same plain data; raises FileError for anything else."""
    if not hasattr(graph, "to_dict"):
        raise FileError(f"a NIR graph is a nir.NIRGraph or a file, not {type(graph).__name__}")
    return NirFile(_node(graph.to_dict(), "NIR graph"), "memory")


class _Reader:
    """One file, whose objects and bytes are counted."""

    def __init__(self, limit: int, where: str) -> None:
        self.left, self.limit, self.where = limit, limit, where
        self.objects = MAX_OBJECTS

    def group(self, group: Any, depth: int) -> dict[str, Any]:
        """Everything below a group; no link leads out of the file or round in it."""
        import h5py

        self._require(depth > 0, f"is nested deeper than {MAX_DEPTH}")
        found: dict[str, Any] = {}
        for name in group:
            self.objects -= 1
            self._require(self.objects >= 0, f"holds more than {MAX_OBJECTS} objects")
            self._require(
                len(name) <= MAX_NAME, f"a name has {len(name)} characters, the limit is {MAX_NAME}"
            )
            hard = isinstance(group.get(name, getlink=True), h5py.HardLink)
            self._require(hard, f"{quote(name)} is a link to somewhere else, which is never followed")
            item = group[name]
            if isinstance(item, h5py.Group):
                found[name] = self.group(item, depth - 1)
            elif isinstance(item, h5py.Dataset):
                found[name] = self._dataset(name, item)
            else:
                raise FileError(f"{quote(name)} is neither a group nor data", where=self.where)
        return found

    def _dataset(self, name: str, item: Any) -> Any:
        import h5py

        outside = item.external is not None or item.is_virtual
        self._require(not outside, f"{quote(name)} keeps its data outside the file, which is never followed")
        text = h5py.check_string_dtype(item.dtype) is not None
        numbers = item.dtype.kind in NUMBERS and item.dtype.names is None
        self._require(text or numbers, f"{quote(name)} is neither numbers nor text, but {item.dtype}")
        self._require(item.shape is not None, f"{quote(name)} is empty")
        size = item.size * max(item.dtype.itemsize, 1)
        self.left -= size
        self._require(self.left >= 0, f"holds more than {self.limit} bytes, the limit for a file of its size")
        value = item[()]
        if not text:
            return value
        if item.shape == ():
            return _text(value)
        self._require(item.size <= 2 * MAX_EDGES, f"{quote(name)} has {item.size} texts")
        return [[_text(one) for one in np.atleast_1d(row)] for row in value]

    def _require(self, condition: bool, message: str) -> None:
        if not condition:
            raise FileError(message, where=self.where)


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _node(content: dict[str, Any], where: str) -> NirNode:
    """A node and everything in it."""
    kind = content.get("type")
    if not isinstance(kind, str):
        raise FileError("a node has no type", where=where)
    plain = {key: item for key, item in content.items() if key not in ("type", "nodes", "edges", "metadata")}
    metadata = content.get("metadata")
    known = metadata if isinstance(metadata, dict) else {}
    if kind != "NIRGraph":
        return NirNode(kind, plain, metadata=known)
    nodes, edges = content.get("nodes"), content.get("edges")
    if (
        not isinstance(nodes, dict)
        or edges is None
        or not all(isinstance(one, dict) for one in nodes.values())
    ):
        raise FileError("a graph has no nodes or no edges", where=where)
    inner = {name: _node(one, where) for name, one in nodes.items()}
    pairs = [tuple(str(end) for end in np.atleast_1d(np.asarray(edge))) for edge in edges]
    for pair in pairs:
        if len(pair) != 2 or not set(pair) <= set(inner):
            raise FileError(
                f"an edge {quote(' -> '.join(pair))} joins no two nodes of its graph", where=where
            )
    return NirNode(kind, plain, inner, tuple((a, b) for a, b in pairs), known)
