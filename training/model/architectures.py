"""The shapes of network that recipes name, as layers of a `ModelConfig`; imports no torch."""

from dataclasses import replace
from typing import Literal

from snnc.compiler.ir.network import ReadoutKind
from snnc.training.model.config import (
    INPUT,
    EdgeConfig,
    LayerConfig,
    Population,
    fully_connected,
    readout_layer,
)

Architecture = Literal["mlp", "cnn", "pooled", "residual", "recurrent"]


def build_layers(
    architecture: Architecture,
    hidden: tuple[int, ...],
    classes: int,
    population: Population,
    weight_bits: int,
    readout: ReadoutKind,
) -> tuple[LayerConfig, ...]:
    """The layers of a network with `hidden` neurons or channels per hidden layer.

    `mlp`: fully connected layers. `cnn`: a 5x5 convolution of stride 2, then 3x3 convolutions of stride 2.
    `pooled`: 3x3 convolutions of stride 1, each but the first behind 2x2 sum pooling, as is the readout.
    `residual`: the same first convolution, then blocks of two 3x3 convolutions, the first of stride 2, whose
    input skips both through a 1x1 convolution of stride 2. `recurrent`: fully connected layers, each with an
    edge to itself one step later. All end in a fully connected readout.
    """
    if architecture == "mlp":
        return fully_connected(
            (*hidden, classes), population=population, weight_bits=weight_bits, readout=readout
        )
    layers: list[LayerConfig] = []
    source = INPUT
    for number, width in enumerate(hidden, 1):
        name = f"hidden{number}"
        if architecture == "recurrent":
            edges: tuple[EdgeConfig, ...] = (EdgeConfig(source), EdgeConfig(name, delay=1))
        elif architecture == "residual" and number > 1:
            middle = f"{name}a"
            layers.append(LayerConfig(middle, width, (_conv(source, 3, 2),), population, weight_bits))
            edges = (_conv(middle, 3, 1), _conv(source, 1, 2))
        elif architecture == "pooled":
            edges = (replace(_conv(source, 3, 1), pool=(1, 1) if number == 1 else (2, 2)),)
        else:
            edges = (_conv(source, 5 if number == 1 else 3, 2),)
        layers.append(LayerConfig(name, width, edges, population, weight_bits))
        source = name
    last = readout_layer(classes, source, population, weight_bits, readout)
    if architecture == "pooled" and hidden:
        last = replace(last, edges=(EdgeConfig(source, pool=(2, 2)),))
    return (*layers, last)


def _conv(source: str, kernel: int, stride: int) -> EdgeConfig:
    """A square convolution whose output has the size of its input divided by the stride, rounded up."""
    padding = kernel // 2
    return EdgeConfig(source, "conv", (kernel, kernel), (stride, stride), (padding, padding))
