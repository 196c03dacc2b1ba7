"""Repeated widths and delayed edges: which layers there are, what they hear, and that all levels agree."""

import numpy as np
import pytest

import snnc
from snnc.base.errors import UsageError
from snnc.compiler.ir.network import ReadoutKind
from snnc.compiler.isa.arithmetic import Decay
from snnc.training.files.export import to_network
from snnc.training.fitting.recipe import Recipe, apply_settings
from snnc.training.fitting.recipes import find_recipe
from snnc.training.fitting.train import train
from snnc.training.model.architectures import Architecture, build_layers
from snnc.training.model.config import LayerConfig, ModelConfig, Population

MEMBRANE: ReadoutKind = "membrane"


def _layers(architecture: Architecture, repeat: int) -> dict[str, LayerConfig]:
    layers = build_layers(architecture, (4, 8), 3, Population(), 4, MEMBRANE, repeat=repeat)
    return {layer.name: layer for layer in layers}


def test_pooled_layers_repeat_at_one_resolution() -> None:
    layers = _layers("pooled", repeat=2)
    assert list(layers) == ["hidden1part1", "hidden1", "hidden2part1", "hidden2", "readout"]
    config = ModelConfig((1, 8, 8), tuple(layers.values()))
    assert [config.shapes[name] for name in layers] == [(4, 8, 8), (4, 8, 8), (8, 4, 4), (8, 4, 4), (3, 1, 1)]
    assert [layer.edges[0].pool for layer in layers.values()] == [(1, 1), (1, 1), (2, 2), (1, 1), (2, 2)]


def test_residual_blocks_repeat_with_a_weight_per_channel_beside_them() -> None:
    layers = _layers("residual", repeat=2)
    config = ModelConfig((1, 16, 16), tuple(layers.values()))
    assert config.shapes["hidden1"] == (4, 8, 8) and config.shapes["hidden2"] == (8, 4, 4)
    assert [layer for layer in layers if layer.endswith("a")] == ["hidden1a", "hidden2part1a", "hidden2a"]
    skips = {name: layer.edges[1] for name, layer in layers.items() if len(layer.edges) == 2}
    assert {name: (edge.source, edge.stride[0], edge.groups) for name, edge in skips.items()} == {
        "hidden1": ("hidden1part1", 1, 4),
        "hidden2part1": ("hidden1", 2, 1),
        "hidden2": ("hidden2part1", 1, 8),
    }


def test_convolutions_repeat_without_a_stride() -> None:
    layers = _layers("cnn", repeat=3)
    strides = [layer.edges[0].stride[0] for layer in layers.values()]
    assert strides == [2, 1, 1, 2, 1, 1, 1]


def test_one_edge_per_delay_between_hidden_layers_alone() -> None:
    recipe = apply_settings(find_recipe("digits-mlp"), {"hidden": "8,8", "delays": "0,1,3"})
    first, second, readout = recipe.model_config((64, 1, 1), 10).layers
    assert [edge.delay for edge in first.edges] == [0] == [edge.delay for edge in readout.edges]
    assert [(edge.source, edge.delay) for edge in second.edges] == [("hidden1", delay) for delay in (0, 1, 3)]


def test_delays_between_convolutions_are_refused() -> None:
    recipe = apply_settings(find_recipe("mnist-cnn"), {"delays": "0,2"})
    with pytest.raises(UsageError, match="delays go with fully connected layers, not with architecture cnn"):
        recipe.model_config((1, 28, 28), 10)


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        {"hidden": "12,12", "delays": "0,1,3", "batch_norm": "true"},
        {"hidden": "12,12", "delays": "0,2", "architecture": "recurrent", "current_leak_shift": "1"},
        {"hidden": "16", "learned_leak": "true", "current_leak_shift": "2"},
        {"hidden": "8", "architecture": "pooled", "repeat": "2", "batch_norm": "true", "leak_shift": "none"}
        | {"learned_leak": "true"},
        {"hidden": "4,8", "architecture": "residual", "repeat": "2", "batch_norm": "true"},
    ],
    ids=str,
)
def test_what_is_trained_computes_alike_on_every_level(settings: dict[str, str]) -> None:
    recipe: Recipe = find_recipe("digits-mlp")
    result = train(recipe, 1, {"epochs": "3", "steps": "4", "rate_penalty": "0", **settings})
    assert result.accuracy > 0.4 and min(result.rates) > 0
    x = snnc.dataset("digits", "test", 6).x
    network = to_network(result.model, "m")
    executed = snnc.reference(network, x)
    for trace in result.model.trace(x):
        assert np.array_equal(executed.layers[trace.name].membrane, trace.membranes)
        assert np.array_equal(executed.layers[trace.name].spikes, trace.spikes)
    report = snnc.simulate(snnc.compile(network, "mesh16"), x, tier="functional")
    assert report.predictions == result.model.predict(x).tolist()


@pytest.mark.slow
def test_learned_leaks_are_learned() -> None:
    result = train(find_recipe("digits-mlp"), 1, {"epochs": "3", "hidden": "16", "learned_leak": "true"})
    numerators = result.model.stack[0].integers().leak_numerators
    assert numerators is not None and len(set(numerators.tolist())) > 4
    assert result.model.config.layers[0].population.leak == Decay(32, 8)
