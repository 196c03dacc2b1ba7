"""Networks of SpikingJelly as float graphs: every spike of every layer."""

from typing import Any

import pytest
import torch
from imported import STEPS, agrees, lively
from spikingjelly.activation_based import functional, layer, neuron, surrogate
from torch import nn

from snnc.base.errors import UnsupportedModel
from snnc.training.frontends.modules import read


class Net(nn.Module):
    """Convolutions with batch norm, pools of spikes, and a vote, single-step or multi-step."""

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            layer.Conv2d(2, 4, 3, padding=1, bias=False),
            layer.BatchNorm2d(4),
            neuron.IFNode(surrogate_function=surrogate.ATan()),
            layer.MaxPool2d(2, 2),
            layer.Conv2d(4, 6, 3),
            neuron.LIFNode(tau=3.0, v_reset=None, decay_input=False, v_threshold=0.5),
            layer.AvgPool2d(2),
        )
        self.fc = nn.Sequential(
            layer.Flatten(),
            layer.Dropout(0.5),
            layer.Linear(6, 20),
            neuron.ParametricLIFNode(v_threshold=0.25, v_reset=0.1),
            layer.VotingLayer(2),
        )
        functional.set_step_mode(self, mode)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.conv(x))


def test_multi_step() -> None:
    def run(net: nn.Module, x: torch.Tensor) -> torch.Tensor:
        functional.reset_net(net)
        return net(x.transpose(0, 1)).mean(0)

    agrees(lively(Net("m")), (2, 8, 8), run, factor=1 / STEPS)


def test_single_step() -> None:
    def run(net: nn.Module, x: torch.Tensor) -> Any:
        functional.reset_net(net)
        return sum(net(x[:, step]) for step in range(STEPS))

    agrees(lively(Net("s")), (2, 8, 8), run)


class Static(Net):
    """The same image in every step, repeated by the module, whose mean is the answer."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.unsqueeze(0).repeat(STEPS, 1, 1, 1, 1)).mean(0)


def test_images_repeated_by_the_module() -> None:
    imported = read(lively(Static("m")), (2, 8, 8))
    assert f"steps: {STEPS}, as the module's own loop" in imported.findings.general
    assert any(line.endswith("as the module does") for line in imported.findings.general)


@pytest.mark.parametrize("decode", ["max-mem", "mean-mem", "last_mem"])
def test_integrators(decode: str) -> None:
    net = nn.Sequential(
        layer.Linear(8, 16),
        neuron.LIFNode(v_threshold=0.3),
        layer.Linear(16, 4),
        neuron.NonSpikingLIFNode(3.0, decode),
    )
    functional.set_step_mode(net[:3], "m")

    def run(net: nn.Module, x: torch.Tensor) -> torch.Tensor:
        functional.reset_net(net)
        return net(x.transpose(0, 1).flatten(2))

    factor = 1 / STEPS if decode == "mean-mem" else 1.0
    agrees(lively(net), (8, 1, 1), run, factor=factor, silent=("n3",))


def test_current_based() -> None:
    net = nn.Sequential(nn.Linear(8, 16), neuron.CUBALIFNode(0.5, 0.75, 0.8))

    def run(net: nn.Module, x: torch.Tensor) -> Any:
        functional.reset_net(net)
        return sum(net(x[:, step].flatten(1)) for step in range(STEPS))

    agrees(lively(net), (8, 1, 1), run)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (neuron.QIFNode, "spikingjelly.QIFNode is not read: its membrane follows another equation"),
        (type("Mine", (neuron.LIFNode,), {}), "Mine is a subclass of spikingjelly.LIFNode"),
    ],
)
def test_what_is_refused(kind: Any, message: str) -> None:
    with pytest.raises(UnsupportedModel, match=message):
        read(nn.Sequential(nn.Linear(8, 4), kind()), (8, 1, 1))
