"""Faults of hardware, as layers apply them while they compute: flipped bits of weights, lost events."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Disturbance:
    """Independent faults with fixed probabilities."""

    generator: torch.Generator
    flip: float = 0.0
    """Probability that a stored bit of a weight is inverted."""
    drop: float = 0.0
    """Probability that a spike, or an activation that is not 0, is lost on its way."""

    def weights(self, integers: Tensor, bits: int) -> Tensor:
        """Integers in two's complement of `bits` bits, in a float tensor, after the flips."""
        if self.flip == 0:
            return integers
        stored = integers.to(torch.int64)
        for bit in range(bits):
            stored = stored ^ (self._hits(stored, self.flip).to(torch.int64) << bit)
        low = 1 << (bits - 1)
        return (((stored + low) & (2 * low - 1)) - low).to(integers.dtype)

    def events(self, values: Tensor) -> Tensor:
        """Spikes or activations without those that are lost."""
        return values if self.drop == 0 else values.masked_fill(self._hits(values, self.drop), 0)

    def _hits(self, like: Tensor, probability: float) -> Tensor:
        # Drawn where the generator is, so that every device sees the same faults.
        drawn = torch.rand(like.shape, generator=self.generator, device=self.generator.device)
        return (drawn < probability).to(like.device)
