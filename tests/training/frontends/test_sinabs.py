"""Networks of sinabs as float graphs: every spike of every layer."""

from pathlib import Path
from typing import Any

import pytest
import sinabs.layers as layers
import torch
from imported import Doubled, agrees, lively
from sinabs.activation import MembraneReset, MultiSpike, SingleSpike
from torch import nn

from snnc.base.errors import UnsupportedModel
from snnc.training.frontends.modules import load_weights, read

SINGLE = {"spike_fn": SingleSpike}


def at(value: float) -> dict[str, Any]:
    return {**SINGLE, "spike_threshold": torch.tensor(value)}


def test_squeezed_layers() -> None:
    net = nn.Sequential(
        nn.Conv2d(2, 4, 3, bias=False),
        layers.IAFSqueeze(batch_size=1, min_v_mem=-1.0, **at(0.5)),
        layers.SumPool2d(2),
        nn.Flatten(),
        Doubled(),
        nn.Linear(36, 10),
        layers.LIFSqueeze(batch_size=1, tau_mem=10.0, tau_syn=5.0, **at(0.1)),
    )

    def run(net: nn.Module, x: torch.Tensor) -> torch.Tensor:
        return torch.stack([_reset(net)(sample).sum(0) for sample in x])

    imported = agrees(lively(net), (2, 8, 8), run)
    assert float(imported.graph.population("n1").neurons.lower) == -1  # type: ignore[arg-type]


def test_recurrent_and_leaking() -> None:
    net = nn.Sequential(
        nn.Linear(20, 12),
        layers.LIFRecurrent(tau_mem=8.0, rec_connect=nn.Sequential(Doubled(), nn.Linear(12, 12)), **at(0.1)),
        Doubled(),
        nn.Linear(12, 5),
        layers.LIF(tau_mem=5.0, norm_input=False, reset_fn=MembraneReset(), **at(0.9)),
    )
    agrees(lively(net), (20, 1, 1), lambda net, x: _reset(net)(x.flatten(2)).sum(1))


def test_the_membrane_of_an_integrator() -> None:
    net = nn.Sequential(
        nn.Linear(20, 12), layers.IAF(**at(0.5)), Doubled(), nn.Linear(12, 5), layers.ExpLeak(10.0)
    )
    agrees(lively(net), (20, 1, 1), lambda net, x: _reset(net)(x.flatten(2)).sum(1), silent=("n4",))


def _reset(net: nn.Module) -> nn.Module:
    for part in net.modules():
        if isinstance(part, layers.StatefulLayer):
            part.reset_states()
    return net


def test_several_spikes_are_said_to_be_approximate() -> None:
    net = nn.Sequential(nn.Linear(4, 3), layers.IAF(spike_fn=MultiSpike))
    (found,) = read(net, (4, 1, 1)).findings.found.values()
    assert found.status == "approximate" and "several spikes in a step" in " ".join(found.remarks)


def test_what_is_refused() -> None:
    adds = layers.IAF(reset_fn=MembraneReset(0.5), **SINGLE)
    with pytest.raises(UnsupportedModel, match="adds its reset_value to every membrane"):
        read(nn.Sequential(nn.Linear(4, 3), adds), (4, 1, 1))
    with pytest.raises(UnsupportedModel, match=r"sinabs\.ALIF is not read: its threshold adapts"):
        read(nn.Sequential(nn.Linear(4, 3), layers.ALIF(tau_mem=5.0, tau_adapt=5.0)), (4, 1, 1))


def test_states_in_a_checkpoint_are_left_out(tmp_path: Path) -> None:
    net = nn.Sequential(nn.Linear(4, 3), layers.IAF(**at(0.5)))
    net(torch.ones(2, 5, 4))
    torch.save(net.state_dict(), tmp_path / "w.pt")
    fresh = nn.Sequential(nn.Linear(4, 3), layers.IAF(**at(0.5)))
    load_weights(fresh, tmp_path / "w.pt")
    assert torch.equal(fresh.state_dict()["0.weight"], net.state_dict()["0.weight"])
