"""Random models: the PyTorch forward pass, the reference and both simulator tiers agree exactly."""

from typing import Any

import numpy as np
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from snnc.compiler.execute import execute_network, payloads_of
from snnc.compiler.pipeline import compile_network
from snnc.compiler.targets import load_target
from snnc.errors import DoesNotFit
from snnc.sim.cycle_engine import run_isolated
from snnc.sim.functional import run_functional
from snnc.training.config import ModelConfig
from snnc.training.export import to_network
from snnc.training.model import SpikingClassifier
from snnc.verification import layer_traces


@st.composite
def configurations(draw: st.DrawFn) -> ModelConfig:
    """Small stacks of every reset, leak, width and readout."""
    return ModelConfig(
        sizes=tuple(draw(st.lists(st.integers(2, 24), min_size=2, max_size=4))),
        steps=draw(st.integers(1, 4)),
        weight_bits=draw(st.integers(2, 8)),
        leak_shift=draw(st.sampled_from([None, 1, 3, 5])),
        reset=draw(st.sampled_from(["soft", "hard"])),
        state_bits=draw(st.sampled_from([8, 12, 16])),
        initial_fraction=draw(st.sampled_from([0.0, 0.5])),
        max_payload=draw(st.sampled_from([1, 16])),
        readout=draw(st.sampled_from(["membrane", "spike_count"])),
    )


def randomise(model: SpikingClassifier, scale: float, seed: int) -> None:
    """Weights, thresholds and biases from silent to saturated."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in model.stack:
            layer.synapses.weight.copy_(torch.randn(layer.synapses.weight.shape, generator=generator))
            layer.threshold.copy_(torch.rand(layer.threshold.shape, generator=generator) * scale)
            layer.bias.copy_(torch.randn(layer.bias.shape, generator=generator) * scale / 4)
    model.eval()


@settings(max_examples=40, deadline=None, print_blob=True)
@given(configurations(), st.sampled_from([0.1, 1.0, 10.0, 1000.0]), st.integers(0, 2**16), st.data())
def test_the_trainer_equals_reference_and_simulator(
    config: ModelConfig, scale: float, seed: int, data: Any
) -> None:
    model = SpikingClassifier(config)
    randomise(model, scale, seed)
    density = data.draw(st.sampled_from([0.0, 0.3, 1.0]))
    generator = np.random.default_rng(seed)
    x = generator.integers(0, config.max_payload + 1, (3, config.sizes[0]))
    x = (x * (generator.random(x.shape) < density)).astype(np.uint8)
    network = to_network(model, "random")
    try:
        program = compile_network(network, load_target("mesh16")).program
    except DoesNotFit:
        assume(False)
        raise
    payloads = payloads_of(network.input, network.steps, x)
    reference = execute_network(network, payloads)
    functional = layer_traces(program, run_functional(program, payloads, trace=True).trace)
    cycle = layer_traces(program, run_isolated(program, payloads, trace=True).trace)
    for trained in model.trace(x):
        expected = reference.layers[trained.name]
        np.testing.assert_array_equal(expected.membrane, trained.membranes)
        np.testing.assert_array_equal(expected.spikes, trained.spikes)
        for membranes, spikes in (functional[trained.name], cycle[trained.name]):
            np.testing.assert_array_equal(trained.membranes, membranes)
            np.testing.assert_array_equal(trained.spikes, spikes)
    np.testing.assert_array_equal(reference.predictions, model.predict(x))
