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


class Recurrent(nn.Module):
    """Neurons that hear themselves through the layer before them."""

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.fc = layer.Linear(20, 12)
        self.loop = layer.LinearRecurrentContainer(neuron.LIFNode(v_threshold=0.4), 12, 12)
        self.out, self.last = layer.Linear(12, 5), neuron.IFNode(v_reset=None)
        functional.set_step_mode(self, mode)
        self.loop.sub_module.step_mode = "s"

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.out(self.loop(self.fc(x)).to(x.dtype)))


@pytest.mark.parametrize("mode", ["m", "s"])
def test_recurrent_containers(mode: str) -> None:
    def run(net: nn.Module, x: torch.Tensor) -> Any:
        functional.reset_net(net)
        x = x.flatten(2).transpose(0, 1)
        return net(x).sum(0) if mode == "m" else sum(net(one) for one in x)

    imported = agrees(lively(Recurrent(mode)), (20, 1, 1), run, silent=("loop_sub_module",))
    assert sorted(edge.delay for edge in imported.graph.population("loop").edges) == [0, 1]


def test_a_dimension_for_the_steps_added_in_place() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.static = nn.Linear(20, 12)
            self.rest = nn.Sequential(neuron.IFNode(), layer.Linear(12, 5), neuron.IFNode())
            functional.set_step_mode(self.rest, "m")

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            currents = self.static(x)
            currents.unsqueeze_(0)
            return self.rest(currents.repeat(STEPS, 1, 1)).sum(0)

    imported = read(lively(Net()), (20, 1, 1))
    assert imported.steps == STEPS
    assert [one.name for one in imported.graph.populations] == ["rest_0", "rest_2"]


def test_what_is_no_current_is_refused_by_name() -> None:
    net = nn.Sequential(layer.Linear(20, 5), layer.SynapseFilter(tau=4.0), neuron.IFNode())
    with pytest.raises(UnsupportedModel, match="decays only where no spike arrives; use CUBALIFNode"):
        read(net, (20, 1, 1), steps=STEPS)
