"""Weights that keep every accumulator within a width, whatever arrives: a projection after each step."""

import math

import torch
from torch import Tensor

from snnc.base.errors import UsageError
from snnc.training.model.classifier import SpikingClassifier
from snnc.training.model.layers import SpikingLayer


class AccumulatorLimit:
    """Keeps the sums of a model's integer weights so small that `bits` hold membrane, bias and current.

    Membrane and bias are each limited to the state's range, which leaves 2^(bits-1) - 2^state_bits to the
    current: of each sign, weights x largest payload x pooling may add up to no more. Of a channel beyond it,
    all weights but the largest shrink by half a grid unit, as in a projection onto the L1 ball, until it is
    kept. The largest stays, and with it the grid, so that this ends, and it holds exactly for the integers
    that are deployed. Brevitas' accumulator-aware quantisers (A2Q) bound the same sums inside the quantiser.
    """

    def __init__(self, model: SpikingClassifier, bits: int) -> None:
        """Raises UsageError where not even one weight per channel fits."""
        self.model, self.bits = model, bits
        for layer in model.stack:
            most = _factors(layer).max().item() * ((1 << (layer.config.weight_bits - 1)) - 1)
            if most > self._limit(layer):
                needed = (int(most) + (1 << layer.population.state_bits) - 1).bit_length() + 1
                raise UsageError(
                    f"accumulator_bits {bits} leave no room for a weight of layer {layer.config.name} beside "
                    f"its {layer.population.state_bits}-bit state; {needed} would"
                )

    @torch.no_grad()
    def __call__(self) -> None:
        """Project the weights of all layers."""
        for layer in self.model.stack:
            weight, factors, limit = layer.synapses.weight, _factors(layer), self._limit(layer)
            while bool((beyond := _reach(layer, factors) > limit).any()):
                scale = layer.synapses.quant_weight().scale.reshape(-1, 1)
                smaller = weight.sign() * (weight.abs() - scale / 2).clamp(min=0)
                largest = weight.abs().argmax(1, keepdim=True)
                smaller.scatter_(1, largest, weight.gather(1, largest))
                weight.copy_(torch.where(beyond[:, None], smaller, weight))

    def _limit(self, layer: SpikingLayer) -> int:
        return (1 << (self.bits - 1)) - (1 << layer.population.state_bits)


def _reach(layer: SpikingLayer, factors: Tensor) -> Tensor:
    """Largest absolute current of each channel in one step, for the inputs worst to it, (channels,)."""
    integers = layer.synapses.quant_weight().int().double() * factors.to(layer.synapses.weight.device)
    return torch.maximum(integers.clamp(min=0).sum(1), -integers.clamp(max=0).sum(1))


def _factors(layer: SpikingLayer) -> Tensor:
    """What a weight is multiplied with at most, (fan-in,): payload, pooling, steps of a lasting current, and
    2**fraction_bits."""
    steps = layer.steps if layer.population.current_leak is not None else 1
    steps <<= layer.population.fraction_bits
    parts = [
        torch.full((math.prod(kernel[1:]),), float(payload * math.prod(edge.pool) * steps))
        for kernel, payload, edge in zip(layer.kernels, layer.payloads, layer.config.edges, strict=True)
    ]
    return torch.cat(parts).double()
