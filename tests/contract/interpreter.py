"""An interpreter of networks written from docs/arithmetic.md and docs/supported.md alone, in plain integers.

It shares no line with the project and was written by someone who had not read its code: where it agrees
with the compiler, the simulator and the RTL, the documents suffice. Nothing here is fast.
NumPy is used only for the random generator that the document names.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from contract.description import (
    Conv2d,
    Decay,
    Edge,
    Input,
    Layer,
    Network,
    Readout,
    Sample,
    Shape,
    pooled,
    shape_of,
    size,
)

Events = dict[int, int]
"""Payload by feature or neuron; no event, no entry."""
Table = dict[int, list[tuple[int, int]]]
"""(neuron, weight) by number in the pooled source."""


@dataclass(frozen=True)
class Run:
    """What one sample does: payloads[t][feature]; the rest by layer, then [t][neuron]."""

    payloads: list[list[int]]
    membranes: dict[str, list[list[int]]]
    spikes: dict[str, list[list[int]]]
    accumulated: dict[str, list[list[int]]]
    outputs: list[int]
    prediction: int


def quantise(values: list[float]) -> list[int]:
    """Features of a file's floats in [0, 1]: Python's round() also takes halves to even."""
    if not all(0.0 <= value <= 1.0 for value in values):
        raise ValueError("floats outside 0 .. 1")
    return [round(255.0 * value) for value in values]


def check_sample(source: Input, steps: int, sample: Sample) -> None:
    """Refuse anything but integers 0 .. M, one per feature (of `events` in each step)."""
    rows = sample if source.encoding == "events" else [sample]
    if len(rows) != (steps if source.encoding == "events" else 1):
        raise ValueError(f"{len(rows)} rows for {steps} steps")
    for row in rows:
        if len(row) != size(source.shape):
            raise ValueError(f"{len(row)} values for {size(source.shape)} features")
        if not all(isinstance(x, int) and 0 <= x <= source.max_payload for x in row):
            raise ValueError(f"values outside 0 .. {source.max_payload}")


def encode(source: Input, steps: int, sample: Sample) -> list[list[int]]:
    """Payload of every feature in every step."""
    check_sample(source, steps, sample)
    largest = source.max_payload
    match source.encoding:
        case "direct":
            return [list(sample) for _ in range(steps)]
        case "held":
            return [list(sample) if t == 0 else [0] * len(sample) for t in range(steps)]
        case "latency":
            when = [steps - 1 - (x - 1) * steps // largest if x else None for x in sample]
            return [[int(t == w) for w in when] for t in range(steps)]
        case "rate":
            seed = np.random.SeedSequence([0x5EED, *sample])
            shape = (steps, len(sample))
            drawn = np.random.Generator(np.random.PCG64(seed)).integers(0, largest, shape, np.int64).tolist()
            return [[int(r < x) for r, x in zip(row, sample, strict=True)] for row in drawn]
        case "events":
            return [list(row) for row in sample]
    raise ValueError(f"no encoding {source.encoding}")


def decayed(x: int, decay: Decay) -> int:
    """decay(x) of the document."""
    return x - ((x * decay.numerator) >> decay.fraction_bits)


def channel_decay(decay: Decay, numerators: list[int] | None, channel: int) -> Decay:
    """The decay of one channel."""
    return decay if numerators is None else Decay(numerators[channel], decay.fraction_bits)


def clamped(x: int, bits: int, lowest: int | None = None) -> int:
    """The only saturation."""
    bottom = -(1 << bits - 1)
    return max(bottom if lowest is None else lowest, min(x, (1 << bits - 1) - 1))


def pool(events: Events, shape: Shape, window: tuple[int, int]) -> Events:
    """Sums over windows whose stride is the window; incomplete windows are dropped."""
    _, height, width = shape
    _, rows, columns = pooled(shape, window)
    sums: Events = defaultdict(int)
    for number, payload in events.items():
        rest, x = divmod(number, width)
        c, y = divmod(rest, height)
        row, column = y // window[0], x // window[1]
        if row < rows and column < columns:
            sums[(c * rows + row) * columns + column] += payload
    return sums


def synapses_of(edge: Edge, source: Shape, target: Shape) -> Table:
    """All synapses of an edge, `source` being the shape after pooling."""
    table: Table = defaultdict(list)
    if isinstance(edge.synapses, Conv2d):
        for neuron, axon, weight in convolution(edge.synapses, source, target):
            table[axon].append((neuron, weight))
    else:
        for neuron, row in enumerate(edge.synapses.weights):
            for axon, weight in enumerate(row):
                table[axon].append((neuron, weight))
    return table


def convolution(conv: Conv2d, source: Shape, target: Shape) -> list[tuple[int, int, int]]:
    """(neuron, axon, weight) wherever the kernel lies on the source and not on the padding."""
    channels, height, width = source
    outputs, rows, columns = target
    found = []
    for o, kernel in enumerate(conv.weights):
        first = o // (outputs // conv.groups) * (channels // conv.groups)
        for j, plane in enumerate(kernel):
            for r, line in enumerate(plane):
                for s, weight in enumerate(line):
                    for y in range(rows):
                        for x in range(columns):
                            v = y * conv.stride[0] + r - conv.padding[0]
                            h = x * conv.stride[1] + s - conv.padding[1]
                            if 0 <= v < height and 0 <= h < width:
                                neuron = (o * rows + y) * columns + x
                                found.append((neuron, ((first + j) * height + v) * width + h, weight))
    return found


class Population:
    """The state of one layer during a sample."""

    def __init__(self, network: Network, layer: Layer) -> None:
        channels, height, width = layer.shape
        self.layer = layer
        self.channel = [c for c in range(channels) for _ in range(height * width)]
        self.membrane = [layer.neurons.initial[c] for c in self.channel]
        self.current = [0] * len(self.channel)
        self.edges = []
        for edge in layer.edges:
            source = shape_of(network, edge.source)
            self.edges.append((edge, source, synapses_of(edge, pooled(source, edge.pool), layer.shape)))

    def step(self, t: int, sent: dict[str, list[Events]]) -> tuple[list[int], list[int]]:
        """Advance one step; the spikes and the `accumulated` words."""
        arrived = [0] * len(self.channel)
        for edge, source, table in self.edges:
            if t < edge.delay:
                continue
            for axon, payload in pool(sent[edge.source][t - edge.delay], source, edge.pool).items():
                for neuron, weight in table[axon]:
                    arrived[neuron] += weight * payload
        both = [self.neuron(n, acc) for n, acc in enumerate(arrived)]
        return [spike for spike, _ in both], [word for _, word in both]

    def neuron(self, n: int, acc: int) -> tuple[int, int]:
        """One time step of one neuron: its spike and its `accumulated` word."""
        own, c = self.layer.neurons, self.channel[n]
        cuba = own.current_leak is not None
        i = acc << own.fraction_bits
        if own.current_leak is not None:
            i += decayed(self.current[n], channel_decay(own.current_leak, own.current_numerators, c))
        self.current[n] = i
        word = i if cuba else self.membrane[n] + i
        u = self.membrane[n] + i + own.bias[c]
        spike = int(own.reset != "none" and u >= own.threshold[c])
        if spike:
            less = own.threshold if own.reset_amount is None else own.reset_amount
            u = u - less[c] if own.reset == "soft" else own.reset_value
        leak = channel_decay(own.leak, own.leak_numerators, c)
        self.membrane[n] = decayed(clamped(u, own.state_bits, own.lower_clamp), leak)
        return spike, word


def read(readout: Readout, steps: int, spikes: list[list[int]], membranes: list[list[int]]) -> list[int]:
    """Outputs of the readout's layer."""
    window = range(readout.first_step, steps)
    match readout.kind:
        case "membrane":
            return list(membranes[-1])
        case "spike_count":
            return [sum(spikes[t][n] for t in window) for n in range(len(spikes[0]))]
        case "first_spike":
            neurons = range(len(spikes[0]))
            return [next((steps - t for t in window if spikes[t][n]), 0) for n in neurons]
    raise ValueError(f"no readout {readout.kind}")


def nonzero(values: list[int]) -> Events:
    """The events among payloads or spikes."""
    return {n: value for n, value in enumerate(values) if value}


def run(network: Network, sample: Sample) -> Run:
    """Everything that one sample does."""
    payloads = encode(network.input, network.steps, sample)
    names = [layer.name for layer in network.layers]
    populations = [Population(network, layer) for layer in network.layers]
    sent: dict[str, list[Events]] = {name: [] for name in names}
    sent[network.input.name] = [nonzero(row) for row in payloads]
    membranes: dict[str, list[list[int]]] = {name: [] for name in names}
    spikes: dict[str, list[list[int]]] = {name: [] for name in names}
    accumulated: dict[str, list[list[int]]] = {name: [] for name in names}
    for t in range(network.steps):
        for name, population in zip(names, populations, strict=True):
            fired, words = population.step(t, sent)
            sent[name].append(nonzero(fired))
            spikes[name].append(fired)
            accumulated[name].append(words)
            membranes[name].append(list(population.membrane))
    layer = network.readout.layer
    outputs = read(network.readout, network.steps, spikes[layer], membranes[layer])
    return Run(payloads, membranes, spikes, accumulated, outputs, outputs.index(max(outputs)))
