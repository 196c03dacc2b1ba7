"""Max pooling: an OR where spikes arrive; elsewhere max(a, b) = relu(a - b) + b, unit by unit."""

from typing import TYPE_CHECKING

import numpy as np

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends.float_graph import FloatNeurons, Rectifier
from snnc.compiler.frontends.synapses import convolution
from snnc.compiler.frontends.values import Value, add, convolve, scale

if TYPE_CHECKING:
    from snnc.training.frontends.trace import Trace

Pair = tuple[int, int]
UNITS = Rectifier()


def is_spikes(trace: "Trace", value: Value) -> bool:
    """Whether a value is sums of spikes of one population, which are 0 or more."""
    return _emitted_by(trace, value, FloatNeurons)


def _emitted_by(trace: "Trace", value: Value, kind: type) -> bool:
    neurons = {one.name: one.neurons for one in trace.scratch.populations}
    for part in value.parts:
        for term in part.terms:
            own = neurons.get(term.source)
            if not isinstance(own, kind) or term.synapses is not None or bool((term.gain < 0).any()):
                return False
        if part.bias.any():
            return False
    return True


def of_windows(trace: "Trace", value: Value, window: Pair, stride: Pair, padding: Pair) -> Value:
    """The largest of every window."""
    sides = ((padding[0], padding[0]), (padding[1], padding[1]))
    if is_spikes(trace, value):
        return trace.largest(value, window, stride, sides)
    if any(isinstance(site.neurons, FloatNeurons) for site in trace.sites):
        raise UnsupportedModel(
            "max pooling is exact on spikes alone, and these values are none",
            hint="pool after the neurons instead of before them, or train with average pooling",
        )
    positive = _emitted_by(trace, value, Rectifier)
    if padding != (0, 0) and not positive:
        raise UnsupportedModel("a max pool with padding follows values below 0", hint="put a ReLU before it")
    picked = [_pick(value, window, place, stride, sides) for place in np.ndindex(*window)]
    while len(picked) > 1:
        pairs = zip(picked[::2], picked[1::2], strict=False)
        picked = [_larger(trace, a, b) for a, b in pairs] + picked[len(picked) - len(picked) % 2 :]
    # What is 0 or more passes a rectifier unchanged, and layers with padding can follow that.
    return trace.rectify(picked[0], UNITS) if positive else picked[0]


def _pick(
    value: Value, window: Pair, place: tuple[int, ...], stride: Pair, sides: tuple[Pair, Pair]
) -> Value:
    """One pixel of every window."""
    channels = value.shape[0]
    kernel = np.zeros((channels, 1, *window))
    kernel[:, 0, place[0], place[1]] = 1
    return convolve(value, convolution(kernel, stride=stride, padding=sides, groups=channels))


def _larger(trace: "Trace", one: Value, other: Value) -> Value:
    return add(trace.rectify(add(one, scale(other, np.array(-1.0))), UNITS), other)
