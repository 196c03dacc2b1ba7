"""Interval proof of how wide a layer's accumulator gets: per neuron, for every possible input.

The state word holds membrane + current in any order of arrival, so it stays inside
[membrane low + sum of negative contributions, membrane high + sum of positive ones].
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .arithmetic import IntArray, clamp, decay, state_range
from .network import Layer, Network, Neurons

MAX_ITERATIONS = 256
"""Steps followed exactly before falling back to the whole clamp range."""


@dataclass(frozen=True)
class Interval:
    """Smallest and largest value per neuron; arrays of shape (neurons,)."""

    low: IntArray
    high: IntArray

    @property
    def extremes(self) -> tuple[int, int]:
        return int(self.low.min()), int(self.high.max())


def max_payloads(network: Network, layer: Layer) -> IntArray:
    """Largest payload on each axon of the layer's concatenated fan-in: (axons,)."""
    parts = []
    for edge in layer.edges:
        graded = edge.source == network.input.name
        payload = network.input.max_payload if graded else 1
        parts.append(np.full(network.size_of(edge.source), payload, np.int64))
    return np.concatenate(parts)


def fan_in_weights(layer: Layer) -> NDArray[np.int8]:
    """Weights of all edges side by side: (neurons, axons)."""
    return np.concatenate([edge.synapses.weights for edge in layer.edges], axis=1)


def current_bounds(weights: NDArray[np.int8], payloads: IntArray) -> Interval:
    """Bounds of the current of one step, and of every partial sum on the way to it."""
    wide = weights.astype(np.int64)
    return Interval(np.minimum(wide, 0) @ payloads, np.maximum(wide, 0) @ payloads)


def membrane_bounds(neurons: Neurons, current: Interval, steps: int) -> Interval:
    """Bounds of the membrane at the start of any of `steps` steps, by interval iteration."""
    low, high = neurons.initial.copy(), neurons.initial.copy()
    for step in range(steps - 1):
        if step == MAX_ITERATIONS:
            bottom, top = state_range(neurons.state_bits)
            return Interval(np.full_like(low, bottom), np.full_like(high, top))
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
        fired_low, fired_high = np.maximum(low, threshold) - threshold, high - threshold
    else:
        fired_low = fired_high = np.full_like(low, neurons.reset_value)
    rest_high = np.minimum(high, threshold - 1)
    settled_low = np.where(rests, np.where(fires, np.minimum(low, fired_low), low), fired_low)
    settled_high = np.where(rests, np.where(fires, np.maximum(rest_high, fired_high), rest_high), fired_high)
    return Interval(settled_low, settled_high)


def _after_step(neurons: Neurons, low: IntArray, high: IntArray) -> Interval:
    settled = _settled(neurons, low, high)
    bits, leak = neurons.state_bits, neurons.leak
    return Interval(decay(clamp(settled.low, bits), leak), decay(clamp(settled.high, bits), leak))


def state_bounds(neurons: Neurons, current: Interval, steps: int) -> Interval:
    """Bounds of everything the state memory and the sweep's adders hold: before and after bias and reset."""
    membrane = membrane_bounds(neurons, current, steps)
    word = Interval(membrane.low + current.low, membrane.high + current.high)
    integrated = Interval(word.low + neurons.bias, word.high + neurons.bias)
    settled = _settled(neurons, integrated.low, integrated.high)
    lows = [membrane.low, word.low, integrated.low, settled.low]
    highs = [membrane.high, word.high, integrated.high, settled.high]
    return Interval(np.minimum.reduce(lows), np.maximum.reduce(highs))


def bits_needed(low: int, high: int) -> int:
    """Width of the two's-complement number that holds low..high."""
    return 1 + max((-low - 1).bit_length() if low < 0 else 0, high.bit_length() if high > 0 else 0)
