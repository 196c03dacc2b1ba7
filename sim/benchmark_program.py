"""The benchmark's network, built by hand: 784-512-256-10 in 4-bit weights, one core per layer in a row."""

import numpy as np
from numpy.typing import NDArray

from ..compiler.arithmetic import Decay, IntArray
from ..compiler.network import Input, Readout
from ..compiler.program import HOST, Address, Core, Destination, InputRoute, TiledProgram
from ..compiler.targets import Target, load_target

SIZES = (784, 512, 256, 10)
THRESHOLDS = (59, 72, 45)
"""Tuned so that the hidden layers fire about 4850 and 2420 spikes in 100 steps."""
INPUT_RATE = 0.1


def benchmark_program(steps: int = 100, seed: int = 0) -> TiledProgram:
    """Soft-reset integrate-and-fire layers with random weights in -7..7, spikes counted by the host."""
    target = load_target("mesh16")
    generator = np.random.default_rng(seed)
    cores = tuple(_core(target, generator, layer) for layer in range(len(SIZES) - 1))
    program = TiledProgram(
        name="dense-784-512-256-10",
        target=target,
        steps=steps,
        input=Input("input", SIZES[0], "events", 1),
        input_routes=(InputRoute(Address(0, 0), 0, SIZES[0], 0),),
        cores=cores,
        readout=Readout("layer3", "spike_count"),
        outputs=SIZES[-1],
        weight_bits=4,
    )
    program.verify()
    return program


def benchmark_payloads(samples: int, steps: int = 100, seed: int = 1) -> IntArray:
    """Bernoulli spikes of payload 1: (samples, steps, features) int64."""
    generator = np.random.default_rng(seed)
    return (generator.random((samples, steps, SIZES[0])) < INPUT_RATE).astype(np.int64)


def _core(target: Target, generator: np.random.Generator, layer: int) -> Core:
    fan_in, neurons = SIZES[layer], SIZES[layer + 1]
    weights: NDArray[np.int8] = generator.integers(-7, 8, (fan_in, neurons)).astype(np.int8)
    last = layer == len(SIZES) - 2
    to = Address(layer, 0, host=True) if last else Address(layer + 1, 0)
    words = -(-neurons // target.lanes)
    bound = 1 << (target.state_bits - 1)
    return Core(
        at=Address(layer, 0),
        layer=f"layer{layer + 1}",
        first_neuron=0,
        first_axon=0,
        weights=weights,
        weight_bits=4,
        threshold=np.full(neurons, THRESHOLDS[layer], np.int64),
        bias=np.zeros(neurons, np.int64),
        initial=np.zeros(neurons, np.int64),
        reset="soft",
        reset_value=0,
        leak=Decay(),
        state_bits=16,
        emission="spikes",
        sources=(HOST if layer == 0 else Address(layer - 1, 0),),
        destinations=(Destination(to, 0, 0, words, sends_end=True),),
        accumulator=(-bound, bound - 1),
    )
