"""Interval proof of how wide a layer's accumulator gets: per channel, for every possible input.

The state word holds membrane + current in any order of arrival, so it stays inside
[membrane low + sum of negative contributions, membrane high + sum of positive ones].
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnc.base.blocks import row_blocks
from snnc.compiler.ir.network import MAX_STEPS, Layer, Network, Neurons
from snnc.compiler.isa.arithmetic import IntArray, clamp, decay, state_range

GRADED = ("direct", "held", "events")
"""Input encodings whose events carry the value itself."""
MAX_ITERATIONS = 256
"""Steps followed exactly before falling back to the whole clamp range."""


@dataclass(frozen=True)
class Interval:
    """Smallest and largest value per channel; arrays of shape (channels,)."""

    low: IntArray
    high: IntArray

    @property
    def extremes(self) -> tuple[int, int]:
        return int(self.low.min()), int(self.high.max())


def current_bounds(network: Network, layer: Layer) -> Interval:
    """Bounds per channel of the current that arrives in one step, and of every partial sum on the way to it.

    A source neuron sends one event per step and edge at most; pooling lets a whole window reach one synapse.
    """
    low = np.zeros(layer.shape[0], np.int64)
    high = np.zeros(layer.shape[0], np.int64)
    for edge in layer.edges:
        graded = edge.source == network.input.name and network.input.encoding in GRADED
        payload = (network.input.max_payload if graded else 1) * edge.pool[0] * edge.pool[1]
        weights = edge.synapses.weights.reshape(layer.shape[0], -1)
        low += _sums(weights, np.minimum) * payload
        high += _sums(weights, np.maximum) * payload
    return Interval(low << layer.neurons.fraction_bits, high << layer.neurons.fraction_bits)


def _sums(weights: NDArray[np.int8], part: np.ufunc) -> IntArray:
    """Sum of the negative (np.minimum) or positive part of each row, without a wide copy of all weights."""
    return np.concatenate([part(block, 0).sum(axis=1, dtype=np.int64) for block in row_blocks(weights)])


def synaptic_bounds(network: Network, layer: Layer, arriving: Interval) -> Interval:
    """Bounds of the current that enters the membrane: what arrives and what is left of earlier steps
    (CUBA)."""
    leak, numerators = layer.neurons.current_leak, layer.neurons.current_numerators
    if leak is None:
        return arriving
    low, high = arriving.low, arriving.high
    held = network.input.encoding == "held" and all(e.source == network.input.name for e in layer.edges)
    for _ in range(0 if held else min(network.steps - 1, MAX_STEPS)):
        next_low = decay(low, leak, numerators) + arriving.low
        next_high = decay(high, leak, numerators) + arriving.high
        if np.array_equal(next_low, low) and np.array_equal(next_high, high):
            break
        low, high = np.minimum(low, next_low), np.maximum(high, next_high)
    return Interval(low, high)


def membrane_bounds(neurons: Neurons, current: Interval, steps: int) -> Interval:
    """Bounds of the membrane at the start of any of `steps` steps, by interval iteration."""
    low, high = neurons.initial.copy(), neurons.initial.copy()
    for step in range(steps - 1):
        if step == MAX_ITERATIONS:
            top = state_range(neurons.state_bits)[1]
            return Interval(np.full_like(low, neurons.lowest), np.full_like(high, top))
        after = _after_step(neurons, low + current.low + neurons.bias, high + current.high + neurons.bias)
        next_low, next_high = np.minimum(low, after.low), np.maximum(high, after.high)
        if np.array_equal(next_low, low) and np.array_equal(next_high, high):
            break
        low, high = next_low, next_high
    return Interval(low, high)


def _settled(neurons: Neurons, low: IntArray, high: IntArray) -> Interval:
    """Bounds after the reset, where low..high bound membrane + current + bias."""
    threshold = neurons.threshold
    if neurons.reset == "none":
        return Interval(low, high)
    fires, rests = high >= threshold, low < threshold
    if neurons.reset == "soft":
        amount = neurons.reset_amounts
        fired_low, fired_high = np.maximum(low, threshold) - amount, high - amount
    else:
        fired_low = fired_high = np.full_like(low, neurons.reset_value)
    rest_high = np.minimum(high, threshold - 1)
    settled_low = np.where(rests, np.where(fires, np.minimum(low, fired_low), low), fired_low)
    settled_high = np.where(rests, np.where(fires, np.maximum(rest_high, fired_high), rest_high), fired_high)
    return Interval(settled_low, settled_high)


def _after_step(neurons: Neurons, low: IntArray, high: IntArray) -> Interval:
    settled = _settled(neurons, low, high)
    ends = (clamp(end, neurons.state_bits, neurons.lower_clamp) for end in (settled.low, settled.high))
    return Interval(*(decay(end, neurons.leak, neurons.leak_numerators) for end in ends))


def state_bounds(network: Network, layer: Layer) -> Interval:
    """Bounds of everything the state and membrane memories and the sweep's adders hold, per channel."""
    neurons = layer.neurons
    arriving = current_bounds(network, layer)
    current = synaptic_bounds(network, layer, arriving)
    membrane = membrane_bounds(neurons, current, network.steps)
    word = Interval(membrane.low + current.low, membrane.high + current.high)
    integrated = Interval(word.low + neurons.bias, word.high + neurons.bias)
    settled = _settled(neurons, integrated.low, integrated.high)
    parts = [membrane, current, word, integrated, settled]
    return Interval(
        np.minimum.reduce([part.low for part in parts]), np.maximum.reduce([part.high for part in parts])
    )


def bits_needed(low: int, high: int) -> int:
    """Width of the two's-complement number that holds low..high."""
    return 1 + max((-low - 1).bit_length() if low < 0 else 0, high.bit_length() if high > 0 else 0)
