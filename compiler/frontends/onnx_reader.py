"""Networks without spikes from ONNX files, as float graphs of rectifiers for the training-free conversion."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, count
from pathlib import Path
from typing import Any

import numpy as np

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends import onnx_operators, onnx_pieces
from snnc.compiler.frontends.builder import GraphBuilder, located
from snnc.compiler.frontends.findings import Findings, Imported
from snnc.compiler.frontends.float_graph import FloatGraph, Rectifier
from snnc.compiler.frontends.onnx_constants import computed, is_constant
from snnc.compiler.frontends.onnx_file import Array, attributes, constants, input_of, load_graph
from snnc.compiler.frontends.onnx_layouts import Seen
from snnc.compiler.frontends.onnx_operators import Operand
from snnc.compiler.frontends.values import Value
from snnc.compiler.ir.network import Shape


def read_onnx(path: Path, shape: Shape | None = None) -> Imported:
    """The network of an ONNX file; `shape` (channels, height, width) for one that leaves its input open.

    Opsets 7 to 25, operators of `OPERATORS`; nothing in the file is executed, no other file opened. The
    graph runs for one step. Raises FileError, and UnsupportedModel with all nodes that have no place.
    """
    graph, opset = load_graph(path)
    reader = Reader(graph, opset, str(path), shape)
    reader.read()
    return Imported(reader.finished(), reader.findings)


OPERATORS = onnx_operators.OPERATORS | onnx_pieces.OPERATORS


@contextmanager
def _well_formed() -> Iterator[None]:
    """Refuse a node whose inputs or attributes are too few, too many, or of another kind."""
    try:
        yield
    except (TypeError, KeyError, IndexError, ValueError, OverflowError) as error:
        said = f"inputs or attributes that its operator does not have ({error})"
        raise UnsupportedModel(said) from error


class Reader:
    """Goes through the nodes of a graph in their order, which ONNX prescribes."""

    def __init__(self, graph: Any, opset: int, where: str, shape: Shape | None) -> None:
        self.graph, self.opset, self.where = graph, opset, where
        self.known: dict[str, Array] = constants(graph, where)
        name, own, rank, self.samples = input_of(graph, set(self.known), shape, where)
        self.builder = GraphBuilder(own)
        value = self.builder.input
        self.seen = {name: Seen(replace(value, flat=True) if rank == 2 else value, rank)}
        self.findings = Findings(f"ONNX, opset {opset}")
        self.node, self.outputs = "", 1
        self.lost: set[str] = set()
        """Outputs of nodes that were refused, whose users say nothing of their own."""

    def read(self) -> None:
        """Read every node; raises UnsupportedModel with all that have no place."""
        for number, node in enumerate(self.graph.node):
            self.node = node.name or f"{node.op_type}_{number}"
            try:
                with located(self.node), _well_formed():
                    self._read(node)
            except UnsupportedModel as error:
                self.findings.refuse(self.node, node.op_type, error)
                self.lost.update(node.output)
        self.findings.require_supported()

    def _read(self, node: Any) -> None:
        if any(name in self.lost for name in node.input):
            self.lost.update(node.output)
            return
        if node.op_type == "Shape" and node.input[0] in self.seen:
            self._read_shape(node)
            return
        if node.domain not in ("", "ai.onnx"):
            raise UnsupportedModel(f"an operator of {node.domain}", hint="export with standard operators")
        if is_constant(node, self.known):
            self.known.update(
                zip(node.output, computed(node, self.known, self.opset, self.where), strict=False)
            )
            return
        operator = OPERATORS.get(node.op_type)
        if operator is None:
            read = f"{', '.join(sorted(OPERATORS))} are read"
            way_out = onnx_pieces.WAYS_OUT.get(node.op_type, read)
            raise UnsupportedModel("has no place in a spiking network", hint=way_out)
        self.outputs = len(node.output)
        inputs = [self._operand(name) for name in node.input]
        while inputs and inputs[-1] is None:
            inputs.pop()
        result = operator(self, attributes(node), *inputs)
        self.findings.note(self.node, node.op_type)
        for name, one in zip(node.output, result if isinstance(result, tuple) else (result,), strict=False):
            if isinstance(one, Seen):
                self.seen[name] = one
            else:
                self.known[name] = one

    def _read_shape(self, node: Any) -> None:
        """The sizes of a value, for one sample."""
        sizes = (1, *self.seen[node.input[0]].sizes)
        given = attributes(node)
        self.known[node.output[0]] = np.array(
            sizes[given.get("start", 0) : given.get("end", len(sizes))], np.int64
        )

    def _operand(self, name: str) -> Operand | None:
        if not name:
            return None
        if name in self.seen:
            return self.seen[name]
        if name in self.known:
            return self.known[name]
        raise UnsupportedModel(f"takes {name!r}, which no node before it gives")

    def rectified(self, value: Value, limit: float | None = None) -> Value:
        """What rectifiers make of a value."""
        taken = {one.name for one in self.builder.populations}
        names = chain([self.node], (f"{self.node}_{number}" for number in count(1)))
        name = next(one for one in names if one not in taken)
        return self.builder.fire(name, value, Rectifier(limit))

    def finished(self) -> FloatGraph:
        """The graph, read where the file's first output is."""
        name = self.graph.output[0].name if self.graph.output else ""
        if name not in self.seen:
            raise UnsupportedModel(f"its output {name!r} does not come from its input", where=self.where)
        return self.builder.readout("readout", self.seen[name].value, "membrane")
