"""Max pooling where no spikes arrive: max(a, b) = relu(a - b) + b, unit by unit."""

from collections.abc import Callable, Sequence

import numpy as np

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends.float_graph import FloatNeurons, Population, Rectifier
from snnc.compiler.frontends.synapses import convolution
from snnc.compiler.frontends.values import Value, add, convolve, require_windows, scale

Pair = tuple[int, int]


def emitted_by(populations: Sequence[Population], value: Value, kind: type[FloatNeurons | Rectifier]) -> bool:
    """Whether a value is what populations with neurons of a kind emit, or sums of that, and so 0 or more."""
    neurons = {one.name: one.neurons for one in populations}
    for part in value.parts:
        for term in part.terms:
            own = neurons.get(term.source)
            if not isinstance(own, kind) or term.synapses is not None or bool((term.gain < 0).any()):
                return False
        if part.bias.any():
            return False
    return True


def largest_of_windows(
    rectify: Callable[[Value], Value],
    value: Value,
    window: Pair,
    stride: Pair,
    padding: tuple[Pair, Pair],
    *,
    positive: bool,
) -> Value:
    """The largest value of every window, from what `rectify` makes of differences.

    `positive` says that all values are 0 or more: then padding changes nothing, and the result is what
    rectifiers emit, which layers with padding can follow. Raises UnsupportedModel for padding elsewhere.
    """
    require_windows(value.shape, window, stride, padding)
    if np.any(padding) and not positive:
        raise UnsupportedModel("a max pool with padding follows values below 0", hint="put a ReLU before it")
    picked = [_pick(value, window, place, stride, padding) for place in np.ndindex(*window)]
    largest = _largest(rectify, picked, 3)
    return rectify(largest) if positive else largest


def _largest(rectify: Callable[[Value], Value], picked: Sequence[Value], most: int) -> Value:
    """The largest of `picked` as a sum of `most` terms at most, 2 or 3, all differences having four at most,
    which is how many edges a layer may have.

    What is picked of one source merges into one term: the difference of values of m and n terms has
    m + n - 1, and the larger of the two, relu(one - other) + other, one more than the other.
    """
    if len(picked) == 1:
        return picked[0]
    half = len(picked) - 1 if most == 2 else (len(picked) + 1) // 2
    one, other = _largest(rectify, picked[:half], 3), _largest(rectify, picked[half:], 2)
    return add(rectify(add(one, scale(other, np.array(-1.0)))), other)


def _pick(
    value: Value, window: Pair, place: tuple[int, ...], stride: Pair, padding: tuple[Pair, Pair]
) -> Value:
    """One pixel of every window."""
    channels = value.shape[0]
    kernel = np.zeros((channels, 1, *window))
    kernel[:, 0, place[0], place[1]] = 1
    return convolve(value, convolution(kernel, stride=stride, padding=padding, groups=channels))
