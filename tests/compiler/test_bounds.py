"""The interval proof is sound: no input that a search finds leaves the bounds; and the search finds one for
every bound that is wrong on purpose.

Against the bounds stands all that a core holds: partial sums in the worst order of arrival, the state word,
the sum that is compared, the rest after a reset and the membrane.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest
from builders import layer, network, target
from example_counts import examples
from hypothesis import given
from hypothesis import strategies as st
from random_hardware import SIZES
from random_networks import networks

from snnc.compiler.analysis import bounds
from snnc.compiler.ir.network import (
    Conv2d,
    Edge,
    Input,
    Layer,
    Linear,
    Network,
    Neurons,
    Readout,
    ReadoutKind,
)
from snnc.compiler.isa.arithmetic import Decay, IntArray, decay
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.reference.interpreter import Execution, edge_current, execute_network
from snnc.compiler.reference.probes import aimed_input, probing_inputs

SEARCHES = examples(60)
CHANNELS = 3
"""Channels per layer that the search aims at."""


def search(model: Network) -> IntArray:
    """Payloads of the input's encoding: probing and aimed inputs; spike trains in every rhythm, so that a
    membrane rests just below its threshold or is driven down before it is driven up."""
    tries = [encode_inputs(model.input, model.steps, probing_inputs(model, 24))]
    aimed = [
        aimed_input(model, each, channel, sign)
        for each in model.layers
        for channel in range(min(each.shape[0], CHANNELS))
        for sign in (1, -1)
    ]
    if model.input.encoding != "events":
        tries.append(encode_inputs(model.input, model.steps, np.stack(aimed)))
        return np.concatenate(tries)
    steps = np.arange(model.steps)
    for up, down in zip(aimed[::2], aimed[1::2], strict=True):
        small = np.minimum(up, 1)
        for period, first, second in product((1, 2, 3), (up, down, small, 0 * up), (up, down, small)):
            late = steps % (period + 1) == (model.steps - 1) % (period + 1)
            tries.append(np.where(late[:, None], second, first)[None].astype(np.int64))
    return np.concatenate(tries)


def escapes(model: Network, payloads: IntArray) -> list[str]:
    """What leaves its bounds on these inputs."""
    run = execute_network(model, payloads)
    found = []
    for each in model.layers:
        proved = bounds.state_bounds(model, each)
        low, high = (np.repeat(side, each.shape[1] * each.shape[2]) for side in (proved.low, proved.high))
        for what, values in held(model, each, payloads, run):
            flat = values.reshape(-1, each.count)
            if (flat < low).any() or (flat > high).any():
                found.append(f"{each.name}: {what} {flat.min()}..{flat.max()} of {low.min()}..{high.max()}")
    return found


def held(model: Network, each: Layer, payloads: IntArray, run: Execution) -> Iterator[tuple[str, IntArray]]:
    """Everything a core's words and adders hold for a layer, (samples, steps, neurons)."""
    trace, neurons, pixels = run.layers[each.name], each.neurons, each.shape[1] * each.shape[2]
    start = np.broadcast_to(np.repeat(neurons.initial, pixels), trace.membrane[:, :1].shape)
    before = np.concatenate([start, trace.membrane[:, :-1]], axis=1)
    rest = before
    current = trace.accumulated - before
    if neurons.current_leak is not None:
        current = trace.accumulated
        past = np.concatenate([np.zeros_like(current[:, :1]), current[:, :-1]], axis=1)
        rest = decay(past, neurons.current_leak)
    for sign in (1, -1):
        yield f"partial sum {sign:+}", rest + one_sided(model, each, payloads, run, sign)
    yield "state word", trace.accumulated
    total = before + current + np.repeat(neurons.bias, pixels)
    yield "sum", total
    if neurons.reset == "soft":
        rested = total - np.where(trace.spikes, np.repeat(neurons.threshold, pixels), 0)
        yield "rest after a soft reset", rested
    yield "membrane", trace.membrane


