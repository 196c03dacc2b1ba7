"""Tracing and folding torch modules: the same function, or a refusal that names the operation."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from snnc.base.errors import UnsupportedModel
from snnc.training.conversion.resnet import OptionA, ResNet
from snnc.training.conversion.trace_module import fold

SHAPE = (3, 8, 6)


class Mixed(nn.Module):
    """Every operation that folds, in and out of place, as modules and as functions."""

    def __init__(self) -> None:
        super().__init__()
        self.entry = nn.Conv2d(3, 4, (3, 2), (1, 1), (1, 0))
        self.norms = nn.ModuleList(nn.BatchNorm2d(n) for n in (4, 4, 4, 6))
        self.grouped = nn.Conv2d(4, 4, 3, padding=1, groups=2, bias=False)
        self.pool = nn.AvgPool2d(2)
        self.wide = nn.Conv2d(4, 6, 1, 2)
        self.last = nn.Conv2d(4, 6, 3, 2, 1)
        self.drop = nn.Dropout(0.5)
        self.whole = nn.AdaptiveAvgPool2d((1, None))
        self.hidden, self.flat_norm = nn.Linear(6, 5), nn.BatchNorm1d(5)
        self.out = nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norms[0](self.entry(x)))
        inner = self.norms[1](self.grouped(x)) + self.norms[2](x)
        inner += x
        x = self.drop(inner).relu()
        x = self.pool(x)
        x = nn.functional.relu(self.norms[3](self.last(x) + self.wide(x)))
        x = torch.flatten(self.whole(x), start_dim=1)
        return self.out(torch.relu(self.flat_norm(self.hidden(x))))


def _randomised(module: nn.Module) -> nn.Module:
    """Double precision, evaluation mode, statistics and affine parameters that change the result."""
    torch.manual_seed(2)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d | nn.BatchNorm1d):
            assert part.running_var is not None and part.running_mean is not None
            for values in (part.running_var, part.weight):
                nn.init.uniform_(values, 0.3, 2)
            for values in (part.running_mean, part.bias):
                nn.init.normal_(values)
    return module.double().eval()


@pytest.mark.parametrize(("module", "shape"), [(Mixed(), SHAPE), (ResNet(8), (3, 32, 32))])
def test_folding_changes_nothing(module: nn.Module, shape: tuple[int, int, int]) -> None:
    module = _randomised(module)
    x = torch.randn(5, *shape, dtype=torch.float64)
    with torch.no_grad():
        expected, got = module(x), fold(module, shape).run(x, lambda name, z: z.relu())
    assert torch.allclose(got, expected, rtol=1e-9, atol=1e-9 * float(expected.abs().max()))
    assert float(expected.std()) > 1e-3


def test_an_output_with_pixels_folds() -> None:
    module = _randomised(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 3, padding=1)))
    network, x = fold(module, SHAPE), torch.randn(5, *SHAPE, dtype=torch.float64)
    with torch.no_grad():
        expected = module(x)
    assert network.layers[-1].shape == expected.shape[1:]
    assert torch.allclose(network.run(x, lambda name, z: z.relu()), expected.flatten(1))


def test_an_addition_with_named_arguments_folds() -> None:
    module = _randomised(Added(lambda a, b: torch.add(input=a, other=b, alpha=1)))
    x = torch.randn(5, *SHAPE, dtype=torch.float64)
    with torch.no_grad():
        assert torch.allclose(fold(module, SHAPE).run(x, lambda name, z: z.relu()), module(x))


def test_a_pool_beyond_the_rules_is_refused_where_it_enters_a_layer() -> None:
    module = nn.Sequential(
        nn.Conv2d(1, 2, 1), nn.ReLU(), nn.AvgPool2d(16), nn.BatchNorm2d(2), nn.ReLU()
    ).eval()
    with pytest.raises(UnsupportedModel, match=r"^_3 \(3\): pool\[0\] must be an integer in 1\.\.15, not 16"):
        fold(module, (1, 16, 16))


def test_layers_carry_the_names_of_their_relus() -> None:
    layers = fold(_randomised(ResNet(8)), (3, 32, 32)).layers
    assert [layer.name for layer in layers[:3]] == ["relu", "layer1_0_relu1", "layer1_0_relu2"]
    skip = layers[2].edges[1].config
    assert (skip.source, skip.kind, skip.kernel, skip.groups) == ("relu", "conv", (1, 1), 16)
    pooled = layers[-1].edges[0].config
    assert (layers[-1].name, pooled.kind, pooled.pool) == ("readout", "linear", (8, 8))


def test_the_shortcut_without_parameters_takes_every_other_pixel_and_adds_empty_channels() -> None:
    shortcut, x = OptionA(4, 8, 2), torch.randn(2, 4, 6, 6)
    expected = nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 2, 2))
    assert torch.equal(shortcut(x), expected)
    assert not shortcut.state_dict()


CONV = nn.Conv2d(3, 4, 3)
TAIL = (nn.ReLU(), nn.Flatten(), nn.Linear(96, 2))


class TwoInputs(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y


class Added(nn.Module):
    """Two branches of the input, added by `add`."""

    def __init__(self, add: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.one, self.two, self.out, self.add = CONV, nn.Conv2d(3, 4, 3), nn.Linear(96, 2), add

    def forward(self, x: Tensor) -> Tensor:
        return self.out(
            torch.flatten(torch.relu(self.add(self.one(x), self.two(x))), end_dim=-1, start_dim=1)
        )


class Scaled(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x * 2)


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (nn.Sequential(CONV, nn.ReLU(), nn.MaxPool2d(2)), "_2 .*MaxPool2d has no place"),
        (nn.Sequential(CONV, nn.Sigmoid()), "Sigmoid has no place"),
        (nn.Sequential(CONV, nn.Conv2d(4, 4, 1), nn.ReLU()), "must follow the input, a ReLU or an average"),
        (nn.Sequential(nn.Conv2d(3, 4, 3, dilation=2), *TAIL), r"dilation must be 1, not \(2, 2\)"),
        (nn.Sequential(nn.Conv2d(3, 4, 3, padding="same"), *TAIL), "padding must be numbers"),
        (nn.Sequential(nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular"), *TAIL), "filled with zeros"),
        (nn.Sequential(CONV, nn.ReLU(), nn.AvgPool2d(2, 1)), "as wide as their stride"),
        (nn.Sequential(CONV, nn.ReLU(), nn.AdaptiveAvgPool2d(4)), r"\(4, 4\) does not divide \(6, 4\)"),
        (nn.Sequential(CONV, nn.ReLU(), nn.Linear(4, 2)), "needs a flatten before it"),
        (nn.Sequential(CONV, nn.ReLU(), nn.Flatten(2)), "flattens dimensions 2 to -1"),
        (nn.Sequential(CONV, nn.BatchNorm2d(4, track_running_stats=False)), "keeps no running statistics"),
        (nn.Sequential(nn.Flatten(), nn.Linear(144, 2)), "has no ReLU"),
        (TwoInputs(), "takes more than one input"),
        (Added(lambda a, b: torch.add(a, b, alpha=2)), "adds 2 times a value, not the value"),
        (Added(lambda a, b: a.add(b, beta=2)), "takes beta, which means nothing here"),  # type: ignore[call-arg]
        (Added(lambda a, b: a + 1), "takes something that is no activation"),
        (
            nn.Sequential(nn.Conv2d(3, 4, 1, padding=1), *TAIL),
            r"padding \(1, 1\) must be less than the kernel",
        ),
        (
            nn.Sequential(nn.AvgPool2d(1), nn.Conv2d(3, 4, 16, padding=8)),
            r"kernel\[0\] must be an integer in 1\.\.15",
        ),
        (
            nn.Sequential(nn.Conv2d(3, 4, 3, padding=9), *TAIL),
            r"padding \(9, 9\) must be less than the kernel",
        ),
        (Scaled(), "mul has no place in a spiking network"),
    ],
)
def test_what_does_not_fold_is_refused_by_name(module: nn.Module, message: str) -> None:
    with pytest.raises(UnsupportedModel, match=message):
        fold(module.eval(), SHAPE)
