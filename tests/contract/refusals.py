"""What docs/arithmetic.md and docs/supported.md refuse, written from them alone: limits, rules, bounds.

`limits` are those of every network, `rules` those of a target, `bounds` the proof that nothing overflows.
Each returns sentences; none means that the network is accepted.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

from contract.description import Conv2d, Decay, Edge, Layer, Network, Shape, pooled, shape_of, size
from contract.interpreter import channel_decay, clamped, decayed

Interval = tuple[int, int]
ROUNDS = 256


@dataclass(frozen=True)
class Target:
    """What the rules depend on."""

    state_bits: int
    bitmaps: int
    cuba: bool
    multiplier: bool
    readout_neurons: int
    channel_leak: bool
    reset_amount: bool
    lower_clamp: bool
    fraction_bits: int


def fits(x: int, bits: int) -> bool:
    """Whether two's complement of that width holds x."""
    return clamped(x, bits) == x


def flat(weights: list) -> list[int]:  # type: ignore[type-arg]
    """The integers of nested lists."""
    return [w for row in weights for w in (flat(row) if isinstance(row, list) else [row])]


def limits(network: Network) -> list[str]:
    """Limits of every network, whatever the target."""
    source, readout = network.input, network.readout
    names = [source.name, *(layer.name for layer in network.layers)]
    faults = []
    if not 1 <= network.steps <= 65536:
        faults.append("steps")
    if len(set(names)) != len(names):
        faults.append("names")
    if not 1 <= source.max_payload <= 255:
        faults.append("max_payload")
    if size(source.shape) * network.steps > 67108864:
        faults.append("features times steps")
    for shape in (source.shape, *(layer.shape for layer in network.layers)):
        if not (1 <= size(shape) <= 1048576 and 1 <= shape[1] <= 256 and 1 <= shape[2] <= 256):
            faults.append("population")
    read = next((layer for layer in network.layers if layer.name == readout.layer), None)
    if read is None:
        faults.append("readout layer")
    if not 0 <= readout.first_step < (1 if readout.kind == "membrane" else network.steps):
        faults.append("first step")
    for layer in network.layers:
        silent = layer.neurons.reset == "none"
        if silent != (readout.kind == "membrane" and layer.name == readout.layer):
            faults.append("reset none")
        faults += layer_limits(network, layer, names)
    return faults


def layer_limits(network: Network, layer: Layer, names: list[str]) -> list[str]:
    """Limits of one layer and its edges."""
    own, faults = layer.neurons, []
    optional = [own.reset_amount, own.leak_numerators, own.current_numerators]
    lists = [own.threshold, own.bias, own.initial, *(values for values in optional if values is not None)]
    if any(len(values) != layer.shape[0] for values in lists):
        faults.append("channels")
    lowest = own.lower_clamp
    if not 2 <= own.state_bits <= 32:
        faults.append("state bits")
    elif not all(clamped(x, own.state_bits, lowest) == x for x in (*own.initial, own.reset_value)):
        faults.append("initial or reset value")
    if lowest is not None and not -(1 << max(own.state_bits, 1) - 1) <= lowest <= 0:
        faults.append("lower clamp")
    if not 0 <= own.fraction_bits <= 12:
        faults.append("fraction bits")
    if own.reset_amount is not None and own.reset != "soft":
        faults.append("reset amount")
    if own.current_leak is None and own.current_numerators is not None:
        faults.append("current numerators")
    pairs = ((own.leak, own.leak_numerators), (own.current_leak or own.leak, own.current_numerators))
    for decay, numerators in pairs:
        factors = [decay.numerator, *(numerators or [])]
        own_ones = numerators is None or decay.numerator == 0
        one = 1 << decay.fraction_bits if 0 <= decay.fraction_bits <= 16 else -1
        if not (own_ones and all(0 <= d <= one for d in factors)):
            faults.append("decay")
    if not layer.edges:
        faults.append("no edge")
    for edge in layer.edges:
        if edge.source not in names:
            faults.append("unknown source")
            continue
        recurrent = names.index(edge.source) >= names.index(layer.name)
        if not int(recurrent) <= edge.delay <= 15:
            faults.append("delay")
        faults += edge_limits(edge, shape_of(network, edge.source), layer.shape)
    return faults


