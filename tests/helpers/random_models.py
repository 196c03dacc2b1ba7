"""PyTorch models of the shapes of random networks: what the trainer's configuration can express of them."""

from hypothesis import strategies as st
from models import varied
from random_hardware import SIZES, Size
from random_networks import networks

from snnc.compiler.ir.network import Conv2d, Edge, Layer, Network
from snnc.compiler.targets import Target
from snnc.training.model.classifier import SpikingClassifier
from snnc.training.model.config import EdgeConfig, LayerConfig, ModelConfig, Population


@st.composite
def random_models(draw: st.DrawFn, hardware: Target, sizes: tuple[Size, ...] = SIZES) -> SpikingClassifier:
    """A model of a random network's graph and neurons, with weights, thresholds and biases of its own."""
    network = draw(networks(draw(st.sampled_from(sizes)), hardware, readout_last=True))
    return varied(config_of(network, draw(st.sampled_from([0.0, 0.9]))), draw(st.integers(0, 999)))


def config_of(network: Network, initial: float) -> ModelConfig:
    """The configuration of a graph; each membrane starts at the fraction `initial` of its threshold."""
    return ModelConfig(
        shape=network.input.shape,
        layers=tuple(_layer_config(layer, initial) for layer in network.layers),
        steps=network.steps,
        max_payload=network.input.max_payload,
        encoding=network.input.encoding,
        readout=network.readout.kind,
        first_step=network.readout.first_step,
    )


def _layer_config(layer: Layer, initial: float) -> LayerConfig:
    neurons = layer.neurons
    population = Population(
        reset=neurons.reset,
        reset_value=neurons.reset_value,
        leak=neurons.leak,
        current_leak=neurons.current_leak,
        state_bits=neurons.state_bits,
        initial_fraction=initial,
    )
    edges = tuple(_edge_config(edge) for edge in layer.edges)
    bits = max(edge.synapses.weight_bits for edge in layer.edges)
    return LayerConfig(layer.name, layer.shape[0], edges, population, bits)


def _edge_config(edge: Edge) -> EdgeConfig:
    synapses = edge.synapses
    if not isinstance(synapses, Conv2d):
        return EdgeConfig(edge.source, pool=edge.pool, delay=edge.delay)
    kernel = synapses.weights.shape[2], synapses.weights.shape[3]
    return EdgeConfig(
        edge.source, "conv", kernel, synapses.stride, synapses.padding, synapses.groups, edge.pool, edge.delay
    )
