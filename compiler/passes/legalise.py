"""legalise: refuse, all at once and with numbers, what the target's neurocore cannot compute."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from snnc.base.errors import UnsupportedModel
from snnc.compiler.ir.levels import Level
from snnc.compiler.ir.network import Conv2d, Edge, Layer, Network
from snnc.compiler.isa.arithmetic import state_range
from snnc.compiler.isa.contract import DECAY_SHIFT, MAX_BANKS, MAX_SEGMENTS
from snnc.compiler.targets import Target

Rule = Callable[[Network, Layer, Target], str | None]


def decay_is_computable(network: Network, layer: Layer, target: Target) -> str | None:
    """A decay is 0, or numerator / 2^F, F up to 12; without a multiplier the numerator is a power of two."""
    for label, leak in layer.neurons.decays():
        got = f"{label} {leak.numerator}/2^{leak.fraction_bits}"
        if leak.keeps:
            continue
        if leak.fraction_bits > DECAY_SHIFT:
            return f"{got}; allowed: fractions of up to {DECAY_SHIFT} bits"
        if not target.decay_multiplier and leak.shift is None:
            return f"{got}; allowed: none, or 1/2^k with k in 0..{DECAY_SHIFT}"
    return None


def synaptic_current_is_kept(network: Network, layer: Layer, target: Target) -> str | None:
    """Synaptic currents (CUBA) need a target with a second state memory."""
    if layer.neurons.current_leak is None or target.cuba:
        return None
    return "has a synaptic current (CUBA); allowed: layers without"


def held_inputs_do_not_decay(network: Network, layer: Layer, target: Target) -> str | None:
    """A held input feeds layers whose synaptic current does not decay."""
    fed = any(edge.source == network.input.name for edge in layer.edges)
    if network.input.encoding != "held" or not fed or layer.neurons.current_keeps:
        return None
    leak = layer.neurons.current_leak
    return f"takes a held input with current leak {leak}; allowed: a current that does not decay"


def decays_are_kept_per_channel(network: Network, layer: Layer, target: Target) -> str | None:
    """Channels with decays of their own need a target with memories for them (`channel_leak`)."""
    labels = [label for label, _ in layer.neurons.decays()]
    several = [label for label in dict.fromkeys(labels) if labels.count(label) > 1]
    if target.channel_leak or not several:
        return None
    got = ", ".join(f"{labels.count(label)} values of its {label}" for label in several)
    return f"has {got}; allowed: one for all channels, or a target with `channel_leak`"


def reset_amounts_are_kept(network: Network, layer: Layer, target: Target) -> str | None:
    """Soft resets by another amount than the threshold need a target with a memory for it
    (`reset_amount`)."""
    amounts, thresholds = layer.neurons.reset_amounts, layer.neurons.threshold
    if target.reset_amount or (amounts == thresholds).all():
        return None
    channel = int((amounts != thresholds).argmax())
    got = f"reset amount {amounts[channel]} at threshold {thresholds[channel]} (channel {channel})"
    return f"{got}; allowed: amounts equal to the thresholds, or a target with `reset_amount`"


def membranes_are_kept_from_falling(network: Network, layer: Layer, target: Target) -> str | None:
    """A lower clamp needs a target that has one (`lower_clamp`)."""
    if target.lower_clamp or layer.neurons.lower_clamp is None:
        return None
    return f"lower_clamp {layer.neurons.lower_clamp}; allowed: none, or a target with `lower_clamp`"


def fraction_fits_the_shifter(network: Network, layer: Layer, target: Target) -> str | None:
    """Membranes have no more fraction bits than the target shifts weights by (`fraction_bits`)."""
    bits = layer.neurons.fraction_bits
    if bits <= target.fraction_bits:
        return None
    return (
        f"fraction_bits {bits}; allowed: up to {target.fraction_bits}, or a target with more `fraction_bits`"
    )


def coordinates_have_eight_bits(network: Network, layer: Layer, target: Target) -> str | None:
    """A source with more than one pixel, or of a convolution, and a readout with pixels, has at most 256
    channels."""
    pixels = layer.name == network.readout.layer and layer.shape[1:] != (1, 1)
    if pixels and layer.shape[0] > 256:
        return f"a readout with {layer.shape[0]} channels of pixels; allowed: up to 256"
    for edge in layer.edges:
        shape = network.shape_of(edge.source)
        spatial = shape[1:] != (1, 1) or isinstance(edge.synapses, Conv2d)
        if spatial and shape[0] > 256:
            return f"source {edge.source!r} has {shape[0]} channels of pixels; allowed: up to 256"
    return None


def delays_fit_the_bitmaps(network: Network, layer: Layer, target: Target) -> str | None:
    """A delay of d takes d + 1 of a core's spike bitmaps, on a recurrent edge d; on the input it is 0."""
    for edge in layer.edges:
        kept = _kept_steps(network, layer, edge)
        if edge.source == network.input.name and edge.delay:
            return f"delay {edge.delay} on the input; allowed: 0 (shift the input instead)"
        if kept >= target.delay_slots:
            most = edge.delay - kept + target.delay_slots - 1
            return f"delay {edge.delay} from {edge.source!r}; allowed: up to {most}"
    return None


