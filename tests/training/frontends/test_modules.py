"""Modules of one's own: idioms of plain PyTorch, files that build them, weights, one line for refusals."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from imported import lively
from torch import nn
from torch.nn import functional as F

from snnc.base.errors import FileError, UnsupportedModel, UsageError
from snnc.compiler.frontends.execution import execute
from snnc.compiler.frontends.float_graph import FloatGraph
from snnc.training.conversion.rectified import rectified
from snnc.training.frontends.modules import read, read_module


class Plain(nn.Module):
    """Layers, and a forward pass given as a function."""

    def __init__(self, forward: Callable[..., torch.Tensor]) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding="same", bias=False)
        self.norm, self.fc, self.row = (
            nn.BatchNorm2d(8),
            nn.Linear(8 * 16, 10),
            nn.Conv1d(8, 4, 5, dilation=2),
        )
        self.wide, self.small, self.narrow = nn.Linear(16 * 16, 10), nn.Linear(8, 10), nn.Linear(4 * 8, 10)
        self.run = forward

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.run(self, x)


def pooled(net: Any, x: torch.Tensor) -> torch.Tensor:
    x = F.avg_pool2d(F.relu(net.norm(net.conv1(x))), 2)
    return F.log_softmax(net.fc(x.view(x.size(0), -1)), dim=1)


def mean_pooled(net: Any, x: torch.Tensor) -> torch.Tensor:
    x = net.conv2(net.conv1((x - torch.tensor([0.1, 0.2, 0.3]).reshape(3, 1, 1)) / 0.5).clamp(min=0))
    return net.small(F.relu6(x).mean((2, 3)))


def joined(net: Any, x: torch.Tensor) -> torch.Tensor:
    a = F.dropout(torch.relu(net.conv1(x)), 0.5, net.training)
    b = F.hardtanh(net.conv2(a), 0, 4)
    x = F.avg_pool2d(torch.cat([a, b], dim=1), 4, stride=2, padding=1)
    return net.wide(x.reshape(x.shape[0], -1))


def residual(net: Any, x: torch.Tensor) -> torch.Tensor:
    x = F.relu(net.conv1(x))
    x = F.relu(x + 0.5 * net.conv2(x))
    x += net.conv2(x)
    return net.fc(torch.flatten(F.adaptive_avg_pool2d(F.relu_(x), 4), 1))


def largest(net: Any, x: torch.Tensor) -> torch.Tensor:
    x = F.max_pool2d(F.relu(net.conv1(x)), 3, stride=2, padding=1)
    return net.fc(F.max_pool2d(net.conv2(x), 1).flatten(1))


def rows(net: Any, x: torch.Tensor) -> torch.Tensor:
    return torch.relu(net.conv1(x)).mean((2, 3)) @ net.small.weight.t() + net.small.bias


NETS = {function.__name__: function for function in (pooled, mean_pooled, joined, residual, largest, rows)}


@pytest.mark.parametrize("name", NETS)
def test_idioms_of_networks_without_spikes(name: str) -> None:
    net = lively(Plain(NETS[name]), 1.5)
    x = np.random.default_rng(3).random((4, 3, 8, 8))
    with torch.no_grad():
        expected = net(torch.tensor(x)).numpy()
    found = execute(read(net, (3, 8, 8)).graph, x, 1).outputs
    if name == "pooled":  # the logarithm of a softmax subtracts the same from every class
        expected, found = (values - values.max(1, keepdims=True) for values in (expected, found))
    assert np.ptp(expected) > 0.1 and np.allclose(found, expected, atol=1e-9)


def test_rows_of_one_dimension() -> None:
    net = nn.Sequential(
        nn.Conv1d(2, 8, 3, padding=1),
        nn.ReLU(),
        nn.AvgPool1d(2),
        nn.Conv1d(8, 4, 5, dilation=2),
        nn.Flatten(),
        nn.Linear(32, 3),
    )
    x = np.random.default_rng(3).random((4, 2, 1, 32))
    with torch.no_grad():
        expected = lively(net)(torch.tensor(x[:, :, 0])).numpy()
    assert np.allclose(execute(read(net, (2, 1, 32)).graph, x, 1).outputs, expected, atol=1e-9)


def attention(net: Any, x: torch.Tensor) -> torch.Tensor:
    x = F.relu(net.conv1(x))
    return net.fc((x * x).flatten(1))


def branching(net: Any, x: torch.Tensor) -> torch.Tensor:
    return net.conv1(x) if x.sum((2, 3)).max() > 0 else net.conv2(x)


def random(net: Any, x: torch.Tensor) -> torch.Tensor:
    return net.conv1((torch.rand_like(x) < x).float())


def written(net: Any, x: torch.Tensor) -> torch.Tensor:
    out = torch.zeros(x.shape[0], 8, 8, 8)
    out[:] = net.conv1(x)
    return out


def raising(net: Any, x: torch.Tensor) -> torch.Tensor:
    raise KeyError("missing")


def constant(net: Any, x: torch.Tensor) -> torch.Tensor:
    return torch.zeros(3)


def mixed_samples(net: Any, x: torch.Tensor) -> torch.Tensor:
    return net.fc(F.relu(net.conv1(x)).view(8, -1))


def ceiled(net: Any, x: torch.Tensor) -> torch.Tensor:
    return net.fc(F.avg_pool2d(F.relu(net.conv1(x)), 3, ceil_mode=True).flatten(1))


def uncounted(net: Any, x: torch.Tensor) -> torch.Tensor:
    return net.fc(F.avg_pool2d(net.conv1(x), 3, padding=1, count_include_pad=False).flatten(1))


@pytest.mark.parametrize(
    ("forward", "message"),
    [
        (attention, "the module .*multiplies two activations"),
        (branching, "compares values|decides by the values|takes the largest of everything"),
        (random, "draws random numbers, as encoders of images do"),
        (written, "setitem is not read"),
        (raising, "its forward pass raises KeyError: 'missing'"),
        (constant, "returns nothing that comes from its input"),
        (mixed_samples, "mixes samples, steps or channels"),
        (uncounted, "count_include_pad=False weighs pixels"),
        (ceiled, "ceil_mode adds windows that reach over the border"),
    ],
)
def test_what_is_refused(forward: Callable[..., torch.Tensor], message: str) -> None:
    with pytest.raises(UnsupportedModel, match=message) as caught:
        read(Plain(forward), (3, 8, 8))
    assert len(str(caught.value).splitlines()) == 2


OWN = """
from torch import nn
import beside

