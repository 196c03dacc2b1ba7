"""Membranes that a module hands on, in place of spikes: integrators between layers, answers made of them."""

import norse.torch as norse
import pytest
import sinabs.layers as layers
import snntorch as snn
import torch
from imported import STEPS, Doubled, agrees, lively
from sinabs.activation import SingleSpike
from torch import nn

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends.canonical import canonical
from snnc.training.frontends.modules import read


class Handed(nn.Module):
    """Membranes of a layer without a reset go into the next."""

    def __init__(self, **options: str) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(20, 12), nn.Linear(12, 5)
        self.lif1 = snn.Leaky(beta=0.8, **options)
        self.lif2 = snn.Leaky(beta=0.9)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mem1, mem2, spikes = self.lif1.init_leaky(), self.lif2.init_leaky(), []
        for step in range(STEPS):
            _, mem1 = self.lif1(self.fc1(x[step]), mem1)
            spk2, mem2 = self.lif2(self.fc2(mem1), mem2)
            spikes.append(spk2.double())
        return torch.stack(spikes).sum(0)


def test_snntorch_membranes_without_a_reset() -> None:
    net = lively(Handed(reset_mechanism="none"))
    imported = agrees(net, (20, 1, 1), lambda net, x: net(x.transpose(0, 1).flatten(2)))
    assert not canonical(imported.graph, STEPS).remarks
    # Its spikes are nobody's, its membranes are heard.
    assert {one.name for one in imported.graph.populations} == {"lif1", "lif1#membrane", "lif2"}


def test_membranes_that_are_reset_stay_where_they_are() -> None:
    with pytest.raises(UnsupportedModel, match="membranes of lif1, which are reset") as caught:
        read(Handed(), (20, 1, 1), steps=STEPS)
    assert "without a reset" in caught.value.message


def test_norse_integrators_between_layers() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            fires = norse.LIFBoxParameters(v_th=torch.tensor(0.1))
            self.layers = norse.SequentialState(
                nn.Linear(20, 12),
                norse.LIFBoxCell(fires),
                nn.Linear(12, 8),
                norse.LIBoxCell(norse.LIBoxParameters(v_leak=torch.tensor(0.2))),
                nn.Linear(8, 5),
                norse.LIFBoxCell(fires),
            )

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            state, spikes = None, []
            for step in range(x.shape[0]):
                out, state = self.layers(x[step], state)
                spikes.append(out)
            return torch.stack(spikes).sum(0)

    imported = agrees(
        lively(Net()), (20, 1, 1), lambda net, x: net(x.transpose(0, 1).flatten(2)), silent=("layers_3",)
    )
    assert not canonical(imported.graph, STEPS).remarks


def _sinabs() -> nn.Module:
    return nn.Sequential(
        nn.Linear(20, 12),
        layers.LIF(tau_mem=8.0, norm_input=False, spike_fn=SingleSpike),
        Doubled(),
        nn.Linear(12, 6),
        layers.ExpLeak(tau_mem=4.0),
        nn.Linear(6, 5),
    )


@pytest.mark.parametrize("reduced", ["sum", "last"])
def test_answers_computed_from_membranes(reduced: str) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = _sinabs()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            found = self.layers(x)
            return found.sum(1) if reduced == "sum" else found[:, -1]

    def run(net: nn.Module, x: torch.Tensor) -> torch.Tensor:
        for part in net.modules():
            if isinstance(part, layers.StatefulLayer):
                part.reset_states()
        return net(x.flatten(2))

    imported = agrees(lively(Net()), (20, 1, 1), run, silent=("layers_4",))
    form = canonical(imported.graph, STEPS)
    assert form.graph.readout.kind == "membrane" and not form.remarks


def test_the_largest_of_computed_values_is_refused() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = _sinabs()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layers(x).max(1).values

    with pytest.raises(UnsupportedModel, match="largest of all steps, but not of membranes themselves"):
        read(Net(), (20, 1, 1), steps=STEPS)
