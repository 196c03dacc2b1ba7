"""Networks and hardware of the tests, made by hand: small, and changed by keyword arguments."""

from dataclasses import replace

import numpy as np

from snnc.compiler.ir.network import Edge, Input, Layer, Linear, Network, Neurons, Readout
from snnc.compiler.targets import Target


def target(**changes: object) -> Target:
    """A small simulation-only target; keyword arguments replace its fields."""
    fields: dict[str, object] = {
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
    return Target(**(fields | changes))  # type: ignore[arg-type]


def layer(name: str, source: str, axons: int, count: int, **changes: object) -> Layer:
    """A soft-reset layer with weights 1; keyword arguments replace fields of its Neurons."""
    population = Neurons(
        threshold=np.full(count, 5, np.int64),
        bias=np.zeros(count, np.int64),
        initial=np.zeros(count, np.int64),
        reset="soft",
        state_bits=12,
    )
    weights = np.ones((count, axons), np.int8)
    edge = Edge(source, Linear(weights, 4))
    return Layer(name, (count, 1, 1), replace(population, **changes), (edge,))  # type: ignore[arg-type]


def network(*layers: Layer, features: int = 8, max_payload: int = 16) -> Network:
    """`layers` behind an input, the last one read by its spikes or membranes."""
    kind = "membrane" if layers[-1].neurons.reset == "none" else "spike_count"
    readout = Readout(layers[-1].name, kind)
    return Network("test", 4, Input("input", (features, 1, 1), "direct", max_payload), layers, readout)
