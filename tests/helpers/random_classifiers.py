"""Random PyTorch models, over the whole vocabulary or of the graphs of random networks, and their inputs."""

from dataclasses import replace

import numpy as np
import torch
from hypothesis import assume
from hypothesis import strategies as st
from random_hardware import SIZES, Size
from random_networks import networks

from snnc.compiler.ir.network import Conv2d, Edge, Layer, Network, ReadoutKind, Shape
from snnc.compiler.isa.arithmetic import NO_LEAK, Decay
from snnc.compiler.targets import Target
from snnc.training.model.classifier import SpikingClassifier
from snnc.training.model.config import INPUT, EdgeConfig, LayerConfig, ModelConfig, Population

leaks = st.sampled_from((NO_LEAK, Decay(1, 2), Decay(3, 4), Decay(37, 8), Decay(1, 0)))

plain_populations = st.builds(
    Population,
    reset=st.sampled_from(("soft", "hard")),
    reset_value=st.integers(-4, 8),
    leak=leaks,
    current_leak=st.none() | leaks,
    state_bits=st.sampled_from((5, 8, 16, 24)),
    initial_fraction=st.sampled_from((0.0, 0.5)),
)


@st.composite
def populations(draw: st.DrawFn) -> Population:
    """Half of them with some of fraction bits, lower clamps, reset amounts and decays of channels."""
    plain = draw(plain_populations)
    if draw(st.booleans()):
        return plain
    lowest = draw(st.sampled_from((None, 0, -3)))
    return replace(
        plain,
        fraction_bits=draw(st.sampled_from((0, 1, 5, 12))),
        lower_clamp=lowest,
        reset_value=plain.reset_value if lowest is None else max(plain.reset_value, lowest),
        reset_apart=plain.reset == "soft" and draw(st.booleans()),
        leak_per_channel=draw(st.booleans()),
    )


@st.composite
def models(draw: st.DrawFn) -> SpikingClassifier:
    """Up to four layers with convolutions, pooling, skips, loops and delays behind a small image."""
    shapes: dict[str, Shape] = {
        INPUT: (draw(st.sampled_from((1, 2, 4))), draw(st.integers(3, 6)), draw(st.integers(3, 6)))
    }
    layers = []
    for number in range(draw(st.integers(0, 3))):
        name = f"layer{number}"
        channels = draw(st.sampled_from((2, 4)))
        edges = [draw(edges_from(st.sampled_from(list(shapes)), shapes, channels))]
        shapes[name] = edges[0].shape(shapes[edges[0].source], channels)
        edges += draw(st.lists(skips(shapes, name, channels), max_size=2))
        layers.append(LayerConfig(name, channels, tuple(edges), draw(populations()), draw(st.integers(2, 5))))
    kinds: tuple[ReadoutKind, ...] = ("membrane", "spike_count", "first_spike")
    readout = draw(st.sampled_from(kinds))
    neurons = Population(reset="none") if readout == "membrane" else draw(populations())
    edges = [EdgeConfig(source) for source in draw(st.permutations(list(shapes)))[:2]]
    layers.append(LayerConfig("readout", 3, tuple(edges), neurons))
    steps = draw(st.integers(1, 5))
    config = ModelConfig(
        shape=shapes[INPUT],
        layers=tuple(layers),
        steps=steps,
        max_payload=draw(st.sampled_from((1, 15, 255))),
        encoding=draw(st.sampled_from(("direct", "held", "rate", "latency", "events"))),
        readout=readout,
        first_step=0 if readout == "membrane" else draw(st.integers(0, steps - 1)),
    )
    return varied(config, draw(st.integers(0, 1000)), batch_norm=draw(st.booleans()))


@st.composite
def edges_from(
    draw: st.DrawFn, sources: st.SearchStrategy[str], shapes: dict[str, Shape], channels: int
) -> EdgeConfig:
    """An edge that fits its source."""
    source = draw(sources)
    channels_in, height, width = shapes[source]
    pool = draw(st.sampled_from([(1, 1), (min(2, height), min(2, width)), (1, min(3, width))]))
    if draw(st.integers(0, 4)) == 0:
        return EdgeConfig(source, pool=pool, delay=draw(st.integers(0, 2)))
    kernel = draw(st.sampled_from(((1, 1), (3, 3), (2, 3))))
    edge = EdgeConfig(
        source,
        "conv",
        kernel,
        draw(st.sampled_from(((1, 1), (2, 2), (1, 2)))),
        (draw(st.integers(0, kernel[0] - 1)), draw(st.integers(0, kernel[1] - 1))),
        draw(st.sampled_from([g for g in (1, 2, 4) if channels_in % g == channels % g == 0])),
        pool,
        draw(st.integers(0, 2)),
    )
    padded = [size // p + 2 * pad for size, p, pad in zip((height, width), pool, edge.padding, strict=True)]
    assume(padded[0] >= kernel[0] and padded[1] >= kernel[1])
    return edge


@st.composite
def skips(draw: st.DrawFn, shapes: dict[str, Shape], name: str, channels: int) -> EdgeConfig:
    """One more edge into the layer `name`: a pointwise convolution from any population of its size, or from
    itself, dense where the layer is."""
    shape = shapes[name]
    fits = [other for other, its in shapes.items() if its[1:] == shape[1:]]
    source = draw(st.sampled_from(fits))
    delay = draw(st.integers(int(source == name), 3))
    if shape[1:] == (1, 1):
        return EdgeConfig(source, delay=delay)
    groups = draw(st.sampled_from([g for g in (1, 2, 4) if shapes[source][0] % g == channels % g == 0]))
    return EdgeConfig(source, "conv", groups=groups, delay=delay)


@st.composite
def of_networks(draw: st.DrawFn, hardware: Target, sizes: tuple[Size, ...] = SIZES) -> SpikingClassifier:
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
        fraction_bits=neurons.fraction_bits,
        lower_clamp=neurons.lower_clamp,
        reset_apart=neurons.reset_amount is not None,
        leak_per_channel=neurons.leak_numerators is not None or neurons.current_numerators is not None,
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


def varied(config: ModelConfig, seed: int, *, batch_norm: bool = False) -> SpikingClassifier:
    """A model whose neurons differ: random biases and thresholds, and weights large enough to fire.

    With `batch_norm` it has the statistics of a batch, unless a layer hears nothing but a loop.
    """
    torch.manual_seed(seed)
    try:
        model = SpikingClassifier(config, batch_norm=batch_norm)
    except ValueError:
        model = SpikingClassifier(config)
    with torch.no_grad():
        for layer in model.stack:
            layer.bias.normal_(0, 0.2)
            layer.threshold.uniform_(0.05, 0.8)
            layer.synapses.weight.mul_(3)
            if layer.reset_amount is not None:
                layer.reset_amount.uniform_(-0.2, 1.2)
            for parts in (layer.leak, layer.current_leak):
                if parts is not None:
                    parts.uniform_(-0.1, 1.1)
        model(torch.from_numpy(model.payloads(random_inputs(config, seed=seed))))
    return model


def random_inputs(config: ModelConfig, samples: int = 4, seed: int = 1) -> np.ndarray:
    """Samples of every value that the model takes, many of them 0."""
    features = int(np.prod(config.shape))
    shape = (config.steps, features) if config.encoding == "events" else (features,)
    generator = np.random.default_rng(seed)
    values = generator.integers(0, config.max_payload + 1, (samples, *shape))
    return (values * generator.integers(0, 2, values.shape)).astype(np.uint8)
