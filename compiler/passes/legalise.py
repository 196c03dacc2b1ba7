"""legalise: refuse, all at once and with numbers, what the target's neurocore cannot compute."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from ...errors import UnsupportedModel
from ..arithmetic import state_range
from ..network import Layer, Network
from ..targets import Target

MAX_LEAK_SHIFT = 15

Rule = Callable[[Network, Layer, Target], str | None]


def leak_is_a_shift(network: Network, layer: Layer, target: Target) -> str | None:
    """The leak is none, or `v - (v >> k)` with k in 0..15."""
    leak = layer.neurons.leak
    if leak.numerator == 0 or (leak.shift is not None and 1 <= leak.shift <= MAX_LEAK_SHIFT):
        return None
    return (
        f"leak {leak.numerator}/2^{leak.fraction_bits}; allowed: none, or 1/2^k with k in 1..{MAX_LEAK_SHIFT}"
    )


def clamp_fits_the_state_word(network: Network, layer: Layer, target: Target) -> str | None:
    """The clamp is no wider than the target's state word."""
    bits = layer.neurons.state_bits
    return None if bits <= target.state_bits else f"state_bits {bits}; allowed: up to {target.state_bits}"


def parameters_fit_the_state_word(network: Network, layer: Layer, target: Target) -> str | None:
    """Thresholds and biases are no wider than the target's state word."""
    low, high = state_range(target.state_bits)
    for label in ("threshold", "bias"):
        values = getattr(layer.neurons, label)
        if values.min() < low or values.max() > high:
            return f"{label} {int(values.min())}..{int(values.max())}; allowed: {low}..{high}"
    return None


def weights_fit_the_memory(network: Network, layer: Layer, target: Target) -> str | None:
    """Weights are no wider than the target stores them, where the target fixes a width."""
    bits = max(edge.synapses.weight_bits for edge in layer.edges)
    if target.weight_bits is None or bits <= target.weight_bits:
        return None
    return f"{bits}-bit weights; allowed: up to {target.weight_bits}"


def somebody_reads_the_layer(network: Network, layer: Layer, target: Target) -> str | None:
    """Every layer feeds another layer or is the readout."""
    read = any(edge.source == layer.name for other in network.layers for edge in other.edges)
    return None if read or layer.name == network.readout.layer else "feeds no layer and is not the readout"


def membranes_are_read_once(network: Network, layer: Layer, target: Target) -> str | None:
    """A layer that never fires feeds no other layer."""
    feeds = [other.name for other in network.layers for edge in other.edges if edge.source == layer.name]
    if layer.neurons.reset != "none" or not feeds:
        return None
    return f"never fires (reset 'none') but feeds {', '.join(feeds)}"


RULES: tuple[Rule, ...] = (
    leak_is_a_shift,
    clamp_fits_the_state_word,
    parameters_fit_the_state_word,
    weights_fit_the_memory,
    somebody_reads_the_layer,
    membranes_are_read_once,
)


@dataclass(frozen=True)
class Legalise:
    """Needs a valid Network. Guarantees that every rule holds for every layer; changes nothing.

    Refuses with UnsupportedModel, which lists every broken rule of every layer.
    """

    target: Target
    name: ClassVar[str] = "legalise"

    def run(self, network: Network) -> Network:
        broken = [
            f"layer {layer.name!r}: {message}"
            for layer in network.layers
            for rule in RULES
            if (message := rule(network, layer, self.target)) is not None
        ]
        if broken:
            raise UnsupportedModel(
                f"target `{self.target.name}` cannot compute this model\n" + "\n".join(broken)
            )
        return network
