"""Rounding weights to few bits: where the grid ends, and what is lost on average."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from snnc.training.conversion import convert as conversion
from snnc.training.conversion import options as options_of_conversions
from snnc.training.conversion.calibration import CalibrationSamples
from snnc.training.conversion.convert import calibrate, spiking
from snnc.training.conversion.options import ConversionOptions
from snnc.training.conversion.rounding import PARTS, clipped
from snnc.training.model.classifier import SpikingClassifier

LEVELS = 7


def _error(weights: Tensor, end: Tensor) -> Tensor:
    """Squared error of each row on a grid that ends at `end` (rows, 1)."""
    scale = end / LEVELS
    return (weights - (weights / scale).round().clamp(-LEVELS, LEVELS) * scale).square().sum(1)


def _weights() -> Tensor:
    torch.manual_seed(1)
    weights = torch.randn(40, 60, dtype=torch.float64)
    weights[:, 0] = 5
    return weights


@pytest.mark.parametrize("shared", [False, True])
def test_no_other_end_of_the_grid_errs_less(shared: bool) -> None:
    weights = _weights()
    result = clipped(weights, LEVELS, shared=shared)
    largest = weights.abs().amax(1, keepdim=True)
    ends = result.abs().amax(1, keepdim=True)
    assert torch.equal(result, weights.clamp(-ends, ends))
    if shared:
        rows, ends, largest = weights.reshape(1, -1), ends.max().reshape(1, 1), largest.max().reshape(1, 1)
    else:
        rows = weights
    errors = torch.stack([_error(rows, largest * part) for part in PARTS])
    assert torch.allclose(_error(rows, ends), errors.amin(0))
    # Outliers are worth clipping.
    assert float(errors.amin(0).sum()) < 0.95 * float(_error(rows, largest).sum())


def test_weights_that_lie_on_the_grid_and_zeros_stay() -> None:
    integers = torch.from_numpy(np.random.default_rng(0).integers(-LEVELS, LEVELS + 1, (30, 50))).double()
    integers[:, 0] = LEVELS
    integers[3] = 0
    weights = integers * torch.rand(30, 1, dtype=torch.float64)
    assert torch.equal(clipped(weights, LEVELS, shared=False), weights)


def test_biases_take_what_rounding_loses_on_average() -> None:
    """The mean of every first-layer current is that of the module's, though weights have four bits."""
    torch.manual_seed(2)
    module = nn.Sequential(
        nn.Conv2d(2, 6, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2), nn.Conv2d(6, 5, 2), nn.ReLU(),
        nn.Flatten(), nn.Linear(20, 3),
    ).eval()  # fmt: skip
    images = np.random.default_rng(3).integers(0, 256, (60, 2, 6, 6)).astype(np.uint8)
    options = ConversionOptions(weight_bits=4, iterations=100, readout_shift=0)
    calibrated = calibrate(module, images, options)
    thresholds = calibrated.thresholds["_1"]
    with torch.no_grad():
        expected = (module[0](torch.from_numpy(images) / 255).mean((0, 2, 3)) / thresholds).numpy()
    errors = []
    for correct in (True, False):
        model = conversion._spiking(calibrated, 4, options, clip=True, correct=correct)
        integers = model.stack[0].integers()
        weights = torch.from_numpy(integers.weights[0].astype(np.float64))
        currents = nn.functional.conv2d(torch.from_numpy(images).double(), weights, padding=1)
        currents = currents.mean((0, 2, 3))
        error = np.abs(currents.numpy() + integers.bias - expected * integers.threshold)
        # In accumulator units: the bias is rounded to the next, the threshold up.
        errors.append(float((error / (1 + np.abs(expected))).max()))
    assert errors[0] < 1 < 10 < errors[1]


def _module() -> tuple[nn.Module, NDArray[np.uint8]]:
    """Untrained convolutions, and images to calibrate them."""
    torch.manual_seed(4)
    module = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, 2, 1), nn.ReLU(), nn.Flatten(),
        nn.Linear(128, 5),
    ).eval()  # fmt: skip
    return module, np.random.default_rng(3).integers(0, 256, (64, 1, 8, 8)).astype(np.uint8)


def _likeness(model: SpikingClassifier, module: nn.Module, images: NDArray[np.uint8]) -> float:
    """Mean correlation of the outputs with those of `module`."""
    outputs = model.trace(images.reshape(len(images), -1))[-1].membranes[:, -1]
    logits = module(torch.from_numpy(images) / 255).detach().numpy()
    return float(np.mean([np.corrcoef(*pair)[0, 1] for pair in zip(outputs, logits, strict=True)]))


def test_the_choice_brings_the_outputs_at_least_as_near_as_every_other() -> None:
    module, images = _module()
    options = ConversionOptions(weight_bits=3, iterations=300)
    calibrated = calibrate(module, images, options)
    others = []
    for shift, clip, correct in itertools.product((0, 5, 3), (False, True), (False, True)):
        fixed = replace(options, readout_shift=shift)
        model = conversion._spiking(calibrated, 32, fixed, clip=clip, correct=correct)
        others.append(_likeness(model, module, images))
    chosen = _likeness(spiking(calibrated, 32, options), module, images)
    assert chosen >= max(others) - 1e-9 and chosen > others[0] + 0.002


def test_thresholds_of_so_many_iterations_are_taken_as_do_best_at_these_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(options_of_conversions, "ITERATIONS", (2, 8, 60))
    torch.manual_seed(4)
    module = nn.Sequential(
        nn.Flatten(), nn.Linear(16, 12), nn.ReLU(), nn.Linear(12, 12), nn.ReLU(), nn.Linear(12, 4)
    ).eval()
    generator = np.random.default_rng(4)
    images = generator.integers(0, 40, (64, 1, 4, 4)).astype(np.uint8)
    images[generator.random(64) < 0.1] *= 6
    options = ConversionOptions(weight_bits=4, batch=8)
    calibrated = calibrate(module, images, options)
    kept = (*calibrated.fewer, calibrated)
    alone = calibrate(module, images, replace(options, iterations=8))
    assert len(kept) == 3 and alone.fewer == ()
    assert all(torch.equal(kept[1].thresholds[name], values) for name, values in alone.thresholds.items())
    alike = [replace(one, fewer=(), samples=_uncompensated(one.samples)) for one in kept]
    calibrated = replace(alike[-1], fewer=tuple(alike[:-1]))
    for steps, worse in ((2, 2), (16, 0)):
        found = [_likeness(spiking(one, steps, options), module, images) for one in alike]
        chosen = _likeness(spiking(calibrated, steps, options), module, images)
        assert chosen == pytest.approx(max(found), abs=1e-9) and chosen > found[worse] + 1e-4


def _uncompensated(samples: CalibrationSamples | None) -> CalibrationSamples:
    assert samples is not None
    return replace(samples, others=None)
