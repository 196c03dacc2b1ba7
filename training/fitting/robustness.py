"""How well a trained network withstands noise: in its inputs, in its stored weights, on its wires."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from snnc.training.data.datasets import Samples
from snnc.training.fitting.measure import measure
from snnc.training.fitting.teacher import analog_accuracy
from snnc.training.model.analog import AnalogClassifier
from snnc.training.model.classifier import SpikingClassifier
from snnc.training.model.faults import Disturbance

NoiseKind = Literal["gaussian", "salt_and_pepper", "bit_flips", "dropped_spikes"]

LEVELS: dict[NoiseKind, tuple[float, ...]] = {
    "gaussian": (0.0, 0.05, 0.1, 0.2, 0.3),
    "salt_and_pepper": (0.0, 0.01, 0.05, 0.1, 0.2),
    "bit_flips": (0.0, 0.001, 0.003, 0.01, 0.03),
    "dropped_spikes": (0.0, 0.05, 0.1, 0.2, 0.4),
}
"""Standard deviation relative to the largest input; probability per pixel, per weight bit, per spike."""


def noisy_accuracy(
    network: SpikingClassifier | AnalogClassifier,
    samples: Samples,
    kind: NoiseKind,
    level: float,
    seed: int = 0,
) -> float:
    """Part of the `samples` whose class is right under noise; of a network without spikes, activations drop.

    Noise in weights and spikes is drawn anew for each batch. Raises ValueError for flips in float weights.
    """
    random = np.random.default_rng(seed)
    largest = network.config.max_payload
    generator = torch.Generator().manual_seed(seed)
    disturbance = Disturbance(generator)
    if kind == "gaussian":
        samples = replace(samples, x=gaussian(samples.x, level, largest, random))
    elif kind == "salt_and_pepper":
        samples = replace(samples, x=salt_and_pepper(samples.x, level, largest, random))
    elif kind == "bit_flips":
        disturbance = Disturbance(generator, flip=level)
    else:
        disturbance = Disturbance(generator, drop=level)
    with disturbed(network, disturbance):
        if isinstance(network, AnalogClassifier):
            return analog_accuracy(network, samples)
        return measure(network, samples).accuracy


def gaussian(
    x: NDArray[np.uint8], deviation: float, largest: int, random: np.random.Generator
) -> NDArray[np.uint8]:
    """Integers 0..largest plus normal noise of `deviation` times `largest`, rounded and limited."""
    noisy = x + random.normal(0, deviation * largest, x.shape)
    return np.clip(np.rint(noisy), 0, largest).astype(np.uint8)


def salt_and_pepper(
    x: NDArray[np.uint8], part: float, largest: int, random: np.random.Generator
) -> NDArray[np.uint8]:
    """Values replaced with probability `part`, by 0 or `largest` equally often."""
    hit, white = random.random(x.shape) < part, random.random(x.shape) < 0.5
    return np.where(hit, np.where(white, largest, 0), x).astype(np.uint8)


@contextmanager
def disturbed(network: SpikingClassifier | AnalogClassifier, disturbance: Disturbance) -> Iterator[None]:
    """Inside, all layers of `network` compute under `disturbance`."""
    layers = network.stack
    for layer in layers:
        layer.disturbance = disturbance
    try:
        yield
    finally:
        for layer in layers:
            layer.disturbance = None
