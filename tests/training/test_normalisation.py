"""Batch normalisation of integer currents: what it computes, its gradients, and its exact folding."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from example_counts import examples
from hypothesis import given
from random_classifiers import models, random_inputs
from surrogate import AtanSpike
from torch import Tensor, nn

from snnc.training.data.datasets import load_samples
from snnc.training.files.checkpoint import save_checkpoint
from snnc.training.fitting.recipes import find_recipe
from snnc.training.fitting.train import train
from snnc.training.model.classifier import SpikingClassifier
from snnc.training.model.config import (
    EdgeConfig,
    LayerConfig,
    ModelConfig,
    Population,
    fully_connected,
)
from snnc.training.model.evaluation_order import run_block
from snnc.training.model.layers import SpikingLayer
from snnc.training.model.normalisation import MOMENTUM, VARIANCE_FLOOR, BatchNorm, CurrentStatistics


def _layer() -> SpikingLayer:
    """Five channels of a 3x3 convolution on a grid so fine that rounding hardly shows."""
    torch.manual_seed(1)
    config = LayerConfig(
        "layer", 5, (EdgeConfig("input", "conv", (3, 3)),), Population(state_bits=24), weight_bits=8
    )
    layer = SpikingLayer(config, ((2, 6, 6),), (255,), (5, 4, 4), 1, batch_norm=True)
    with torch.no_grad():
        layer.threshold.uniform_(0.3, 1.2)
        layer.bias.normal_(0, 0.3)
    return layer


def _float_layer(layer: SpikingLayer, payloads: Tensor, parameters: list[Tensor]) -> Tensor:
    """Spikes of the same layer from PyTorch's own batch normalisation in float64."""
    weight, threshold, bias = parameters
    rounded = torch.round(weight / layer.grid().unit[:, None] / 255) * layer.grid().unit[:, None] * 255
    kernel = (weight + (rounded - weight).detach()).reshape(5, 2, 3, 3)
    current = nn.functional.conv2d(payloads / 255, kernel)
    normal = nn.functional.batch_norm(current, None, None, training=True, eps=VARIANCE_FLOOR)
    limit = threshold.reshape(-1, 1, 1)
    spikes = AtanSpike.apply((normal + bias.reshape(-1, 1, 1) - limit) / limit)
    assert isinstance(spikes, Tensor)
    return spikes


def test_training_is_batch_normalisation() -> None:
    layer = _layer()
    payloads = torch.randint(0, 256, (32, 2, 6, 6), generator=torch.Generator().manual_seed(2)).double()
    parameters = [layer.synapses.weight, layer.threshold, layer.bias]
    run = run_block({"layer": layer}, {"input": payloads[None]}, 1)["layer"]
    copies = [value.detach().double().requires_grad_() for value in parameters]
    expected = _float_layer(layer, payloads, copies)
    assert (run.spikes[0] != expected).double().mean() < 1e-3
    weights = torch.randn(expected.shape, generator=torch.Generator().manual_seed(3)).double()
    ours = torch.autograd.grad((run.spikes[0] * weights).sum(), parameters)
    theirs = torch.autograd.grad((expected * weights).sum(), copies)
    for got, wanted in zip(ours, theirs, strict=True):
        assert (got - wanted).norm() < 0.02 * wanted.norm()


def test_running_statistics() -> None:
    layer = _layer()
    payloads = torch.randint(0, 256, (1, 32, 2, 6, 6), generator=torch.Generator().manual_seed(2))
    run_block({"layer": layer}, {"input": payloads}, 1)
    kernel = layer.grid().weights[0].double() * layer.grid().unit.double()[:, None, None, None]
    current = nn.functional.conv2d(payloads[0].double(), kernel).detach().numpy()
    assert layer.statistics is not None
    mean, variance = current.mean((0, 2, 3)), current.var((0, 2, 3))
    np.testing.assert_allclose(layer.statistics.mean, MOMENTUM * mean, rtol=1e-3)
    np.testing.assert_allclose(layer.statistics.variance, 1 - MOMENTUM + MOMENTUM * variance, rtol=1e-3)
    before = layer.statistics.mean.clone()
    layer.eval()
    run_block({"layer": layer}, {"input": payloads}, 1)
    assert torch.equal(layer.statistics.mean, before)


@examples(40)
@given(models())
def test_folding_changes_no_integer(model: SpikingClassifier) -> None:
    x = random_inputs(model.config)
    before, integers = model.trace(x), [layer.integers() for layer in model.stack]
    model.fold()
    assert all(layer.statistics is None for layer in model.stack)
    for layer, expected in zip(model.stack, integers, strict=True):
        got = layer.integers()
        for first, second in zip(got.weights, expected.weights, strict=True):
            np.testing.assert_array_equal(first, second)
        for name in ("threshold", "bias", "initial"):
            np.testing.assert_array_equal(getattr(got, name), getattr(expected, name))
    for after, trace in zip(model.trace(x), before, strict=True):
        np.testing.assert_array_equal(after.membranes, trace.membranes)


def test_an_unfolded_model_is_not_stored(tmp_path: Path) -> None:
    config = find_recipe("digits-mlp").model_config((1, 8, 8), 10)
    with pytest.raises(ValueError, match="fold the batch normalisation"):
        save_checkpoint(tmp_path / "m.pt", SpikingClassifier(config, batch_norm=True))


def _readout(source: str) -> tuple[LayerConfig, ...]:
    return tuple(replace(layer, edges=(EdgeConfig(source),)) for layer in fully_connected((3,)))


