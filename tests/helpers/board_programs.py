"""Programs of one small board, their inputs, and the bridge before it: what tests of the host share."""

import numpy as np
from builders import target

from snnc.compiler.ir.network import Edge, Input, Layer, Linear, Network, Neurons, Readout, ReadoutKind
from snnc.compiler.isa.arithmetic import NO_LEAK, Decay, IntArray, ResetMode
from snnc.compiler.pipeline import Compilation, compile_network
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.rtl.host.software_board import BridgeParameters

HARDWARE = target(width=2, height=1, weight_bits=4, neurons=64, delay_slots=1)
BRIDGE = BridgeParameters(input_depth=128, output_depth=32)
STEPS = 3


def network(
    seed: int, features: int, hidden: int, outputs: int, readout: ReadoutKind = "membrane", lowest: int = 5
) -> Network:
    """Input -> leaky hidden layer -> readout, with random weights."""
    rng = np.random.default_rng(seed)

    def layer(name: str, source: str, inputs: int, count: int, reset: ResetMode) -> Layer:
        population = Neurons(
            threshold=rng.integers(lowest, 15, count),
            bias=rng.integers(-2, 3, count),
            initial=rng.integers(-3, 4, count),
            reset=reset,
            leak=Decay(1, 2) if reset == "soft" else NO_LEAK,
            state_bits=12,
        )
        weights = rng.integers(-8, 8, (count, inputs)).astype(np.int8)
        return Layer(name, (count, 1, 1), population, (Edge(source, Linear(weights, 4)),))

    last = layer("readout", "hidden", hidden, outputs, "none" if readout == "membrane" else "soft")
    first = layer("hidden", "input", features, hidden, "soft")
    node = Input("input", (features, 1, 1), "direct", 3)
    return Network("random", STEPS, node, (first, last), Readout("readout", readout))


SMALL = compile_network(network(1, 20, 24, 5), HARDWARE)
OTHER = compile_network(network(2, 12, 9, 7, "spike_count"), HARDWARE)
LONG = compile_network(network(4, 180, 10, 3), HARDWARE)
CHATTY = compile_network(network(3, 20, 24, 60, "spike_count", -15), HARDWARE)


def payloads(compilation: Compilation, samples: int, seed: int = 1) -> IntArray:
    """Graded inputs of some samples, (samples, steps, features)."""
    node = compilation.network.input
    values = np.random.default_rng(seed).integers(0, 4, (samples, node.features)).astype(np.uint8)
    return encode_inputs(node, STEPS, values)
