"""Hypothesis strategies for networks that nobody would draw by hand, and for inputs that drive them.

The graph comes first: layers behind one another, further edges between any two that can be connected, loops
among them, a readout anywhere. Then every layer gets neurons, and weights that its state word can hold.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from hypothesis import strategies as st
from random_edges import edges
from random_hardware import Size
from random_populations import populations

from snnc.compiler.ir.network import (
    MAX_DELAY,
    Edge,
    Input,
    InputEncoding,
    Layer,
    Network,
    Readout,
    ReadoutKind,
    Shape,
)
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.isa.contract import MAX_BANKS, MAX_SEGMENTS
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.targets import Target

INPUT = "input"
FLAT = (True, False, False)
"""Populations that need not be flat are so once in three."""


@dataclass
class Graph:
    """A network under construction: what is known before there are neurons."""

    size: Size
    hardware: Target
    readout: str
    membrane: bool
    longest: int
    """Longest delay of a forward edge."""
    shapes: dict[str, Shape] = field(default_factory=dict)
    edges: dict[str, list[Edge]] = field(default_factory=dict)

    @property
    def senders(self) -> list[str]:
        """Layers that may feed others."""
        return [name for name in self.edges if not (self.membrane and name == self.readout)]

    def is_recurrent(self, source: str, receiver: str) -> bool:
        names = list(self.shapes)
        return receiver in names and names.index(source) >= names.index(receiver)

    def kinds(self, source: str) -> set[tuple[int, bool]]:
        """Delays at which `source` sends, each a segment of its cores."""
        own = {(0, False)} if source == self.readout else set()
        return own | {
            (edge.delay - self.is_recurrent(source, name), self.is_recurrent(source, name))
            for name, arriving in self.edges.items()
            for edge in arriving
            if edge.source == source
        }


@st.composite
def networks(draw: st.DrawFn, size: Size, hardware: Target, *, readout_last: bool = False) -> Network:
    """A network of `size` over the whole vocabulary, aimed at what `hardware` holds."""
    steps = draw(st.integers(*size.steps))
    node = Input(
        INPUT, draw(_input_shapes(size)), draw(_encodings(hardware)), draw(_payload_limits(hardware))
    )
    tiles = hardware.core_count * hardware.contexts
    depth = draw(st.integers(size.layers[0], max(size.layers[0], min(size.layers[1], tiles))))
    place = depth - 1 if readout_last else draw(st.sampled_from([depth - 1, depth - 1, *range(depth)]))
    kinds: tuple[ReadoutKind, ...] = ("spike_count", "membrane", "first_spike")
    kind = draw(st.sampled_from(kinds))
    longest = hardware.delay_slots - 1
    longest = draw(st.one_of(st.just(longest), st.integers(0, longest)))
    graph = Graph(size, hardware, f"layer{place}", kind == "membrane", longest, {INPUT: node.shape})
    for number in range(depth):
        _add_layer(draw, graph, f"layer{number}")
    for _ in range(draw(st.integers(0, 0 if size.wide else 2))):
        _add_loop(draw, graph)
    _give_readers(draw, graph)
    layers = tuple(_layer(draw, graph, name, node, steps) for name in graph.edges)
    first = 0 if kind == "membrane" else draw(st.integers(0, steps - 1))
    network = Network("random", steps, node, layers, Readout(graph.readout, kind, first))
    network.verify()
    return network


def _encodings(hardware: Target) -> st.SearchStrategy[InputEncoding]:
    """A held input needs currents."""
    encodings: tuple[InputEncoding, ...] = ("direct", "events", "rate", "latency", "held")
    return st.sampled_from(encodings if hardware.cuba else encodings[:-1])


def _payload_limits(hardware: Target) -> st.SearchStrategy[int]:
    """Mostly payloads of which a state word holds several."""
    fits = [p for p in (1, 2, 3, 16, 255) if p << 4 <= 1 << hardware.state_bits]
    return st.sampled_from([*fits, *fits, *fits, 255])


@st.composite
def _input_shapes(draw: st.DrawFn, size: Size) -> Shape:
    if size.wide:
        half = size.sides[1] // 2
        low, high = draw(st.sampled_from([(half // 2, half), (half + 1, 2 * half)]))
        shape = 1, draw(st.integers(1, size.sides[0])), draw(st.integers(low, high))
        return draw(st.sampled_from([shape, (shape[0], shape[2], shape[1])]))
    if draw(st.sampled_from(FLAT)):
        return draw(st.integers(1, size.neurons)), 1, 1
    channels, height, width = (draw(st.integers(1, most)) for most in (size.channels, *size.sides))
    return channels, height, width


def _connect(
    draw: st.DrawFn, graph: Graph, source: str, receiver: str, wanted: Shape | None
) -> tuple[Edge, Shape] | None:
    """An edge with a delay, if there is one that gives the shape `wanted`."""
    hardware, size = graph.hardware, graph.size
    flat = wanted is None and (
        (receiver == graph.readout and draw(_mostly_flat()))
        or (not size.wide and draw(st.sampled_from(FLAT)))
    )
    sides = (max(size.sides),) * 2 if size.wide else (size.sides[0] + 3, size.sides[1] + 3)
    most = (size.neurons if flat else size.channels, *sides)
    bits = draw(st.integers(2, hardware.weight_bits or 8))
    words = hardware.weight_words(hardware.stored_weight_bits(bits))
    drawn = draw(
        edges(
            source,
            graph.shapes[source],
            wanted,
            bits=bits,
            flat=flat,
            most=most,
            largest_kernel=int(words**0.5),
            wide=size.wide,
        )
    )
    if drawn is None:
        return None
    edge, shape = drawn
    return replace(edge, delay=_delay(draw, graph, source, graph.is_recurrent(source, receiver))), shape


def _mostly_flat() -> st.SearchStrategy[bool]:
    """Of readouts, whose pixels are few networks' outputs."""
    return st.sampled_from([True, True, False])