def test_in_a_loop_what_comes_from_outside_is_normalised() -> None:
    edges = (EdgeConfig("input"), EdgeConfig("loop", delay=1))
    layers = (LayerConfig("loop", 5, edges, Population(state_bits=24), weight_bits=8), *_readout("loop"))
    torch.manual_seed(1)
    model = SpikingClassifier(ModelConfig((6, 1, 1), layers, steps=3, encoding="events"), batch_norm=True)
    x = np.random.default_rng(0).integers(0, 17, (40, 3, 6)).astype(np.uint8)
    model(torch.from_numpy(x))
    loop = model.stack[0]
    weights = loop.grid().weights[0].double() * loop.grid().unit.double()[:, None]
    outer = (torch.from_numpy(x).double() @ weights.T).detach().flatten(0, 1).numpy()
    assert loop.statistics is not None
    np.testing.assert_allclose(loop.statistics.mean, MOMENTUM * outer.mean(0), rtol=1e-3)
    before = model.trace(x)
    model.fold()
    assert all(np.array_equal(a.membranes, b.membranes) for a, b in zip(before, model.trace(x), strict=True))
    assert before[0].spikes.any()


def test_recurrent_layers_train_with_batch_normalisation() -> None:
    settings = {"architecture": "recurrent", "batch_norm": "true", "epochs": "4", "hidden": "24"}
    assert train(find_recipe("digits-mlp"), 1, {**settings, "rate_penalty": "0"}).accuracy > 0.7


def test_a_layer_that_hears_only_its_loop_is_not_normalised() -> None:
    population = Population()
    layers = (
        LayerConfig("a", 4, (EdgeConfig("input"), EdgeConfig("b", delay=1)), population),
        LayerConfig("b", 4, (EdgeConfig("a"),), population),
        *_readout("b"),
    )
    config = ModelConfig((6, 1, 1), layers)
    with pytest.raises(ValueError, match="batch_norm does not go with layer b, which hears only its loop"):
        SpikingClassifier(config, batch_norm=True)


def test_a_net_of_one_step_learns() -> None:
    settings = {
        "architecture": "cnn",
        "hidden": "16,32",
        "epochs": "4",
        "steps": "1",
        "learning_rate": "0.02",
    }
    result = train(find_recipe("digits-mlp"), 1, {**settings, "batch_norm": "true", "rate_penalty": "0"})
    assert result.accuracy > 0.8


@pytest.mark.parametrize("expanded", [False, True])
def test_statistics_are_those_of_batch_normalisation(expanded: bool) -> None:
    generator = torch.Generator().manual_seed(2)
    steps = 1 if expanded else 3
    currents = torch.randint(-50, 70, (steps, 4, 5, 3, 2), generator=generator).double().requires_grad_()
    unit = torch.rand(5, generator=generator).double()
    weights = torch.rand(2, 5, generator=generator).double()
    results = []
    variance, mean = torch.var_mean(currents, (0, 1, 3, 4), correction=0)
    expected = mean, (variance + VARIANCE_FLOOR / unit.square()).sqrt()
    statistics = CurrentStatistics(5)
    observed = statistics.observe(currents.expand(3, -1, -1, -1, -1), unit)
    for values in (expected, observed):
        loss = sum((value * weight).sum() for value, weight in zip(values, weights, strict=True))
        results.append((*values, *torch.autograd.grad(loss, currents)))
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(statistics.mean, (MOMENTUM * mean * unit).float())


def test_one_value_is_normalised_by_what_came_before() -> None:
    """A last batch of one sample has no variance, and must not count as if it had none."""
    statistics = CurrentStatistics(2)
    statistics.mean.copy_(torch.tensor([1.0, -2.0]))
    statistics.variance.fill_(4.0)
    before = statistics.mean.clone(), statistics.variance.clone()
    unit = torch.tensor([0.5, 0.25], dtype=torch.float64)
    mean, deviation = statistics.observe(torch.ones(1, 1, 2, 1, 1).double().expand(3, -1, -1, -1, -1), unit)
    assert torch.allclose(mean, torch.tensor([2.0, -8.0]).double())
    assert torch.allclose(deviation, torch.tensor([4.0, 8.0]).double(), rtol=1e-5)
    assert torch.equal(statistics.mean, before[0]) and torch.equal(statistics.variance, before[1])
    norm = BatchNorm(2)
    assert torch.allclose(
        norm(torch.tensor([3.0, 5.0]).reshape(1, 2, 1, 1)).flatten(), torch.tensor([3.0, 5.0]), rtol=1e-4
    )
    pair = torch.randn(2, 2, 1, 1)
    assert torch.equal(norm(pair), nn.functional.batch_norm(pair, None, None, training=True))


@pytest.mark.parametrize("kind", ["logits", "features"])
def test_a_last_batch_of_one_sample(kind: str, tmp_path: Path) -> None:
    digits = load_samples("digits", "train", 17)
    np.savez(tmp_path / "few.npz", x_train=digits.x, y_train=digits.y, x_test=digits.x, y_test=digits.y)
    settings = {"data": str(tmp_path / "few.npz"), "batch": "8", "epochs": "2", "hidden": "8", "steps": "1"}
    result = train(find_recipe("digits-mlp"), 1, {**settings, "distill": kind, "batch_norm": "true"})
    assert all(bool(value.isfinite().all()) for value in result.model.parameters())
