"""`snnc train convert` on the command line: pretrained weights in, a model file out, and what it lacks."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

from snnc.commands.cli import main
from snnc.training.conversion.resnet import ResNet

pytestmark = pytest.mark.slow


def run(*arguments: str | Path) -> Result:
    """Invoke `snnc` in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def _images(path: Path, side: int = 32) -> Path:
    """An .npz of random colour images with splits."""
    x = np.random.default_rng(0).integers(0, 256, (6, 3, side, side)).astype(np.uint8)
    np.savez(path, x_train=x[:4], y_train=np.arange(4), x_test=x[4:], y_test=np.arange(2))
    return path


def _weights(path: Path) -> Path:
    torch.manual_seed(0)
    torch.save(ResNet(20).state_dict(), path)
    return path


def test_pretrained_weights_become_a_model_file(tmp_path: Path) -> None:
    weights, images, model = _weights(tmp_path / "w.th"), _images(tmp_path / "x.npz"), tmp_path / "m.pt"
    few = ["--set", "iterations=3", "--set", "batch=2", "--set", "steps=2"]
    result = run("train", "convert", "--from", weights, "--data", images, "-o", model, *few)
    assert result.exit_code == 0, result.output
    assert re.match(
        r"test accuracy \S+% \(exact, from the integers\), float \S+%, mean firing", result.stderr
    )
    text = run("inspect", model, "--level", "network").stdout
    assert "layer1_0_relu1" in text and "recipe: convert" in text and "max_payload: 255" in text


def test_calibration_images_must_fit_the_module(tmp_path: Path) -> None:
    weights, images = _weights(tmp_path / "w.th"), _images(tmp_path / "x.npz")
    small = _images(tmp_path / "small.npz", side=16)
    convert: list[str | Path] = [
        "train",
        "convert",
        "--from",
        weights,
        "--data",
        images,
        "-o",
        tmp_path / "m.pt",
    ]
    result = run(*convert, "--calibrate", small)
    assert result.exit_code == 2
    assert "holds images of shape (3, 16, 16), the module takes (3, 32, 32)" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["convert"], "convert needs --from CHECKPOINT"),
        (["convert", "--from", "w.th", "--set", "module=vgg"], "module must be one of resnet20, resnet32"),
        (
            ["convert", "--from", "w.th", "--set", "weight_bits=9"],
            "weight_bits must be an integer in 2..8, not 9",
        ),
        (["convert", "--from", "missing.th"], "missing.th: no such file"),
        (
            ["digits-mlp", "--calibrate", "digits"],
            "--from and --calibrate go with convert, not with digits-mlp",
        ),
    ],
)
def test_what_does_not_go_together_is_said(tmp_path: Path, arguments: list[str], message: str) -> None:
    result = run("train", *arguments, "-o", tmp_path / "m.pt")
    assert result.exit_code == 2
    assert message in result.stderr
