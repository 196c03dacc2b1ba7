"""Thresholds for a trained float network from calibration images alone: local threshold balancing."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from snnc.training.conversion.float_graph import FoldedNetwork

STEP = 1.0
"""Step size eta of the balancing, on the gradient of the squared error, as in the paper's code."""
SMALLEST = 0.01
"""Part of a layer's largest threshold that every channel gets at least: one that never saw a positive
activation would divide by zero."""


def balance(
    network: FoldedNetwork,
    images: Tensor,
    *,
    iterations: Sequence[int],
    batch: int,
    seed: int,
    progress: Callable[[int], None] = lambda done: None,
) -> list[dict[str, Tensor]]:
    """Threshold of every channel of every hidden layer, (channels,) by layer, after each of `iterations`.

    Local threshold balancing (Bu et al. 2024, arXiv 2409.03368): every ReLU is clipped at its threshold, all
    thresholds start at 0, and each iteration moves the threshold of a channel by its own activations z in a
    random batch alone, theta += 2 eta mean(max(z - theta, 0)). Nothing is propagated back. It approaches the
    largest activation from below; stopped early it clips outliers, which helps at few steps.
    `iterations` ascend. `images` are float (samples, *network.shape), on which the same seed draws the same
    batches.
    """
    generator = torch.Generator().manual_seed(seed)
    thresholds = {layer.name: torch.zeros(layer.shape[0]) for layer in network.layers[:-1]}

    def clip(name: str, activations: Tensor) -> Tensor:
        threshold = thresholds[name].reshape(-1, 1, 1)
        excess = (activations - threshold).clamp_(min=0).mean((0, 2, 3))
        thresholds[name] = thresholds[name] + 2 * STEP * excess
        return activations.clamp(min=0).minimum(threshold)

    found = []
    with torch.no_grad():
        for done in range(1, iterations[-1] + 1):
            chosen = torch.randint(len(images), (batch,), generator=generator)
            network.run(images[chosen], clip)
            progress(done)
            if done in iterations:
                found.append({name: _at_least_some(values) for name, values in thresholds.items()})
    return found


def _at_least_some(threshold: Tensor) -> Tensor:
    largest = float(threshold.max())
    return threshold.clamp(min=SMALLEST * largest) if largest > 0 else torch.ones_like(threshold)
