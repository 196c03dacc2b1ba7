"""The network without spikes of a model's graph: in float, or with quantised weights and activations."""

import math
from dataclasses import dataclass

import torch
from brevitas.nn import QuantLinear
from torch import Tensor, nn

from snnc.compiler.ir.network import Shape
from snnc.training.model.config import INPUT, EdgeConfig, LayerConfig, ModelConfig
from snnc.training.model.faults import Disturbance
from snnc.training.model.normalisation import BatchNorm
from snnc.training.model.surrogate import floor_through
from snnc.training.model.synapses import transform, weight_shape

FIRST_LIMIT = 4.0
"""Activation at which `ClipFloorShift` saturates before training, in deviations of a normalised current."""


@dataclass(frozen=True)
class AnalogRun:
    """What a network without spikes computed for a batch."""

    activations: dict[str, Tensor]
    """Of the input and every hidden layer, (samples, channels, height, width)."""
    logits: Tensor
    """(samples, classes)."""


class ClipFloorShift(nn.Module):
    """QCFS: limit * clip(floor(z levels / limit + 1/2) / levels, 0, 1) with a learned limit per layer.

    Bu et al. 2022, arXiv 2303.04347: a uniform quantiser of log2(levels + 1) bits, and what an
    integrate-and-fire neuron that starts at half its threshold computes in `levels` steps.
    """

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.levels = levels
        self.limit = nn.Parameter(torch.tensor(FIRST_LIMIT))

    def forward(self, z: Tensor) -> Tensor:
        """The quantised activation; the floor has gradient 1."""
        limit: Tensor = self.limit.clamp(min=1e-3)
        raised = floor_through(z * (self.levels / limit) + 0.5)
        return limit * (raised / self.levels).clamp(0, 1)


class AnalogLayer(nn.Module):
    """The edges of one layer, batch normalisation and the activation; the readout has a bias only."""

    def __init__(
        self,
        config: LayerConfig,
        sources: tuple[Shape, ...],
        *,
        readout: bool,
        levels: int | None,
        weight_bits: int | None,
    ) -> None:
        super().__init__()
        self.config = config
        self.kernels = tuple(
            weight_shape(edge, source, config.channels)
            for edge, source in zip(config.edges, sources, strict=True)
        )
        fan_in = sum(math.prod(kernel[1:]) for kernel in self.kernels)
        self.synapses = (
            nn.Linear(fan_in, config.channels, bias=False)
            if weight_bits is None
            else QuantLinear(
                fan_in,
                config.channels,
                bias=False,
                weight_bit_width=weight_bits,
                weight_scaling_per_output_channel=not readout,
            )
        )
        nn.init.kaiming_uniform_(self.synapses.weight, nonlinearity="relu")
        self.disturbance: Disturbance | None = None
        self.norm = None if readout else BatchNorm(config.channels)
        self.bias = nn.Parameter(torch.zeros(config.channels)) if readout else None
        self.activation = nn.ReLU() if levels is None else ClipFloorShift(levels)

    def forward(self, known: dict[str, Tensor]) -> Tensor:
        """Activation, or the sum itself for the readout, from those of the sources."""
        parts = [
            transform(edge, kernel, known[edge.source][None])[0]
            for edge, kernel in zip(self.config.edges, self.weights(), strict=True)
        ]
        total = sum(parts[1:], parts[0])
        if self.norm is None:
            assert self.bias is not None
            return total + self.bias.reshape(-1, 1, 1)
        activated: Tensor = self.activation(self.norm(total))
        return activated if self.disturbance is None else self.disturbance.events(activated)

    def weights(self) -> tuple[Tensor, ...]:
        """Of each edge, as they are multiplied."""
        matrix = self.synapses.weight
        if isinstance(self.synapses, QuantLinear):
            quantised = self.synapses.quant_weight()
            matrix = quantised.value
            if self.disturbance is not None:
                integers = torch.round(matrix / quantised.scale)
                matrix = self.disturbance.weights(integers, int(quantised.bit_width)) * quantised.scale
        elif self.disturbance is not None and self.disturbance.flip:
            raise ValueError("bits of weights flip in quantised networks only")
        parts = torch.split(matrix, [math.prod(kernel[1:]) for kernel in self.kernels], 1)
        return tuple(part.reshape(kernel) for part, kernel in zip(parts, self.kernels, strict=True))


class AnalogClassifier(nn.Module):
    """A network of the graph of `config` whose neurons have activations instead of spikes.

    ReLU and float weights, or with `levels` activations of so many levels above 0 and with `weight_bits`
    quantised weights. Time is left out: the payloads of all steps count together, and delays mean
    nothing. Raises ValueError for a graph with loops.
    """

    def __init__(
        self, config: ModelConfig, *, levels: int | None = None, weight_bits: int | None = None
    ) -> None:
        super().__init__()
        loop = next((layer for layer in config.layers for e in layer.edges if _loops(config, layer, e)), None)
        if loop is not None:
            raise ValueError(f"layer {loop.name} is in a loop, and a network without time has none")
        self.config, self.levels, self.weight_bits = config, levels, weight_bits
        self.layers = nn.ModuleList(
            AnalogLayer(
                layer,
                tuple(config.shapes[edge.source] for edge in layer.edges),
                readout=layer is config.layers[-1],
                levels=levels,
                weight_bits=weight_bits,
            )
            for layer in config.layers
        )

    @property
    def stack(self) -> tuple[AnalogLayer, ...]:
        """The layers in order, typed."""
        return tuple(layer for layer in self.layers if isinstance(layer, AnalogLayer))

    def forward(self, payloads: Tensor) -> AnalogRun:
        """Activations and logits for integer payloads (samples, steps or 1, features)."""
        # Held inputs arrive once, in the first step, and stay.
        held = self.config.encoding == "held"
        values = payloads.float()
        values = (values.sum(1) if held else values.mean(1)) / self.config.max_payload
        known = {INPUT: values.reshape(-1, *self.config.shape)}
        for layer in self.stack:
            known[layer.config.name] = layer(known)
        logits = known.pop(self.config.layers[-1].name).flatten(1)
        return AnalogRun(known, logits)


def _loops(config: ModelConfig, layer: LayerConfig, edge: EdgeConfig) -> bool:
    return edge.source != INPUT and config.is_recurrent(layer, edge)