def build():
    return nn.Sequential(nn.Linear(4, beside.HIDDEN), nn.ReLU(), nn.Linear(5, 2))

def images():
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 3))

def rows():
    return nn.Sequential(nn.Conv1d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 3))

def wrong():
    return 7

def broken():
    raise ValueError("no\\nsuch thing")
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A file that builds a module with what a file beside it says."""
    (tmp_path / "beside.py").write_text("HIDDEN = 5\n")
    (tmp_path / "nets.py").write_text(OWN)
    return tmp_path / "nets.py"


def test_a_file_that_builds_a_module(own: Path, tmp_path: Path) -> None:
    torch.manual_seed(1)
    net = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 2))
    torch.save(
        {"state_dict": {f"module.{name}": t for name, t in net.state_dict().items()}}, tmp_path / "w.pt"
    )
    imported = read_module(own, "build", tmp_path / "w.pt", None, shape=(4, 1, 1))
    x = np.random.default_rng(0).random((3, 4, 1, 1))
    expected = net(torch.tensor(x.reshape(3, 4)).float()).detach().numpy()
    assert np.allclose(execute(imported.graph, x, 1).outputs, expected, atol=1e-6)
    assert imported.findings.source == "nets.py:build"


@pytest.mark.parametrize("name, shape", [("build", (4, 1, 1)), ("images", (1, 8, 8))])
def test_a_usual_shape_is_taken_where_none_is_stated(
    name: str, shape: tuple[int, int, int], own: Path
) -> None:
    imported = read_module(own, name, None, shape=None)
    assert imported.graph.shape == shape
    assert any(line.startswith(f"shape {shape}: the first usual") for line in imported.findings.general)


def test_a_shape_that_nothing_tells_must_be_stated(own: Path) -> None:
    with pytest.raises(UsageError, match="takes nothing of a usual size") as caught:
        read_module(own, "rows", None, shape=None)
    assert caught.value.hint
    assert read_module(own, "rows", None, shape=(1, 1, 8)).graph.shape == (1, 1, 8)


def test_what_is_wrong_with_a_file(own: Path, tmp_path: Path) -> None:
    def refused(
        kind: type[Exception], message: str, name: str = "build", weights: str | None = None, **more: Any
    ) -> None:
        with pytest.raises(kind, match=message) as caught:
            checkpoint = None if weights is None else tmp_path / weights
            read_module(more.get("path", own), name, checkpoint, more.get("framework"), shape=(4, 1, 1))
        assert "\n" not in str(caught.value)

    refused(FileError, "no such file", path=tmp_path / "none.py")
    refused(FileError, "has nothing called absent", "absent")
    refused(FileError, "wrong gives int, not a torch module", "wrong")
    refused(FileError, r"nets\.py:18: raises ValueError: no such thing", "broken")
    refused(UsageError, "is no name of Python", "a.b")
    refused(
        UsageError,
        "unknown framework 'nengo'; known: snntorch, spikingjelly, norse, sinabs",
        framework="nengo",
    )
    torch.save({"0.weight": torch.zeros(2, 2)}, tmp_path / "other.pt")
    refused(FileError, "does not fit the module: .*Missing key", weights="other.pt")
    torch.save(nn.Linear(2, 2), tmp_path / "whole.pt")
    refused(FileError, "is not a file of tensors that torch loads without running code", weights="whole.pt")
    torch.save([torch.zeros(2)], tmp_path / "list.pt")
    refused(FileError, "holds no state_dict", weights="list.pt")
    refused(FileError, "no such file", weights="absent.pt")


def test_a_relu_behind_the_answer() -> None:
    def found(last: nn.Module) -> FloatGraph:
        return read(nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 3), last), (4, 1, 1)).graph

    (remark,) = rectified(found(nn.ReLU())).remarks.values()
    assert "is left out: the class differs only where none is above 0" in remark[0]
    with pytest.raises(UnsupportedModel, match="everywhere but in its answer") as caught:
        rectified(found(nn.ReLU6()))
    assert caught.value.hint == "leave out the ReLU behind the last layer"


@pytest.mark.parametrize(
    "bent, features",
    [
        (nn.LeakyReLU(0.2), 64),
        (nn.PReLU(4, init=0.3), 64),
        (nn.Hardtanh(-0.3, 0.4), 64),
        (nn.Sequential(nn.ReLU(), nn.ZeroPad2d((1, 0, 2, 1))), 140),
    ],
)
def test_bent_and_padded_values(bent: nn.Module, features: int) -> None:
    torch.manual_seed(4)
    net = nn.Sequential(nn.Conv2d(2, 4, 3), bent, nn.Flatten(), nn.Linear(features, 3)).double().eval()
    x = torch.rand(5, 2, 6, 6, dtype=torch.float64)
    found = execute(read(net, (2, 6, 6)).graph, x.numpy(), 1).outputs
    np.testing.assert_allclose(found, net(x).detach().numpy(), atol=1e-9)


def test_sigmoids_at_the_end_keep_the_order_of_classes() -> None:
    torch.manual_seed(4)
    net = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3), nn.Sigmoid()).double()
    x = torch.rand(9, 6, dtype=torch.float64)
    classes = execute(read(net, (6, 1, 1)).graph, x.numpy().reshape(9, 6, 1, 1), 1).classes
    assert classes.tolist() == net(x).argmax(1).tolist()
