"""Readouts with height and width, and labels that are arrays, from a torch module to the report."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from numpy.typing import NDArray
from torch import nn

import snnc
from snnc.commands.cli import main
from snnc.training.conversion.calibration import final_membranes

pytestmark = pytest.mark.slow

SHAPE, CLASSES = (1, 6, 8), 3
TARGET = "fpga"


def module() -> nn.Module:
    torch.manual_seed(2)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, CLASSES, 3, padding=1)
    ).eval()


def build() -> nn.Module:
    """What `snnc import FILE.py:build` calls."""
    return module()


def images(number: int) -> NDArray[np.uint8]:
    return np.random.default_rng(5).integers(0, 256, (number, *SHAPE)).astype(np.uint8)


@pytest.fixture(scope="module")
def converted() -> Any:
    return snnc.convert(module(), images(40), 16, weight_bits=4, state_bits=17)


def expected(x: NDArray[np.uint8]) -> NDArray[np.float32]:
    with torch.no_grad():
        found: NDArray[np.float32] = module()(torch.from_numpy(x) / 255).numpy()
    return found


def test_outputs_times_their_scale_are_those_of_the_module(converted: Any, tmp_path: Path) -> None:
    x = images(40)
    found = final_membranes(converted, x.reshape(40, -1)) * converted.config.output_scale
    errors = found.reshape(expected(x).shape) - expected(x)
    assert np.abs(errors).mean() < 0.1 * expected(x).std()
    snnc.save(converted, tmp_path / "m.pt")
    assert snnc.load(tmp_path / "m.pt").provenance.output_scale == converted.config.output_scale


def test_other_steps_or_widths_leave_the_scale_unknown(converted: Any, tmp_path: Path) -> None:
    from snnc.models import read_model

    snnc.save(converted, tmp_path / "m.pt")
    for changes in ({"steps": 8}, {"bits": 4}):
        assert read_model(tmp_path / "m.pt", **changes)[1].provenance.output_scale is None


def test_all_executions_agree_and_the_report_judges_every_pixel(converted: Any) -> None:
    program, x = snnc.compile(converted, target=TARGET), images(40)[:3]
    snnc.verify(program, x).require_equal()
    report = snnc.simulate(program, x, expected(x).argmax(1), tier="functional")
    outputs = np.array(report.outputs.values).reshape(3, *report.outputs.shape)
    assert report.outputs.shape == (CLASSES, *SHAPE[1:])
    assert report.metrics is not None and report.accuracy is None and report.correct is None
    right = (outputs.argmax(1) == expected(x).argmax(1)).mean()
    assert report.metrics.figures["pixel_accuracy"] == right > 0.8
    assert f"pixel accuracy {right:.4f}" in " ".join(report.render().split())
    numbers = snnc.simulate(program, x, expected(x), tier="functional")
    assert numbers.metrics is not None and numbers.metrics.figures["explained_variance"] > 0.95
    assert "of the network without spikes" in numbers.render()


def test_from_a_module_to_the_page_on_the_command_line(tmp_path: Path) -> None:
    x = images(40)
    data = tmp_path / "pixels.npz"
    np.savez(data, x_train=x, y_train=expected(x).argmax(1), x_test=x[:4], y_test=expected(x[:4]).argmax(1))

    def run(*arguments: object, code: int = 0) -> str:
        done = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert done.exit_code == code, done.output
        return done.output

    model, folder = tmp_path / "m.pt", tmp_path / "build"
    said = run(
        "import", f"{__file__}:build", "-o", model, "--calibrate", data, "--steps", 16, "--bits", 4,
        "--json", tmp_path / "import.json",
    )  # fmt: skip
    found = json.loads((tmp_path / "import.json").read_text())["agreement"]
    assert found["float_accuracy"] == 1.0 and 0.8 < found["accuracy"] == found["overall"], said
    run("compile", model, "--target", TARGET, "-o", folder)
    run("simulate", folder, "--data", data, "--tier", "functional")
    report = json.loads((folder / "report.json").read_text())
    assert report["metrics"]["task"] == "pixels" and report["metrics"]["figures"]["mean_iou"] > 0.7
    assert report["outputs"]["scale"] > 0
    refused = run("simulate", folder, "--data", data, "--tier", "functional", "--min-accuracy", 0.5, code=2)
    assert "the labels are pixels, of which there is no accuracy to keep to" in refused
    run("report", folder, "--data", data, "-o", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "mean iou" in page and "pixel accuracy" in page and "are arrays" in page
    assert "here each must be one class" in run("run", folder, "--port", "sim", "--data", data, code=2)
