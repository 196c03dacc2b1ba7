"""Max pooling of spikes: the layer that computes it."""

import numpy as np

from snnc.compiler.ir.network import Conv2d, Edge, Layer, Shape, conv_shape
from snnc.compiler.ir.neurons import Neurons

STATE_BITS = 10
"""Holds as many spikes as the largest window, 15 x 15, can send at once."""


def max_pool(
    name: str,
    source: str,
    shape: Shape,
    window: tuple[int, int],
    stride: tuple[int, int] | None = None,
    padding: tuple[int, int] = (0, 0),
) -> Layer:
    """The layer `name` that fires where at least one neuron of a window of `source`, of `shape`, fires.

    Exact for binary spikes of any window up to 15 x 15 (height, width), stride (that of the window unless it
    is given) and padding below the window, in the same step. Graded values are not compared: any makes it
    fire. Network.verify refuses other windows.
    """
    channels = shape[0]
    ones = Conv2d(np.ones((channels, 1, *window), np.int8), 2, stride or window, padding, groups=channels)
    zeros = np.zeros(channels, np.int64)
    neurons = Neurons(zeros + 1, zeros, zeros, "hard", state_bits=STATE_BITS)
    return Layer(name, conv_shape(shape, ones), neurons, (Edge(source, ones),))
