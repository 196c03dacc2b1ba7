"""Modules that compute something else than their layers say: refused by name, or found by comparison."""

import random
import re
from collections.abc import Callable
from typing import Any

import brevitas.nn
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, prune, spectral_norm, weight_norm

from snnc.base.errors import UnsupportedModel
from snnc.training.conversion.convert import calibrate
from snnc.training.conversion.options import ConversionOptions
from snnc.training.conversion.selfcheck import TOLERANCE, check_folded
from snnc.training.conversion.trace_module import fold
from snnc.training.conversion.tracing import trace

SHAPE = (2, 6, 5)
IMAGES = np.random.default_rng(1).integers(0, 256, (40, *SHAPE)).astype(np.uint8)


class Scaled(nn.Conv2d):
    """A convolution that scales what it gives, as weight standardisation and quantisation do."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * 2


class Net(nn.Module):
    """Two convolutions, the second behind a skip; `inner` is what a test replaces."""

    def __init__(self, inner: nn.Module | None = None, inplace: bool = False) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.first, self.inner = nn.Conv2d(2, 4, 3, padding=1), inner or nn.Conv2d(4, 4, 3, padding=1)
        self.norm, self.relu, self.out = nn.BatchNorm2d(4), nn.ReLU(inplace), nn.Linear(120, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.first(x))
        x = self.relu(self.norm(self.inner(x)) + x)
        return self.out(torch.flatten(x, 1))


def _calibrate(module: nn.Module) -> None:
    calibrate(module, IMAGES, ConversionOptions(iterations=1))


def _hooked(module: nn.Module) -> nn.Module:
    module.register_forward_hook(lambda *arguments: arguments[-1] * 2)
    return module


def _prehooked(module: nn.Module) -> nn.Module:
    module.register_forward_pre_hook(lambda _, inputs: (inputs[0] * 2,))
    return module


def _replaced(module: nn.Module, name: str = "forward") -> nn.Module:
    method = getattr(module, name)
    setattr(module, name, lambda *arguments: method(*arguments) * 2)
    return module


def _with(module: nn.Module, **values: float) -> nn.Module:
    with torch.no_grad():
        for name, value in values.items():
            getattr(module, name)[0] = value
    return module


class Called(nn.ReLU):
    """A subclass that changes nothing, which its name does not say."""


class Wrapped(nn.Sequential):
    """A container whose call does more than its `forward`."""

    def __call__(self, x: Tensor) -> Tensor:
        return super().__call__(x) * 2


def _conv() -> nn.Conv2d:
    return nn.Conv2d(4, 4, 3, padding=1)


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (lambda: Net(Scaled(4, 4, 3, padding=1)), r"inner: \S+\.Scaled is a subclass of Conv2d and may"),
        (
            lambda: Net(brevitas.nn.QuantConv2d(4, 4, 3, padding=1)),
            r"inner: brevitas\S+\.QuantConv2d is a subclass of Conv2d",
        ),
        (lambda: nn.Sequential(Net(), Called()), r"1: \S+\.Called is a subclass of ReLU"),
        (lambda: Net(_hooked(_conv())), "inner: Conv2d has a forward hook, _hooked"),
        (lambda: Net(_prehooked(_conv())), "inner: Conv2d has a forward pre-hook, _prehooked"),
        (lambda: _hooked(Net()), "the module: Net has a forward hook"),
        (lambda: Net(weight_norm(_conv())), "inner: Conv2d has a forward pre-hook, WeightNorm"),
        (lambda: Net(spectral_norm(_conv())), "inner: Conv2d has a forward pre-hook, SpectralNorm"),
        (lambda: Net(prune.l1_unstructured(_conv(), "weight", 0.5)), "pre-hook, L1Unstructured"),
        (
            lambda: Net(parametrizations.weight_norm(_conv())),
            "inner: ParametrizedConv2d has parametrised tensors: weight by _WeightNorm",
        ),
        (lambda: Net(_replaced(_conv())), "inner: Conv2d.forward is replaced in this instance"),
        (lambda: Net(_replaced(_conv(), "_conv_forward")), "inner: Conv2d._conv_forward is replaced"),
        (lambda: _replaced(Net()), "the module: Net.forward is replaced in this instance"),
        (lambda: Net(Wrapped(_conv())), "inner: Wrapped has a __call__ of its own"),
        (lambda: Net(_with(_conv(), weight=torch.nan)), "inner.weight: holds NaN or infinite numbers"),
        (lambda: Net(_with(_conv(), bias=torch.inf)), "inner.bias: holds NaN or infinite numbers"),
        (
            lambda: Net(_conv().to("meta")),
            "inner.weight: must be a dense real tensor with values, not .*meta",
        ),
        (lambda: Net(_conv().to(torch.complex64)), "inner.weight: must be a dense real tensor .*complex64"),
    ],
)
def test_what_is_not_exactly_understood_is_refused_by_name(
    module: Callable[[], nn.Module], message: str
) -> None:
    with pytest.raises(UnsupportedModel) as caught:
        _calibrate(module().eval())
    assert re.search(message, str(caught.value)), caught.value
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("path", ["the module", "norm"])
def test_training_mode_is_refused(path: str) -> None:
    module = Net().eval()
    (module if path == "the module" else module.norm).train()
    with pytest.raises(UnsupportedModel, match=f"^{path}: .* is in training mode") as caught:
        _calibrate(module)
    assert caught.value.hint == "call eval() on the module first"


def test_a_variance_below_zero_is_refused() -> None:
    module = Net().eval()
    module.norm.running_var.fill_(-1)
    with pytest.raises(UnsupportedModel, match=r"^relu_1: holds NaN or infinite numbers once it is folded"):
        _calibrate(module)


class Overwritten(nn.Module):
    """A ReLU in place on a value that is used again: the skip then carries the rectified one."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.first, self.second = nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, 4, 1)
        self.relu, self.out = nn.ReLU(inplace=True), nn.Linear(120, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        x = torch.relu(self.second(self.relu(x)) + x)
        return self.out(torch.flatten(x, 1))


class Moody(Net):
    """Code whose branch torch.fx does not see."""

    calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return super().forward(x) if self.calls == 1 else super().forward(x + x)


class Random(Net):
    """Another result every time."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x + x if random.random() < 2 and not isinstance(x, torch.fx.Proxy) else x)


class Pair(Net):
    """Not one tensor."""

    def forward(self, x: Tensor) -> Any:
        logits = super().forward(x)
        return logits if isinstance(x, torch.fx.Proxy) else (logits, logits)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (
            Overwritten,
            r"differ by [0-9.]+ of the largest logit on 32 images \(limit 1e-06\), first in layer r",
        ),
        (Moody, r"differ by [0-9.]+ of the largest logit"),
        (Random, "in what torch.fx does not see of it"),
        (Pair, "the module gives a tuple, not a tensor"),
    ],
)
def test_what_no_name_gives_away_is_found_by_comparison(kind: type[nn.Module], message: str) -> None:
    module = kind().eval()
    with pytest.raises(UnsupportedModel, match=message):
        _calibrate(module)


def test_a_hook_on_all_modules_is_found_by_comparison() -> None:
    def double(module: nn.Module, _: Any, output: Tensor) -> Tensor:
        return output * 2 if isinstance(module, nn.Linear) else output

    handle = nn.modules.module.register_module_forward_hook(double)  # type: ignore[arg-type]
    try:
        with pytest.raises(UnsupportedModel, match=r"differ by 0\.5 of the largest logit .* layer readout"):
            _calibrate(Net().eval())
    finally:
        handle.remove()


def test_a_module_of_other_sizes_than_the_images_is_refused() -> None:
    module = nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(7, 3)).eval()
    with pytest.raises(UnsupportedModel, match="cannot be run in double precision to be compared: "):
        _calibrate(module)


def test_the_comparison_sees_small_differences_and_no_rounding() -> None:
    module, x = Net(inplace=True).eval(), torch.from_numpy(IMAGES) / 255
    network = fold(module, SHAPE)
    check_folded(module, network, x)
    with torch.no_grad():
        module.inner.weight *= 1 + 100 * TOLERANCE  # type: ignore[assignment]
    with pytest.raises(UnsupportedModel, match="first in layer relu_1"):
        check_folded(module, network, x)
    assert module.inner.weight.dtype == torch.float32


def test_modules_of_any_precision_and_traced_ones_are_compared() -> None:
    for module in (Net().half(), Net().double(), trace(Net().eval())):
        _calibrate(module.eval())
