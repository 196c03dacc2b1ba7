"""Networks that break one rule of the target each, so that refusals are drawn too."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from snnc.compiler.ir.network import Edge, Layer, Linear, Network
from snnc.compiler.isa.arithmetic import Decay
from snnc.compiler.targets import Target

Breach = Callable[[Network, Layer, Target], Layer]


def _fraction(network: Network, layer: Layer, hardware: Target) -> Layer:
    return replace(layer, neurons=replace(layer.neurons, leak=Decay(5, 13)))


def _held_input_decays(network: Network, layer: Layer, hardware: Target) -> Layer:
    return replace(layer, neurons=replace(layer.neurons, current_leak=Decay(1, 2)))


def _delay(network: Network, layer: Layer, hardware: Target) -> Layer:
    longest = min(hardware.delay_slots + 1, 15)
    return replace(layer, edges=tuple(replace(edge, delay=longest) for edge in layer.edges))


def _edges(network: Network, layer: Layer, hardware: Target) -> Layer:
    return replace(layer, edges=layer.edges + layer.edges[:1] * 4)


def _recurrent_alone(network: Network, layer: Layer, hardware: Target) -> Layer:
    kept = tuple(edge for edge in layer.edges if network.is_recurrent(layer, edge))
    return replace(layer, edges=kept or layer.edges)


def _clamp(network: Network, layer: Layer, hardware: Target) -> Layer:
    return replace(layer, neurons=replace(layer.neurons, state_bits=hardware.state_bits + 1))


def _threshold(network: Network, layer: Layer, hardware: Target) -> Layer:
    over = np.full_like(layer.neurons.threshold, 1 << (hardware.state_bits - 1))
    return replace(layer, neurons=replace(layer.neurons, threshold=over))


def _bias(network: Network, layer: Layer, hardware: Target) -> Layer:
    over = np.full_like(layer.neurons.bias, -(1 << (hardware.state_bits - 1)))
    return replace(layer, neurons=replace(layer.neurons, bias=over))


def _weights(network: Network, layer: Layer, hardware: Target) -> Layer:
    wide = tuple(replace(e, synapses=replace(e.synapses, weight_bits=8)) for e in layer.edges)
    return replace(layer, edges=wide)


def _many_delays(network: Network, layer: Layer, hardware: Target) -> Layer:
    if layer.shape[1:] != (1, 1):
        return layer
    loop = Linear(np.ones((layer.count, layer.count), np.int8), 2)
    return replace(layer, edges=layer.edges + tuple(Edge(layer.name, loop, delay) for delay in range(1, 6)))


def _membranes_feed(network: Network, layer: Layer, hardware: Target) -> Layer:
    if network.readout.kind != "membrane" or layer.shape[1:] != (1, 1):
        return layer
    outputs = network.layer(network.readout.layer).count
    edge = Edge(network.readout.layer, Linear(np.ones((layer.count, outputs), np.int8), 2), 1)
    return replace(layer, edges=(*layer.edges, edge))


BREACHES: tuple[Breach, ...] = (
    _fraction,
    _held_input_decays,
    _delay,
    _edges,
    _recurrent_alone,
    _clamp,
    _threshold,
    _bias,
    _weights,
    _many_delays,
    _membranes_feed,
)


@st.composite
def breached(draw: st.DrawFn, network: Network, hardware: Target) -> Network:
    """`network` with one layer that asks for more than most hardware allows."""
    number = draw(st.integers(0, len(network.layers) - 1))
    changed = draw(st.sampled_from(BREACHES))(network, network.layers[number], hardware)
    layers = (*network.layers[:number], changed, *network.layers[number + 1 :])
    return replace(network, layers=layers)
