"""Models of the whole vocabulary: the interpreter computes on the exported network what they trace."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from snnc.compiler.arithmetic import NO_LEAK, Decay
from snnc.compiler.encoding import encode_inputs
from snnc.compiler.execute import execute_network
from snnc.compiler.network import Shape
from snnc.training.config import INPUT, EdgeConfig, LayerConfig, ModelConfig, Population, fully_connected
from snnc.training.export import to_network
from snnc.training.model import SpikingClassifier, predictions

leaks = st.sampled_from((NO_LEAK, Decay(1, 2), Decay(3, 4), Decay(37, 8), Decay(1, 0)))

populations = st.builds(
    Population,
    reset=st.sampled_from(("soft", "hard")),
    reset_value=st.integers(-4, 8),
    leak=leaks,
    current_leak=st.none() | leaks,
    state_bits=st.sampled_from((5, 8, 16, 24)),
    initial_fraction=st.sampled_from((0.0, 0.5)),
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
        layers.append(LayerConfig(name, channels, tuple(edges), draw(populations), draw(st.integers(2, 5))))
    readout = draw(st.sampled_from(("membrane", "spike_count", "first_spike")))
    neurons = Population(reset="none") if readout == "membrane" else draw(populations)
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
    return varied(config, draw(st.integers(0, 1000)))


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


def varied(config: ModelConfig, seed: int) -> SpikingClassifier:
    """A model whose neurons differ: random biases and thresholds, and weights large enough to fire."""
    torch.manual_seed(seed)
    model = SpikingClassifier(config)
    with torch.no_grad():
        for layer in model.stack:
            layer.bias.normal_(0, 0.2)
            layer.threshold.uniform_(0.05, 0.8)
            layer.synapses.weight.mul_(3)
    return model


def random_inputs(config: ModelConfig, samples: int = 4, seed: int = 1) -> np.ndarray:
    """Samples of every value that the model takes, many of them 0."""
    features = int(np.prod(config.shape))
    shape = (config.steps, features) if config.encoding == "events" else (features,)
    generator = np.random.default_rng(seed)
    values = generator.integers(0, config.max_payload + 1, (samples, *shape))
    return (values * generator.integers(0, 2, values.shape)).astype(np.uint8)


LIF = Population(leak=Decay(1, 2))


def _stack(*sizes: int, population: Population = LIF, **fields: object) -> ModelConfig:
    """Fully connected layers behind ten features."""
    layers = fully_connected(sizes, population=population, readout=fields.get("readout", "membrane"))  # type: ignore[arg-type]
    return ModelConfig((10, 1, 1), layers, **fields)  # type: ignore[arg-type]


def _residual() -> ModelConfig:
    """A convolution, a block with a strided skip, a layer that hears a later one, and its own spikes."""
    decay, synaptic = Population(leak=Decay(37, 8)), Population(current_leak=Decay(1, 1), leak=Decay(1, 3))
    return ModelConfig(
        (1, 8, 8),
        (
            LayerConfig("stem", 8, (EdgeConfig(INPUT, "conv", (3, 3), padding=(1, 1)),), decay),
            LayerConfig(
                "inner",
                8,
                (
                    EdgeConfig("stem", "conv", (3, 3), (2, 2), (1, 1), groups=8),
                    EdgeConfig("outer", "conv", delay=1),
                ),
                synaptic,
            ),
            LayerConfig(
                "outer",
                8,
                (
                    EdgeConfig("inner", "conv", (3, 3), padding=(1, 1)),
                    EdgeConfig("stem", "conv", stride=(2, 2)),
                ),
                Population(reset="hard", reset_value=3),
            ),
            LayerConfig("dense", 12, (EdgeConfig("outer", pool=(2, 2)), EdgeConfig("dense", delay=2)), LIF),
            LayerConfig("readout", 4, (EdgeConfig("dense"),), Population(reset="none")),
        ),
        steps=6,
    )


CONFIGS: dict[str, Callable[[], ModelConfig]] = {
    "lif": lambda: _stack(12, 7, 4),
    "if-hard": lambda: _stack(12, 4, population=Population(reset="hard"), steps=7),
    "spike-count": lambda: _stack(12, 4, readout="spike_count", first_step=2),
    "first-spike": lambda: _stack(12, 4, readout="first_spike", encoding="latency", steps=8),
    "saturating": lambda: _stack(12, 4, population=replace(LIF, state_bits=6), max_payload=255),
    "wide": lambda: _stack(12, 4, population=Population(leak=Decay(1, 1), state_bits=32)),
    "held": lambda: _stack(12, 4, population=Population(current_leak=Decay()), encoding="held"),
    "rate": lambda: _stack(12, 4, encoding="rate", steps=9),
    "events": lambda: _stack(12, 4, encoding="events", max_payload=1, steps=5),
    "no-hidden": lambda: _stack(4),
    "residual": _residual,
}


def _check_trace(model: SpikingClassifier, x: np.ndarray) -> None:
    """The reference interpreter computes on the exported network what the model traces."""
    network = to_network(model, "network", {"seed": "3"})
    assert network.notes == {"seed": "3"}
    payloads = encode_inputs(network.input, network.steps, x)
    expected = execute_network(network, payloads)
    trace = model.trace(x)
    assert [layer.name for layer in trace] == list(expected.layers)
    for layer in trace:
        assert np.array_equal(layer.membranes, expected.layers[layer.name].membrane), layer.name
        assert np.array_equal(layer.spikes, expected.layers[layer.name].spikes), layer.name
    assert np.array_equal(predictions(trace, model.config), expected.predictions)
    for layer, again in zip(trace, model.trace(payloads.astype(np.uint8)), strict=True):
        assert np.array_equal(layer.membranes, again.membranes)


@pytest.mark.parametrize("name", CONFIGS)
def test_network_computes_the_trace(name: str) -> None:
    model = varied(CONFIGS[name](), 3)
    x = random_inputs(model.config, 6)
    _check_trace(model, x)
    assert all(layer.spikes.any() for layer in model.trace(x)[:-1])


@settings(deadline=None, max_examples=60)
@given(models())
def test_random_networks_compute_the_trace(model: SpikingClassifier) -> None:
    _check_trace(model, random_inputs(model.config))
