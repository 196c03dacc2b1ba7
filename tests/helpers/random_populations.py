"""Hypothesis strategies for populations: neurons up to the limit that the proof of the state word accepts."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from snnc.compiler.ir.network import Edge, Input, Neurons
from snnc.compiler.isa.arithmetic import NO_LEAK, Decay, IntArray, ResetMode, state_range
from snnc.compiler.targets import Target

GRADED = ("direct", "held", "events")


def payload_of(edge: Edge, node: Input) -> int:
    """The largest payload that a synapse of `edge` can get in one step, pooling included."""
    graded = edge.source == node.name and node.encoding in GRADED
    return (node.max_payload if graded else 1) * edge.pool[0] * edge.pool[1]


def trimmed(edges: list[Edge], node: Input, room: int, seed: int) -> list[Edge]:
    """The edges with so many weights 0 that the rest of each neuron can add at most `room` per step."""
    sizes = [edge.synapses.weights[0].size for edge in edges]
    channels = edges[0].synapses.weights.shape[0]
    flat = [edge.synapses.weights.reshape(channels, -1).astype(np.int64) for edge in edges]
    costs = [np.abs(w) * payload_of(edge, node) for w, edge in zip(flat, edges, strict=True)]
    order = np.random.default_rng(seed).permutation(sum(sizes))
    total = np.cumsum(np.concatenate(costs, axis=1)[:, order], axis=1)
    kept = np.zeros(total.shape, bool)
    kept[:, order] = total <= room
    parts = np.split(kept, np.cumsum(sizes)[:-1], axis=1)
    return [
        replace(
            edge, synapses=replace(edge.synapses, weights=edge.synapses.weights * part.reshape(_like(edge)))
        )
        for edge, part in zip(edges, parts, strict=True)
    ]


def _like(edge: Edge) -> tuple[int, ...]:
    shape: tuple[int, ...] = edge.synapses.weights.shape
    return shape


@st.composite
def populations(
    draw: st.DrawFn, edges: list[Edge], node: Input, steps: int, hardware: Target, *, silent: bool
) -> tuple[Neurons, list[Edge]]:
    """Neurons behind `edges`, and the edges trimmed to what the state word of `hardware` holds.

    A layer that is not `silent` fires always, never or anything in between.
    """
    channels = edges[0].synapses.weights.shape[0]
    limit = 1 << (hardware.state_bits - 1)
    narrow = hardware.state_bits - 1
    bits = draw(st.sampled_from(sorted({narrow, 2, 4, narrow - 1, narrow - 2, narrow + 1, min(8, narrow)})))
    low, high = state_range(bits)
    room = limit + low if bits <= narrow else limit // (2 * (steps + 1))
    firing: tuple[ResetMode, ...] = ("soft", "hard")
    reset: ResetMode = "none" if silent else draw(st.sampled_from(firing))
    held = node.encoding == "held" and any(edge.source == node.name for edge in edges)
    current_leak = NO_LEAK if held else draw(st.one_of(st.none(), st.none(), decays(hardware)))
    if current_leak is not None and not hardware.cuba and not held:
        current_leak = None
    spare = max(room // 4, 0)
    bias = _values(draw, channels, [0, spare, -spare], -min(spare, 6), min(spare, 6))
    fraction = draw(fractions(hardware))
    budget = max((room - int(np.abs(bias).max()) - 1) // _gain(current_leak, steps), 0) >> fraction
    chosen = trimmed(edges, node, budget, draw(st.integers(0, 99))) if draw(_usually()) else edges
    start = (low, high) if bits <= narrow else (-(limit // 8), limit // 8)
    lower_clamp = (
        draw(st.sampled_from([None, None, None, 0, max(low, -3), low])) if hardware.lower_clamp else None
    )
    lowest = low if lower_clamp is None else lower_clamp
    initial = _values(draw, channels, [0, *start], start[0] // 4, start[1] // 4)
    neurons = Neurons(
        threshold=draw(thresholds(chosen, node, channels, limit, spare, reset, fraction)),
        bias=bias,
        initial=np.maximum(initial, lowest),
        reset=reset,
        reset_value=max(draw(st.sampled_from(sorted({0, max(low, -3), *start}, key=abs))), lowest),
        leak=draw(decays(hardware)),
        state_bits=bits,
        current_leak=current_leak,
        lower_clamp=lower_clamp,
        fraction_bits=fraction,
    )
    return draw(_apart(neurons, hardware, spare, held=held)), chosen


@st.composite
def fractions(draw: st.DrawFn, hardware: Target) -> int:
    """Mostly none, else few enough for weights to remain."""
    most = min(hardware.fraction_bits, hardware.state_bits - 8)
    return draw(st.sampled_from([0, 0, 0, *{1, most // 2, most}])) if most > 0 else 0


@st.composite
def _apart(draw: st.DrawFn, neurons: Neurons, hardware: Target, spare: int, *, held: bool) -> Neurons:
    """Sometimes with reset amounts apart from the thresholds, and decays of each channel, equal ones too."""
    channels, few = neurons.channels, st.integers(0, 2).map(lambda number: number == 0)
    amount = None
    if hardware.reset_amount and neurons.reset == "soft" and draw(few):
        low, high = -(spare // 2), max(int(neurons.threshold.max()), 1)
        amount = _values(draw, channels, [0, low, high, 2 * high - 1], 0, high)
        amount = np.clip(amount, *state_range(hardware.state_bits))
    if not hardware.channel_leak:
        return replace(neurons, reset_amount=amount)
    leak, numerators = draw(_per_channel(neurons.leak, channels, hardware))
    current, current_numerators = neurons.current_leak, None
    if current is not None and not held:
        # The budget of the weights was for the decay that the drawn one has.
        current, current_numerators = draw(_per_channel(current, channels, hardware, least=current.numerator))
    return replace(
        neurons,
        reset_amount=amount,
        leak=leak,
        leak_numerators=numerators,
        current_leak=current,
        current_numerators=current_numerators,
    )


@st.composite
def _per_channel(
    draw: st.DrawFn, leak: Decay, channels: int, hardware: Target, least: int = 0
) -> tuple[Decay, IntArray | None]:
    """The decay itself, or one for each channel with a numerator of at least `least`."""
    if draw(st.integers(0, 2)):
        return leak, None
    most = 1 << leak.fraction_bits
    choices = [number for number in {0, 1, least, most // 2, most} if number >= least]
    powers = [1 << k for k in range(leak.fraction_bits + 1) if 1 << k >= least]
    generator = np.random.default_rng(draw(st.integers(0, 999)))
    if hardware.decay_multiplier:
        values = generator.integers(least, most + 1, channels)
    else:
        values = generator.choice(
            [number for number in choices if number & (number - 1) == 0] + powers, channels
        )
    if draw(st.booleans()):
        values[:] = values[0]
    return Decay(0, leak.fraction_bits), values.astype(np.int64)


def _usually() -> st.SearchStrategy[bool]:
    return st.integers(0, 19).map(lambda number: number < 19)


def _gain(leak: Decay | None, steps: int) -> int:
    """How many steps' worth of input a synapse's current may hold."""
    if leak is None:
        return 1
    share = leak.numerator / (1 << leak.fraction_bits)
    return steps if share * steps <= 1 else int(1 / share) + 1


@st.composite
def thresholds(
    draw: st.DrawFn,
    edges: list[Edge],
    node: Input,
    channels: int,
    limit: int,
    spare: int,
    reset: str,
    fraction: int,
) -> IntArray:
    """Around what arrives, or an extreme; as low as the state word goes where nothing is subtracted."""
    drive = sum(
        np.maximum(e.synapses.weights.reshape(channels, -1).astype(np.int64), 0).sum(axis=1)
        * payload_of(e, node)
        for e in edges
    )
    typical = max((int(np.asarray(drive).max()) << fraction) // 3, 1)
    lowest = -limit if reset == "hard" else -(spare // 2)
    return _values(
        draw, channels, [1, 0, 1, -1 if spare else 0, lowest, limit - 1], 1, min(typical, limit - 1)
    )


@st.composite
def decays(draw: st.DrawFn, hardware: Target) -> Decay:
    """No leak, a shift, everything at once, or a fraction that needs a multiplier."""
    kind = draw(st.sampled_from(["none", "shift", "all", "fraction", "zero"]))
    if kind == "none":
        return NO_LEAK
    bits = draw(st.integers(0, 12))
    if kind == "zero":
        return Decay(0, bits)
    if kind == "all":
        return Decay(1 << bits, bits)
    if kind == "shift" or not hardware.decay_multiplier:
        return Decay(1, bits)
    return Decay(draw(st.integers(0, 1 << bits)), bits)


def _values(draw: st.DrawFn, size: int, extremes: list[int], low: int, high: int) -> IntArray:
    """One value for each channel: random ones, or the same extreme for all."""
    if draw(st.integers(0, 4)) < 2:
        return np.full(size, draw(st.sampled_from(extremes)), np.int64)
    generator = np.random.default_rng(draw(st.integers(0, 999)))
    values: IntArray = generator.integers(low, high + 1, size, dtype=np.int64)
    return values
