"""Biases that make neurons fire on average as much as the float network's activations are."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from snnc.training.conversion.float_graph import FoldedNetwork
from snnc.training.model.classifier import SpikingClassifier
from snnc.training.model.config import INPUT
from snnc.training.model.evaluation_order import run_block
from snnc.training.model.synapses import transform

ROUNDS = 2
"""A bias moves the rate of neurons that fire at times, not of those that never or always do: the first round
leaves a part of the difference."""


@torch.no_grad()
def activation_means(
    network: FoldedNetwork, thresholds: Mapping[str, Tensor], images: NDArray[np.uint8], max_payload: int
) -> dict[str, Tensor]:
    """Mean activation of every hidden layer on `images`, in units of the thresholds, nothing clipped:
    (channels, height, width)."""
    means = {}

    def rectify(name: str, total: Tensor) -> Tensor:
        activation = total.relu()
        means[name] = activation.mean(0) / thresholds[name].reshape(-1, 1, 1)
        return activation

    network.run(torch.from_numpy(images) / max_payload, rectify)
    return means


@torch.no_grad()
def match_means(model: SpikingClassifier, means: Mapping[str, Tensor], images: NDArray[np.uint8]) -> None:
    """Change the biases of `model`, layer by layer, so that its mean rates on `images` approach `means`.

    Spikes come unevenly, so that neurons fire which a constant current would leave silent, and those that
    should fire in nearly every step miss some; every layer hears what those before it lost already. What is
    lost on average, Li et al. 2021 (arXiv 2106.06984, light calibration) put into the biases. The readout's
    bias takes what its sources still lose.
    """
    known = [{INPUT: torch.from_numpy(part)[None]} for part in _parts(model, images)]
    last_heard = {edge.source: layer.name for layer in model.config.layers for edge in layer.edges}
    lost: dict[str, Tensor] = {}
    *hidden, readout = zip(model.layer_names, model.stack, strict=True)
    for name, layer in hidden:
        for left in reversed(range(ROUNDS + 1)):
            spikes = [run_block({name: layer}, heard, model.config.steps)[name].spikes for heard in known]
            rate = sum(part.mean(0).sum(0) for part in spikes) / len(images)
            lost[name] = means[name] - rate
            if left:
                layer.bias.add_(lost[name].mean((1, 2)))
        for heard, part in zip(known, spikes, strict=True):
            # Bytes, since a deep layer may hear one that is far before it.
            heard[name] = part.to(torch.uint8)
            for source in [source for source in heard if last_heard.get(source) == name]:
                del heard[source]
    _, layer = readout
    weights = layer.per_edge(layer.synapses.quant_weight().value)
    for edge, part in zip(layer.config.edges, weights, strict=True):
        if edge.source != INPUT:
            layer.bias.add_(transform(edge, part, lost[edge.source][None, None]).mean((0, 1, 3, 4)))


def _parts(model: SpikingClassifier, images: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    size = model.trace_batch
    shaped = images.reshape(-1, *model.config.shape)
    return [shaped[start : start + size] for start in range(0, len(shaped), size)]
