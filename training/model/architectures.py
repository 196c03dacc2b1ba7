"""The shapes of network that recipes name, as layers of a `ModelConfig`; imports no torch."""

from dataclasses import dataclass, replace
from typing import Literal

from snnc.compiler.ir.network import ReadoutKind
from snnc.training.model.config import (
    INPUT,
    EdgeConfig,
    LayerConfig,
    Population,
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
    *,
    repeat: int = 1,
    delays: tuple[int, ...] = (0,),
) -> tuple[LayerConfig, ...]:
    """The layers of a network with `hidden` neurons or channels per hidden layer.

    `mlp`: fully connected layers. `cnn`: a 5x5 convolution of stride 2, then 3x3 convolutions of stride 2.
    `pooled`: 3x3 convolutions of stride 1, each but the first behind 2x2 sum pooling, as is the readout.
    `residual`: the same first convolution, then blocks of two 3x3 convolutions, the first of stride 2, whose
    input skips both through a 1x1 convolution of stride 2. `recurrent`: fully connected layers, each with an
    edge to itself one step later. All end in a fully connected readout.

    With `repeat` every width comes so many times: further convolutions have stride 1 and no pooling, and
    further blocks are skipped by one weight per channel. Fully connected hidden layers have one edge from
    their source per entry of `delays`, except from the input. Raises ValueError for delays between
    convolutions.
    """
    if delays != (0,) and architecture not in ("mlp", "recurrent"):
        raise ValueError(f"delays go with fully connected layers, not with architecture {architecture}")
    builder = _Builder(architecture, population, weight_bits, delays, [])
    source = INPUT
    for number, width in enumerate(hidden, 1):
        for turn in range(repeat):
            name = f"hidden{number}" if turn == repeat - 1 else f"hidden{number}part{turn + 1}"
            builder.add(name, width, source, first=number == 1 and turn == 0, narrows=turn == 0)
            source = name
    last = readout_layer(classes, source, population, weight_bits, readout)
    if architecture == "pooled" and hidden:
        last = replace(last, edges=(EdgeConfig(source, pool=(2, 2)),))
    return (*builder.layers, last)


@dataclass(frozen=True)
class _Builder:
    """Adds one hidden layer, or one block of them, after the other to `layers`."""

    architecture: Architecture
    population: Population
    weight_bits: int
    delays: tuple[int, ...]
    layers: list[LayerConfig]

    def add(self, name: str, width: int, source: str, *, first: bool, narrows: bool) -> None:
        """The layer `name` on `source`: `first` of the network; `narrows` where it may halve the sides."""
        if self.architecture in ("mlp", "recurrent"):
            # No hardware keeps the input of earlier steps.
            delays = (0,) if source == INPUT else self.delays
            edges = [EdgeConfig(source, delay=delay) for delay in delays]
            if self.architecture == "recurrent":
                edges.append(EdgeConfig(name, delay=1))
            self._append(name, width, *edges)
        elif self.architecture == "residual" and not first:
            stride = 2 if narrows else 1
            self._append(f"{name}a", width, _conv(source, 3, stride))
            skip = replace(_conv(source, 1, stride), groups=1 if narrows else width)
            self._append(name, width, _conv(f"{name}a", 3, 1), skip)
        elif self.architecture == "pooled":
            pool = (2, 2) if narrows and not first else (1, 1)
            self._append(name, width, replace(_conv(source, 3, 1), pool=pool))
        else:
            self._append(name, width, _conv(source, 5 if first else 3, 2 if narrows else 1))

    def _append(self, name: str, width: int, *edges: EdgeConfig) -> None:
        self.layers.append(LayerConfig(name, width, edges, self.population, self.weight_bits))


def _conv(source: str, kernel: int, stride: int) -> EdgeConfig:
    """A square convolution whose output has the size of its input divided by the stride, rounded up."""
    padding = kernel // 2
    return EdgeConfig(source, "conv", (kernel, kernel), (stride, stride), (padding, padding))