def _kept_steps(network: Network, layer: Layer, edge: Edge) -> int:
    """Steps that the source keeps its spikes for: a recurrent edge sends them one step ahead."""
    return edge.delay - int(network.is_recurrent(layer, edge))


def delays_fit_the_segments(network: Network, layer: Layer, target: Target) -> str | None:
    """A layer's spikes leave with at most 4 distinct delays, of a readout 0 among them; recurrent edges count
    apart."""
    kinds = {
        (_kept_steps(network, other, edge), network.is_recurrent(other, edge))
        for other in network.layers
        for edge in other.edges
        if edge.source == layer.name
    }
    if layer.name == network.readout.layer:
        kinds.add((0, False))
    if len(kinds) <= MAX_SEGMENTS:
        return None
    return f"its spikes leave with {len(kinds)} distinct delays; allowed: up to {MAX_SEGMENTS}"


def edges_fit_the_banks(network: Network, layer: Layer, target: Target) -> str | None:
    """A layer has at most 4 edges."""
    if len(layer.edges) <= MAX_BANKS:
        return None
    return f"{len(layer.edges)} edges; allowed: up to {MAX_BANKS}"


def a_step_has_a_forward_edge(network: Network, layer: Layer, target: Target) -> str | None:
    """Every layer hears something in the same step: at least one of its edges is not recurrent."""
    if any(not network.is_recurrent(layer, edge) for edge in layer.edges):
        return None
    return "all its edges are recurrent; allowed: at least one from an earlier node"


def clamp_fits_the_state_word(network: Network, layer: Layer, target: Target) -> str | None:
    """The clamp is no wider than the target's state word."""
    bits = layer.neurons.state_bits
    return None if bits <= target.state_bits else f"state_bits {bits}; allowed: up to {target.state_bits}"


def parameters_fit_the_state_word(network: Network, layer: Layer, target: Target) -> str | None:
    """Biases, and thresholds and reset amounts of layers that fire, are no wider than the target's state
    word."""
    low, high = state_range(target.state_bits)
    compared = layer.neurons.reset != "none"
    for label in ("threshold", "reset_amounts", "bias") if compared else ("bias",):
        values = getattr(layer.neurons, label)
        if values.min() < low or values.max() > high:
            return (
                f"{label.replace('_', ' ')} {int(values.min())}..{int(values.max())}; allowed: {low}..{high}"
            )
    return None


def weights_fit_the_memory(network: Network, layer: Layer, target: Target) -> str | None:
    """Weights are no wider than the target stores them, where the target fixes a width."""
    bits = max(edge.synapses.weight_bits for edge in layer.edges)
    if target.weight_bits is None or bits <= target.weight_bits:
        return None
    return f"{bits}-bit weights; allowed: up to {target.weight_bits}"


def readouts_have_an_index(network: Network, layer: Layer, target: Target) -> str | None:
    """A membrane readout has no more neurons than a flit can name; with pixels, no core's part of it."""
    flat = layer.shape[1:] == (1, 1)
    if layer.neurons.reset != "none" or not flat or layer.count <= target.value_indices:
        return None
    return f"{layer.count} membranes are read; allowed: up to {target.value_indices}"


def somebody_reads_the_layer(network: Network, layer: Layer, target: Target) -> str | None:
    """Every layer feeds a layer, if only itself, or is the readout."""
    read = any(edge.source == layer.name for other in network.layers for edge in other.edges)
    return None if read or layer.name == network.readout.layer else "feeds no layer and is not the readout"


def membranes_are_read_once(network: Network, layer: Layer, target: Target) -> str | None:
    """A layer that never fires feeds no layer, not even itself."""
    feeds = [other.name for other in network.layers for edge in other.edges if edge.source == layer.name]
    if layer.neurons.reset != "none" or not feeds:
        return None
    return f"never fires (reset 'none') but feeds {', '.join(feeds)}"


RULES: tuple[Rule, ...] = (
    decay_is_computable,
    decays_are_kept_per_channel,
    reset_amounts_are_kept,
    membranes_are_kept_from_falling,
    fraction_fits_the_shifter,
    synaptic_current_is_kept,
    held_inputs_do_not_decay,
    coordinates_have_eight_bits,
    delays_fit_the_bitmaps,
    delays_fit_the_segments,
    edges_fit_the_banks,
    a_step_has_a_forward_edge,
    clamp_fits_the_state_word,
    parameters_fit_the_state_word,
    weights_fit_the_memory,
    readouts_have_an_index,
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
    takes: ClassVar[type[Level]] = Network
    gives: ClassVar[type[Level]] = Network

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
