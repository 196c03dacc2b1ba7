"""From a trained model to the compiler's `Network`: the integers of its forward pass, as they are."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import UnsupportedModel
from snnc.compiler.ir.network import Conv2d, Edge, Layer, Linear, Network, Neurons, Readout
from snnc.compiler.ir.provenance import Provenance
from snnc.compiler.isa.arithmetic import Decay, IntArray
from snnc.training.model.classifier import SpikingClassifier
from snnc.training.model.config import EdgeConfig
from snnc.training.model.imported import ImportedModel
from snnc.training.model.layers import SpikingLayer


def to_network(
    model: SpikingClassifier | ImportedModel, name: str, provenance: Provenance | None = None
) -> Network:
    """The model as verified integer layers with the names of its configuration, behind `input`.

    Computes, for every input, exactly the membranes and spikes of `model.trace`. Raises UnsupportedModel for
    parameters that are not finite.
    """
    if isinstance(model, ImportedModel):
        return replace(model.network, name=name, provenance=provenance or Provenance())
    config = model.config
    network = Network(
        name=name,
        steps=config.steps,
        input=model.input,
        layers=tuple(_export_layer(layer) for layer in model.stack),
        readout=Readout(config.layers[-1].name, config.readout, config.first_step),
        provenance=replace(provenance or Provenance(), output_scale=config.output_scale),
    )
    network.verify()
    return network


def _export_layer(layer: SpikingLayer) -> Layer:
    for name, parameter in layer.named_parameters():
        if not bool(parameter.isfinite().all()):
            kind = name.removeprefix("synapses.")
            raise UnsupportedModel(
                f"{kind} holds NaN or infinite numbers", where=f"layer {layer.config.name}"
            )
    integers, population, config = layer.integers(), layer.population, layer.config
    neurons = Neurons(
        threshold=integers.threshold,
        bias=integers.bias,
        initial=integers.initial,
        reset=population.reset,
        reset_value=population.reset_value,
        leak=_shared(population.leak, integers.leak_numerators),
        state_bits=population.state_bits,
        current_leak=None
        if population.current_leak is None
        else _shared(population.current_leak, integers.current_numerators),
        reset_amount=integers.reset_amount,
        leak_numerators=integers.leak_numerators,
        current_numerators=integers.current_numerators,
        lower_clamp=population.lower_clamp,
        fraction_bits=population.fraction_bits,
    )
    edges = tuple(
        Edge(edge.source, _synapses(edge, weights, config.weight_bits), edge.delay, edge.pool)
        for edge, weights in zip(config.edges, integers.weights, strict=True)
    )
    return Layer(config.name, layer.shape, neurons, edges)


def _shared(leak: Decay, numerators: IntArray | None) -> Decay:
    """The decay of all channels, or the fraction of their own ones."""
    return leak if numerators is None else Decay(0, leak.fraction_bits)


def _synapses(edge: EdgeConfig, weights: NDArray[np.int8], weight_bits: int) -> Linear | Conv2d:
    if edge.kind == "linear":
        return Linear(weights, weight_bits)
    return Conv2d(weights, weight_bits, edge.stride, edge.padding, edge.groups)
