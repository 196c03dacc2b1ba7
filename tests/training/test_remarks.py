"""Nothing silent: trainings and conversions that came to nothing say so, with the layer and a remedy."""

from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch import nn

from snnc.commands.cli import main
from snnc.training.conversion.convert import convert
from snnc.training.conversion.options import ConversionOptions
from snnc.training.fitting.parts import Parts
from snnc.training.fitting.recipes import find_recipe
from snnc.training.fitting.remarks import about_course, about_inputs, about_layers
from snnc.training.fitting.train import train


def test_layers_that_fire_never_or_always() -> None:
    lines = about_layers(("a", "b", "c", "readout"), (0.0, 0.2, 1.0), "try this")
    assert lines == [
        "layer a never fires (rate 0.00%), so nothing passes it: try this",
        "layer c always fires (rate 100.00%), so nothing passes it: try this",
    ]


@pytest.mark.parametrize(
    ("largest", "payload", "said"), [(16, 16, 0), (5, 16, 0), (4, 16, 1), (1, 255, 1), (1, 1, 0), (0, 1, 1)]
)
def test_inputs_far_below_their_range(largest: int, payload: int, said: int) -> None:
    assert len(about_inputs(largest, payload, "data")) == said


@pytest.mark.parametrize(
    ("accuracies", "samples", "said"),
    [
        ([0.8, 0.9, 0.96, 0.955, 0.97], 60_000, None),
        (
            [0.8, 0.9, 0.96, 0.7, 0.91],
            60_000,
            "from 96.00% in epoch 3 to 70.00% in epoch 4: lower learning_rate",
        ),
        ([0.8, 0.95, 0.92], 60_000, "from 95.00% in epoch 2 to 92.00% in epoch 3"),
        ([0.8, 0.95, 0.92], 300, None),
        ([0.5], 100, None),
        ([], 100, None),
    ],
)
def test_a_training_that_lost_ground(accuracies: list[float], samples: int, said: str | None) -> None:
    lines = about_course(accuracies, samples)
    assert len(lines) == (said is not None) and all(said in line for line in lines if said)


def test_a_training_says_that_it_lost_ground() -> None:
    """Half of the learning rates throw it back."""

    class Jumping(torch.optim.SGD):
        def step(self, closure: None = None) -> None:  # type: ignore[override]
            super().step()
            self.steps = getattr(self, "steps", 0) + 1
            if self.steps == 3 * 12:
                with torch.no_grad():
                    for group in self.param_groups:
                        for parameter in group["params"]:
                            parameter.copy_(torch.randn_like(parameter))

    said: list[str] = []
    settings = {"epochs": "4", "hidden": "32", "batch": "128", "rate_penalty": "0", "batch_norm": "true"}
    parts = Parts(optimiser=lambda groups: Jumping(groups, lr=0.3, momentum=0.9))
    result = train(find_recipe("digits-mlp"), 1, settings, warn=said.append, parts=parts)
    assert any(line.startswith("training accuracy fell from") for line in said)
    assert result.warnings == tuple(said)


def _binary(path: Path) -> str:
    random = np.random.default_rng(0)
    x, y = random.integers(0, 2, (200, 16)).astype(np.uint8), random.integers(0, 2, 200)
    np.savez(path, x_train=x, y_train=y, x_test=x, y_test=y)
    return str(path)


def test_training_says_that_it_ended_without_a_spike_and_why(tmp_path: Path) -> None:
    settings = {"data": _binary(tmp_path / "d.npz"), "max_payload": "255", "epochs": "1", "hidden": "8"}
    said: list[str] = []
    result = train(find_recipe("digits-mlp"), 1, settings, warn=said.append)
    assert result.mean_rate == 0 and result.warnings == tuple(said)
    assert "d.npz reach 1, max_payload is 255: currents are 255 times smaller" in said[0]
    assert "set max_payload=1" in said[0]
    assert "layer hidden1 never fires (rate 0.00%), so nothing passes it: lower rate_penalty" in said[1]
    assert result.provenance().remarks == tuple(said)
    with pytest.warns(UserWarning, match="max_payload is 255"):
        train(find_recipe("digits-mlp"), 1, settings)


def test_the_command_line_shows_it(tmp_path: Path) -> None:
    settings = ["epochs=1", "hidden=8", "max_payload=255"]
    command = ["train", "digits-mlp", "-o", str(tmp_path / "m.pt"), "--data", _binary(tmp_path / "d.npz")]
    result = CliRunner().invoke(main, [*command, *(part for item in settings for part in ("--set", item))])
    assert result.exit_code == 0, result.output
    assert "warning: layer hidden1 never fires" in result.stderr


def test_an_ordinary_training_says_nothing() -> None:
    said: list[str] = []
    result = train(find_recipe("digits-mlp"), 1, {"epochs": "1", "hidden": "8"}, warn=said.append)
    assert said == [] and result.provenance().remarks == ()


def test_conversion_says_it_too() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 2)).eval()
    images = np.random.default_rng(0).integers(0, 17, (20, 1, 6, 6)).astype(np.uint8)
    said: list[str] = []
    options = ConversionOptions(iterations=50, batch=10)
    convert(module, images, 8, options, max_payload=16, warn=said.append)
    assert said == []
    with torch.no_grad():
        module[0].bias.fill_(-100)
    convert(module, images, 8, options, max_payload=255, warn=said.append)
    assert said[0].startswith("values of the images reach 16, max_payload is 255")
    assert said[1].startswith("layer _1 never fires (rate 0.00%)")
