"""Networks whose readout is not what ends last: `verify` waits for the rest, and agrees on all of it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import target
from rtl_bench import Needs

import snnc
from snnc.compiler.ir.network import Edge, Input, Layer, Linear, Network, Neurons, Readout, ReadoutKind
from snnc.compiler.isa.arithmetic import Decay
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.verification.compare import VerifyOptions, verify

TARGET = target(width=3, height=2, parameter_words=64, weight_kibit=128)
"""All networks here are compiled for it, so that one model of the hardware serves them."""


def neurons(rng: np.random.Generator, count: int, **changes: Any) -> Neurons:
    fields: dict[str, Any] = {
        "threshold": rng.integers(3, 9, count),
        "bias": rng.integers(-1, 3, count),
        "initial": rng.integers(-3, 4, count),
        "reset": "soft",
        "state_bits": 14,
        "leak": Decay(1, 3),
    }
    return Neurons(**{**fields, **changes})


def linear(rng: np.random.Generator, outputs: int, inputs: int) -> Linear:
    return Linear(rng.integers(-3, 4, (outputs, inputs)).astype(np.int8), 4)


def middle(name: str, seed: int) -> Network:
    """Input -> hidden -> readout, and a large layer behind the readout, or beside it."""
    rng = np.random.default_rng(seed)
    hidden, late = 20, 160
    kind: ReadoutKind = "membrane"
    readout = neurons(rng, 10, threshold=np.zeros(10, np.int64), reset="none")
    back: tuple[Edge, ...] = ()
    if name == "spikes-then-feedback":
        kind, readout = "spike_count", neurons(rng, 10)
    source, itself = ("hidden", 20) if kind == "membrane" else ("readout", 10), name == "leads-to-itself"
    edges = [Edge(source[0], linear(rng, late, source[1]))]
    if itself:
        edges.append(Edge("late", linear(rng, late, late), delay=1))
    if name in ("feedback", "spikes-then-feedback"):
        back = (Edge("late", linear(rng, hidden, late), delay=1),)
    layers = (
        Layer("hidden", (hidden, 1, 1), neurons(rng, hidden), (Edge("in", linear(rng, hidden, 12)), *back)),
        Layer("readout", (10, 1, 1), readout, (Edge("hidden", linear(rng, 10, hidden)),)),
        Layer("late", (late, 1, 1), neurons(rng, late), tuple(edges)),
    )
    return Network(name, 4, Input("in", (12, 1, 1), max_payload=3), layers, Readout("readout", kind))


@pytest.mark.parametrize("stall", [0.0, 0.4])
@pytest.mark.parametrize("name", ["leads-to-itself", "feedback", "spikes-then-feedback"])
def test_a_layer_may_end_after_the_readout(
    name: str, stall: float, rtl_cache: Path, tmp_path: Path, needs: Needs
) -> None:
    needs("verilator")
    network = middle(name, 3)
    x = np.random.default_rng(4).integers(0, 4, (3, 12)).astype(np.uint8)
    program = snnc.compile(network, TARGET)
    payloads = encode_inputs(network.input, network.steps, x)
    options = VerifyOptions(stall=stall, seed=5, cache=rtl_cache, work=tmp_path)
    result = verify(program, payloads, None, options)
    assert result.first_difference is None, result.first_difference
    assert result.cycles_compared > 0
