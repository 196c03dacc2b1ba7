"""Noise: its statistics, that it disturbs nothing afterwards, and that it costs accuracy."""

import numpy as np
import pytest
import torch

from snnc.training.data.datasets import load_samples
from snnc.training.fitting.recipes import find_recipe
from snnc.training.fitting.robustness import LEVELS, disturbed, gaussian, noisy_accuracy, salt_and_pepper
from snnc.training.fitting.train import train
from snnc.training.model.analog import AnalogClassifier
from snnc.training.model.classifier import SpikingClassifier
from snnc.training.model.faults import Disturbance

SAMPLES = load_samples("digits")
GENERATOR = torch.Generator()


@pytest.fixture(scope="module")
def model() -> SpikingClassifier:
    """A net that was trained for a few epochs."""
    return train(find_recipe("digits-mlp"), 1, {"epochs": "4", "hidden": "32", "batch_norm": "true"}).model


def test_gaussian() -> None:
    x = np.full((200, 64), 50, np.uint8)
    noisy = gaussian(x, 0.1, 100, np.random.default_rng(1)).astype(np.float64)
    assert noisy.mean() == pytest.approx(50, abs=0.5) and noisy.std() == pytest.approx(10, rel=0.05)
    limited = gaussian(x, 2.0, 100, np.random.default_rng(1))
    assert limited.min() == 0 and limited.max() == 100


def test_salt_and_pepper() -> None:
    x = np.full((200, 64), 7, np.uint8)
    noisy = salt_and_pepper(x, 0.2, 16, np.random.default_rng(1))
    counts = [(noisy == value).mean() for value in (0, 7, 16)]
    assert counts == pytest.approx([0.1, 0.8, 0.1], abs=0.02)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_flipped_bits(bits: int) -> None:
    low = -(1 << (bits - 1))
    weights = torch.randint(low, -low, (50, 400)).float()
    assert torch.equal(Disturbance(GENERATOR, flip=1.0).weights(weights, bits), -1 - weights)
    flipped = Disturbance(GENERATOR, flip=0.1).weights(weights, bits)
    assert flipped.min() >= low and flipped.max() < -low
    mask = (1 << bits) - 1
    changed = (weights.long() & mask) ^ (flipped.long() & mask)
    shares = [float((changed >> bit & 1).double().mean()) for bit in range(bits)]
    assert shares == pytest.approx([0.1] * bits, abs=0.015)


def test_dropped_spikes() -> None:
    spikes = torch.ones(100, 100)
    kept = Disturbance(GENERATOR, drop=0.3).events(spikes)
    assert set(kept.unique().tolist()) == {0.0, 1.0} and float(kept.mean()) == pytest.approx(0.7, abs=0.02)
    assert torch.equal(Disturbance(GENERATOR).events(spikes), spikes)


def test_lost_spikes_reach_nobody(model: SpikingClassifier) -> None:
    """With every spike lost, the readout sees its biases alone, whatever the input."""
    with disturbed(model, Disturbance(GENERATOR, drop=1.0)):
        traces = model.trace(SAMPLES.x[:20])
    assert not traces[0].spikes.any() and (traces[1].membranes == traces[1].membranes[:1]).all()
    assert model.trace(SAMPLES.x[:20])[0].spikes.any()


@pytest.mark.parametrize("kind", LEVELS)
def test_noise_costs_accuracy(model: SpikingClassifier, kind: str) -> None:
    before = [layer.integers().weights[0] for layer in model.stack]
    clean = noisy_accuracy(model, SAMPLES, kind, 0.0)  # type: ignore[arg-type]
    assert clean == (model.predict(SAMPLES.x) == SAMPLES.y).mean()
    strong = 0.8 if kind == "dropped_spikes" else 0.5
    assert noisy_accuracy(model, SAMPLES, kind, strong) < clean - 0.1  # type: ignore[arg-type]
    for layer, weights in zip(model.stack, before, strict=True):
        np.testing.assert_array_equal(layer.integers().weights[0], weights)


def test_networks_without_spikes(model: SpikingClassifier) -> None:
    torch.manual_seed(1)
    quantised = AnalogClassifier(model.config, levels=3, weight_bits=4).eval()
    payloads = torch.from_numpy(SAMPLES.x[:9, None])
    before = quantised(payloads).logits
    for disturbance in (Disturbance(GENERATOR, flip=0.2), Disturbance(GENERATOR, drop=0.5)):
        with disturbed(quantised, disturbance):
            assert not torch.allclose(quantised(payloads).logits, before)
    assert torch.equal(quantised(payloads).logits, before)
    with pytest.raises(ValueError, match="quantised networks only"):
        noisy_accuracy(AnalogClassifier(model.config), SAMPLES, "bit_flips", 0.1)
