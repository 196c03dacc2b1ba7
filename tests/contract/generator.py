"""Random networks and samples for the independent interpreter: everything that the contract allows, small.

`random_case(seed)` is a function of its seed alone. A `legal` network keeps the rules of a wide target as
well; the others keep only the limits of every network. `spoiled` breaks one limit, or none by chance.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from snnc.compiler.ir.network import Conv2d, Edge, Input, Layer, Linear, Network, Neurons, Readout, Shape
from snnc.compiler.isa.arithmetic import Decay

ENCODINGS = ("direct", "held", "rate", "latency", "events")


@dataclass(frozen=True)
class Case:
    """A network and its samples."""

    network: Network
    x: NDArray[np.int64]


def pick(random: Generator, *choices: Any) -> Any:
    """One of the choices."""
    return choices[int(random.integers(len(choices)))]


def chance(random: Generator, probability: float) -> bool:
    """Whether something with that probability happens."""
    return bool(random.random() < probability)


def random_case(seed: int, legal: bool = True) -> Case:
    """A network that `Network.verify` must accept, and two or three samples of it."""
    random = np.random.default_rng([0xC0DE, int(legal), seed])
    steps = int(pick(random, 1, 2, 3, 4, 5, 7, 8, 12, 20, 50, 200))
    source = Input(
        "input", random_shape(random, 6), pick(random, *ENCODINGS), int(pick(random, 1, 2, 7, 16, 255))
    )
    layers = _layers(random, source, legal)
    layers, readout = _read(random, layers, steps)
    layers = [_more_edges(random, source, layers, n, readout, legal) for n in range(len(layers))]
    if legal:
        layers = _drop_unread(layers, readout)
    network = Network(f"seed {seed}", steps, source, tuple(layers), readout)
    return Case(network, _samples(random, source, steps))


def random_shape(random: Generator, side: int) -> Shape:
    """A flat or spatial population."""
    if chance(random, 0.4):
        return int(random.integers(1, 14)), 1, 1
    return int(random.integers(1, 5)), int(random.integers(1, side + 1)), int(random.integers(1, side + 1))


def _layers(random: Generator, source: Input, legal: bool) -> list[Layer]:
    """A chain with skips: each layer has one forward edge, which gives it its shape."""
    known: list[Input | Layer] = [source]
    layers: list[Layer] = []
    total = int(random.integers(1, 5))
    for number in range(total):
        node = known[int(random.integers(len(known)))] if chance(random, 0.4) else known[-1]
        flat = chance(random, 0.8 if number == total - 1 else 0.4)
        held = node is source and source.encoding == "held"
        edge, shape = _first_edge(random, node, flat)
        neurons = _neurons(random, shape[0], legal, held)
        layer = Layer(f"layer{number}", shape, neurons, (edge,))
        layers.append(layer)
        known.append(layer)
    return layers


def _first_edge(random: Generator, node: Input | Layer, flat: bool) -> tuple[Edge, Shape]:
    delay = 0 if isinstance(node, Input) else int(pick(random, 0, 0, 0, 1, 2, 5))
    pool = _pool(random, node.shape)
    pooled = (node.shape[0], node.shape[1] // pool[0], node.shape[2] // pool[1])
    if flat:
        shape = (int(random.integers(1, 11)), 1, 1)
        return Edge(node.name, _linear(random, shape[0], pooled), delay, pool), shape
    kernel, stride, padding = _window(random, pooled)
    high, wide = (
        (length + 2 * p - k) // s + 1
        for length, p, k, s in zip(pooled[1:], padding, kernel, stride, strict=True)
    )
    groups = _groups(random, pooled[0])
    shape = (groups * int(random.integers(1, 3)), high, wide)
    return Edge(
        node.name, _conv(random, shape[0], pooled[0], kernel, stride, padding, groups), delay, pool
    ), shape


def _pool(random: Generator, shape: Shape) -> tuple[int, int]:
    if chance(random, 0.7):
        return 1, 1
    return int(random.integers(1, min(3, shape[1]) + 1)), int(random.integers(1, min(3, shape[2]) + 1))


Pair = tuple[int, int]


def _window(random: Generator, source: Shape) -> tuple[Pair, Pair, Pair]:
    """Kernel, stride and padding that leave at least one output; the kernel may be larger than the source."""
    found = [_window_along(random, length) for length in source[1:]]
    kernel, stride, padding = zip(*found, strict=True)
    return kernel, stride, padding


def _window_along(random: Generator, length: int) -> tuple[int, int, int]:
    while True:
        kernel = int(random.integers(1, 6))
        padding = int(random.integers(0, kernel)) if chance(random, 0.6) else 0
        if kernel <= length + 2 * padding:
            return kernel, int(pick(random, 1, 1, 2, 3)), padding


def _groups(random: Generator, channels: int) -> int:
    divisors = [g for g in range(1, channels + 1) if channels % g == 0]
    return int(pick(random, *divisors)) if chance(random, 0.5) else 1


def _weights(random: Generator, shape: tuple[int, ...]) -> tuple[NDArray[np.int8], int]:
    bits = int(random.integers(2, 9))
    low, high = -(1 << bits - 1), (1 << bits - 1) - 1
    weights = random.integers(low, high, shape, endpoint=True)
    if chance(random, 0.2):
        weights = np.where(random.random(shape) < 0.5, low, high)
    elif chance(random, 0.4):
        weights = weights * (random.random(shape) < 0.4)
    return weights.astype(np.int8), bits


def _linear(random: Generator, neurons: int, source: Shape) -> Linear:
    return Linear(*_weights(random, (neurons, int(np.prod(source)))))


def _conv(
    random: Generator, channels: int, source: int, kernel: Pair, stride: Pair, padding: Pair, groups: int
) -> Conv2d:
    weights, bits = _weights(random, (channels, source // groups, *kernel))
    return Conv2d(weights, bits, stride, padding, groups)


def _decay(random: Generator, legal: bool) -> Decay:
    fraction = int(random.integers(0, 13 if legal else 17))
    numerator = pick(random, 0, 1, 1 << fraction, int(random.integers(0, (1 << fraction) + 1)))
    return Decay(int(numerator), fraction)


def _neurons(random: Generator, channels: int, legal: bool, held: bool) -> Neurons:
    bits = int(pick(random, 2, 4, 8, 10, 12, 16, 20))
    low, high = -(1 << bits - 1), (1 << bits - 1) - 1
    scale = int(pick(random, 3, 20, 300, 2000))
    threshold = random.integers(-scale // 8, scale + 1, channels)
    bias = random.integers(-scale // 10 - 1, scale // 10 + 2, channels) * int(chance(random, 0.6))
    initial = np.clip(random.integers(-scale, scale + 1, channels), low, high) * int(chance(random, 0.5))
    current = _decay(random, legal) if chance(random, 0.3) else None
    if held and (legal or chance(random, 0.5)):
        current = Decay(0, int(pick(random, 0, 0, 3)))
    own = Neurons(
        threshold.astype(np.int64),
        bias.astype(np.int64),
        initial.astype(np.int64),
        pick(random, "soft", "hard"),
        int(pick(random, 0, low, high, int(random.integers(low, high + 1)))),
        _decay(random, legal),
        bits,
        current,
    )
    return _second_contract(random, own, held and legal)


def _second_contract(random: Generator, own: Neurons, keeps: bool) -> Neurons:
    """Often as it is; or with reset amounts, decays per channel, a lower clamp, fraction bits, or several."""
    changes: dict[str, Any] = {}
    if own.reset == "soft" and chance(random, 0.25):
        spread = int(pick(random, 0, 3, 40, 500))
        changes["reset_amount"] = own.threshold + random.integers(-spread, spread + 1, own.channels)
    if chance(random, 0.25):
        changes |= _numerators(random, own.channels, "leak", own.leak.fraction_bits)
    if own.current_leak is not None and not keeps and chance(random, 0.4):
        changes |= _numerators(random, own.channels, "current", own.current_leak.fraction_bits)
    if chance(random, 0.25):
        lowest = int(pick(random, 0, -1, -20, -(1 << own.state_bits - 1)))
        lowest = max(lowest, -(1 << own.state_bits - 1))
        raised = np.maximum(own.initial, lowest)
        changes |= {"lower_clamp": lowest, "initial": raised, "reset_value": max(own.reset_value, lowest)}
    if chance(random, 0.3):
        changes["fraction_bits"] = int(pick(random, 1, 2, 5, 8, 12))
    return replace(own, **changes)


def _numerators(random: Generator, channels: int, of: str, fraction: int) -> dict[str, Any]:
    """A decay for each channel, in place of the one of all."""
    name = "leak" if of == "leak" else "current_leak"
    numerators = random.integers(0, (1 << fraction) + 1, channels)
    return {name: Decay(0, fraction), f"{of}_numerators": numerators.astype(np.int64)}


def _read(random: Generator, layers: list[Layer], steps: int) -> tuple[list[Layer], Readout]:
    """The last layer is read, often one in the middle; a membrane is read of a layer that nobody hears."""
    layer = layers[int(random.integers(len(layers)))] if chance(random, 0.3) else layers[-1]
    heard = {edge.source for other in layers for edge in other.edges}
    kind = pick(random, "membrane", "spike_count", "first_spike")
    if kind == "membrane" and layer.name in heard:
        kind = "spike_count"
    first = int(random.integers(steps)) if kind != "membrane" and chance(random, 0.5) else 0
    if kind == "membrane":
        silent = replace(layer, neurons=replace(layer.neurons, reset="none", reset_amount=None))
        layers = [silent if other is layer else other for other in layers]
    return layers, Readout(layer.name, kind, first)


def _more_edges(
    random: Generator, source: Input, layers: list[Layer], number: int, readout: Readout, legal: bool
) -> Layer:
    """Layer `number` with up to three more edges, forward or recurrent, where one fits its shape."""
    layer = layers[number]
    nodes: list[Input | Layer] = [source, *layers]
    edges = list(layer.edges)
    for _ in range(int(pick(random, 0, 0, 1, 1, 2, 3))):
        at = int(random.integers(len(nodes)))
        node, recurrent = nodes[at], at > number
        decays = layer.neurons.current_leak is None or layer.neurons.current_leak.numerator != 0
        if legal and node is source and source.encoding == "held" and decays:
            continue
        if legal and isinstance(node, Layer) and node.neurons.reset == "none":
            continue
        synapses = _fitting(random, node.shape, layer.shape)
        if synapses is not None:
            longest = 1 if legal and node is source else int(pick(random, 2, 4, 16))
            delay = int(random.integers(int(recurrent), longest))
            edges.append(Edge(node.name, synapses[0], delay, synapses[1]))
    if not legal and chance(random, 0.1):
        edges = [edge for edge in edges if edge.delay > 0] or edges
    return replace(layer, edges=tuple(edges[int(i)] for i in random.permutation(len(edges))))


def _fitting(random: Generator, source: Shape, target: Shape) -> tuple[Linear | Conv2d, Pair] | None:
    """Synapses and a pool that lead from one shape to another, or None where chance finds none."""
    for _ in range(60):
        pool = _pool(random, source)
        pooled = (source[0], source[1] // pool[0], source[2] // pool[1])
        if target[1:] == (1, 1) and chance(random, 0.5):
            return _linear(random, target[0], pooled), pool
        kernel, stride, padding = _window(random, pooled)
        size = tuple(
            (length + 2 * p - k) // s + 1
            for length, p, k, s in zip(pooled[1:], padding, kernel, stride, strict=True)
        )
        groups = _groups(random, int(np.gcd(pooled[0], target[0])))
        if size == target[1:]:
            return _conv(random, target[0], pooled[0], kernel, stride, padding, groups), pool
    return None


def _drop_unread(layers: list[Layer], readout: Readout) -> list[Layer]:
    """Without the layers that nothing reads, which targets refuse."""
    while True:
        heard = {edge.source for layer in layers for edge in layer.edges}
        kept = [layer for layer in layers if layer.name in heard or layer.name == readout.layer]
        if len(kept) == len(layers):
            return layers
        layers = kept


def _samples(random: Generator, source: Input, steps: int) -> NDArray[np.int64]:
    shape = (steps, source.features) if source.encoding == "events" else (source.features,)
    samples = int(random.integers(2, 4))
    x = random.integers(0, source.max_payload, (samples, *shape), endpoint=True)
    if chance(random, 0.5):
        x *= random.random(x.shape) < pick(random, 0.1, 0.5)
    if chance(random, 0.3):
        x[0] = source.max_payload
    return x


def spoiled(seed: int) -> Network:
    """A network with one thing changed, which may or may not break a limit of every network."""
    random = np.random.default_rng([0xBAD, seed])
    network = random_case(seed, legal=False).network
    changed: Network = pick(random, *CHANGES)(random, network)
    return changed


def _layer_changed(random: Generator, network: Network, change: Callable[[Layer], Layer]) -> Network:
    at = int(random.integers(len(network.layers)))
    layers = [change(layer) if n == at else layer for n, layer in enumerate(network.layers)]
    return replace(network, layers=tuple(layers))


def _steps(random: Generator, network: Network) -> Network:
    return replace(network, steps=int(pick(random, 0, 1, 65536, 65537)))


def _input(random: Generator, network: Network) -> Network:
    change = pick(
        random,
        {"max_payload": int(pick(random, 0, 1, 255, 256))},
        {"name": pick(random, "layer0", "layer1", "other")},
        {"shape": pick(random, (0, 1, 1), (1, 257, 1), (1, 1, 256), (4, 4, 4))},
    )
    return replace(network, input=replace(network.input, **change))


def _readout(random: Generator, network: Network) -> Network:
    change = pick(
        random,
        {"layer": pick(random, "input", "layer0", "layer1", "layer9")},
        {"kind": pick(random, "membrane", "spike_count", "first_spike")},
        {"first_step": int(pick(random, -1, 0, 1, network.steps - 1, network.steps))},
    )
    return replace(network, readout=replace(network.readout, **change))


def _population(random: Generator, network: Network) -> Network:
    bits = int(pick(random, 1, 2, 32, 33))
    fraction = int(pick(random, 0, 16, 17, -1))
    numerator = int(pick(random, -1, 0, 1 << max(fraction, 0), (1 << max(fraction, 0)) + 1))
    change = pick(
        random,
        {"reset": pick(random, "none", "soft", "hard")},
        {"state_bits": bits},
        {"reset_value": int(pick(random, -128, 127, 128, -129))},
        {"leak": Decay(numerator, fraction)},
        {"current_leak": Decay(numerator, fraction)},
        {"lower_clamp": int(pick(random, 1, 0, -1, -2, -128, -129))},
        {"fraction_bits": int(pick(random, -1, 0, 12, 13))},
    )
    return _layer_changed(
        random, network, lambda layer: replace(layer, neurons=replace(layer.neurons, **change))
    )


def _per_channel(random: Generator, network: Network) -> Network:
    name = pick(random, "reset_amount", "leak_numerators", "current_numerators")
    spread = int(pick(random, 2, 1 << 16))

    def changed(layer: Layer) -> Layer:
        channels = layer.shape[0] + int(chance(random, 0.2))
        values = random.integers(-int(chance(random, 0.2)), spread, channels)
        change: dict[str, Any] = {name: values}
        return replace(layer, neurons=replace(layer.neurons, **change))

    return _layer_changed(random, network, changed)


def _shape(random: Generator, network: Network) -> Network:
    shape = pick(random, (3, 1, 1), (3, 1, 2), (1, 1, 1), (2, 3, 3))
    return _layer_changed(random, network, lambda layer: replace(layer, shape=shape))


def _name(random: Generator, network: Network) -> Network:
    name = pick(random, "input", "layer0", "layer1")
    return _layer_changed(random, network, lambda layer: replace(layer, name=name))


def _edges(random: Generator, network: Network) -> Network:
    change = pick(
        random,
        {"delay": int(pick(random, -1, 0, 1, 15, 16))},
        {"pool": pick(random, (0, 1), (1, 2), (7, 1), (2, 2))},
        {"source": pick(random, "layer0", "layer1", "layer2", "nobody", "input")},
    )
    if chance(random, 0.1):
        return _layer_changed(random, network, lambda layer: replace(layer, edges=()))
    return _edge_changed(random, network, lambda edge: replace(edge, **change))


def _edge_changed(random: Generator, network: Network, change: Callable[[Edge], Edge]) -> Network:
    def changed(layer: Layer) -> Layer:
        at = int(random.integers(len(layer.edges)))
        return replace(layer, edges=tuple(change(e) if n == at else e for n, e in enumerate(layer.edges)))

    return _layer_changed(random, network, changed)


def _synapses(random: Generator, network: Network) -> Network:
    bits = int(pick(random, 1, 2, 3, 8, 9))
    conv = pick(
        random,
        {"stride": pick(random, (0, 1), (1, 256), (257, 1), (2, 2))},
        {"padding": pick(random, (0, 5), (1, 1), (-1, 0), (2, 0))},
        {"groups": int(pick(random, 0, 1, 2, 3))},
    )

    def changed(edge: Edge) -> Edge:
        if isinstance(edge.synapses, Linear) or chance(random, 0.4):
            return replace(edge, synapses=replace(edge.synapses, weight_bits=bits))
        return replace(edge, synapses=replace(edge.synapses, **conv))

    return _edge_changed(random, network, changed)


CHANGES = (_steps, _input, _readout, _population, _per_channel, _shape, _name, _edges, _synapses)
