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
from snnc.training.fitting.recipes import find_recipe
from snnc.training.fitting.remarks import about_inputs, about_layers
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
