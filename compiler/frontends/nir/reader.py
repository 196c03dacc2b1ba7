"""From a NIR file to the float graph: every node exact, approximate with the reason, or refused."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from snnc.base.errors import FileError, UnsupportedModel
from snnc.compiler.frontends.builder import GraphBuilder
from snnc.compiler.frontends.findings import Findings, Imported, Status
from snnc.compiler.frontends.float_graph import INPUT, FloatGraph, FloatNeurons, Reading, Reset
from snnc.compiler.frontends.nir.conventions import Exporter, infer
from snnc.compiler.frontends.nir.file import NirFile, NirNode, from_object, read_file
from snnc.compiler.frontends.nir.flat import NEURONS, FlatGraph, computing_order, flattened, linear_order
from snnc.compiler.frontends.nir.layers import LAYERS
from snnc.compiler.frontends.nir.neurons import Rules, translate
from snnc.compiler.frontends.nir.writer import NETWORK, stored_network
from snnc.compiler.frontends.values import Value, add
from snnc.compiler.ir.network import MAX_NEURONS, Shape, count


@dataclass(frozen=True)
class NirOptions:
    """What a file cannot say; None infers it from the file, and the report says what was inferred."""

    dt: float | None = None
    """Time step in seconds."""
    reset: Reset | None = None
    strict: bool | None = None
    """Whether a neuron fires above its threshold only, not at it."""
    exporter: Exporter | None = None


def read_nir(source: Path | Any, options: NirOptions | None = None) -> Imported:
    """The network of a `.nir` file, or of a `nir.NIRGraph` in memory.

    Raises FileError for a file that is no NIR graph, UnsupportedModel with all nodes at once that integers
    cannot honour.
    """
    file = read_file(source) if isinstance(source, Path) else from_object(source)
    integers = stored_network(file.graph, str(source) if isinstance(source, Path) else "NIR graph")
    return replace(_Reader(file, options or NirOptions()).read(), integers=integers)


class _Reader:
    """One file on its way."""

    def __init__(self, file: NirFile, options: NirOptions) -> None:
        self.graph = flattened(file.graph)
        ours: Exporter | None = "snnc" if NETWORK in file.graph.metadata else None
        assumed = infer(self.graph.nodes, options.exporter or ours, options.dt)
        self.rules = Rules(assumed, options.reset, options.strict)
        self.findings = Findings(f"NIR {file.version}, exporter {assumed.exporter}")
        self.findings.general += assumed.remarks
        self.start, self.end = (_only(self.graph, kind) for kind in ("Input", "Output"))
        self.order = computing_order(self.graph, self.start)
        self.position = {name: number for number, name in enumerate(self.order)}
        if self.end not in self.position:
            raise FileError("the Output is not connected to the Input")

    def read(self) -> Imported:
        """The graph and the report."""
        shape = _input_shape(self.graph.nodes[self.start])
        leaves = self._leaves(GraphBuilder(shape))
        self.owner = {t.source: n for n, v in leaves.items() for p in v.parts for t in p.terms}
        self.findings.require_supported()
        builder = GraphBuilder(shape)
        values = self._linear_values(builder, leaves)
        for name in self.order:
            if self.graph.nodes[name].kind in NEURONS:
                self._fire(builder, name, values | leaves)
        self.findings.require_supported()
        return Imported(self._readout(builder, values | leaves), self.findings)

    def _leaves(self, scratch: GraphBuilder) -> dict[str, Value]:
        """What every population emits: a first pass without what comes back in loops, for the shapes."""
        values: dict[str, Value] = {}
        for name in self.order:
            value = self._computed(name, values, scratch)
            if value is not None:
                values[name] = value
        return {name: value for name, value in values.items() if self.graph.nodes[name].kind in NEURONS}

    def _linear_values(self, builder: GraphBuilder, leaves: dict[str, Value]) -> dict[str, Value]:
        """What every node gives that is no neuron."""
        values = dict(leaves)
        for name in linear_order(self.graph, self.order):
            value = self._computed(name, values, builder)
            if value is not None:
                values[name] = value
        return values

    def _computed(self, name: str, values: dict[str, Value], builder: GraphBuilder) -> Value | None:
        """What a node makes of what is known of its sources; None, and a finding, where it makes nothing."""
        node = self.graph.nodes[name]
        if node.kind == "Input":
            return builder.input
        known = [values[source] for source in self.graph.sources[name] if source in values]
        if not known:
            return None
        try:
            arriving = _sum(known)
            if node.kind in NEURONS:
                return builder.fire(name, arriving, translate(node, self.rules).neurons)
            if node.kind not in LAYERS:
                raise UnsupportedModel(f"{node.kind} is unknown", hint=f"known: {', '.join(LAYERS)}")
            made = LAYERS[node.kind](node, arriving, self.rules.assumed.dt)
        except UnsupportedModel as error:
            self.findings.refuse(name, node.kind, error)
            return None
        if node.kind not in ("Identity", "Output"):
            status: Status = "approximate" if made.approximate else "exact"
            self.findings.note(name, node.kind, status, *made.remarks)
        return made.value

    def _fire(self, builder: GraphBuilder, name: str, values: dict[str, Value]) -> None:
        """Put a population into the graph; what comes from one that is computed later comes a step late."""
        node = self.graph.nodes[name]
        try:
            arriving = self._causal(
                name, _sum([values[one] for one in self.graph.sources[name] if one in values])
            )
            made = translate(node, self.rules)
            builder.fire(name, arriving, made.neurons)
        except UnsupportedModel as error:
            self.findings.refuse(name, node.kind, error)
            return
        self.findings.note(name, node.kind, "approximate" if made.approximate else "exact", *made.remarks)

    def _causal(self, name: str, value: Value) -> Value:
        """`value` as the population `name` can hear it: from itself and later ones at least a step late."""
        parts = []
        for part in value.parts:
            terms = []
            for term in part.terms:
                later = term.source != INPUT and self.position[self.owner[term.source]] >= self.position[name]
                terms.append(replace(term, delay=max(term.delay, int(later))))
            parts.append(replace(part, terms=tuple(terms)))
        return replace(value, parts=tuple(parts))

    def _readout(self, builder: GraphBuilder, values: dict[str, Value]) -> FloatGraph:
        """The finished graph; what is read follows from what feeds the Output."""
        answer = values[self.end]
        kinds = {one.name: one.neurons for one in builder.populations}
        last = [kinds.get(term.source) for part in answer.parts for term in part.terms]
        fires = all(isinstance(one, FloatNeurons) and one.reset != "none" for one in last)
        kind: Reading = "spike_count" if fires else "membrane"
        said = {"spike_count": "spikes of the Output are counted", "membrane": "the last membrane is read"}
        self.findings.general.append(f"answer: {said[kind]} (assumed: the file does not say)")
        idle = [name for name in self.graph.nodes if name not in self.position]
        if idle:
            self.findings.general.append(f"not connected to the Input, and left out: {', '.join(idle[:8])}")
        return builder.readout("readout", answer, kind, summed=fires)


def _sum(values: list[Value]) -> Value:
    total = values[0]
    for value in values[1:]:
        total = add(total, value)
    return total


def _only(graph: FlatGraph, kind: str) -> str:
    found = [name for name, node in graph.nodes.items() if node.kind == kind]
    if len(found) != 1:
        joined = {
            "Input": "give all inputs to one, and pick its channels by Linear nodes",
            "Output": "leave the one from which classes are read",
        }
        raise FileError(
            f"the graph has {len(found)} nodes of type {kind}; one is supported", hint=joined[kind]
        )
    return found[0]


def _input_shape(node: NirNode) -> Shape:
    """Channels, height and width of the Input; a line of samples has height 1, leading ones are a batch."""
    given = node.parameters.get("shape", node.parameters.get("input_type"))
    if isinstance(given, dict):
        given = given.get("input")
    sizes = [] if given is None or isinstance(given, str) else np.asarray(given).reshape(-1).tolist()
    while len(sizes) > 3 and sizes[0] == 1:
        del sizes[0]
    whole = [int(size) for size in sizes if size == int(size) and size >= 1]
    if len(whole) != len(sizes) or not 1 <= len(sizes) <= 3:
        raise FileError(f"the Input has shape {sizes}; 1 to 3 dimensions of 1 or more are supported")
    height = whole[1] if len(whole) == 3 else 1
    shape = whole[0], height, whole[-1] if len(whole) > 1 else 1
    if count(shape) > MAX_NEURONS:
        raise FileError(f"the Input has {count(shape)} values, the limit is {MAX_NEURONS}")
    return shape
