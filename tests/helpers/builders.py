"""What tests make by hand: hardware, populations, layers, networks, and one tiny network with everything.

Drawn at random they come from `random_*.py`; cores written as CONFIG flits, past the compiler, from
`rtl_network.py`.
"""

from dataclasses import replace
from typing import Any

import numpy as np

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
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.isa.arithmetic import Decay, IntArray
from snnc.compiler.pipeline import compile_network
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.targets import Target

TINY_SAMPLES = 3


def target(**changes: Any) -> Target:
    """A small simulation-only target; keyword arguments replace its fields."""
    fields: dict[str, Any] = {
        "name": "test",
        "description": "random tests",
        "width": 4,
        "height": 4,
        "lanes": 4,
        "neurons": 256,
        "parameter_words": 16,
        "axon_rows": 32,
        "axon_columns": 32,
        "delay_slots": 4,
        "cuba": True,
        "decay_multiplier": True,
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
    return Target(**(fields | changes))


def neurons(channels: int, **changes: Any) -> Neurons:
    """Soft-reset neurons with threshold 5, without bias; keyword arguments replace fields."""
    fields: dict[str, Any] = {
        "threshold": np.full(channels, 5, np.int64),
        "bias": np.zeros(channels, np.int64),
        "initial": np.zeros(channels, np.int64),
        "reset": "soft",
    }
    return Neurons(**(fields | changes))


def layer(name: str, source: str, axons: int, count: int, **changes: Any) -> Layer:
    """A soft-reset layer with weights 1; keyword arguments replace fields of its Neurons."""
    weights = np.ones((count, axons), np.int8)
    population = replace(neurons(count, state_bits=12), **changes)
    return Layer(name, (count, 1, 1), population, (Edge(source, Linear(weights, 4)),))


def network(*layers: Layer, features: int = 8, max_payload: int = 16) -> Network:
    """`layers` behind an input, the last one read by its spikes or membranes."""
    kind: ReadoutKind = "membrane" if layers[-1].neurons.reset == "none" else "spike_count"
    readout = Readout(layers[-1].name, kind)
    return Network("test", 4, Input("input", (features, 1, 1), "direct", max_payload), layers, readout)


def tiny_network() -> Network:
    """1 x 6 x 6 graded pixels -> 4 channels of 3 x 3 -> 3 membranes, 2 steps: a convolution, spikes between
    cores and a membrane readout."""
    rng = np.random.default_rng(5)
    hidden = neurons(
        4,
        threshold=np.array([5, 9, 4, 7]),
        bias=np.array([1, 0, -1, 2]),
        initial=np.array([0, 2, 0, 1]),
        leak=Decay(1, 2),
    )
    kernel = Conv2d(rng.integers(-7, 8, (4, 1, 3, 3)).astype(np.int8), 4, (2, 2), (1, 1))
    full = Linear(rng.integers(-7, 8, (3, 36)).astype(np.int8), 4)
    silent = neurons(3, threshold=np.zeros(3, np.int64), reset="none")
    return Network(
        name="tiny",
        steps=2,
        input=Input("input", (1, 6, 6), max_payload=3),
        layers=(
            Layer("hidden", (4, 3, 3), hidden, (Edge("input", kernel),)),
            Layer("readout", (3, 1, 1), silent, (Edge("hidden", full),)),
        ),
        readout=Readout("readout", "membrane"),
    )


def tiny_program(hardware: Target) -> TiledProgram:
    """The tiny network tiled for `hardware`, a core per layer."""
    return compile_network(tiny_network(), hardware, spread=False).tiled


def tiny_payloads() -> IntArray:
    """(samples, steps, features), one sample without any event."""
    pixels = np.random.default_rng(6).integers(0, 4, (TINY_SAMPLES, 36), np.uint8)
    pixels[1] = 0
    return encode_inputs(tiny_network().input, tiny_network().steps, pixels)
