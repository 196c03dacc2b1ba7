"""The benchmark's networks in 4-bit weights: dense 784-512-256-10, and a convolution of 28 x 28 images."""

import numpy as np
from numpy.typing import NDArray

from snnc.compiler.ir.network import Conv2d, Edge, Input, Layer, Linear, Network, Neurons, Readout, Shape
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.pipeline import Compilation, run_passes, standard_passes
from snnc.compiler.targets import load_target

SIZES = (784, 512, 256, 10)
THRESHOLDS = (59, 72, 45)
"""Tuned so that the hidden layers fire about 4850 and 2420 spikes in 100 steps."""
INPUT_RATE = 0.1
STEPS = 100


def dense_program(seed: int = 0) -> TiledProgram:
    """Soft-reset integrate-and-fire layers with random weights in -7..7, spikes counted by the host."""
    generator = np.random.default_rng(seed)
    layers = []
    for number, count in enumerate(SIZES[1:]):
        weights = _weights(generator, (SIZES[number], count)).T
        layers.append(_layer(number, (count, 1, 1), THRESHOLDS[number], Linear(weights, 4)))
    return _compile("dense-784-512-256-10", (SIZES[0], 1, 1), layers)


def convolutional_program(seed: int = 0) -> TiledProgram:
    """16 channels of 5 x 5 in full resolution, 32 of 3 x 3 in half of it, 10 classes."""
    generator = np.random.default_rng(seed)
    first = Conv2d(_weights(generator, (16, 1, 5, 5)), 4, padding=(2, 2))
    second = Conv2d(_weights(generator, (32, 16, 3, 3)), 4, stride=(2, 2), padding=(1, 1))
    last = Linear(_weights(generator, (10, 32 * 14 * 14)), 4)
    layers = [
        _layer(0, (16, 28, 28), 30, first),
        _layer(1, (32, 14, 14), 40, second),
        _layer(2, (10, 1, 1), 90, last),
    ]
    return _compile("conv-28x28-16c5-32c3s2-10", (1, 28, 28), layers)


def benchmark_payloads(samples: int, seed: int = 1) -> IntArray:
    """Bernoulli spikes of payload 1: (samples, steps, features) int64."""
    generator = np.random.default_rng(seed)
    return (generator.random((samples, STEPS, SIZES[0])) < INPUT_RATE).astype(np.int64)


def _weights(generator: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.int8]:
    return generator.integers(-7, 8, shape).astype(np.int8)


def _layer(number: int, shape: Shape, threshold: int, synapses: Linear | Conv2d) -> Layer:
    zeros = np.zeros(shape[0], np.int64)
    neurons = Neurons(np.full(shape[0], threshold), zeros, zeros, "soft")
    source = f"layer{number}" if number else "input"
    return Layer(f"layer{number + 1}", shape, neurons, (Edge(source, synapses),))


def _compile(name: str, shape: Shape, layers: list[Layer]) -> TiledProgram:
    readout = Readout(layers[-1].name, "spike_count")
    network = Network(name, STEPS, Input("input", shape, "events", 1), tuple(layers), readout)
    levels = run_passes(network, standard_passes(load_target("mesh16"), spread=False))
    return Compilation.of(levels).tiled
