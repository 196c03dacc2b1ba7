"""The networks that are measured: random 4-bit weights and soft resets, of every kind of layer."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from snnc.compiler.ir.network import Conv2d, Edge, Input, Layer, Linear, Network, Neurons, Readout, Shape
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.pipeline import run_passes, standard_passes
from snnc.compiler.targets import Target, load_target

INPUT_RATE = 0.1
WEIGHT_DEVIATION = 4.3
"""Of weights drawn evenly from -7..7."""


@dataclass(frozen=True)
class Subject:
    """A network, compiled, and what it is fed."""

    network: Network
    program: TiledProgram
    payloads: IntArray
    """(samples, steps, features), spikes of payload 1."""

    @property
    def name(self) -> str:
        """What it is called in tables."""
        return self.network.name


def dense() -> Network:
    """784-512-256-10, 100 steps: the hidden layers fire about 4850 and 2420 spikes."""
    return chain("dense", (784, 512, 256, 10), (59, 72, 45), 100)


def convolutional() -> Network:
    """16 channels of 5 x 5 in full resolution, 32 of 3 x 3 in half of it, 10 classes; 100 steps."""
    draw = np.random.default_rng(0)
    first = Conv2d(weights(draw, (16, 1, 5, 5)), 4, padding=(2, 2))
    second = Conv2d(weights(draw, (32, 16, 3, 3)), 4, stride=(2, 2), padding=(1, 1))
    return _network(
        "conv",
        (1, 28, 28),
        100,
        population("a", (16, 28, 28), 30, Edge("input", first)),
        population("b", (32, 14, 14), 40, Edge("a", second)),
        population("out", (10, 1, 1), 90, Edge("b", Linear(weights(draw, (10, 32 * 14 * 14)), 4))),
    )


def residual() -> Network:
    """A convolution, and two more that the first one skips to the end of; 20 steps."""
    draw = np.random.default_rng(0)
    first = Conv2d(weights(draw, (16, 1, 3, 3)), 4, padding=(1, 1))
    inner, outer = (Conv2d(weights(draw, (16, 16, 3, 3)), 4, padding=(1, 1)) for _ in range(2))
    skip = Conv2d(weights(draw, (16, 16, 1, 1)), 4)
    return _network(
        "residual",
        (1, 28, 28),
        20,
        population("a", (16, 28, 28), 12, Edge("input", first)),
        population("b", (16, 28, 28), 40, Edge("a", inner)),
        population("c", (16, 28, 28), 60, Edge("b", outer), Edge("a", skip)),
        population("out", (10, 1, 1), 90, Edge("c", Linear(weights(draw, (10, 16 * 28 * 28)), 4))),
    )


def recurrent() -> Network:
    """784-256-10 whose hidden neurons hear each other a step later; 100 steps."""
    draw = np.random.default_rng(0)
    forward, back = Linear(weights(draw, (256, 784)), 4), Linear(weights(draw, (256, 256)), 4)
    return _network(
        "recurrent",
        (784, 1, 1),
        100,
        population("a", (256, 1, 1), 90, Edge("input", forward), Edge("a", back, delay=1)),
        population("out", (10, 1, 1), 60, Edge("a", Linear(weights(draw, (10, 256)), 4))),
    )


def wide() -> Network:
    """Ten dense layers of 1024 neurons, on cores of 64: 161 cores that multicast to 16 each; 20 steps."""
    sizes = (256, *[1024] * 10, 10)
    thresholds = tuple(int(2 * WEIGHT_DEVIATION * (axons * INPUT_RATE) ** 0.5) for axons in sizes[:-1])
    return chain("mesh", sizes, thresholds, 20)


def small_target() -> Target:
    """mesh16 with cores of 64 neurons, so that a layer is spread over many."""
    return replace(load_target("mesh16"), neurons=64, parameter_words=4)


NETWORKS: dict[str, tuple[Callable[[], Network], Callable[[], Target]]] = {
    "dense": (dense, lambda: load_target("mesh16")),
    "conv": (convolutional, lambda: load_target("mesh16")),
    "residual": (residual, lambda: load_target("mesh16")),
    "recurrent": (recurrent, lambda: load_target("mesh16")),
    "mesh": (wide, small_target),
}


def subject(name: str, samples: int) -> Subject:
    """One of `NETWORKS`, with Bernoulli spikes."""
    make, target = NETWORKS[name]
    network = make()
    return Subject(network, compiled(network, target()), spikes(network, samples, INPUT_RATE))


def compiled(network: Network, target: Target) -> TiledProgram:
    """On as few cores as it fits; without the bits, which no simulation reads."""
    levels = run_passes(network, standard_passes(target, spread=False)[:-1])
    assert isinstance(levels[-1], TiledProgram)
    return levels[-1]


def spikes(network: Network, samples: int, rate: float, seed: int = 1) -> IntArray:
    """Bernoulli spikes of payload 1: (samples, steps, features) int64."""
    draw = np.random.default_rng(seed).random((samples, network.steps, network.input.features))
    return (draw < rate).astype(np.int64)


def chain(name: str, sizes: tuple[int, ...], thresholds: tuple[int, ...], steps: int) -> Network:
    """Fully connected layers, the input's size first."""
    draw = np.random.default_rng(0)
    names = ["input", *(f"layer{number}" for number in range(1, len(sizes)))]
    layers = [
        population(
            names[place],
            (sizes[place], 1, 1),
            thresholds[place - 1],
            Edge(names[place - 1], Linear(weights(draw, (sizes[place - 1], sizes[place])).T, 4)),
        )
        for place in range(1, len(sizes))
    ]
    return _network(name, (sizes[0], 1, 1), steps, *layers)


def population(name: str, shape: Shape, threshold: int, *edges: Edge) -> Layer:
    """Integrate-and-fire neurons with a soft reset."""
    zeros = np.zeros(shape[0], np.int64)
    return Layer(name, shape, Neurons(np.full(shape[0], threshold), zeros, zeros, "soft"), edges)


def weights(draw: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.int8]:
    """Evenly from -7..7."""
    return draw.integers(-7, 8, shape).astype(np.int8)


def _network(name: str, shape: Shape, steps: int, *layers: Layer) -> Network:
    return Network(
        name, steps, Input("input", shape, "events", 1), layers, Readout(layers[-1].name, "spike_count")
    )
