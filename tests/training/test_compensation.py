"""Rounding that makes up for itself: second moments against the layers' own sums, and what they are for."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snnc.training.conversion import compensation
from snnc.training.conversion.compensation import compensated, second_moments
from snnc.training.conversion.convert import calibrate, spiking
from snnc.training.conversion.options import ConversionOptions
from snnc.training.conversion.rounding import grid_ends
from snnc.training.conversion.trace_module import fold

LEVELS = 7


class Mixed(nn.Module):
    """A pooled and padded convolution, one with groups, a skip, a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.skip = nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, 4, 1)
        self.grouped, self.second = nn.Conv2d(4, 4, 3, padding=1, groups=2), nn.Conv2d(4, 4, 3, padding=1)
        self.pool, self.out = nn.AvgPool2d(2), nn.Linear(36, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.first(x))
        x = nn.functional.relu(self.grouped(x))
        x = torch.relu(self.second(x) + self.skip(x))
        return self.out(torch.flatten(self.pool(x), 1))


def _images(number: int = 24) -> Tensor:
    return torch.rand(number, 2, 6, 6, generator=torch.Generator().manual_seed(1))


def test_second_moments_are_those_of_the_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    network = fold(Mixed().eval(), (2, 6, 6))
    names = [layer.name for layer in network.layers]
    thresholds = {name: torch.rand(4) + 0.1 for name in names[:-1]}
    moments = second_moments(network, thresholds, _images())
    assert set(moments) == set(names) - {names[1]}  # The second has groups.
    sums: dict[str, Tensor] = {}

    def clip(name: str, total: Tensor) -> Tensor:
        sums[name] = total
        return total.clamp(min=0).minimum(thresholds[name].reshape(-1, 1, 1))

    sums[names[-1]] = network.run(_images().double(), clip)[:, :, None, None]
    for layer in network.layers:
        if layer.name not in moments:
            continue
        rows = []
        for edge in layer.edges:
            scale = thresholds.get(edge.config.source, torch.ones(2)).double()
            repeat = edge.weights.shape[1] // len(scale) if edge.config.kind == "linear" else 1
            scale = scale.repeat_interleave(repeat).reshape(-1, *[1] * (edge.weights.ndim - 2))
            rows.append((edge.weights * scale).flatten(1))
        weights = torch.cat(rows, 1)
        found = (weights @ moments[layer.name] * weights).sum(1)
        currents = sums[layer.name].double() - layer.bias.double().reshape(-1, 1, 1)
        torch.testing.assert_close(found, currents.square().mean((0, 2, 3)), rtol=1e-4, atol=1e-9)
    monkeypatch.setattr(compensation, "LARGEST_FAN_IN", 20)
    assert set(second_moments(network, thresholds, _images())) == {names[0]}


@pytest.mark.parametrize("shared", [False, True])
def test_less_is_lost_than_by_rounding_each_weight_alone(shared: bool) -> None:
    torch.manual_seed(2)
    inputs = torch.rand(400, 5, dtype=torch.float64) @ torch.rand(5, 30, dtype=torch.float64)
    weights = torch.randn(8, 30, dtype=torch.float64)
    weights[3] = 0
    scale = (grid_ends(weights, LEVELS, shared=shared) / LEVELS).clamp(min=1e-9)
    alone = (weights / scale).round().clamp(-LEVELS, LEVELS) * scale
    together = compensated(weights, LEVELS, inputs.T @ inputs / 400, shared=shared)
    integers = together / scale
    torch.testing.assert_close(integers, integers.round(), atol=1e-9, rtol=0)
    largest = integers.round().abs().amax() if shared else integers.round().abs().amax(1)[weights.any(1)]
    assert (largest == LEVELS).all() and not together[3].any()
    lost = [((weights - rounded) @ inputs.T).square().mean() for rounded in (together, alone)]
    assert lost[0] < 0.2 * lost[1]


def test_conversions_take_it_where_it_is_nearer_to_the_module() -> None:
    torch.manual_seed(4)
    module = nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, 2, 1), nn.ReLU(), nn.Flatten(),
        nn.Linear(128, 5),
    ).eval()  # fmt: skip
    images = np.random.default_rng(3).integers(0, 256, (200, 1, 8, 8)).astype(np.uint8)
    options = ConversionOptions(weight_bits=3, iterations=40, batch=20, readout_shift=0)
    calibrated = calibrate(module, images, options)
    assert calibrated.samples is not None and calibrated.samples.others is not None
    assert np.array_equal(calibrated.samples.others, images[64:])
    without = replace(calibrated, samples=replace(calibrated.samples, others=None))
    logits = module(torch.from_numpy(images) / 255).detach().numpy()
    likeness = []
    for found in (calibrated, without):
        outputs = spiking(found, 16, options).trace(images.reshape(200, -1))[-1].membranes[:, -1]
        pairs = zip(outputs, logits, strict=True)
        likeness.append(float(np.mean([np.corrcoef(*pair)[0, 1] for pair in pairs])))
    assert 1 - likeness[0] < 0.8 * (1 - likeness[1])