def one_sided(model: Network, each: Layer, payloads: IntArray, run: Execution, sign: int) -> IntArray:
    """The sum of the contributions of one sign alone: what arrives first in the worst order."""
    sums = np.zeros((*payloads.shape[:2], each.count), np.int64)
    for edge in each.edges:
        from_input = edge.source == model.input.name
        events = payloads if from_input else run.layers[edge.source].spikes.astype(np.int64)
        weights = np.where(np.sign(edge.synapses.weights) == sign, edge.synapses.weights, 0).astype(np.int8)
        one = replace(edge, synapses=replace(edge.synapses, weights=weights))
        for sample in range(len(payloads)):
            for step in range(edge.delay, model.steps):
                arriving = events[sample, step - edge.delay]
                sums[sample, step] += edge_current(each, one, model.shape_of(edge.source), arriving)
    return sums


def single(weights: list[int], steps: int = 4, encoding: str = "direct", **neurons: object) -> Network:
    """One readout neuron over as many inputs as weights; keyword arguments replace fields of its Neurons."""
    fields: dict[str, object] = {"reset": "none", "state_bits": 16, "threshold": np.array([5])}
    one = layer("a", "input", len(weights), 1, **(fields | neurons))
    edge = Edge("input", Linear(np.array([weights], np.int8), 8))
    model = network(replace(one, edges=(edge,)), features=len(weights), max_payload=255)
    return replace(model, steps=steps, input=replace(model.input, encoding=encoding))  # type: ignore[arg-type]


def pooled() -> Network:
    """Four pixels meet one synapse."""
    only = replace(layer("a", "input", 4, 1, reset="none"), edges=(Edge("input", ONES, pool=(2, 2)),))
    return Network("pooled", 2, Input("input", (1, 4, 4), max_payload=3), (only,), Readout("a", "membrane"))


def convolved() -> Network:
    """Every pixel in the middle sees a whole kernel of mixed signs."""
    kernel = np.arange(-4, 5, dtype=np.int8).reshape(1, 1, 3, 3)
    neurons = layer("a", "input", 1, 1, leak=Decay(1, 2)).neurons
    first = Layer("a", (1, 4, 4), neurons, (Edge("input", Conv2d(kernel, 4, padding=(1, 1))),))
    return Network(
        "convolved",
        4,
        Input("input", (1, 4, 4), "events", 7),
        (first, layer("r", "a", 16, 2, reset="none")),
        Readout("r", "membrane"),
    )


def looped() -> Network:
    """A neuron that excites itself two steps later."""
    only = single([1], steps=8, reset="hard", reset_value=0).layers[0]
    loop = Edge("a", Linear(np.array([[90]], np.int8), 8), 2)
    model = single([1], steps=8)
    only = replace(only, edges=(*only.edges, loop))
    return replace(model, layers=(only,), readout=Readout("a", "spike_count"))


ONES = Linear(np.ones((1, 4), np.int8), 8)
GONE = Decay(1, 0)
"""A membrane that is 0 again after every step, so that nothing hides a current."""

POOL: dict[str, Network] = {
    "drift over 300 steps": single([1], steps=300, bias=np.array([1])),
    "drift down over 300 steps": single([1], steps=300, bias=np.array([-1])),
    "current that stays": single([1, 2], steps=6, current_leak=Decay(0, 0), leak=GONE),
    "current that decays": single([3, -2], steps=6, current_leak=Decay(1, 2), leak=GONE),
    "sums": single([1, 2, 3]),
    "differences": single([5, -5]),
    "inhibition": single([-1, -2, -3]),
    "start": single([1], steps=1, initial=np.array([100])),
    "reset far up": single([1], reset="hard", reset_value=9000, threshold=np.array([0])),
    "reset far down": single([-1], reset="hard", reset_value=-9000, threshold=np.array([-9999])),
    "rest of a soft reset": single([4], reset="soft"),
    "just below the threshold": single([1, 1], 6, "events", reset="soft", threshold=np.array([200])),
    "clamp": single([100, -100], 4, "events", state_bits=8),
    "leak": single([1], steps=12, leak=Decay(3, 4)),
    "pooling": pooled(),
    "convolution": convolved(),
    "recurrence": looped(),
    "held": single([2, -1], 5, "held", current_leak=Decay(0, 12)),
}


def readable(model: Network) -> Network:
    """The same, read by what its last layer has."""
    kind: ReadoutKind = "membrane" if model.layers[-1].neurons.reset == "none" else "spike_count"
    return replace(model, readout=Readout(model.layers[-1].name, kind))


@cache
def searched(name: str) -> IntArray:
    """The search of a network of the pool, with the bounds as they are."""
    return search(readable(POOL[name]))


