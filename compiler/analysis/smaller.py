"""A network made smaller: the shapes that training it again with fewer channels, bits or steps would give.

What is left out is cut off, so nothing is as accurate as after training; memories and tables are the same.
"""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import VerificationError
from snnc.compiler.ir.network import Conv2d, Edge, Layer, Linear, Network, Shape, pooled
from snnc.compiler.ir.neurons import Neurons
from snnc.compiler.ir.tiling import is_depthwise

PER_CHANNEL = ("threshold", "bias", "initial", "reset_amount", "leak_numerators", "current_numerators")


def with_bits(network: Network, bits: int) -> Network:
    """`network` with weights of at most `bits`; those of fewer stay."""
    layers = [
        replace(
            layer, edges=tuple(replace(edge, synapses=_coarser(edge.synapses, bits)) for edge in layer.edges)
        )
        for layer in network.layers
    ]
    return replace(network, layers=tuple(layers))


def with_steps(network: Network, steps: int) -> Network:
    """`network` run for so many steps, a readout's window cut with them."""
    readout = replace(network.readout, first_step=min(network.readout.first_step, steps - 1))
    return replace(network, steps=steps, readout=readout)


def narrowed(network: Network, part: Fraction) -> Network | None:
    """`network` with that part of the channels of every layer but the readout, rounded up to what groups
    allow; None where its edges let no layer shrink alone."""
    channels = _channels(network, part)
    layers = tuple(_narrowed_layer(network, layer, channels) for layer in network.layers)
    smaller = replace(network, layers=layers)
    try:
        smaller.verify()
    except VerificationError:
        return None
    return smaller


def weight_bits_of(network: Network) -> int:
    """Bits of all weights."""
    synapses = [edge.synapses for layer in network.layers for edge in layer.edges]
    return sum(some.weights.size * some.weight_bits for some in synapses)


def _channels(network: Network, part: Fraction) -> dict[str, int]:
    """How many channels each population keeps; where each hears one channel of a source, as many as that."""
    kept = {network.input.name: network.input.shape[0]}
    for layer in network.layers:
        whole = layer.shape[0]
        followed = [kept[e.source] for e in layer.edges if e.source in kept and _follows(network, e)]
        if layer.name == network.readout.layer:
            kept[layer.name] = whole
        elif followed:
            kept[layer.name] = followed[0]
        else:
            unit = math.lcm(*_groups(network, layer))
            kept[layer.name] = min(whole, math.ceil(part * whole / unit) * unit)
    return kept


def _follows(network: Network, edge: Edge) -> bool:
    return is_depthwise(edge, network.shape_of(edge.source))


def _groups(network: Network, layer: Layer) -> list[int]:
    """Numbers that must divide the channels of `layer`: groups of convolutions from it and to it."""
    edges = [*layer.edges, *(e for other in network.layers for e in other.edges if e.source == layer.name)]
    return [
        edge.synapses.groups
        for edge in edges
        if isinstance(edge.synapses, Conv2d) and not _follows(network, edge)
    ]


def _narrowed_layer(network: Network, layer: Layer, channels: dict[str, int]) -> Layer:
    count = channels[layer.name]
    edges = tuple(_narrowed_edge(network, edge, count, channels[edge.source]) for edge in layer.edges)
    return replace(
        layer, shape=(count, *layer.shape[1:]), neurons=_narrowed_neurons(layer.neurons, count), edges=edges
    )


def _narrowed_neurons(neurons: Neurons, count: int) -> Neurons:
    arrays = {name: getattr(neurons, name) for name in PER_CHANNEL}
    return replace(neurons, **{name: array[:count] for name, array in arrays.items() if array is not None})


def _narrowed_edge(network: Network, edge: Edge, count: int, heard: int) -> Edge:
    source, synapses = network.shape_of(edge.source), edge.synapses
    if not isinstance(synapses, Conv2d):
        return replace(edge, synapses=replace(synapses, weights=_axons(edge, source, count, heard)))
    groups = heard if _follows(network, edge) else synapses.groups
    return replace(
        edge,
        synapses=replace(synapses, weights=synapses.weights[:count, : heard // groups].copy(), groups=groups),
    )


def _axons(edge: Edge, source: Shape, count: int, heard: int) -> NDArray[np.int8]:
    shape = pooled(source, edge.pool)
    weights = edge.synapses.weights.reshape(-1, *shape)[:count, :heard]
    return weights.reshape(count, -1).copy()


def _coarser(synapses: Linear | Conv2d, bits: int) -> Linear | Conv2d:
    if synapses.weight_bits <= bits:
        return synapses
    return replace(synapses, weights=synapses.weights >> (synapses.weight_bits - bits), weight_bits=bits)
