"""Networks of Norse as float graphs: every spike of every layer, membranes as answers."""

from typing import Any

import norse.torch as norse
import pytest
import torch
from imported import Doubled, agrees, lively
from torch import nn

from snnc.base.errors import UnsupportedModel
from snnc.training.frontends.modules import read

SINGLE = 1e-6
"""Norse keeps currents and voltages in single precision."""


def threshold(value: float, **options: Any) -> Any:
    return {"v_th": torch.tensor(value), **options}


class Net(nn.Module):
    """SequentialState in a loop, with a current, without one, and an integrator."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = norse.SequentialState(
            nn.Conv2d(1, 4, 3),
            norse.LIFCell(norse.LIFParameters(**threshold(0.1, v_leak=torch.tensor(0.02)))),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(36, 10, bias=False),
            norse.LIFBoxCell(norse.LIFBoxParameters(**threshold(0.05)), dt=0.002),
            nn.Linear(10, 4),
            norse.LICell(),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        state, voltages = None, []
        for step in range(x.shape[0]):
            out, state = self.layers(x[step], state)
            voltages.append(out)
        return torch.stack(voltages).max(0).values


def test_sequential_state() -> None:
    imported = agrees(
        lively(Net()), (1, 8, 8), lambda net, x: net(x.transpose(0, 1)), silent=("layers_7",), atol=SINGLE
    )
    assert imported.graph.readout.kind == "membrane_max"


class Recurrent(nn.Module):
    """All steps at once: recurrent neurons and an integrator whose last voltage is the answer."""

    def __init__(self) -> None:
        super().__init__()
        self.lif = norse.LIFRecurrent(20, 15, norse.LIFParameters(**threshold(0.2)))
        self.fc, self.li = nn.Linear(15, 4), norse.LI()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        spikes, _ = self.lif(x)
        voltages, _ = self.li(self.fc(spikes))
        return voltages[-1]


def test_recurrent_neurons() -> None:
    net = lively(Recurrent())
    imported = agrees(
        net, (20, 1, 1), lambda net, x: net(x.transpose(0, 1).flatten(2)), silent=("li",), atol=SINGLE
    )
    assert imported.graph.readout.kind == "membrane"


def test_integrate_and_fire() -> None:
    net = norse.SequentialState(
        nn.Linear(8, 5), norse.IAFCell(norse.IAFParameters(**threshold(0.6))), Doubled()
    )

    def run(net: Any, x: torch.Tensor) -> Any:
        state, total = None, 0
        for step in range(x.shape[1]):
            out, state = net(x[:, step].flatten(1), state)
            total = total + out
        return total

    agrees(lively(net), (8, 1, 1), run)


def test_what_is_refused() -> None:
    net = norse.SequentialState(nn.Linear(8, 4), norse.LSNNCell(norse.LSNNParameters()))
    with pytest.raises(
        UnsupportedModel, match=r"norse\.LSNNCell is not read: its threshold adapts; use LIFCell"
    ):
        read(net, (8, 1, 1))