@pytest.mark.parametrize("name", POOL)
def test_no_input_leaves_the_bounds(name: str) -> None:
    model = readable(POOL[name])
    model.verify()
    assert escapes(model, searched(name)) == []


@SEARCHES
@given(networks(SIZES[0], target(state_bits=24)), st.integers(1, 9))
def test_no_input_of_a_random_network_leaves_them(model: Network, steps: int) -> None:
    if model.readout.first_step < steps:
        model = replace(model, steps=steps)
    assert escapes(model, search(model)) == []


Mutation = Callable[[pytest.MonkeyPatch], None]
CURRENT, SYNAPTIC, MEMBRANE, SETTLED = (
    bounds.current_bounds,
    bounds.synaptic_bounds,
    bounds.membrane_bounds,
    bounds._settled,
)


def patched(name: str, function: Callable[..., bounds.Interval]) -> Mutation:
    """A bound replaced by another."""
    return lambda patch: patch.setattr(bounds, name, function)


def with_neurons(**changes: object) -> Mutation:
    """Bounds of the membrane for other neurons."""

    def other(neurons: Neurons, current: bounds.Interval, steps: int) -> bounds.Interval:
        return MEMBRANE(replace(neurons, **changes), current, steps)  # type: ignore[arg-type]

    return patched("membrane_bounds", other)


def with_input(**changes: object) -> Mutation:
    """Bounds of the current for another input."""

    def other(model: Network, each: Layer) -> bounds.Interval:
        return CURRENT(replace(model, input=replace(model.input, **changes)), each)  # type: ignore[arg-type]

    return patched("current_bounds", other)


def with_edges(change: Callable[[tuple[Edge, ...]], tuple[Edge, ...]]) -> Mutation:
    """Bounds of the current for other edges."""
    return patched(
        "current_bounds", lambda model, each: CURRENT(model, replace(each, edges=change(each.edges)))
    )


def netted(model: Network, each: Layer) -> bounds.Interval:
    """The whole sum, but no partial one: where positive and negative contributions cancel."""
    whole = CURRENT(model, each)
    total = whole.low + whole.high
    return bounds.Interval(np.minimum(total, 0), np.maximum(total, 0))


def narrowed(neurons: Neurons, low: IntArray, high: IntArray) -> bounds.Interval:
    """As if a neuron that fires kept nothing."""
    return SETTLED(neurons, low, np.minimum(high, neurons.threshold))


MUTATIONS: dict[str, Mutation] = {
    "stops after 256 steps": patched(
        "membrane_bounds", lambda neurons, current, steps: MEMBRANE(neurons, current, min(steps, 257))
    ),
    "a CUBA current one step short": patched(
        "synaptic_bounds",
        lambda model, each, arriving: SYNAPTIC(replace(model, steps=model.steps - 1), each, arriving),
    ),
    "no CUBA current of earlier steps": patched("synaptic_bounds", lambda model, each, arriving: arriving),
    "a membrane one step short": patched(
        "membrane_bounds", lambda neurons, current, steps: MEMBRANE(neurons, current, steps - 1)
    ),
    "payloads are 1": with_input(max_payload=1),
    "graded values are spikes": with_input(encoding="rate"),
    "pooling is forgotten": with_edges(lambda edges: tuple(replace(edge, pool=(1, 1)) for edge in edges)),
    "the last edge is forgotten": with_edges(lambda edges: edges[:1]),
    "partial sums are forgotten": patched("current_bounds", netted),
    "the reset value is 0": with_neurons(reset_value=0),
    "the start is 0": with_neurons(initial=np.zeros(1, np.int64)),
    "the bias is 0": with_neurons(bias=np.zeros(1, np.int64)),
    "every reset clears": with_neurons(reset="hard", reset_value=0),
    "nothing is left of a soft reset": patched("_settled", narrowed),
    "a clamp one bit narrower": with_neurons(state_bits=7),
    "a stronger leak": with_neurons(leak=Decay(1, 1)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTATIONS)
def test_the_search_finds_a_wrong_bound(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = {label: searched(label) for label in POOL}
    MUTATIONS[name](monkeypatch)
    models = {label: readable(model) for label, model in POOL.items() if len(model.layers) == 1}
    assert any(escapes(model, tries[label]) for label, model in models.items())
