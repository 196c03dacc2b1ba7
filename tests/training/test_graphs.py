"""Models of the whole vocabulary: the interpreter computes on the exported network what they trace."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from example_counts import examples
from hypothesis import given
from random_classifiers import models, random_inputs, varied

from snnc.compiler.ir.provenance import Provenance
from snnc.compiler.isa.arithmetic import Decay
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.reference.interpreter import execute_network
from snnc.training.files.export import to_network
from snnc.training.model.classifier import SpikingClassifier, predictions
from snnc.training.model.config import (
    INPUT,
    EdgeConfig,
    LayerConfig,
    ModelConfig,
    Population,
    fully_connected,
)

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
    network = to_network(model, "network", Provenance(seed=3))
    assert network.provenance == Provenance(seed=3)
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


@examples(60)
@given(models())
def test_random_networks_compute_the_trace(model: SpikingClassifier) -> None:
    _check_trace(model, random_inputs(model.config))
