"""Networks and targets of the tests: small ones by hand, and hypothesis strategies for random ones that the
compiler accepts, extremes included."""

from dataclasses import dataclass, replace

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from snnc.compiler.arithmetic import NO_LEAK, Decay, IntArray, state_range
from snnc.compiler.encoding import encode_inputs
from snnc.compiler.network import (
    Conv2d,
    Edge,
    Input,
    Layer,
    Linear,
    Network,
    Neurons,
    Readout,
    Shape,
    conv_shape,
    count,
    pooled,
)
from snnc.compiler.pipeline import Compilation, compile_network
from snnc.compiler.program import MAX_BANKS
from snnc.compiler.targets import Target
from snnc.errors import DoesNotFit, UnsupportedModel


@dataclass(frozen=True)
class Case:
    """A compiled random network and payloads (samples, steps, features) to run it on."""

    compilation: Compilation
    payloads: IntArray


def target(**changes: object) -> Target:
    """A small simulation-only target; keyword arguments replace its fields."""
    fields: dict[str, object] = {
        "name": "test",
        "description": "random tests",
        "width": 4,
        "height": 4,
        "lanes": 4,
        "neurons": 256,
        "parameter_words": 16,
        "axon_rows": 32,
        "axon_columns": 32,
        "delay_slots": 4,
        "cuba": True,
        "decay_multiplier": True,
        "weight_kibit": 16,
        "weight_bits": 8,
        "state_bits": 18,
        "destinations": 32,
        "sources": 32,
        "event_fifo": 4,
        "router_fifo": 2,
        "clock_mhz": 100.0,
        "energy_table": "cmos45",
        "static_mw": 0.0,
        "static_source": "none",
    }
    return Target(**(fields | changes))  # type: ignore[arg-type]


def layer(name: str, source: str, axons: int, count: int, **changes: object) -> Layer:
    """A soft-reset layer with weights 1; keyword arguments replace fields of its Neurons."""
    population = Neurons(
        threshold=np.full(count, 5, np.int64),
        bias=np.zeros(count, np.int64),
        initial=np.zeros(count, np.int64),
        reset="soft",
        state_bits=12,
    )
    weights = np.ones((count, axons), np.int8)
    edge = Edge(source, Linear(weights, 4))
    return Layer(name, (count, 1, 1), replace(population, **changes), (edge,))  # type: ignore[arg-type]


def network(*layers: Layer, features: int = 8, max_payload: int = 16) -> Network:
    """`layers` behind an input, the last one read by its spikes or membranes."""
    kind = "membrane" if layers[-1].neurons.reset == "none" else "spike_count"
    readout = Readout(layers[-1].name, kind)
    return Network("test", 4, Input("input", (features, 1, 1), "direct", max_payload), layers, readout)


@st.composite
def targets(draw: st.DrawFn) -> Target:
    """Meshes of 1 to 16 cores whose memories are small enough to force splits."""
    lanes = draw(st.sampled_from([2, 4, 8]))
    return target(
        width=draw(st.integers(1, 4)),
        height=draw(st.integers(1, 4)),
        lanes=lanes,
        neurons=draw(st.sampled_from([64, 512])),
        parameter_words=draw(st.sampled_from([4, 16])),
        axon_rows=draw(st.sampled_from([16, 32])),
        axon_columns=draw(st.sampled_from([16, 32])),
        weight_kibit=draw(st.sampled_from([2, 16])),
        weight_bits=draw(st.sampled_from([None, 8])),
        event_fifo=draw(st.sampled_from([2, 4])),
        router_fifo=draw(st.sampled_from([2, 4])),
    )


def _values(draw: st.DrawFn, size: int, extremes: list[int], low: int, high: int) -> IntArray:
    """`size` values: all one extreme, or random in low..high from a drawn seed."""
    kind = draw(st.sampled_from(["extreme", "random", "random"]))
    if kind == "extreme":
        return np.full(size, draw(st.sampled_from(extremes)), np.int64)
    seed = draw(st.integers(0, 2**16))
    return np.random.default_rng(seed).integers(low, high + 1, size, dtype=np.int64)


