"""A small network of each framework as integers: the classes that the original itself gives."""

from collections.abc import Callable
from typing import Any

import norse.torch as norse
import numpy as np
import pytest
import sinabs.layers as layers
import snntorch as snn
import torch
from imported import lively
from sinabs.activation import SingleSpike
from spikingjelly.activation_based import functional, neuron
from torch import nn

from snnc.compiler.frontends.conversion import InputData, convert, prepared
from snnc.compiler.frontends.quantise import Widths
from snnc.compiler.reference.interpreter import execute_network
from snnc.training.frontends.modules import read

STEPS, SAMPLES = 12, 100
LEAST = {8: 0.94, 4: 0.88}
"""Part of the samples that keep the class of the original, by bits; random weights make classes close."""


class Single(nn.Module):
    """One step of a network whose neurons keep their states."""

    def __init__(self, *neurons: nn.Module) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(16, 24), nn.Linear(24, 4)
        self.first, self.second = neurons

    def forward(self, x: torch.Tensor) -> Any:
        return self.second(self.fc2(self.first(self.fc1(x.flatten(1))).to(x.dtype)))


class Handed(Single):
    """One network over all steps, whose neurons give their states back."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x, first, second, total = x.flatten(1), None, None, []
        for _ in range(STEPS):
            hidden, first = self.first(self.fc1(x), first)
            out, second = self.second(self.fc2(hidden), second)
            total.append(out)
        return torch.stack(total).sum(0)


class Sequence(Single):
    """All steps at once, (samples, steps, features)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.flatten(1).unsqueeze(1).repeat(1, STEPS, 1)
        return self.second(self.fc2(self.first(self.fc1(x)).to(x.dtype))).sum(1)


def _snntorch() -> nn.Module:
    class Net(Single):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x, first, second, total = x.flatten(1), self.first.reset_mem(), self.second.reset_mem(), []
            for _ in range(STEPS):
                hidden, first = self.first(self.fc1(x), first)
                out, second = self.second(self.fc2(hidden.to(x.dtype)), second)
                total.append(out)
            return torch.stack(total).sum(0)

    betas = torch.linspace(0.5, 0.95, 24)
    return Net(snn.Leaky(betas, threshold=0.6, learn_beta=True), snn.Leaky(0.8, threshold=0.6))


def _spikingjelly() -> nn.Module:
    class Net(Single):
        def forward(self, x: torch.Tensor) -> Any:
            return sum(super(Net, self).forward(x) for _ in range(STEPS))

    return Net(*(neuron.LIFNode(3.0, False, v_threshold=0.6, v_reset=-0.2) for _ in range(2)))


def _norse() -> nn.Module:
    leaky = norse.LIFBoxParameters(tau_mem_inv=torch.tensor(200.0), v_th=torch.tensor(0.2))
    return Handed(norse.LIFBoxCell(leaky), norse.LIFBoxCell(leaky))


def _sinabs() -> nn.Module:
    options = {"spike_fn": SingleSpike, "spike_threshold": torch.tensor(0.2), "min_v_mem": -1.0}
    return Sequence(layers.LIF(tau_mem=8.0, **options), layers.LIF(tau_mem=5.0, **options))


def _original(net: nn.Module, x: torch.Tensor) -> np.ndarray:
    functional.reset_net(net)
    for part in net.modules():
        if isinstance(part, layers.StatefulLayer):
            part.reset_states()
    with torch.no_grad():
        return np.asarray(net(x))


@pytest.mark.parametrize("bits", LEAST)
@pytest.mark.parametrize("build", [_snntorch, _spikingjelly, _norse, _sinabs])
def test_integers_give_the_classes_of_the_original(build: Callable[[], nn.Module], bits: int) -> None:
    torch.manual_seed(4)
    net = lively(build())
    x = np.random.default_rng(11).integers(0, 256, (SAMPLES, 16), np.uint8)
    data = InputData(x)
    made = convert(read(net, (16, 1, 1)), data, STEPS, Widths(bits, 18))
    expected = _original(net, torch.tensor(x / 255))
    largest = made.network.input.max_payload
    payloads = np.repeat(prepared(x, data, largest)[:, None], made.network.steps, 1)
    found = execute_network(made.network, payloads).outputs
    # Where two classes have as many spikes, both are right.
    best = expected.max(1)
    same = expected[np.arange(SAMPLES), found.argmax(1)] == best
    assert len(np.unique(expected.argmax(1))) > 1, "the original gives one class alone"
    assert made.agreement.semantics == 1
    assert same.mean() >= LEAST[bits]
