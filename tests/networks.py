"""Hypothesis strategies: random networks, targets and inputs that the compiler accepts, extremes included."""

from dataclasses import dataclass

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from snnc.compiler.arithmetic import NO_LEAK, Decay, IntArray, state_range
from snnc.compiler.network import Edge, Input, Layer, Linear, Network, Neurons, Readout
from snnc.compiler.pipeline import Compilation, compile_network
from snnc.compiler.targets import Target
from snnc.errors import DoesNotFit


@dataclass(frozen=True)
class Case:
    """A compiled random network and payloads (samples, steps, features) to run it on."""

    compilation: Compilation
    payloads: IntArray


def target(**changes: object) -> Target:
    """A small simulation-only target; keyword arguments replace its fields."""
    fields: dict[str, object] = {
        "name": "test",
        "description": "random tests",
        "width": 4,
        "height": 4,
        "lanes": 4,
        "neurons": 64,
        "axons": 64,
        "weight_kibit": 16,
        "weight_bits": 8,
        "state_bits": 18,
        "destinations": 32,
        "sources": 32,
        "event_fifo": 4,
        "router_fifo": 2,
        "clock_mhz": 100.0,
        "energy_table": "cmos45",
        "static_mw": 0.0,
        "static_source": "none",
    }
    return Target(**(fields | changes))  # type: ignore[arg-type]


@st.composite
def targets(draw: st.DrawFn) -> Target:
    """Meshes of 1 to 16 cores whose memories are small enough to force splits."""
    lanes = draw(st.sampled_from([2, 4, 8]))
    return target(
        width=draw(st.integers(1, 4)),
        height=draw(st.integers(1, 4)),
        lanes=lanes,
        neurons=draw(st.sampled_from([16, 64])),
        axons=draw(st.sampled_from([8, 24, 64])),
        weight_kibit=draw(st.sampled_from([2, 16])),
        weight_bits=draw(st.sampled_from([None, 8])),
        event_fifo=draw(st.sampled_from([2, 4])),
        router_fifo=draw(st.sampled_from([2, 4])),
    )


def _values(draw: st.DrawFn, count: int, extremes: list[int], low: int, high: int) -> IntArray:
    """`count` values: all one extreme, or random in low..high from a drawn seed."""
    kind = draw(st.sampled_from(["extreme", "random", "random"]))
    if kind == "extreme":
        return np.full(count, draw(st.sampled_from(extremes)), np.int64)
    seed = draw(st.integers(0, 2**16))
    return np.random.default_rng(seed).integers(low, high + 1, count, dtype=np.int64)


@st.composite
def neurons(draw: st.DrawFn, count: int, readout: bool, scale: int, width: int) -> Neurons:
    """A population whose threshold lies anywhere from never silent to never firing."""
    state_bits = draw(st.sampled_from([4, 8, 12, 15]))
    bottom, top = state_range(state_bits)
    lowest, highest = state_range(width)
    shift = draw(st.integers(0, 6))
    return Neurons(
        threshold=_values(draw, count, [lowest, -1, 0, 1, top, highest], 1, max(scale, 2)),
        bias=_values(draw, count, [bottom, 0, top, -1], -scale, scale),
        initial=_values(draw, count, [bottom, 0, top], bottom // 4, top // 4),
        reset="none" if readout else draw(st.sampled_from(["soft", "hard"])),
        reset_value=draw(st.sampled_from([0, bottom, top, -3])),
        leak=Decay(1, shift) if shift else NO_LEAK,
        state_bits=state_bits,
    )


@st.composite
def networks(draw: st.DrawFn, *, width: int = 18, largest: int = 40) -> Network:
    """One to three linear layers, possibly with an edge that skips one, for state words of `width` bits."""
    features = draw(st.integers(1, largest))
    encoding = draw(st.sampled_from(["direct", "events"]))
    max_payload = draw(st.sampled_from([1, 1, 3, 16, 255]))
    node = Input("input", features, encoding, max_payload)
    sizes = {"input": features}
    layers: list[Layer] = []
    spiking_readout = draw(st.booleans())
    depth = draw(st.integers(1, 3))
    for number in range(depth):
        last = number == depth - 1
        count = draw(st.integers(1, largest))
        sources = [list(sizes)[-1]]
        if number and draw(st.booleans()):
            sources.append(draw(st.sampled_from(list(sizes))))
        bits = draw(st.integers(2, 8))
        low, high = state_range(bits)
        edges = tuple(
            Edge(source, Linear(_weights(draw, count, sizes[source], low, high), bits)) for source in sources
        )
        population = draw(neurons(count, last and not spiking_readout, high * 4, width))
        layers.append(Layer(f"layer{number}", population, edges))
        sizes[f"layer{number}"] = count
    readout = Readout(layers[-1].name, "spike_count" if spiking_readout else "membrane")
    network = Network("random", draw(st.integers(1, 4)), node, tuple(layers), readout)
    network.verify()
    return network


def _weights(draw: st.DrawFn, count: int, axons: int, low: int, high: int) -> np.ndarray:
    kind = draw(st.sampled_from(["random", "random", "random", "lowest", "highest"]))
    if kind != "random":
        return np.full((count, axons), low if kind == "lowest" else high, np.int8)
    seed = draw(st.integers(0, 2**16))
    return np.random.default_rng(seed).integers(low, high + 1, (count, axons)).astype(np.int8)


@st.composite
def payloads(draw: st.DrawFn, network: Network, samples: int) -> IntArray:
    """Silent, saturated or random inputs of the network's encoding."""
    shape = (samples, network.steps, network.input.features)
    kind = draw(st.sampled_from(["silent", "saturated", "random", "random"]))
    if kind == "silent":
        return np.zeros(shape, np.int64)
    if kind == "saturated":
        return np.full(shape, network.input.max_payload, np.int64)
    generator = np.random.default_rng(draw(st.integers(0, 2**16)))
    values = generator.integers(0, network.input.max_payload + 1, shape)
    values *= generator.random(shape) < draw(st.sampled_from([0.1, 0.5, 1.0]))
    if network.input.encoding == "direct":
        values[:] = values[:, :1]
    return values


@st.composite
def cases(draw: st.DrawFn, hardware: Target | None = None, samples: int = 3) -> Case:
    """A random network compiled for `hardware`, or for a random target, with inputs.

    Networks the target has no room for are drawn again: that refusal has tests of its own.
    """
    chosen = draw(targets()) if hardware is None else hardware
    network = draw(networks(width=chosen.state_bits))
    try:
        compilation = compile_network(network, chosen, spread=draw(st.booleans()))
    except DoesNotFit:
        assume(False)
        raise
    return Case(compilation, draw(payloads(network, draw(st.integers(1, samples)))))
