"""hold-input: send an input that stays the same once per sample, and keep its current in the core."""

from dataclasses import dataclass, replace
from typing import ClassVar

from snnc.compiler.ir.levels import Level
from snnc.compiler.ir.network import Input, Layer, Network
from snnc.compiler.ir.provenance import Provenance
from snnc.compiler.isa.arithmetic import NO_LEAK
from snnc.compiler.targets import Target


@dataclass(frozen=True)
class HoldInput:
    """Needs a legal Network. Guarantees the same outputs, spikes and membranes; where the target has a memory
    for currents and it is exact, the input is `held`: its events come in the first step alone, and the layers
    that they feed keep their current (CUBA, without decay)."""

    target: Target
    name: ClassVar[str] = "hold-input"
    takes: ClassVar[type[Level]] = Network
    gives: ClassVar[type[Level]] = Network

    def run(self, network: Network) -> Network:
        return held(network) if self.target.cuba and can_be_held(network) else network


def can_be_held(network: Network) -> bool:
    """Whether the input is the same in every one of several steps, and nothing else enters the current of the
    layers that hear it."""
    hearers = [layer for layer in network.layers if _hears(layer, network.input)]
    constant = network.input.encoding == "direct" and network.steps > 1
    return constant and all(
        layer.neurons.current_leak is None and all(edge.source == network.input.name for edge in layer.edges)
        for layer in hearers
    )


def held(network: Network) -> Network:
    """`network` with a held input; what it computes is the same where the input can be held."""
    layers = tuple(
        replace(layer, neurons=replace(layer.neurons, current_leak=NO_LEAK))
        if _hears(layer, network.input)
        else layer
        for layer in network.layers
    )
    node = replace(network.input, encoding="held")
    return replace(network, input=node, layers=layers, provenance=_sent_once(network))


def _sent_once(network: Network) -> Provenance:
    """The provenance of `network` with the activity of an input that is sent in the first step alone."""
    provenance, name = network.provenance, network.input.name
    if provenance.activity is None:
        return provenance
    rates = provenance.activity.rates
    once = rates | {name: rates[name] / network.steps}
    return replace(provenance, activity=replace(provenance.activity, rates=once))


def is_holding(network: Network, node: Input) -> bool:
    """Whether a program with the input `node` holds that of `network`."""
    return can_be_held(network) and node == replace(network.input, encoding="held")


def _hears(layer: Layer, node: Input) -> bool:
    return any(edge.source == node.name for edge in layer.edges)
