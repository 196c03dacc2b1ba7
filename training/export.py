"""From a trained model to the compiler's `Network`: the integers of its forward pass, as they are."""

from collections.abc import Mapping

from ..compiler.network import Edge, Input, Layer, Linear, Network, Neurons, Readout
from .layers import SpikingLinear
from .model import SpikingClassifier


def to_network(model: SpikingClassifier, name: str, notes: Mapping[str, str] | None = None) -> Network:
    """The model as verified integer layers called `hidden1`, ..., `readout` behind `input`.

    Computes, for every input, exactly the membranes and spikes of `model.trace`.
    """
    config = model.config
    source = Input("input", config.sizes[0], config.encoding, config.max_payload)
    names = model.layer_names
    layers = tuple(
        _export_layer(layer, own, before)
        for layer, own, before in zip(model.stack, names, (source.name, *names[:-1]), strict=True)
    )
    network = Network(
        name=name,
        steps=config.steps,
        input=source,
        layers=layers,
        readout=Readout(names[-1], config.readout),
        notes=dict(notes or {}),
    )
    network.verify()
    return network


def _export_layer(layer: SpikingLinear, name: str, source: str) -> Layer:
    integers = layer.integers()
    population = layer.population
    neurons = Neurons(
        threshold=integers.threshold,
        bias=integers.bias,
        initial=integers.initial,
        reset=population.reset,
        reset_value=population.reset_value,
        leak=population.leak,
        state_bits=population.state_bits,
    )
    return Layer(name, neurons, (Edge(source, Linear(integers.weights, layer.weight_bits)),))
