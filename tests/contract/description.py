"""A network as docs/arithmetic.md describes it, in plain Python: what the independent interpreter reads.

Written from docs/arithmetic.md and docs/supported.md alone; nothing here knows the classes of the compiler.
Weights are nested lists of integers, every number is a Python integer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Shape = tuple[int, int, int]
Pair = tuple[int, int]


@dataclass(frozen=True)
class Decay:
    """Numerator d and fraction bits F of x - ((x * d) >> F)."""

    numerator: int
    fraction_bits: int


@dataclass(frozen=True)
class Linear:
    """weights[neuron][axon]."""

    weights: list[list[int]]
    weight_bits: int


@dataclass(frozen=True)
class Conv2d:
    """weights[channel][source channel of the group][row][column]."""

    weights: list[list[list[list[int]]]]
    weight_bits: int
    stride: Pair
    padding: Pair
    groups: int


@dataclass(frozen=True)
class Edge:
    """Events of `source`, pooled, through synapses, `delay` steps later."""

    source: str
    synapses: Linear | Conv2d
    delay: int
    pool: Pair


@dataclass(frozen=True)
class Neurons:
    """Parameters of a layer; the lists have one integer per channel."""

    threshold: list[int]
    bias: list[int]
    initial: list[int]
    reset: str
    reset_value: int
    leak: Decay
    current_leak: Decay | None
    state_bits: int
    reset_amount: list[int] | None
    leak_numerators: list[int] | None
    current_numerators: list[int] | None
    lower_clamp: int | None
    fraction_bits: int


@dataclass(frozen=True)
class Layer:
    """A population and the edges into it."""

    name: str
    shape: Shape
    neurons: Neurons
    edges: list[Edge]


@dataclass(frozen=True)
class Input:
    """Where samples enter, and how they become events."""

    name: str
    shape: Shape
    encoding: str
    max_payload: int


@dataclass(frozen=True)
class Readout:
    """The layer whose membranes or spikes are the outputs."""

    layer: str
    kind: str
    first_step: int


@dataclass(frozen=True)
class Network:
    """Layers in the order in which a step computes them."""

    steps: int
    input: Input
    layers: list[Layer]
    readout: Readout


Sample = list[Any]
"""Integers, one per feature; for `events` one such list per step."""


def size(shape: Shape) -> int:
    """Neurons or features of a population."""
    channels, height, width = shape
    return channels * height * width


def shape_of(network: Network, source: str) -> Shape:
    """Shape of the input or layer of that name."""
    populations: list[Input | Layer] = [network.input, *network.layers]
    return next(p.shape for p in populations if p.name == source)


def pooled(shape: Shape, pool: Pair) -> Shape:
    """What is left of a source after sum pooling."""
    channels, height, width = shape
    return channels, height // pool[0], width // pool[1]
