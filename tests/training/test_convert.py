"""Conversion without training: thresholds, rates and integers against independent formulas."""

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from snnc.base.errors import FileError, UsageError
from snnc.compiler.pipeline import compile_network
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.reference.interpreter import execute_network
from snnc.compiler.targets import load_target
from snnc.sim.engine.functional import run_functional
from snnc.training.conversion import convert as conversion
from snnc.training.conversion.balance import SMALLEST, balance
from snnc.training.conversion.calibration import CalibrationSamples, best_shift, usual_shifts
from snnc.training.conversion.convert import calibrate, convert, spiking
from snnc.training.conversion.options import ConversionOptions
from snnc.training.conversion.pretrained import load_pretrained
from snnc.training.conversion.rectified import one_thread
from snnc.training.conversion.resnet import ResNet
from snnc.training.conversion.trace_module import fold
from snnc.training.files.checkpoint import load_checkpoint, save_checkpoint
from snnc.training.files.export import to_network
from snnc.training.model.classifier import SpikingClassifier, Tally, TrainerTrace
from snnc.verification.compare import layer_traces

pytestmark = pytest.mark.slow

OPTIONS = ConversionOptions(iterations=60, batch=20, readout_shift=0)


class Residual(nn.Module):
    """A convolution, a block whose input skips it, pooling over everything, a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.norm, self.pool, self.out = nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1), nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.conv1(x))
        x = torch.relu(self.norm(self.conv2(x)) + x)
        return self.out(torch.flatten(self.pool(x), 1))


def _module() -> nn.Module:
    torch.manual_seed(4)
    return Residual().eval()


def _images(number: int = 40) -> NDArray[np.uint8]:
    return np.random.default_rng(3).integers(0, 256, (number, 2, 6, 5)).astype(np.uint8)


def test_balancing_is_the_published_rule() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2))
    module.eval()
    x = torch.rand(30, 6)
    early, got = balance(fold(module, (6, 1, 1)), x.reshape(30, 6, 1, 1), iterations=(2, 25), batch=7, seed=5)
    generator = torch.Generator().manual_seed(5)
    first, second = np.zeros(5), np.zeros(4)
    weights = [
        (layer.weight.detach().double().numpy(), layer.bias.detach().double().numpy())
        for layer in module[::2]  # type: ignore[attr-defined]
    ]
    for _ in range(25):
        batch = x[torch.randint(30, (7,), generator=generator)].double().numpy()
        z = batch @ weights[0][0].T + weights[0][1]
        a = np.minimum(np.maximum(z, 0), first)
        first = first + 2 * np.mean((z - first) * (z > first), axis=0)
        z = a @ weights[1][0].T + weights[1][1]
        second = second + 2 * np.mean((z - second) * (z > second), axis=0)
    for expected, threshold in zip((first, second), got.values(), strict=True):
        expected = np.maximum(expected, SMALLEST * expected.max())
        assert np.allclose(threshold.numpy(), expected, rtol=1e-4)
        assert expected.max() > 0.1
    assert all((early[name] <= got[name]).all() for name in got) and (early["_1"] < got["_1"]).any()


def _clipped_rates(model: SpikingClassifier, x: NDArray[np.uint8]) -> dict[str, NDArray[np.float64]]:
    """Activations of the clipped float network that the integers of `model` stand for, and its currents."""
    known = {"input": torch.from_numpy(x).double().reshape(len(x), *model.config.shape)}
    for layer in model.stack:
        integers = layer.integers()
        total = torch.zeros(len(x), *layer.shape, dtype=torch.float64)
        for edge, weights in zip(layer.config.edges, integers.weights, strict=True):
            events, w = known[edge.source], torch.from_numpy(weights.astype(np.float64))
            events = nn.functional.avg_pool2d(events, edge.pool) * edge.pool[0] * edge.pool[1]
            if edge.kind == "linear":
                total += nn.functional.linear(events.flatten(1), w)[:, :, None, None]
            else:
                total += nn.functional.conv2d(events, w, None, edge.stride, edge.padding, 1, edge.groups)
        total += torch.from_numpy(integers.bias).reshape(-1, 1, 1)
        threshold = torch.from_numpy(integers.threshold).reshape(-1, 1, 1)
        last = layer is model.stack[-1]
        known[layer.config.name] = total if last else (total / threshold).clamp(0, 1)
    return {name: values.flatten(1).numpy() for name, values in known.items()}


def test_rates_approach_the_clipped_network_as_steps_grow() -> None:
    calibrated = calibrate(_module(), _images(), OPTIONS)
    x = _images(8).reshape(8, -1)
    errors = []
    for steps in (16, 64, 256):
        model = spiking(calibrated, steps, OPTIONS)
        expected, trace = _clipped_rates(model, x), model.trace(x)
        gaps = [np.abs(layer.spikes.mean(1) - expected[layer.name]) for layer in trace[:-1]]
        # Driven by constant currents, the first layer is off by at most half a spike.
        assert gaps[0].max() <= 0.5 / steps + 1e-3
        outputs = trace[-1].membranes[:, -1] / steps
        errors.append(np.abs(outputs - expected["readout"]).mean() / np.abs(expected["readout"]).mean())
    assert errors[0] > 2 * errors[1] > 4 * errors[2]
    assert errors[2] < 0.02


def test_the_integers_stand_for_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """With enough balancing to clip nothing and no biases for what few steps lose, weights of 8 bits are all
    that stands between the two."""
    monkeypatch.setattr(conversion, "match_means", lambda model, means, images: None)
    module, images = _module(), _images()
    options = replace(OPTIONS, iterations=400)
    mean, deviation = (0.4, 0.5), (0.3, 0.2)
    pixels = torch.from_numpy(images) / 255
    # A border of the value that black has after normalisation: what an input without events means.
    black = (-torch.tensor(mean) / torch.tensor(deviation)).reshape(2, 1, 1)
    normalised = (pixels - torch.tensor(mean).reshape(2, 1, 1)) / torch.tensor(deviation).reshape(2, 1, 1)
    framed = black.expand(len(images), 2, 8, 7).clone()
    framed[:, :, 1:-1, 1:-1] = normalised
    model = convert(module, images, 4, options, mean=mean, deviation=deviation)
    with torch.no_grad():
        module.conv1.padding = (0, 0)
        expected = module(framed).numpy()
    got = _clipped_rates(model, images.reshape(len(images), -1))["readout"]
    unit = float((got * expected).sum() / (got * got).sum())
    assert np.abs(got * unit - expected).max() < 0.03 * np.abs(expected).max()


def test_edges_of_different_thresholds_share_the_grid_of_their_channel() -> None:
    calibrated = calibrate(_module(), _images(), OPTIONS)
    model = spiking(calibrated, 4, OPTIONS)
    block = model.stack[1].integers()
    first, second = (calibrated.thresholds[name].numpy() for name in ("relu", "relu_1"))
    identity = block.weights[1][:, 0, 0, 0] / block.threshold
    assert np.allclose(identity, first / second, rtol=0.02)
    assert all(abs(weights).max() <= 127 for weights in block.weights)
    assert np.array_equal(block.initial, block.threshold // 2)


def test_a_channel_that_training_switched_off_stays_silent_and_fits_the_state() -> None:
    module = _module()
    with torch.no_grad():
        module.conv1.weight[1] *= 1e-6  # type: ignore[index]
        module.conv1.bias[1] = -1e-3
    model = convert(module, _images(), 16, OPTIONS)
    integers = model.stack[0].integers()
    assert integers.threshold.max() <= 1 << (OPTIONS.state_bits - 2)
    spikes = model.trace(_images(8).reshape(8, -1))[0].spikes.reshape(8, 16, 4, 30)
    assert not spikes[:, :, 1].any()
    assert all(spikes[:, :, channel].any() for channel in (0, 2, 3))


def test_every_execution_of_a_converted_network_agrees(tmp_path: Path) -> None:
    model = convert(_module(), _images(), 12, replace(OPTIONS, weight_bits=4, readout_shift=None))
    save_checkpoint(tmp_path / "m.pt", model)
    network = to_network(load_checkpoint(tmp_path / "m.pt").model, "converted")
    x = _images(6).reshape(6, -1)
    payloads = encode_inputs(network.input, network.steps, x)
    program = compile_network(network, load_target("mesh16-wide")).tiled
    simulated = layer_traces(program, run_functional(program, payloads, trace=True).trace)
    reference = execute_network(network, payloads)
    for trace in model.trace(x):
        assert trace.spikes.any() or trace.name == "readout"
        for got in (reference.layers[trace.name].spikes, simulated[trace.name][1]):
            assert np.array_equal(trace.spikes, got)
        for got in (reference.layers[trace.name].membrane, simulated[trace.name][0]):
            assert np.array_equal(trace.membranes, got)


@pytest.mark.parametrize(("steps", "shift", "expected"), [(1, None, 0), (32, 0, 0), (8, 2, 2)])
def test_the_leak_of_the_readout(steps: int, shift: int | None, expected: int) -> None:
    model = convert(_module(), _images(), steps, replace(OPTIONS, iterations=1, readout_shift=shift))
    leak = model.config.layers[-1].population.leak
    assert (leak.shift or 0) == expected


@pytest.mark.parametrize(("late", "expected"), [(False, 0), (True, 2)])
def test_without_a_number_the_readout_leaks_where_that_is_nearer_to_the_module(
    late: bool, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deep layers start late: where the first steps say something else, a leak forgets them."""
    logits = np.random.default_rng(0).integers(-500, 500, (40, 5))
    currents = np.repeat(logits[:, None], 16, 1)
    if late:
        currents[:, :8] = np.random.default_rng(1).integers(-2000, 2000, (40, 8, 5))
    calibrated = replace(calibrate(_module(), _images(), OPTIONS), samples=None)
    model = spiking(calibrated, 16, OPTIONS)
    readout = TrainerTrace("readout", currents.cumsum(1), np.zeros_like(currents))
    tally = Tally(np.zeros(40, np.int64), np.zeros(2, np.int64), readout)
    monkeypatch.setattr(SpikingClassifier, "tally", lambda self, x: tally)
    samples = CalibrationSamples(_images().reshape(40, -1), torch.from_numpy(logits), {})
    assert best_shift(model, samples, usual_shifts(16))[1] == expected
    assert best_shift(model, samples, (3,))[1] == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": np.zeros((0, 2, 6, 5), np.uint8)}, r"images must be uint8 \(N, C, H, W\)"),
        ({"images": np.zeros((2, 2, 6, 5), np.float32)}, "not float32"),
        ({"max_payload": 15}, "pixels reach 255, max_payload is 15"),
        ({"mean": (0.5,)}, "mean and deviation need 2 numbers"),
        ({"mean": (0.5, float("nan"))}, "mean must be finite"),
        ({"deviation": (0.5, 0.0)}, "deviation must be greater than 0"),
        ({"deviation": (0.5, float("inf"))}, "deviation must be greater than 0 and finite"),
        ({"steps": 0}, r"steps must be an integer in 1..1024, not 0"),
    ],
)
def test_wrong_arguments_are_named(change: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {"images": _images(), "steps": 4} | change
    with pytest.raises(UsageError, match=message):
        convert(_module(), options=OPTIONS, **arguments)


def test_a_state_too_narrow_for_the_first_layer_is_refused() -> None:
    with pytest.raises(
        UsageError, match=r"layer relu: weights of 8 bits on payloads up to 255 need state_bits"
    ):
        convert(_module(), _images(), 4, replace(OPTIONS, state_bits=16))


def test_options_are_limited() -> None:
    with pytest.raises(UsageError, match=r"^iterations must be an integer in 1\.\.1048576, not 0$"):
        ConversionOptions(iterations=0)


def _saved(path: Path, change: dict[str, Any] | None = None) -> Path:
    torch.manual_seed(1)
    state = {
        f"module.{key}": value for key, value in ResNet(20).state_dict().items() if "num_batches" not in key
    }
    torch.save({"state_dict": state | (change or {}), "epoch": 3}, path)
    return path


def test_published_weights_are_loaded_by_name(tmp_path: Path) -> None:
    pretrained = load_pretrained("resnet20", _saved(tmp_path / "r.th"))
    torch.manual_seed(1)
    assert torch.equal(pretrained.module.linear.weight, ResNet(20).linear.weight)  # type: ignore[arg-type]
    assert not pretrained.module.training


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"module.extra": torch.zeros(1)}, "is not a resnet20: 0 tensors are missing, 1 unknown"),
        ({"module.bn1.bias": torch.zeros(3)}, r"bn1.bias must have shape \(16,\), not \(3,\)"),
        ({"module.bn1.bias": torch.zeros(1).expand(1 << 40)}, r"not \(1099511627776,\)"),
        ({"module.bn1.bias": torch.full((16,), torch.nan)}, "bn1.bias must hold finite numbers"),
        ({"module.bn1.bias": torch.full((16,), 1e300, dtype=torch.double)}, "in the range of float32"),
        ({"module.bn1.bias": torch.ones(16, dtype=torch.complex64)}, "holds 'torch.ComplexFloatStorage'"),
        ({"module.bn1.bias": torch.ones(16).to_sparse()}, "holds 'torch._utils._rebuild_sparse_tensor'"),
        (
            {"module.bn1.bias": torch.quantize_per_tensor(torch.ones(16), 1.0, 0, torch.qint8)},
            "only dense real tensors",
        ),
        ({"module.bn1.bias": torch.ones(16, device="meta")}, "_rebuild_meta_tensor_no_storage"),
        ({"module.bn1.bias": torch.nested.nested_tensor([torch.ones(16)])}, "_rebuild_nested_tensor"),
        ({"module.bn1.bias": "text"}, "holds no state dict of tensors"),
        ({"module.bn1.bias": Path("code")}, "only dense real tensors and plain data are read"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(FileError, match=message) as caught:
        load_pretrained("resnet20", _saved(tmp_path / "r.th", change))
    assert "\n" not in str(caught.value)


def test_the_format_before_archives_is_read_and_distrusted_too(tmp_path: Path) -> None:
    path = tmp_path / "r.th"
    torch.save(torch.load(_saved(path)), path, _use_new_zipfile_serialization=False)
    assert torch.equal(
        load_pretrained("resnet20", path).module.linear.weight,  # type: ignore[arg-type]
        load_pretrained("resnet20", _saved(path)).module.linear.weight,  # type: ignore[arg-type]
    )
    torch.save({"x": torch.ones(16).to_sparse()}, path, _use_new_zipfile_serialization=False)
    with pytest.raises(FileError, match="_rebuild_sparse_tensor"):
        load_pretrained("resnet20", path)


def test_a_compressed_archive_is_not_unpacked(tmp_path: Path) -> None:
    path, packed = _saved(tmp_path / "r.th"), tmp_path / "p.th"
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in archive.namelist():
            copy.writestr(name, archive.read(name))
    with pytest.raises(FileError, match="compressed archive"):
        load_pretrained("resnet20", packed)


def test_small_layers_are_summed_by_one_thread() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