def _delay(draw: st.DrawFn, graph: Graph, source: str, recurrent: bool) -> int:
    """Up to what the bitmaps keep, and mostly not more kinds per source than a core has segments."""
    if source == INPUT:
        return 0
    longest = min(graph.longest, MAX_DELAY - recurrent)
    kept = draw(
        st.one_of(
            st.just(0),
            st.sampled_from(sorted({0, 1, 2, longest} & set(range(longest + 1)))),
            st.integers(0, longest),
        )
    )
    kinds = graph.kinds(source)
    if len(kinds) >= MAX_SEGMENTS and (kept, recurrent) not in kinds:
        kept = min((known for known, loop in kinds if loop == recurrent), default=kept)
    return kept + recurrent


def _add_layer(draw: st.DrawFn, graph: Graph, name: str) -> None:
    """A layer behind the last one or another before it, with up to two further edges."""
    before = [INPUT, *graph.senders]
    first = draw(st.sampled_from([before[-1], before[-1], *before]))
    connected = _connect(draw, graph, first, name, None)
    if connected is None:
        raise AssertionError("every population has some kernel that fits it")
    graph.edges[name], shape = [connected[0]], connected[1]
    graph.shapes[name] = shape
    for _ in range(draw(st.sampled_from([0, 0, 0, 1] if graph.size.wide else [0, 0, 1, 2]))):
        further = _connect(draw, graph, draw(st.sampled_from(before)), name, shape)
        if further is not None:
            graph.edges[name].append(further[0])


def _add_loop(draw: st.DrawFn, graph: Graph) -> None:
    """An edge back to a layer from itself or from a later one, if their shapes can be connected."""
    if not graph.senders:
        return
    sender = draw(st.sampled_from(graph.senders))
    names = list(graph.edges)
    _link(draw, graph, sender, draw(st.sampled_from(names[: names.index(sender) + 1])))


def _link(draw: st.DrawFn, graph: Graph, sender: str, receiver: str) -> bool:
    if len(graph.edges[receiver]) >= MAX_BANKS:
        return False
    connected = _connect(draw, graph, sender, receiver, graph.shapes[receiver])
    if connected is None:
        return False
    graph.edges[receiver].append(connected[0])
    return True


def _give_readers(draw: st.DrawFn, graph: Graph) -> None:
    """Layers that nobody hears feed a later layer, an earlier one, or themselves."""
    for name in graph.senders:
        heard = any(edge.source == name for arriving in graph.edges.values() for edge in arriving)
        if heard or name == graph.readout:
            continue
        chosen = draw(st.sampled_from(list(graph.edges)))
        if not _link(draw, graph, name, chosen):
            _link(draw, graph, name, name)


def _layer(draw: st.DrawFn, graph: Graph, name: str, node: Input, steps: int) -> Layer:
    silent = graph.membrane and name == graph.readout
    neurons, arriving = draw(populations(graph.edges[name], node, steps, graph.hardware, silent=silent))
    return Layer(name, graph.shapes[name], neurons, tuple(arriving))


@st.composite
def payloads(draw: st.DrawFn, network: Network, samples: int) -> IntArray:
    """Silent, saturated, sparse or random inputs of the network's encoding: (samples, steps, features)."""
    node = network.input
    shape = (samples, network.steps, node.features) if node.encoding == "events" else (samples, node.features)
    kind = draw(st.sampled_from(["saturated", *["random"] * 5, "saturated", "sparse", "sparse", "silent"]))
    values = np.full(shape, 0 if kind == "silent" else node.max_payload, np.int64)
    if kind in ("random", "sparse"):
        generator = np.random.default_rng(draw(st.integers(0, 999)))
        values = generator.integers(0, node.max_payload + 1, shape)
        values *= generator.random(shape) < (0.1 if kind == "sparse" else 0.7)
    return encode_inputs(node, network.steps, values.astype(np.uint8))
