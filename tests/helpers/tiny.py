"""A tiny network that has a convolution, spikes between cores and a membrane readout; and inputs for it."""

import numpy as np

from snnc.compiler.ir.network import Conv2d, Edge, Input, Layer, Linear, Network, Neurons, Readout
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.isa.arithmetic import Decay, IntArray
from snnc.compiler.pipeline import compile_network
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.targets import Target

SAMPLES = 3


def tiny_network() -> Network:
    """1 x 6 x 6 graded pixels -> 4 channels of 3 x 3 -> 3 membranes, 2 steps."""
    rng = np.random.default_rng(5)
    hidden = Neurons(
        threshold=np.array([5, 9, 4, 7]),
        bias=np.array([1, 0, -1, 2]),
        initial=np.array([0, 2, 0, 1]),
        reset="soft",
        leak=Decay(1, 2),
    )
    zero = np.zeros(3, np.int64)
    kernel = rng.integers(-7, 8, (4, 1, 3, 3)).astype(np.int8)
    full = rng.integers(-7, 8, (3, 36)).astype(np.int8)
    return Network(
        name="tiny",
        steps=2,
        input=Input("input", (1, 6, 6), max_payload=3),
        layers=(
            Layer("hidden", (4, 3, 3), hidden, (Edge("input", Conv2d(kernel, 4, (2, 2), (1, 1))),)),
            Layer(
                "readout", (3, 1, 1), Neurons(zero, zero, zero, "none"), (Edge("hidden", Linear(full, 4)),)
            ),
        ),
        readout=Readout("readout", "membrane"),
    )


def tiny_program(target: Target) -> TiledProgram:
    """The tiny network tiled for `target`, a core per layer."""
    return compile_network(tiny_network(), target, spread=False).tiled


def tiny_payloads() -> IntArray:
    """(samples, steps, features), one sample without any event."""
    pixels = np.random.default_rng(6).integers(0, 4, (SAMPLES, 36), np.uint8)
    pixels[1] = 0
    return encode_inputs(tiny_network().input, tiny_network().steps, pixels)
