"""Networks that break one rule of the target each, so that refusals are drawn too."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from snnc.compiler.ir.network import Edge, Layer, Linear, Network, Neurons, Readout
from snnc.compiler.isa.arithmetic import Decay
from snnc.compiler.targets import Target

Breach = Callable[[Network, Layer, Target], Network]
MOST_MEMBRANES = 5000


def _with(network: Network, changed: Layer) -> Network:
    """`network` with `changed` in the place of the layer of that name."""
    layers = tuple(changed if layer.name == changed.name else layer for layer in network.layers)
    return replace(network, layers=layers)


def _fraction(network: Network, layer: Layer, hardware: Target) -> Network:
    return _with(
        network, replace(layer, neurons=replace(layer.neurons, leak=Decay(5, 13), leak_numerators=None))
    )


def _held_input_decays(network: Network, layer: Layer, hardware: Target) -> Network:
    held = replace(network, input=replace(network.input, encoding="held"))
    changed = replace(layer.neurons, current_leak=Decay(1, 2), current_numerators=None)
    return _with(held, replace(layer, neurons=changed))


def _delay(network: Network, layer: Layer, hardware: Target) -> Network:
    longest = min(hardware.delay_slots + 1, 15)
    return _with(network, replace(layer, edges=tuple(replace(edge, delay=longest) for edge in layer.edges)))


def _edges(network: Network, layer: Layer, hardware: Target) -> Network:
    return _with(network, replace(layer, edges=layer.edges + layer.edges[:1] * 4))


def _recurrent_alone(network: Network, layer: Layer, hardware: Target) -> Network:
    kept = tuple(edge for edge in layer.edges if network.is_recurrent(layer, edge))
    return _with(network, replace(layer, edges=kept or layer.edges))


def _clamp(network: Network, layer: Layer, hardware: Target) -> Network:
    return _with(network, replace(layer, neurons=replace(layer.neurons, state_bits=hardware.state_bits + 1)))


def _threshold(network: Network, layer: Layer, hardware: Target) -> Network:
    over = np.full_like(layer.neurons.threshold, 1 << (hardware.state_bits - 1))
    return _with(network, replace(layer, neurons=replace(layer.neurons, threshold=over)))


def _bias(network: Network, layer: Layer, hardware: Target) -> Network:
    over = np.full_like(layer.neurons.bias, -(1 << (hardware.state_bits - 1)))
    return _with(network, replace(layer, neurons=replace(layer.neurons, bias=over)))


def _weights(network: Network, layer: Layer, hardware: Target) -> Network:
    wide = tuple(replace(e, synapses=replace(e.synapses, weight_bits=8)) for e in layer.edges)
    return _with(network, replace(layer, edges=wide))


def _reset_amount(network: Network, layer: Layer, hardware: Target) -> Network:
    if layer.neurons.reset != "soft":
        return network
    amount = layer.neurons.threshold + 1
    return _with(network, replace(layer, neurons=replace(layer.neurons, reset_amount=amount)))


def _channel_leaks(network: Network, layer: Layer, hardware: Target) -> Network:
    numerators = np.arange(layer.neurons.channels) % 2
    changed = replace(layer.neurons, leak=Decay(0, 1), leak_numerators=numerators)
    return _with(network, replace(layer, neurons=changed))


def _lower_clamp(network: Network, layer: Layer, hardware: Target) -> Network:
    lowest = -1 << (layer.neurons.state_bits - 1)
    return _with(network, replace(layer, neurons=replace(layer.neurons, lower_clamp=lowest)))


def _fraction_bits(network: Network, layer: Layer, hardware: Target) -> Network:
    return _with(network, replace(layer, neurons=replace(layer.neurons, fraction_bits=12)))


def _many_delays(network: Network, layer: Layer, hardware: Target) -> Network:
    if layer.shape[1:] != (1, 1):
        return network
    loop = Linear(np.ones((layer.count, layer.count), np.int8), 2)
    return _with(
        network,
        replace(layer, edges=layer.edges + tuple(Edge(layer.name, loop, delay) for delay in range(1, 6))),
    )


def _membranes_feed(network: Network, layer: Layer, hardware: Target) -> Network:
    if network.readout.kind != "membrane" or layer.shape[1:] != (1, 1):
        return network
    outputs = network.layer(network.readout.layer).count
    edge = Edge(network.readout.layer, Linear(np.ones((layer.count, outputs), np.int8), 2), 1)
    return _with(network, replace(layer, edges=(*layer.edges, edge)))


def _many_membranes(network: Network, layer: Layer, hardware: Target) -> Network:
    """One membrane more than a VALUE can name, behind what the readout was."""
    count = hardware.value_indices + 1
    before = network.layer(network.readout.layer)
    if count > MOST_MEMBRANES or before.neurons.reset == "none":
        return network
    synapses = Linear(np.zeros((count, before.count), np.int8), 2)
    values = np.zeros(count, np.int64)
    neurons = Neurons(values, values, values, reset="none", state_bits=8)
    large = Layer("large", (count, 1, 1), neurons, (Edge(before.name, synapses),))
    return replace(network, layers=(*network.layers, large), readout=Readout("large", "membrane"))


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
    _reset_amount,
    _channel_leaks,
    _lower_clamp,
    _fraction_bits,
    _many_delays,
    _membranes_feed,
    _many_membranes,
)


@st.composite
def breached(draw: st.DrawFn, network: Network, hardware: Target) -> Network:
    """`network` with one layer that asks for more than most hardware allows."""
    layer = draw(st.sampled_from(network.layers))
    found = [breach(network, layer, hardware) for breach in BREACHES]
    return draw(st.sampled_from([changed for changed in found if changed is not network]))
