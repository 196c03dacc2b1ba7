"""Networks without spikes of a recipe's graph as spiking ones: QCFS at T = levels, or balanced thresholds."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from snnc.base.errors import UsageError
from snnc.training.conversion.convert import Calibrated, balanced, spiking
from snnc.training.conversion.float_graph import FoldedEdge, FoldedLayer, FoldedNetwork
from snnc.training.conversion.options import ConversionOptions
from snnc.training.model.analog import AnalogClassifier, AnalogLayer, ClipFloorShift
from snnc.training.model.classifier import SpikingClassifier
from snnc.training.model.config import ModelConfig


@torch.no_grad()
def fold_analog(network: AnalogClassifier) -> FoldedNetwork:
    """The layers of a trained `network` with batch normalisation folded, exactly; weights as multiplied."""
    shapes = network.config.shapes
    return FoldedNetwork(
        network.config.shape,
        tuple(_fold_layer(layer, shapes[layer.config.name]) for layer in network.stack),
    )


def convert_quantised(
    network: AnalogClassifier, steps: int | None = None, options: ConversionOptions | None = None
) -> SpikingClassifier:
    """A QCFS-trained `network` as integrate-and-fire neurons: theta is the learned limit, v(0) = theta / 2.

    Bu et al. 2022, arXiv 2303.04347. `steps` is the number of levels unless given: then every neuron driven
    by a constant current gives its activation, and behind spikes, which come unevenly, nearly so. The integer
    weights are those the network was trained with wherever a layer has one source. Of `options` the state and
    the readout count; by default 16 bits and a readout that weighs every step alike. Raises UsageError for a
    network without levels or whose inputs are no graded pixels.
    """
    if network.levels is None or network.weight_bits is None:
        raise UsageError("the network has no quantised activations; `calibrate_analog` balances thresholds")
    chosen = options or ConversionOptions(state_bits=16, readout_shift=0)
    limits = {layer.config.name: _limit(layer) for layer in network.stack[:-1]}
    calibrated = Calibrated(fold_analog(network), limits, _graded(network.config))
    return spiking(calibrated, steps or network.levels, replace(chosen, weight_bits=network.weight_bits))


def calibrate_analog(
    network: AnalogClassifier,
    x: NDArray[np.uint8],
    options: ConversionOptions,
    progress: Callable[[int], None] = lambda done: None,
) -> Calibrated:
    """A float `network` with thresholds balanced on samples `x` (samples, features), for `convert.spiking` at
    any number of steps."""
    payload = _graded(network.config)
    return balanced(fold_analog(network), x.reshape(-1, *network.config.shape), options, payload, progress)


def _fold_layer(layer: AnalogLayer, shape: tuple[int, int, int]) -> FoldedLayer:
    gain = torch.ones(layer.config.channels, dtype=torch.float64)
    bias = torch.zeros_like(gain) if layer.bias is None else layer.bias.double()
    if layer.norm is not None:
        mean, variance = layer.norm.running_mean, layer.norm.running_var
        assert mean is not None and variance is not None
        gain = layer.norm.weight.double() * (variance.double() + layer.norm.eps).rsqrt()
        bias = layer.norm.bias.double() - mean.double() * gain
    edges = tuple(
        FoldedEdge(edge, weights.double() * gain.reshape(-1, *[1] * (weights.ndim - 1)))
        for edge, weights in zip(layer.config.edges, layer.weights(), strict=True)
    )
    return FoldedLayer(layer.config.name, shape, edges, bias)


def _limit(layer: AnalogLayer) -> Tensor:
    assert isinstance(layer.activation, ClipFloorShift)
    return layer.activation.limit.detach().clamp(min=1e-3).expand(layer.config.channels)


def _graded(config: ModelConfig) -> int:
    """Largest payload of a network whose inputs are the same in every step."""
    if config.encoding != "direct":
        raise UsageError(f"a conversion takes inputs encoded as direct, not as {config.encoding}")
    return config.max_payload
