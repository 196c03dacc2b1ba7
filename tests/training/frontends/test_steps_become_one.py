"""What follows a sum, mean or largest value over the steps: linear maps alone are those of each step, and the
rest is refused, never read as if it stood before; pools and limits on more than plain spikes; biases of a
recurrence in plain code."""

from collections.abc import Callable
from typing import Any

import pytest
import snntorch as snn
import torch
from imported import agrees, lively
from torch import nn
from torch.nn import functional as F

from snnc.base.errors import UnsupportedModel
from snnc.training.frontends.modules import read

BIASES = torch.linspace(-9, 9, 10, dtype=torch.float64)


class Spikes(nn.Module):
    """Spikes of one layer in all steps, of which `answer` makes the classes."""

    def __init__(self, answer: Callable[[Any, torch.Tensor, torch.Tensor], Any]) -> None:
        super().__init__()
        self.fc, self.out, self.bare = nn.Linear(20, 12), nn.Linear(12, 10), nn.Linear(12, 10, bias=False)
        self.lif, self.last, self.answer = snn.Leaky(beta=0.9), snn.Leaky(beta=0.9), answer

    def forward(self, x: torch.Tensor) -> Any:
        memory, spikes = self.lif.reset_mem(), []
        for now in x:
            spike, memory = self.lif(self.fc(now), memory)
            spikes.append(spike.double())
        return self.answer(self, torch.stack(spikes), x)


def whole(module: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """The module's answer to (samples, steps, ...), the steps first."""
    answer: torch.Tensor = module(x.transpose(0, 1).flatten(2))
    return answer


def fired_once(net: Any, current: torch.Tensor) -> torch.Tensor:
    """Spikes of the second neurons, called once."""
    spikes: torch.Tensor = net.last(current, net.last.reset_mem())[0]
    return spikes


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda net, spikes, x: net.out(spikes.sum(0)), "adds a constant to what was summed"),
        (lambda net, spikes, x: net.bare(spikes.sum(0)) + BIASES, "adds a constant to what was summed"),
        (lambda net, spikes, x: F.relu(net.bare(spikes.sum(0))), "follows steps that became one"),
        (lambda net, spikes, x: F.leaky_relu(net.out(spikes.mean(0))), "follows steps that became one"),
        (lambda net, spikes, x: net.bare(spikes.sum(0)).clamp(-1, 3), "follows steps that became one"),
        (lambda net, spikes, x: spikes.sum(0).clamp(0, 3), "follows steps that became one"),
        (lambda net, spikes, x: spikes.sum(0) - spikes.mean(0), r"in different ways \(sum, mean\)"),
        (lambda net, spikes, x: spikes.amax(0) + spikes.amax(0), r"in different ways \(max, max\)"),
        (lambda net, spikes, x: torch.cat([spikes.sum(0), spikes.mean(0)], 1), "in different ways"),
        (lambda net, spikes, x: fired_once(net, net.fc(x.mean(0))), "follows steps or classes"),
        (
            lambda net, spikes, x: fired_once(net, net.bare(spikes[-1]).softmax(-1)),
            "follows steps or classes",
        ),
    ],
)
def test_what_is_no_map_of_each_step(answer: Any, message: str) -> None:
    with pytest.raises(UnsupportedModel, match=message):
        read(lively(Spikes(answer)), (20, 1, 1))


@pytest.mark.parametrize(
    ("answer", "factor"),
    [
        (lambda net, spikes, x: net.bare(spikes.sum(0)) * 2, 1),
        (lambda net, spikes, x: net.out(spikes.mean(0)) + BIASES, 1 / 9),
    ],
)
def test_what_is_a_map_of_each_step(answer: Any, factor: float) -> None:
    agrees(lively(Spikes(answer)), (20, 1, 1), whole, factor=factor, silent=("last",))


class Two(nn.Module):
    """Two layers of spikes that hear the same image, and what becomes of them."""

    def __init__(self, joined: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.one, self.other = nn.Conv2d(1, 2, 3), nn.Conv2d(1, 2, 3)
        self.lif1, self.lif2 = (snn.Leaky(beta=0.8, init_hidden=True, threshold=0.5) for _ in range(2))
        self.joined = joined

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.joined(self.lif1(self.one(x)).double(), self.lif2(self.other(x)).double()).flatten(1)


@pytest.mark.parametrize(
    ("joined", "message"),
    [
        (lambda a, b: F.max_pool2d(a + b, 3, 1, 1), "max pooling is exact on spikes alone"),
        (lambda a, b: F.max_pool2d(a / 2, 3, 1, 1), "max pooling is exact on spikes alone"),
        (lambda a, b: torch.clamp(a + b, 0, 1), "relu .ReLU.: a ReLU sends numbers"),
        (lambda a, b: F.relu6(7 * a), "a ReLU sends numbers"),
    ],
)
def test_what_is_more_than_plain_spikes(joined: Any, message: str) -> None:
    with pytest.raises(UnsupportedModel, match=message):
        read(lively(Two(joined)), (1, 6, 6))


def test_limits_that_spikes_cannot_reach() -> None:
    graph = read(lively(Two(lambda a, b: F.relu6(a + b))), (1, 6, 6)).graph
    assert [one.name for one in graph.populations] == ["lif1", "lif2", "readout"]


class OwnRecurrence(nn.Module):
    """Recurrence in plain code, through a layer with a bias, from spikes that begin as zeros."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.back, self.out = nn.Linear(20, 12), nn.Linear(12, 12), nn.Linear(12, 5)
        self.lif = snn.Leaky(beta=0.8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        memory, answers = self.lif.reset_mem(), []
        spikes = torch.zeros(x.shape[1], 12, dtype=torch.float64)
        for now in x:
            spikes, memory = self.lif(self.fc(now) + self.back(spikes), memory)
            spikes = spikes.double()
            answers.append(self.out(spikes))
        return torch.stack(answers).sum(0)


def test_the_bias_of_a_recurrence_is_there_from_the_first_step_on() -> None:
    agrees(lively(OwnRecurrence()), (20, 1, 1), whole)


class Echo(nn.Module):
    """One step, which hears what it sent in the step before: kept by the module, beside its neurons."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.lif = nn.Linear(20, 20), snn.Leaky(beta=0.8, init_hidden=True)
        self.kept: Any = 0.0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.kept = self.lif(self.fc(x + self.kept)).double()
        return self.kept


def test_what_a_module_keeps_from_call_to_call() -> None:
    with pytest.raises(UnsupportedModel, match="something else when it is called again"):
        read(lively(Echo()), (20, 1, 1))


def test_one_step_is_not_repeated_in_all() -> None:
    with pytest.raises(UnsupportedModel, match="repeats one step of 4 in all"):
        read(lively(Spikes(lambda net, spikes, x: x[0].unsqueeze(0).repeat(4, 1, 1))), (20, 1, 1))
