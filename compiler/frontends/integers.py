"""Integer networks on whole batches of samples, for choosing and judging a quantisation.

The neurons are those of `isa/arithmetic`; sums are made in float64, where integers below 2^53 are exact.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from snnc.compiler.frontends.synapses import Convolution, Dense, FloatArray, apply, windows_of
from snnc.compiler.ir.network import Edge, Layer, Linear, Network
from snnc.compiler.isa.arithmetic import IntArray, neuron_step, synaptic_current


@dataclass(frozen=True)
class IntegerExecution:
    """What came out, and the spikes of recorded layers (samples, steps, channels, height, width)."""

    outputs: IntArray
    spikes: dict[str, NDArray[np.bool_]] = field(default_factory=dict)


def run_integers(network: Network, payloads: IntArray, record: Collection[str] = ()) -> IntegerExecution:
    """Run `network` on payloads (samples, steps or 1 for all, channels, height, width)."""
    past: dict[str, dict[int, IntArray]] = {network.input.name: {}}
    states = {layer.name: _State(layer, len(payloads)) for layer in network.layers}
    past |= {name: {} for name in states}
    fired: list[NDArray[np.bool_]] = []
    kept: dict[str, list[NDArray[np.bool_]]] = {name: [] for name in record}
    for step in range(network.steps):
        past[network.input.name][step] = payloads[:, min(step, payloads.shape[1] - 1)]
        for layer in network.layers:
            spikes = states[layer.name].advance(step, past)
            past[layer.name][step] = spikes.astype(np.int64)
            if layer.name == network.readout.layer:
                fired.append(spikes.reshape(len(spikes), -1))
            if layer.name in kept:
                kept[layer.name].append(spikes)
        for values in past.values():
            values.pop(step - 16, None)
    last = states[network.readout.layer].membrane.reshape(len(payloads), -1)
    outputs = last if network.readout.kind == "membrane" else _counted(network, np.stack(fired))
    return IntegerExecution(outputs, {name: np.stack(steps, 1) for name, steps in kept.items()})


class _State:
    """What a layer remembers between steps."""

    def __init__(self, layer: Layer, samples: int) -> None:
        self.layer = layer
        shape = (samples, *layer.shape)
        self.membrane: IntArray = np.broadcast_to(_column(layer.neurons.initial), shape).copy()
        self.current: IntArray = np.zeros(shape, np.int64)

    def advance(self, step: int, past: dict[str, dict[int, IntArray]]) -> NDArray[np.bool_]:
        """One step: what fires."""
        neurons = self.layer.neurons
        arriving: IntArray = np.zeros(self.membrane.shape, np.int64)
        for edge in self.layer.edges:
            if edge.delay <= step:
                arriving += _brought(edge, past[edge.source][step - edge.delay])
        arriving <<= neurons.fraction_bits
        numerators = None if neurons.current_numerators is None else _column(neurons.current_numerators)
        self.current = synaptic_current(self.current, arriving, neurons.current_leak, numerators)
        result = neuron_step(
            self.membrane,
            self.current,
            threshold=_column(neurons.threshold),
            bias=_column(neurons.bias),
            reset=neurons.reset,
            reset_value=neurons.reset_value,
            state_bits=neurons.state_bits,
            leak=neurons.leak,
            reset_amount=None if neurons.reset_amount is None else _column(neurons.reset_amount),
            leak_numerators=None if neurons.leak_numerators is None else _column(neurons.leak_numerators),
            lower_clamp=neurons.lower_clamp,
        )
        self.membrane = result.after
        return result.spikes


def _column(values: IntArray) -> IntArray:
    return values.reshape(-1, 1, 1)


def _brought(edge: Edge, payloads: IntArray) -> IntArray:
    values: FloatArray = payloads.astype(np.float64)
    if edge.pool != (1, 1):
        values = windows_of(values, edge.pool).sum((3, 5))
    weights = edge.synapses.weights.astype(np.float64)
    if isinstance(edge.synapses, Linear):
        return apply(Dense(weights), values).astype(np.int64)
    plain = Convolution(weights, edge.synapses.stride, edge.synapses.padding, edge.synapses.groups)
    return apply(plain, values).astype(np.int64)


def _counted(network: Network, fired: NDArray[np.bool_]) -> IntArray:
    """Outputs of a readout of spikes from (steps, samples, neurons)."""
    readout = network.readout
    seen = fired[readout.first_step :].astype(np.int64)
    if readout.kind == "spike_count":
        return np.asarray(seen.sum(0))
    left = np.arange(len(seen), 0, -1).reshape(-1, 1, 1)
    return np.asarray((seen * left).max(0))