def edge_limits(edge: Edge, source: Shape, target: Shape) -> list[str]:
    """Limits of an edge's pool and synapses."""
    if min(edge.pool) < 1 or min(shape := pooled(source, edge.pool)) < 1:
        return ["pool"]
    bits = edge.synapses.weight_bits
    if not 2 <= bits <= 8 or not all(fits(w, bits) for w in flat(edge.synapses.weights)):
        return ["weights"]
    if not isinstance(edge.synapses, Conv2d):
        weights = edge.synapses.weights
        matches = len(weights) == size(target) and all(len(row) == size(shape) for row in weights)
        return [] if matches and target[1:] == (1, 1) else ["linear shape"]
    conv = edge.synapses
    if conv.groups < 1 or shape[0] % conv.groups or target[0] % conv.groups or len(conv.weights) != target[0]:
        return ["groups"]
    if any(len(kernel) != shape[0] // conv.groups for kernel in conv.weights):
        return ["groups"]
    kernel = (len(conv.weights[0][0]), len(conv.weights[0][0][0]))
    if max(kernel) > 15 or min(conv.stride) < 1 or max(conv.stride) > 256:
        return ["kernel or stride"]
    if any(not 0 <= p < k for p, k in zip(conv.padding, kernel, strict=True)):
        return ["padding"]
    outputs = [
        (length + 2 * p - k) // s + 1
        for length, p, k, s in zip(shape[1:], conv.padding, kernel, conv.stride, strict=True)
    ]
    return [] if min(outputs) >= 1 and tuple(outputs) == target[1:] else ["conv shape"]


def rules(network: Network, target: Target) -> list[str]:
    """The rules of the neurocore, in the order of the document."""
    faults = []
    order = [network.input.name, *(layer.name for layer in network.layers)]
    heard: set[str] = set()
    for layer in network.layers:
        own = layer.neurons
        if own.fraction_bits > target.fraction_bits:
            faults.append("fraction_fits_the_shifter")
        if own.lower_clamp is not None and not target.lower_clamp:
            faults.append("membranes_are_kept_from_falling")
        if own.reset_amount not in (None, own.threshold) and not target.reset_amount:
            faults.append("reset_amounts_are_kept")
        for decays in every_decay(layer):
            if not all(computable(decay, target) for decay in decays):
                faults.append("decay_is_computable")
            if len(set(decays)) > 1 and not target.channel_leak:
                faults.append("decays_are_kept_per_channel")
        if own.current_leak is not None and not target.cuba:
            faults.append("synaptic_current_is_kept")
        if own.state_bits > target.state_bits:
            faults.append("clamp_fits_the_state_word")
        compared = [*own.threshold, *(own.reset_amount or [])] if own.reset != "none" else []
        if not all(fits(x, target.state_bits) for x in chain(compared, own.bias)):
            faults.append("parameters_fit_the_state_word")
        if len(layer.edges) > 4:
            faults.append("edges_fit_the_banks")
        if all(order.index(edge.source) >= order.index(layer.name) for edge in layer.edges):
            faults.append("a_step_has_a_forward_edge")
        for edge in layer.edges:
            heard.add(edge.source)
            recurrent = order.index(edge.source) >= order.index(layer.name)
            needed = edge.delay if recurrent else edge.delay + 1
            if needed > target.bitmaps or (edge.source == network.input.name and edge.delay):
                faults.append("delays_fit_the_bitmaps")
            shape = shape_of(network, edge.source)
            if shape[0] > 256 and (shape[1:] != (1, 1) or isinstance(edge.synapses, Conv2d)):
                faults.append("coordinates_have_eight_bits")
            held = edge.source == network.input.name and network.input.encoding == "held"
            if held and (own.current_leak is None or any(d.numerator for d in every_decay(layer)[1])):
                faults.append("held_inputs_do_not_decay")
    for layer in network.layers:
        if delays(network, order, layer) > 4:
            faults.append("delay segments")
        if layer.name not in heard and layer.name != network.readout.layer:
            faults.append("somebody_reads_the_layer")
        if layer.neurons.reset == "none" and layer.name in heard:
            faults.append("membranes_are_read_once")
    read = shape_of(network, network.readout.layer)
    if read[1:] != (1, 1) and read[0] > 256:
        faults.append("coordinates_have_eight_bits")
    if network.readout.kind == "membrane" and read[1:] == (1, 1) and size(read) > target.readout_neurons:
        faults.append("readouts_have_an_index")
    return faults


def delays(network: Network, order: list[str], layer: Layer) -> int:
    """Different delays with which the spikes of a layer leave, recurrent ones counted apart."""
    kinds = {
        (edge.delay, order.index(layer.name) >= order.index(other.name))
        for other in network.layers
        for edge in other.edges
        if edge.source == layer.name
    }
    return len(kinds | {(0, False)} if layer.name == network.readout.layer else kinds)


def every_decay(layer: Layer) -> list[list[Decay]]:
    """Of the membranes and, with CUBA, of the currents: that of each channel."""
    own, channels = layer.neurons, range(layer.shape[0])
    found = [[channel_decay(own.leak, own.leak_numerators, c) for c in channels]]
    if own.current_leak is not None:
        found.append([channel_decay(own.current_leak, own.current_numerators, c) for c in channels])
    return found


def computable(decay: Decay, target: Target) -> bool:
    """Whether a target computes x - ((x * d) >> F)."""
    power = decay.numerator & (decay.numerator - 1) == 0
    return not decay.numerator or (decay.fraction_bits <= 12 and (target.multiplier or power))


def hull(*intervals: Interval) -> Interval:
    """The union, as an interval."""
    return min(low for low, _ in intervals), max(high for _, high in intervals)


def both(first: Interval, second: Interval) -> Interval:
    """Sums of members of both."""
    return first[0] + second[0], first[1] + second[1]


def arriving(network: Network, layer: Layer, channel: int) -> Interval:
    """What can arrive at a neuron of that channel in one step."""
    total = (0, 0)
    for edge in layer.edges:
        weights = flat(edge.synapses.weights[channel])
        factor = edge.pool[0] * edge.pool[1]
        if edge.source == network.input.name and network.input.encoding in ("direct", "held", "events"):
            factor *= network.input.max_payload
        total = both(
            total, (factor * sum(w for w in weights if w < 0), factor * sum(w for w in weights if w > 0))
        )
    return total[0] << layer.neurons.fraction_bits, total[1] << layer.neurons.fraction_bits


def current(network: Network, layer: Layer, channel: int, arrives: Interval) -> Interval:
    """What the current can be."""
    leak, held = layer.neurons.current_leak, network.input.encoding == "held"
    if leak is None or (held and all(edge.source == network.input.name for edge in layer.edges)):
        return arrives
    decay = channel_decay(leak, layer.neurons.current_numerators, channel)
    low, high = arrives
    for _ in range(network.steps - 1):
        before = low, high
        low, high = min(low, decayed(low, decay) + arrives[0]), max(high, decayed(high, decay) + arrives[1])
        if before == (low, high):
            break
    return low, high


def after_reset(layer: Layer, channel: int, u: Interval) -> Interval:
    """`reset` of an interval."""
    own, (low, high) = layer.neurons, u
    threshold = own.threshold[channel]
    if own.reset == "none":
        return u
    parts = []
    if low < threshold:
        parts.append((low, min(high, threshold - 1)))
    if high >= threshold:
        less = threshold if own.reset_amount is None else own.reset_amount[channel]
        soft = max(low, threshold) - less, high - less
        parts.append(soft if own.reset == "soft" else (own.reset_value, own.reset_value))
    return hull(*parts)


def one_step(layer: Layer, channel: int, before: Interval, currents: Interval) -> Interval:
    """What one step can add to the membranes `before`, themselves included."""
    own, bias = layer.neurons, layer.neurons.bias[channel]
    low, high = after_reset(layer, channel, both(both(before, currents), (bias, bias)))
    leak = channel_decay(own.leak, own.leak_numerators, channel)
    ends = (decayed(clamped(end, own.state_bits, own.lower_clamp), leak) for end in (low, high))
    return hull(before, (next(ends), next(ends)))


def membranes(network: Network, layer: Layer, currents: list[Interval]) -> list[Interval]:
    """What the membrane of each channel can be before a step."""
    known = [(value, value) for value in layer.neurons.initial]
    for _ in range(min(network.steps - 1, ROUNDS)):
        wider = [one_step(layer, c, *pair) for c, pair in enumerate(zip(known, currents, strict=True))]
        if wider == known:
            return known
        known = wider
    if network.steps - 1 > ROUNDS:
        bits, lowest = layer.neurons.state_bits, layer.neurons.lower_clamp
        half = 1 << bits - 1
        return [(clamped(-half, bits, lowest), half - 1)] * len(known)
    return known


def proved(network: Network, layer: Layer) -> list[tuple[Interval, Interval, Interval, Interval]]:
    """Arriving, current, membrane and everything of each channel, as the document's table has them."""
    arrives = [arriving(network, layer, c) for c in range(layer.shape[0])]
    currents = [current(network, layer, c, interval) for c, interval in enumerate(arrives)]
    found = []
    for c, before in enumerate(membranes(network, layer, currents)):
        summed, bias = both(before, currents[c]), layer.neurons.bias[c]
        biased = both(summed, (bias, bias))
        everything = hull(before, currents[c], summed, biased, after_reset(layer, c, biased))
        found.append((arrives[c], currents[c], before, everything))
    return found


def bounds(network: Network, state_bits: int) -> list[str]:
    """The layers whose state might overflow a target's state words."""
    return [
        layer.name
        for layer in network.layers
        if not all(fits(end, state_bits) for parts in proved(network, layer) for end in parts[3])
    ]
