"""Max pooling of spikes: the layer that computes it."""

import numpy as np

from snnc.base.errors import require
from snnc.compiler.ir.network import Conv2d, Edge, Layer, Shape, conv_shape
from snnc.compiler.ir.neurons import Neurons

LARGEST_WINDOW = 15
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
    fire. Raises VerificationError for another window, padding or stride, or one that leaves no pixel.
    """
    channels, steps = shape[0], stride or window
    within = all(1 <= side <= LARGEST_WINDOW for side in window)
    require(within, name, f"window must be 1..{LARGEST_WINDOW}, not {window}")
    below = all(0 <= pad < side for pad, side in zip(padding, window, strict=True))
    require(below, name, f"padding must be 0 and less than the window {window}, not {padding}")
    require(min(steps) >= 1, name, f"stride must be positive, not {steps}")
    ones = Conv2d(np.ones((channels, 1, *window), np.int8), 2, steps, padding, groups=channels)
    pooled = conv_shape(shape, ones)
    require(min(pooled) >= 1, name, f"a window of {window} does not fit into {source!r} {shape}")
    zeros = np.zeros(channels, np.int64)
    neurons = Neurons(zeros + 1, zeros, zeros, "hard", state_bits=STATE_BITS)
    return Layer(name, pooled, neurons, (Edge(source, ones),))
