"""What some of the calibration images decide in a conversion: biases, clipping and the readout's leak."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from snnc.compiler.isa.arithmetic import IntArray
from snnc.training.conversion.float_graph import FoldedNetwork
from snnc.training.model.classifier import SpikingClassifier
from snnc.training.model.config import INPUT

NUMBER = 128
"""Images from which mean activations are taken."""
COMPARED = 64
OTHERS = 256
"""Images whose outputs are compared."""


@dataclass(frozen=True)
class CalibrationSamples:
    """Some of the calibration images, and what the float network makes of them."""

    pixels: NDArray[np.uint8]
    logits: Tensor
    means: dict[str, Tensor]
    """Of the input and of every clipped activation in units of its threshold, (channels, height, width)."""
    others: NDArray[np.uint8] | None = None
    """Images from which second moments are taken, in the input's shape; the compared ones are none of them
    unless there are no more."""


@torch.no_grad()
def observe(
    network: FoldedNetwork, thresholds: dict[str, Tensor], images: NDArray[np.uint8], max_payload: int
) -> CalibrationSamples:
    """Run `network`, with and without clipping at thresholds, on the first of `images`."""
    others = images[COMPARED : COMPARED + OTHERS]
    others, images = others if len(others) >= COMPARED else images[:NUMBER], images[:NUMBER]
    x = torch.from_numpy(images) / max_payload
    means = {INPUT: x.mean(0)}

    def clip(name: str, total: Tensor) -> Tensor:
        limit = thresholds[name].reshape(-1, 1, 1)
        activation = total.clamp(min=0).minimum(limit)
        means[name] = (activation / limit).mean(0)
        return activation

    network.run(x, clip)
    logits = network.run(x[:COMPARED], lambda name, total: total.relu())
    return CalibrationSamples(images[:COMPARED].reshape(len(logits), -1), logits, means, others)


def best_shift(
    model: SpikingClassifier, samples: CalibrationSamples, shifts: Iterable[int]
) -> tuple[float, int]:
    """The shift of the readout's leak, 0 for none, that makes the outputs of `model`, which has none, most
    like the float network's; before it, how alike they are, at most 1."""
    size = model.trace_batch
    parts = [
        model.tally(samples.pixels[start : start + size]).readout.membranes
        for start in range(0, len(samples.pixels), size)
    ]
    currents = np.diff(np.concatenate(parts), axis=1, prepend=0)
    logits = samples.logits.double().numpy()
    found = []
    for shift in shifts:
        membranes = np.zeros_like(currents[:, 0])
        for current in currents.swapaxes(0, 1):
            membranes = membranes + current
            membranes = membranes - (membranes >> shift) if shift else membranes
        found.append((_likeness(membranes, logits), shift))
    return max(found, key=lambda pair: pair[0])


def scaled(model: SpikingClassifier, samples: CalibrationSamples) -> SpikingClassifier:
    """`model`, which says what of the float network an output of 1 stands for: the least squares of all."""
    outputs = final_membranes(model, samples.pixels).astype(np.float64)
    logits = samples.logits.double().numpy()
    product, power = float((outputs * logits).sum()), float((outputs**2).sum())
    if product > 0:
        model.config = replace(model.config, output_scale=product / power)
    return model


def final_membranes(model: SpikingClassifier, x: NDArray[np.uint8]) -> IntArray:
    """Outputs of a model that reads membranes, (samples, neurons)."""
    size = model.trace_batch
    parts = [
        model.tally(x[start : start + size]).readout.membranes[:, -1] for start in range(0, len(x), size)
    ]
    return np.concatenate(parts)


def usual_shifts(steps: int) -> tuple[int, ...]:
    """From no leak to a time constant of a quarter of the steps."""
    return (0, *range(steps.bit_length() - 1, 0, -1)[:3])


def _likeness(outputs: NDArray[Any], logits: NDArray[Any]) -> float:
    """Mean correlation of each sample's outputs with its logits: scale and offset decide no class."""
    centred = [values - values.mean(1, keepdims=True) for values in (outputs, logits)]
    norms = [np.linalg.norm(values, axis=1) for values in centred]
    products = (centred[0] * centred[1]).sum(1)
    return float((products / np.maximum(norms[0] * norms[1], 1e-30)).mean())
