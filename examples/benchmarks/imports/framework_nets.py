"""The same two networks in four frameworks, each in its own idiom: what `snnc import` is measured on.

Inputs are (samples, 784) or (samples, 1, 28, 28) of 0..1, shown in each of `STEPS`; answers are spikes, or
the last membrane where the users of a framework take that.
"""

from collections.abc import Callable
from typing import Any

import norse.torch as norse
import sinabs.layers as sl
import snntorch as snn
import torch
from sinabs.activation import SingleSpike
from spikingjelly.activation_based import functional, layer, neuron, surrogate
from torch import nn

STEPS = 10
HIDDEN = 100


def _dense() -> list[nn.Module]:
    return [nn.Linear(784, HIDDEN), nn.Linear(HIDDEN, 10)]


def _convolutional() -> list[nn.Module]:
    first = nn.Conv2d(1, 8, 3, stride=2, padding=1)
    return [first, nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.Linear(784, 10)]


class Looped(nn.Module):
    """snnTorch: a loop over the steps, membranes handed on."""

    def __init__(self, layers: list[nn.Module]) -> None:
        super().__init__()
        self.maps = nn.ModuleList(layers)
        self.neurons = nn.ModuleList(snn.Leaky(beta=0.9) for _ in layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Spikes of all steps."""
        states = [part.reset_mem() for part in self.neurons]
        spikes = []
        for _ in range(STEPS):
            value = x
            for number, (synapses, part) in enumerate(zip(self.maps, self.neurons, strict=True)):
                value = value.flatten(1) if isinstance(synapses, nn.Linear) else value
                value, states[number] = part(synapses(value), states[number])
            spikes.append(value)
        return torch.stack(spikes).sum(0)


class Repeated(nn.Module):
    """SpikingJelly: multi-step layers on an image that is repeated."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)
        functional.set_step_mode(self, "m")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Mean of the spikes."""
        spikes: torch.Tensor = self.layers(x.unsqueeze(0).repeat(STEPS, *[1] * x.ndim))
        return spikes.mean(0)


class Stateful(nn.Module):
    """Norse: SequentialState in a loop, an integrator at the end."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers = norse.SequentialState(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The last membrane."""
        state, voltages = None, []
        for _ in range(STEPS):
            voltage, state = self.layers(x, state)
            voltages.append(voltage)
        return torch.stack(voltages)[-1]


def _jelly() -> nn.Module:
    fires: nn.Module = neuron.LIFNode(tau=2.0, surrogate_function=surrogate.ATan())
    return fires


def _box() -> nn.Module:
    options = norse.LIFBoxParameters(tau_mem_inv=torch.tensor(200.0), v_th=torch.tensor(0.3))
    fires: nn.Module = norse.LIFBoxCell(options)
    return fires


def _squeezed() -> nn.Module:
    options: dict[str, Any] = {"num_timesteps": STEPS, "spike_fn": SingleSpike, "norm_input": False}
    fires: nn.Module = sl.LIFSqueeze(tau_mem=10.0, **options)
    return fires


def snntorch_mlp() -> nn.Module:
    """784-100-10."""
    return Looped(_dense())


def snntorch_cnn() -> nn.Module:
    """Two strided convolutions and a matrix."""
    return Looped(_convolutional())


def spikingjelly_mlp() -> nn.Module:
    """784-100-10."""
    return Repeated(layer.Linear(784, HIDDEN), _jelly(), layer.Linear(HIDDEN, 10), _jelly())


def spikingjelly_cnn() -> nn.Module:
    """Two strided convolutions with batch norm and a matrix."""
    parts: list[nn.Module] = []
    for source, channels in ((1, 8), (8, 16)):
        conv = layer.Conv2d(source, channels, 3, stride=2, padding=1, bias=False)
        parts += [conv, layer.BatchNorm2d(channels), _jelly()]
    return Repeated(*parts, layer.Flatten(), layer.Linear(784, 10), _jelly())


def norse_mlp() -> nn.Module:
    """784-100-10."""
    first, second = _dense()
    return Stateful(first, _box(), second, norse.LIBoxCell())


def norse_cnn() -> nn.Module:
    """Two strided convolutions and a matrix."""
    first, second, last = _convolutional()
    return Stateful(first, _box(), second, _box(), nn.Flatten(), last, norse.LIBoxCell())


def sinabs_mlp() -> nn.Module:
    """784-100-10; steps and samples in one dimension."""
    first, second = _dense()
    return nn.Sequential(first, _squeezed(), second, _squeezed())


def sinabs_cnn() -> nn.Module:
    """Two strided convolutions and a matrix; steps and samples in one dimension."""
    first, second, last = _convolutional()
    return nn.Sequential(first, _squeezed(), second, _squeezed(), nn.Flatten(), last, _squeezed())


NETS: dict[str, Callable[[], nn.Module]] = {
    f"{framework}_{kind}": globals()[f"{framework}_{kind}"]
    for framework in ("snntorch", "spikingjelly", "norse", "sinabs")
    for kind in ("mlp", "cnn")
}


def answers(net: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """What a network says of samples, its states forgotten before."""
    functional.reset_net(net)
    for part in net.modules():
        if isinstance(part, sl.StatefulLayer):
            part.reset_states()
    if isinstance(net, nn.Sequential):
        spikes: torch.Tensor = net(x.repeat_interleave(STEPS, 0))
        return spikes.unflatten(0, (-1, STEPS)).sum(1)
    found: torch.Tensor = net(x)
    return found
