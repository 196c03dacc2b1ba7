"""Inputs that aim at trouble: on which a wrong table, a lost event or a sum out of bounds shows.

Silence, everything at once, every feature apart from most others, extremes of the payload, inputs that drive
one neuron as far up or down as its weights allow, and random ones from sparse to dense.
"""

from collections.abc import Iterator
from itertools import chain, cycle, islice
from itertools import count as count_up

import numpy as np
from numpy.typing import NDArray

from snnc.base.blocks import row_blocks
from snnc.compiler.analysis.bounds import state_bounds
from snnc.compiler.analysis.geometry import ungrouped
from snnc.compiler.ir.network import Conv2d, Edge, Layer, Linear, Network, Shape, pooled

Sample = NDArray[np.uint8]
"""(features,), or (steps, features) for `events`."""

DENSITIES = (0.02, 0.1, 0.5, 1.0)
Generator = np.random.Generator


def probing_inputs(network: Network, samples: int, seed: int = 0) -> Sample:
    """Samples of every kind in turn, as `encode_inputs` takes them; equal seeds give equal samples."""
    generator = np.random.default_rng(seed)
    random = _random(network, generator)
    kinds = [
        chain(_whole(network), random),
        _features(network, max(samples // 4, 1), generator),
        _aimed(network),
        random,
    ]
    chosen = islice((next(kind) for kind in cycle(kinds)), samples)
    turns = [number + number // len(kinds) for number in range(samples)]
    return np.stack([_timed(network, values, turn) for turn, values in zip(turns, chosen, strict=True)])


def _timed(network: Network, values: Sample, turn: int) -> Sample:
    """The sample as a spike train where the encoding takes one: in every step, in the last, or in every
    other."""
    if network.input.encoding != "events":
        return values
    train = np.repeat(values[None], network.steps, axis=0)
    if network.steps == 1:
        return train
    if turn % 4 == 2:
        train[:-1] = 0
    elif turn % 4 == 3:
        train[turn // 4 % 2 :: 2] = 0
    return train


def _whole(network: Network) -> list[Sample]:
    """Every feature alike, or at an extreme of the payload."""
    node = network.input
    features, most = np.arange(node.features), node.max_payload
    powers = 1 << features % most.bit_length()
    extremes = np.array([1, most, most - 1, (most + 1) // 2])[features % 4]
    values = [0 * features, 0 * features + most, 0 * features + 1, powers, extremes]
    return [each.astype(np.uint8) for each in values]


def _features(network: Network, parts: int, generator: Generator) -> Iterator[Sample]:
    """Of `parts` samples in a row, each feature at its largest in one: alone, where there are enough."""
    count = network.input.features
    while True:
        part = generator.permutation(count) % min(parts, count)
        for number in range(min(parts, count)):
            yield np.where(part == number, network.input.max_payload, 0).astype(np.uint8)


def _random(network: Network, generator: Generator) -> Iterator[Sample]:
    node = network.input
    for density in cycle(DENSITIES):
        values = generator.integers(1, node.max_payload + 1, node.features)
        yield np.where(generator.random(node.features) < density, values, 0).astype(np.uint8)


def _aimed(network: Network) -> Iterator[Sample]:
    """For every layer, inputs that drive the neuron of the widest bounds up, and down; then others."""
    for layer in network.layers:
        bounds = state_bounds(network, layer)
        yield aimed_input(network, layer, int(bounds.high.argmax()), 1)
        yield aimed_input(network, layer, int(bounds.low.argmin()), -1)
    for turn in count_up():
        for layer in network.layers:
            yield aimed_input(network, layer, turn % layer.shape[0], 1)
            yield aimed_input(network, layer, turn % layer.shape[0], -1)


def aimed_input(network: Network, layer: Layer, channel: int, sign: int) -> Sample:
    """The input that, seen through the weights alone, drives the middle neuron of a channel furthest up
    (`sign` 1) or down (-1)."""
    wish = np.zeros(layer.shape)
    wish[channel, layer.shape[1] // 2, layer.shape[2] // 2] = sign
    wishes = {layer.name: wish}
    for receiver in reversed(network.layers):
        if receiver.name in wishes:
            for edge in receiver.edges:
                if not network.is_recurrent(receiver, edge):
                    source = network.shape_of(edge.source)
                    pull = _pull_back(receiver, edge, source, wishes[receiver.name])
                    wishes[edge.source] = wishes.get(edge.source, np.zeros(source)) + pull
    wanted = wishes.get(network.input.name, np.zeros(network.input.shape)) > 0
    return np.where(wanted.reshape(-1), network.input.max_payload, 0).astype(np.uint8)


def _pull_back(layer: Layer, edge: Edge, source: Shape, wish: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the neurons of the edge's source should do for the wishes of its layer: the edge transposed."""
    arriving = pooled(source, edge.pool)
    if isinstance(edge.synapses, Linear):
        columns = row_blocks(edge.synapses.weights.T)
        pulls = [block.astype(np.float64) @ wish.reshape(-1) for block in columns]
        back = np.concatenate(pulls).reshape(arriving)
    else:
        back = _transposed_convolution(edge.synapses, arriving, wish)
    whole = np.zeros(source)
    high, wide = edge.pool
    windows = back.repeat(high, axis=1).repeat(wide, axis=2)
    whole[:, : windows.shape[1], : windows.shape[2]] = windows
    return whole


def _transposed_convolution(
    synapses: Conv2d, arriving: Shape, wish: NDArray[np.float64]
) -> NDArray[np.float64]:
    weights = ungrouped(synapses, arriving[0]).astype(np.float64)
    (down, along), (high, wide) = synapses.stride, synapses.padding
    padded = np.zeros((arriving[0], arriving[1] + 2 * high, arriving[2] + 2 * wide))
    rows, columns = down * (wish.shape[1] - 1) + 1, along * (wish.shape[2] - 1) + 1
    for y in range(weights.shape[2]):
        for x in range(weights.shape[3]):
            hit = np.tensordot(weights[:, :, y, x], wish, axes=(0, 0))
            padded[:, y : y + rows : down, x : x + columns : along] += hit
    return padded[:, high : high + arriving[1], wide : wide + arriving[2]]


def reference_work(network: Network) -> int:
    """Roughly the operations that the reference interpreter takes for one sample."""
    operations = 0
    for layer in network.layers:
        operations += 20_000 + 20 * layer.count
        for edge in layer.edges:
            size = int(edge.synapses.weights.size)
            pixels = layer.shape[1] * layer.shape[2] if isinstance(edge.synapses, Conv2d) else 1
            operations += size * pixels
    return operations * network.steps