@st.composite
def neurons(draw: st.DrawFn, channels: int, readout: bool, scale: int, width: int) -> Neurons:
    """A population whose threshold lies anywhere from never silent to never firing."""
    state_bits = draw(st.sampled_from([4, 8, 12, 15]))
    bottom, top = state_range(state_bits)
    lowest, highest = state_range(width)
    return Neurons(
        threshold=_values(draw, channels, [lowest, -1, 0, 1, top, highest], 1, max(scale, 2)),
        bias=_values(draw, channels, [bottom, 0, top, -1], -scale, scale),
        initial=_values(draw, channels, [bottom, 0, top], bottom // 4, top // 4),
        reset="none" if readout else draw(st.sampled_from(["soft", "hard"])),
        reset_value=draw(st.sampled_from([0, bottom, top, -3])),
        leak=draw(_decays()),
        state_bits=state_bits,
        current_leak=draw(st.one_of(st.none(), st.none(), _decays())),
    )


@st.composite
def _decays(draw: st.DrawFn) -> Decay:
    """No leak, a shift, or a fraction that needs a multiplier."""
    if draw(st.booleans()):
        return draw(st.sampled_from([NO_LEAK, Decay(1, 1), Decay(1, 3), Decay(1, 6), Decay(1, 0)]))
    bits = draw(st.integers(1, 12))
    return Decay(draw(st.integers(0, 1 << bits)), bits)


@st.composite
def shapes(draw: st.DrawFn, largest: int) -> Shape:
    """A flat population or a small image."""
    if draw(st.booleans()):
        return draw(st.integers(1, largest)), 1, 1
    return draw(st.integers(1, 6)), draw(st.integers(1, 8)), draw(st.integers(2, 8))


@st.composite
def networks(draw: st.DrawFn, *, width: int = 18, largest: int = 40) -> Network:
    """A random graph of one to four layers over the whole vocabulary, for state words of `width` bits."""
    encoding = draw(st.sampled_from(["direct", "events", "held", "rate", "latency"]))
    node = Input("input", draw(shapes(largest)), encoding, draw(st.sampled_from([1, 1, 3, 16, 255])))
    nodes: dict[str, Shape] = {"input": node.shape}
    layers: list[Layer] = []
    readout_kind = draw(st.sampled_from(["membrane", "spike_count", "first_spike"]))
    depth = draw(st.integers(1, 4))
    steps = draw(st.integers(1, 5))
    for number in range(depth):
        last = number == depth - 1
        layer = draw(
            _layer(f"layer{number}", nodes, last, last and readout_kind == "membrane", width, largest)
        )
        if encoding == "held" and any(edge.source == "input" for edge in layer.edges):
            layer = replace(layer, neurons=replace(layer.neurons, current_leak=NO_LEAK))
        layers.append(layer)
        nodes[layer.name] = layer.shape
    layers = _with_recurrence(draw, layers)
    first_step = 0 if readout_kind == "membrane" else draw(st.integers(0, steps - 1))
    network = Network(
        "random", steps, node, tuple(layers), Readout(layers[-1].name, readout_kind, first_step)
    )
    network.verify()
    return network


@st.composite
def _layer(
    draw: st.DrawFn, name: str, nodes: dict[str, Shape], last: bool, readout: bool, width: int, largest: int
) -> Layer:
    """A linear or convolutional layer behind the last node, perhaps with a second edge of the same output."""
    sources = [list(nodes)[-1]]
    bits = draw(st.integers(2, 8))
    first = draw(_edge(nodes[sources[0]], sources[0], bits, None, last, largest))
    shape = first[1]
    edges = [first[0]]
    if draw(st.booleans()):
        source = draw(st.sampled_from(list(nodes)))
        second = draw(_edge(nodes[source], source, bits, shape, last, largest))
        if second is not None:
            edges.append(second[0])
    population = draw(neurons(shape[0], readout, (1 << bits) * 2, width))
    return Layer(name, shape, population, tuple(edges))


@st.composite
def _edge(
    draw: st.DrawFn, source: Shape, name: str, bits: int, shape: Shape | None, flat: bool, largest: int
) -> tuple[Edge, Shape] | None:
    """An edge from `source` and the shape it gives; where `shape` is stated, one that gives it, or None."""
    delay = 0 if name == "input" else draw(st.sampled_from([0, 0, 0, 1, 2]))
    pool = draw(st.sampled_from([(1, 1), (1, 1), (2, 2), (1, 2)]))
    pool = (min(pool[0], source[1]), min(pool[1], source[2]))
    arriving = pooled(source, pool)
    linear = flat or source[1:] == (1, 1) or draw(st.booleans())
    if shape is not None:
        linear = shape[1:] == (1, 1)
    if linear:
        outputs = draw(st.integers(1, largest)) if shape is None else shape[0]
        weights = _weights(draw, (outputs, count(arriving)), bits)
        return Edge(name, Linear(weights, bits), delay, pool), (outputs, 1, 1)
    for _ in range(1 if shape is None else 6):
        synapses = draw(_convolution(arriving, bits, None if shape is None else shape[0]))
        given = conv_shape(arriving, synapses)
        if min(given) >= 1 and (shape is None or given == shape):
            return Edge(name, synapses, delay, pool), given
    if shape is None:
        weights = _weights(draw, (3, arriving[0], 1, 1), bits)
        return Edge(name, Conv2d(weights, bits), delay, pool), (3, *arriving[1:])
    return None


@st.composite
def _convolution(draw: st.DrawFn, source: Shape, bits: int, channels: int | None) -> Conv2d:
    kernel = draw(st.sampled_from([(1, 1), (3, 3), (2, 2), (1, 3), (3, 2), (5, 5)]))
    stride = draw(st.sampled_from([(1, 1), (1, 1), (2, 2), (1, 2), (3, 1)]))
    padding = (draw(st.integers(0, kernel[0] - 1)), draw(st.integers(0, kernel[1] - 1)))
    outputs = draw(st.integers(1, 10)) if channels is None else channels
    groups = 1
    kind = draw(st.sampled_from(["dense", "dense", "depthwise", "groups"]))
    if kind == "depthwise" and (channels is None or channels == source[0]):
        outputs = groups = source[0]
    elif kind == "groups" and source[0] % 2 == 0 and (channels is None or channels % 2 == 0):
        outputs, groups = outputs + outputs % 2, 2
    weights = _weights(draw, (outputs, source[0] // groups, *kernel), bits)
    return Conv2d(weights, bits, stride, padding, groups)


def _with_recurrence(draw: st.DrawFn, layers: list[Layer]) -> list[Layer]:
    """Perhaps one recurrent edge: into a flat layer from itself or a later one, into an image from itself."""
    number = draw(st.integers(0, len(layers) - 1))
    receiver = layers[number]
    spatial = receiver.shape[1:] != (1, 1)
    senders = [layer for layer in layers[number:] if layer.neurons.reset != "none"]
    if len(receiver.edges) == MAX_BANKS or not senders or not draw(st.booleans()):
        return layers
    sender = receiver if spatial else draw(st.sampled_from(senders))
    bits = receiver.edges[0].synapses.weight_bits
    synapses: Linear | Conv2d
    if spatial:
        kernel = draw(st.sampled_from([(1, 1), (3, 3), (1, 3)]))
        groups = draw(st.sampled_from([1, receiver.shape[0]]))
        weights = _weights(draw, (receiver.shape[0], receiver.shape[0] // groups, *kernel), bits)
        synapses = Conv2d(weights, bits, padding=(kernel[0] // 2, kernel[1] // 2), groups=groups)
    else:
        synapses = Linear(_weights(draw, (receiver.count, sender.count), bits), bits)
    edge = Edge(sender.name, synapses, draw(st.integers(1, 3)))
    layers[number] = replace(receiver, edges=(*receiver.edges, edge))
    return layers


def _weights(draw: st.DrawFn, shape: tuple[int, ...], bits: int) -> np.ndarray:
    low, high = state_range(bits)
    kind = draw(st.sampled_from(["random", "random", "random", "lowest", "highest"]))
    if kind != "random":
        return np.full(shape, low if kind == "lowest" else high, np.int8)
    seed = draw(st.integers(0, 2**16))
    return np.random.default_rng(seed).integers(low, high + 1, shape).astype(np.int8)


@st.composite
def payloads(draw: st.DrawFn, network: Network, samples: int) -> IntArray:
    """Silent, saturated or random inputs of the network's encoding: (samples, steps, features)."""
    node = network.input
    shape = (samples, network.steps, node.features) if node.encoding == "events" else (samples, node.features)
    kind = draw(st.sampled_from(["silent", "saturated", "random", "random"]))
    values = np.full(shape, 0 if kind == "silent" else node.max_payload, np.int64)
    if kind == "random":
        generator = np.random.default_rng(draw(st.integers(0, 2**16)))
        values = generator.integers(0, node.max_payload + 1, shape)
        values *= generator.random(shape) < draw(st.sampled_from([0.1, 0.5, 1.0]))
    return encode_inputs(node, network.steps, values.astype(np.uint8))


@st.composite
def cases(draw: st.DrawFn, hardware: Target | None = None, samples: int = 3) -> Case:
    """A random network compiled for `hardware`, or for a random target, with inputs.

    Networks the target has no room for are drawn again: that refusal has tests of its own.
    """
    chosen = draw(targets()) if hardware is None else hardware
    network = draw(networks(width=chosen.state_bits))
    try:
        compilation = compile_network(network, chosen, spread=draw(st.booleans()))
    except (DoesNotFit, UnsupportedModel):
        assume(False)
        raise
    return Case(compilation, draw(payloads(network, draw(st.integers(1, samples)))))
