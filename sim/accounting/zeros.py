"""What an array still does for a network without spikes where it skips zeros: products, words and sums."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from snnc.compiler.ir.network import Edge, Network, count
from snnc.compiler.ir.program import TiledProgram
from snnc.sim.accounting.counts import Primitives

ZeroSkipping = Literal["none", "activations", "both"]
"""What an array looks at before it works: nothing, activations, or activations and weights."""
SENT_ONCE = ("held", "latency")
"""Encodings by which a feature is an event in one step at most."""


@dataclass(frozen=True)
class Work:
    """Shares of what an array does for one edge that are left."""

    products: float
    words: float
    """Weight words that are read."""
    sums: float
    """Words of accumulators that are read and written."""


@dataclass(frozen=True)
class Zeros:
    """The zeros that an array skips, as Eyeriss gates its datapath (Chen et al., JSSC 52(1), 2017): an
    activation is read to be found zero, and what would follow stays undone, in a cycle that passes all the
    same. Zeros are taken to be independent, the uniform density of Sparseloop (Wu et al., MICRO 2022)."""

    skipping: ZeroSkipping = "none"
    densities: Mapping[str, float] = field(default_factory=dict)
    """Share of the activations of a source, by its name, that are not zero."""

    def density(self, edge: Edge) -> float:
        """Share of an edge's activations that the array works for."""
        return 1.0 if self.skipping == "none" else self.densities[edge.source]

    def work(self, edge: Edge, lanes: int, sources: int, shared: int) -> Work:
        """What is left of an edge where a word of `lanes` weights meets `sources` activations at a time, and
        serves `shared` positions once it is read."""
        density = self.density(edge)
        weights, words = _weights_left(edge, lanes) if self.skipping == "both" else (1.0, 1.0)
        return Work(
            products=density * weights,
            words=_any(density, sources * shared),
            sums=_any(density, sources) * words,
        )


EVERYTHING = Zeros()
"""Of an array that multiplies by zero like by any other number."""


def densities(program: TiledProgram, network: Network, rates: Mapping[str, float]) -> dict[str, float]:
    """Share of the activations of every source that are not zero, from events per neuron and step.

    Exact for an input that is sent as it is, for one step, and where the network without spikes runs in every
    step and is granted to be as sparse as the spikes. Else it is the least that so many spikes allow, all on
    the same neurons, which favours the network without them.
    """
    node = network.input
    factor = program.steps if program.input.encoding in SENT_ONCE else 1
    return {name: min(1.0, rate * (factor if name == node.name else 1)) for name, rate in rates.items()}


def source_rates(program: TiledProgram, network: Network, counted: Primitives) -> dict[str, float]:
    """Events per neuron and step of the input and of every layer."""
    rates = {network.input.name: _input_rate(program, counted)}
    for layer in network.layers:
        members = [number for number, core in enumerate(program.cores) if core.layer == layer.name]
        spikes = float(counted.fired[members].sum())
        rates[layer.name] = spikes / (count(layer.shape) * program.steps * counted.samples)
    return rates


def _input_rate(program: TiledProgram, counted: Primitives) -> float:
    """Events per input feature and step, mean over the cores that hear them."""
    width = program.input.shape[2]
    heard = sum(
        (route.last_channel - route.first_channel) * (route.last_row - route.first_row) * width
        for route in program.input_routes
    )
    return float(counted.host_events.sum()) / (heard * program.steps * counted.samples)


def _any(density: float, number: int) -> float:
    """The chance that one of `number` is not zero."""
    return 1.0 if density >= 1 else -math.expm1(number * math.log1p(-density))


def _weights_left(edge: Edge, lanes: int) -> tuple[float, float]:
    """Shares of the weights, and of words of `lanes` of them, that are not zero."""
    rows = edge.synapses.weights.reshape(edge.synapses.weights.shape[0], -1) != 0
    padded = np.pad(rows, ((0, -len(rows) % lanes), (0, 0)))
    words = padded.reshape(-1, lanes, rows.shape[1]).any(axis=1)
    return float(rows.mean()), float(words.mean())
