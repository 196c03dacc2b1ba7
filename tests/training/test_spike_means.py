"""Biases that take what spikes lose on average: rates, outputs, and that conversions take them."""

import copy

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from snnc.training.conversion import convert as conversion
from snnc.training.conversion.convert import Calibrated, calibrate, spiking
from snnc.training.conversion.options import ConversionOptions
from snnc.training.conversion.spike_means import activation_means, match_means
from snnc.training.model.classifier import SpikingClassifier

pytestmark = pytest.mark.slow

OPTIONS = ConversionOptions(iterations=60, batch=20, readout_shift=0)
STEPS = 6


class Skipped(nn.Module):
    """A convolution, two more that its output skips, a linear layer on every place."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 8, 3, padding=1)
        self.second, self.third = nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
        self.out = nn.Linear(8 * 36, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.first(x))
        inner = torch.relu(self.second(x))
        x = torch.relu(self.third(inner) + x)
        return self.out(torch.flatten(x, 1))


@pytest.fixture(scope="module")
def case() -> tuple[nn.Module, NDArray[np.uint8], Calibrated]:
    """The module, images, and its thresholds on these."""
    torch.manual_seed(4)
    module = Skipped().eval()
    images = np.random.default_rng(3).integers(0, 256, (160, 1, 6, 6)).astype(np.uint8)
    return module, images, calibrate(module, images, OPTIONS)


def _plain(calibrated: Calibrated) -> SpikingClassifier:
    return conversion._spiking(calibrated, STEPS, OPTIONS, clip=False, correct=False)


def _rates(model: SpikingClassifier, images: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
    """Mean rate of each channel of each hidden layer."""
    trace = model.trace(images.reshape(len(images), -1))[:-1]
    return [
        layer.spikes.mean((0, 1)).reshape(shape.shape).mean((1, 2))
        for layer, shape in zip(trace, model.stack, strict=False)
    ]


def test_means_are_those_of_the_module(case: tuple[nn.Module, NDArray[np.uint8], Calibrated]) -> None:
    module, images, calibrated = case
    means = activation_means(calibrated.network, calibrated.thresholds, images, 255)
    with torch.no_grad():
        first = torch.relu(module.first(torch.from_numpy(images) / 255)).mean(0)
    name = calibrated.network.layers[0].name
    threshold = calibrated.thresholds[name].reshape(-1, 1, 1)
    assert torch.allclose(means[name] * threshold, first, atol=1e-5)
    assert set(means) == set(calibrated.thresholds)


def test_neurons_fire_as_much_as_the_activations_are(
    case: tuple[nn.Module, NDArray[np.uint8], Calibrated],
) -> None:
    module, images, calibrated = case
    plain = _plain(calibrated)
    matched = copy.deepcopy(plain)
    means = activation_means(calibrated.network, calibrated.thresholds, images, 255)
    match_means(matched, means, images)
    for kept, changed in zip(plain.stack, matched.stack, strict=True):
        assert torch.equal(kept.synapses.weight, changed.synapses.weight)
        assert torch.equal(kept.threshold, changed.threshold)
    expected = [values.mean((1, 2)).numpy() for values in means.values()]
    errors = [
        [np.abs(rate - value).mean() for rate, value in zip(_rates(model, images), expected, strict=True)]
        for model in (matched, plain)
    ]
    assert all(after < 0.7 * before for after, before in zip(*errors, strict=True)), errors
    with torch.no_grad():
        logits = module(torch.from_numpy(images) / 255).mean(0).double().numpy()
    off = []
    for model in (matched, plain):
        outputs = model.trace(images.reshape(len(images), -1))[-1].membranes[:, -1].mean(0)
        off.append(np.abs(outputs * float(logits @ outputs / (outputs @ outputs)) - logits).mean())
    assert off[0] < 0.3 * off[1], off


def test_conversions_take_it_where_it_is_nearer_to_the_module(
    case: tuple[nn.Module, NDArray[np.uint8], Calibrated], monkeypatch: pytest.MonkeyPatch
) -> None:
    module, images, calibrated = case
    with torch.no_grad():
        logits = module(torch.from_numpy(images) / 255).numpy()

    def likeness() -> float:
        outputs = spiking(calibrated, STEPS, OPTIONS).trace(images.reshape(len(images), -1))[-1]
        pairs = zip(outputs.membranes[:, -1], logits, strict=True)
        return float(np.mean([np.corrcoef(*pair)[0, 1] for pair in pairs]))

    taken = likeness()
    monkeypatch.setattr(conversion, "match_means", lambda model, means, images: None)
    left = likeness()
    assert 1 - taken < 0.8 * (1 - left)

    def spoil(model: SpikingClassifier, means: object, images: object) -> None:
        model.stack[0].bias.data.add_(1.0)

    monkeypatch.setattr(conversion, "match_means", spoil)
    assert likeness() == left
