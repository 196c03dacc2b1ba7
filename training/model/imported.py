"""A network from outside as the trainer's execution: its integers, and their exact trace in PyTorch."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from snnc.compiler.ir.network import Conv2d, Edge, Layer, Network
from snnc.compiler.isa.arithmetic import Decay, IntArray
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.training.model.classifier import TRACE_VALUES, TrainerTrace
from snnc.training.model.synapses import window_sums


@dataclass(frozen=True)
class ImportedModel:
    """Integers that were not trained here: they are the model, there are no floats behind them."""

    network: Network

    @torch.no_grad()
    def trace(self, x: NDArray[np.uint8]) -> tuple[TrainerTrace, ...]:
        """Every membrane and spike of samples as `SpikingClassifier.trace` gives them.

        Sums are made in float64, which is exact below 2^53; all else in int64.
        """
        payloads = torch.from_numpy(encode_inputs(self.network.input, self.network.steps, x).astype(np.int64))
        neurons = sum(layer.count for layer in self.network.layers)
        size = max(1, min(256, TRACE_VALUES // (self.network.steps * neurons)))
        parts = [self._trace(part) for part in torch.split(payloads, size)]
        return tuple(
            TrainerTrace(
                name,
                np.concatenate([part[name][0] for part in parts]),
                np.concatenate([part[name][1] for part in parts]),
            )
            for name in parts[0]
        )

    def _trace(self, payloads: Tensor) -> dict[str, tuple[IntArray, IntArray]]:
        network, samples = self.network, len(payloads)
        sent = {network.input.name: payloads.reshape(samples, network.steps, *network.input.shape)}
        sent |= {
            layer.name: torch.zeros(samples, network.steps, *layer.shape, dtype=torch.int64)
            for layer in network.layers
        }
        membranes = {layer.name: torch.zeros_like(sent[layer.name]) for layer in network.layers}
        states = {
            layer.name: (_column(layer.neurons.initial).expand(samples, *layer.shape), torch.tensor(0))
            for layer in network.layers
        }
        for step in range(network.steps):
            for layer in network.layers:
                v, i, spikes = _advance(layer, *states[layer.name], _arriving(layer, step, sent))
                states[layer.name] = v, i
                sent[layer.name][:, step], membranes[layer.name][:, step] = spikes, v
        shape = samples, network.steps, -1
        return {
            name: (values.reshape(shape).numpy(), sent[name].reshape(shape).numpy())
            for name, values in membranes.items()
        }


def _arriving(layer: Layer, step: int, sent: dict[str, Tensor]) -> Tensor:
    """What the edges bring in a step, (samples, channels, height, width)."""
    total = torch.tensor(0)
    for edge in layer.edges:
        if edge.delay <= step:
            total = total + _brought(edge, sent[edge.source][:, step - edge.delay], layer)
    return total << layer.neurons.fraction_bits


def _brought(edge: Edge, events: Tensor, layer: Layer) -> Tensor:
    weights = torch.from_numpy(edge.synapses.weights.astype(np.float64))
    values = window_sums(events.double(), edge.pool) if edge.pool != (1, 1) else events.double()
    if isinstance(edge.synapses, Conv2d):
        plain = edge.synapses
        currents = nn.functional.conv2d(values, weights, None, plain.stride, plain.padding, 1, plain.groups)
    else:
        currents = values.flatten(1) @ weights.T
    return currents.round().long().reshape(-1, *layer.shape)


def _advance(layer: Layer, v: Tensor, i: Tensor, arriving: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Next membrane, next current and spikes."""
    neurons = layer.neurons
    if neurons.current_leak is not None:
        arriving = _decayed(i, neurons.current_leak, neurons.current_numerators) + arriving
    u = v + arriving + _column(neurons.bias)
    fires = (
        u >= _column(neurons.threshold) if neurons.reset != "none" else torch.zeros_like(u, dtype=torch.bool)
    )
    if neurons.reset == "soft":
        u = torch.where(fires, u - _column(neurons.reset_amounts), u)
    elif neurons.reset == "hard":
        u = torch.where(fires, neurons.reset_value, u)
    u = u.clamp(neurons.lowest, (1 << (neurons.state_bits - 1)) - 1)
    return _decayed(u, neurons.leak, neurons.leak_numerators), arriving, fires.long()


def _decayed(x: Tensor, leak: Decay, numerators: IntArray | None) -> Tensor:
    factor = torch.tensor(leak.numerator) if numerators is None else _column(numerators)
    return x - ((x * factor) >> leak.fraction_bits)


def _column(values: IntArray) -> Tensor:
    return torch.from_numpy(values).reshape(-1, 1, 1)
