"""Networks of snnTorch as float graphs: every spike of every layer, then the integers."""

from typing import Any

import pytest
import snntorch as snn
import torch
from imported import STEPS, Doubled, agrees, lively
from snntorch import utils
from torch import nn

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends.canonical import canonical
from snnc.training.frontends.modules import read


def first(module: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """The first output of a module that takes (steps, samples, features), added up."""
    return module(x.transpose(0, 1).flatten(2))[0].sum(0)


class Loop(nn.Module):
    """As in the tutorials: a loop over the steps, membranes handed on, everything stacked."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(20, 30), nn.Linear(30, 10)
        self.lif1, self.lif2 = snn.Leaky(beta=0.9, **options), snn.Leaky(beta=0.8, **options)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mem1, mem2 = self.lif1.init_leaky(), self.lif2.init_leaky()
        spikes, membranes = [], []
        for step in range(STEPS):
            spk1, mem1 = self.lif1(self.fc1(x[step]), mem1)
            spk2, mem2 = self.lif2(self.fc2(spk1.double()), mem2)
            spikes.append(spk2)
            membranes.append(mem2)
        return torch.stack(spikes), torch.stack(membranes)


@pytest.mark.parametrize(
    "options",
    [
        {"reset_mechanism": "subtract"},
        {"reset_mechanism": "zero"},
        {"reset_mechanism": "none"},
        {"reset_mechanism": "zero", "reset_delay": False},
        {"threshold": 0.7, "learn_threshold": True, "learn_beta": True},
        {"spike_grad": snn.surrogate.fast_sigmoid()},
        {"spike_grad": lambda x: (x >= 0).double()},
    ],
    ids=["subtract", "zero", "none", "zero_at_once", "learned", "fast_sigmoid", "at_the_threshold"],
)
def test_leaky_in_a_loop(options: dict[str, Any]) -> None:
    imported = agrees(lively(Loop(**options)), (20, 1, 1), first)
    assert [found.status for found in imported.findings.found.values()] == ["exact", "exact"]


def test_the_steps_of_a_loop() -> None:
    own = read(lively(Loop()), (20, 1, 1))
    assert own.steps == STEPS and f"steps: {STEPS}, as the module's own loop" in own.findings.general
    assert read(lively(Recurrent()), (20, 1, 1)).steps is None


def test_reset_at_once_is_said_to_be_approximate() -> None:
    found = read(lively(Loop(reset_delay=False)), (20, 1, 1)).findings.found["lif1"]
    assert found.status == "approximate" and "still above the threshold" in " ".join(found.remarks)


def test_hidden_states_and_convolutions() -> None:
    net = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.AvgPool2d(2),
        snn.Leaky(beta=0.7, init_hidden=True, threshold=0.5),
        Doubled(),
        nn.Conv2d(4, 6, 3),
        snn.Leaky(beta=torch.linspace(0.5, 0.9, 6).reshape(6, 1, 1), init_hidden=True, threshold=0.5),
        nn.MaxPool2d(2),
        Doubled(),
        nn.Flatten(),
        nn.Linear(24, 10),
        snn.Leaky(beta=0.5, init_hidden=True, output=True, threshold=0.5, graded_spikes_factor=2.0),
    )

    def run(module: nn.Module, x: torch.Tensor) -> torch.Tensor:
        utils.reset(module)
        return torch.stack([module(x[:, step])[0] for step in range(STEPS)]).sum(0)

    agrees(lively(net), (1, 12, 12), run, factor=2.0, silent=("n11",))


class Pooled(nn.Module):
    """As in the tutorial of convolutional networks: the largest current of a window goes into the neurons."""

    def __init__(self, window: int = 2, stride: int | None = None) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 6, 2)
        self.norm, self.pool = nn.BatchNorm2d(6), nn.MaxPool2d(window, stride)
        self.lif1, self.lif2, self.lif3 = (snn.Leaky(beta=0.7) for _ in range(3))
        self.fc = nn.Linear(24, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mem1, mem2, mem3 = self.lif1.init_leaky(), self.lif2.init_leaky(), self.lif3.init_leaky()
        spikes = []
        for step in range(STEPS):
            spk1, mem1 = self.lif1(self.pool(self.conv1(x[:, step])), mem1)
            spk2, mem2 = self.lif2(self.norm(self.pool(self.conv2(spk1.double()))), mem2)
            spk3, mem3 = self.lif3(self.fc(spk2.double().flatten(1)), mem3)
            spikes.append(spk3)
        return torch.stack(spikes).sum(0)


def test_a_max_pool_before_neurons_is_read_exactly_and_approximated_in_integers() -> None:
    imported = agrees(lively(Pooled()), (1, 12, 12), lambda module, x: module(x))
    assert imported.graph.population("lif1").window == (2, 2)
    form = canonical(imported.graph, STEPS)
    assert "an OR of their spikes" in " ".join(form.remarks["lif1"])
    assert [one.name for one in form.graph.populations][:2] == ["lif1_each", "lif1"]


def test_a_max_pool_before_neurons_is_refused_where_windows_overlap() -> None:
    with pytest.raises(UnsupportedModel, match=r"stride .1, 1. and padding .0, 0. stands before neurons"):
        read(lively(Pooled(2, 1)), (1, 12, 12))


def test_a_max_pool_of_sums_goes_to_neurons_alone() -> None:
    net = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.Conv2d(2, 2, 2), snn.Leaky(beta=0.5, init_hidden=True)
    )
    with pytest.raises(UnsupportedModel, match="max pool of sums is followed by something else than neur"):
        read(lively(net), (1, 8, 8))


class Recurrent(nn.Module):
    """Recurrent neurons, all to all and each to itself; the answer is added up in the loop."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.out = nn.Linear(20, 12), nn.Linear(12, 5)
        self.all = snn.RLeaky(beta=0.8, linear_features=12)
        self.own = snn.RSynaptic(alpha=0.6, beta=0.7, all_to_all=False, V=0.3)

    def forward(self, x: torch.Tensor) -> Any:
        spk, mem = self.all.init_rleaky()
        spk2, syn, mem2 = self.own.init_rsynaptic()
        total: Any = 0
        for step in range(x.size(0)):
            spk, mem = self.all(self.fc(x[step]), spk.double(), mem)
            spk2, syn, mem2 = self.own(self.out(spk.double()), spk2, syn, mem2)
            total = total + spk2
        return total


def test_recurrent_neurons_of_the_framework() -> None:
    agrees(lively(Recurrent()), (20, 1, 1), lambda module, x: module(x.transpose(0, 1).flatten(2)))


class OwnRecurrence(nn.Module):
    """Recurrence in plain code: the spikes of the step before come back through a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.back, self.out = nn.Linear(20, 12), nn.Linear(12, 12, bias=False), nn.Linear(12, 5)
        self.lif1, self.lif2 = snn.Leaky(beta=0.8), snn.Leaky(beta=0.8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mem1, mem2 = self.lif1.reset_mem(), self.lif2.reset_mem()
        spk1 = torch.zeros(x.shape[1], 12, dtype=torch.float64)
        collected = []
        for now in x:
            spk1, mem1 = self.lif1(self.fc(now) + self.back(spk1.double()), mem1)
            spk2, mem2 = self.lif2(self.out(spk1.double()), mem2)
            collected.append(spk2.double())
        return torch.stack(collected, 1).mean(1)


def test_recurrence_in_plain_code() -> None:
    imported = agrees(
        lively(OwnRecurrence()),
        (20, 1, 1),
        lambda module, x: module(x.transpose(0, 1).flatten(2)),
        factor=1 / STEPS,
    )
    assert [edge.delay for edge in imported.graph.population("lif1").edges] == [0, 1]


class Membranes(nn.Module):
    """A synaptic layer, and an integrator whose largest membrane is the answer."""

    def __init__(self, beta: float = 0.8) -> None:
        super().__init__()
        self.fc, self.out = nn.Linear(20, 12), nn.Linear(12, 5)
        self.lif = snn.Synaptic(alpha=0.6, beta=beta)
        self.last = snn.Lapicque(R=5.0, C=2.0, reset_mechanism="none")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        (syn, mem), mem2, membranes = self.lif.init_synaptic(), self.last.init_lapicque(), []
        for now in x:
            spk, syn, mem = self.lif(self.fc(now), syn, mem)
            _, mem2 = self.last(self.out(spk.double()), mem2)
            membranes.append(mem2)
        return torch.stack(membranes).max(0)[0]


def test_the_largest_membrane() -> None:
    imported = agrees(
        lively(Membranes()),
        (20, 1, 1),
        lambda module, x: module(x.transpose(0, 1).flatten(2)),
        silent=("last",),
    )
    assert imported.graph.readout.kind == "membrane_max"


@pytest.mark.parametrize(
    ("neuron", "message"),
    [
        (
            snn.Synaptic(alpha=0.5, beta=0.5, reset_mechanism="zero"),
            "drops what arrives in the step after a spike",
        ),
        (snn.Leaky(beta=0.5, inhibition=True), "inhibition"),
        (snn.Alpha(alpha=0.6, beta=0.5), "snntorch.Alpha is not read: its membrane is a difference"),
        (snn.Leaky(beta=0.5, spike_grad=torch.sigmoid), "which is no step"),
        (snn.Leaky(beta=0.5, state_quant=lambda x: x), "state_quant rounds the membrane"),
        (snn.Leaky(beta=0.5, threshold=-0.5), "a threshold below 0 resets before the first step"),
    ],
)
@pytest.mark.filterwarnings("ignore:Inhibition")
def test_what_is_refused(neuron: nn.Module, message: str) -> None:
    net = nn.Sequential(nn.Linear(4, 3), neuron)
    with pytest.raises(UnsupportedModel, match=message):
        read(net, (4, 1, 1))


class Forgetful(Loop):
    """Every step begins with new membranes."""

    def forward(self, x: torch.Tensor) -> Any:
        return torch.stack([self.lif1(self.fc1(x[step]), torch.zeros(3, 30))[0] for step in range(STEPS)])


def test_states_that_are_not_handed_on() -> None:
    with pytest.raises(UnsupportedModel, match="a state that is set anew in call 2"):
        read(Forgetful(), (20, 1, 1))
