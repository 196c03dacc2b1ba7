"""The accumulator limit: the compiler's own proof accepts the width, and not without it."""

import numpy as np
import pytest
import torch

from snnc.base.errors import UsageError
from snnc.compiler.analysis.bounds import bits_needed, state_bounds
from snnc.compiler.isa.arithmetic import Decay
from snnc.training.files.export import to_network
from snnc.training.fitting.accumulators import AccumulatorLimit
from snnc.training.fitting.recipes import find_recipe
from snnc.training.fitting.train import train
from snnc.training.model.architectures import build_layers
from snnc.training.model.classifier import SpikingClassifier
from snnc.training.model.config import ModelConfig, Population

SETTINGS = {"epochs": "3", "hidden": "32", "batch_norm": "true", "state_bits": "10", "device": "cpu"}


def _width(model: SpikingClassifier) -> int:
    """Bits that the compiler's interval proof asks for."""
    network = to_network(model, "m")
    return max(bits_needed(*state_bounds(network, layer).extremes) for layer in network.layers)


def test_a_trained_net_keeps_the_width() -> None:
    free = train(find_recipe("digits-mlp"), 1, SETTINGS)
    narrow = train(find_recipe("digits-mlp"), 1, {**SETTINGS, "accumulator_bits": "12"})
    assert _width(free.model) > 12 >= _width(narrow.model)
    assert narrow.accuracy > 0.7


@pytest.mark.parametrize("current_leak", [False, True])
def test_projection_changes_channels_beyond_the_limit_only(current_leak: bool) -> None:
    torch.manual_seed(1)
    population = Population(state_bits=8, current_leak=Decay(1, 2) if current_leak else None)
    layers = build_layers("pooled", (8, 8), 3, population, 4, "membrane")
    model = SpikingClassifier(ModelConfig((1, 8, 8), layers, steps=2, max_payload=1))
    with torch.no_grad():
        model.stack[1].synapses.weight[0, 1:] *= 1e-3
        model.stack[1].synapses.weight[1] = 1.0
    before = [layer.integers().weights[0].copy() for layer in model.stack]
    AccumulatorLimit(model, 10 + current_leak)()
    assert _width(model) <= 10 + current_leak
    after = [layer.integers().weights[0] for layer in model.stack]
    np.testing.assert_array_equal(after[1][0], before[1][0])
    assert not np.array_equal(after[1], before[1]) and abs(after[1][1]).max() == 7


def test_impossible_width() -> None:
    with pytest.raises(UsageError, match=r"accumulator_bits 11 leave no room .* hidden1 .* 10-bit state; 12"):
        train(find_recipe("digits-mlp"), 1, {**SETTINGS, "accumulator_bits": "11"})
