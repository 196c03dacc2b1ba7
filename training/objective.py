"""What a spiking network is trained for: right classes, what its teacher knows, and few spikes."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .distillation import Distillation
from .model import SpikingClassifier
from .recipe import Recipe


class SpikingObjective(nn.Module):
    """Cross entropy, distillation and the price of spikes, as `fitting.fit` calls it."""

    def __init__(
        self, model: SpikingClassifier, recipe: Recipe, distillation: Distillation | None = None
    ) -> None:
        super().__init__()
        self.model = model
        self.distillation = distillation
        self.rate_penalty = recipe.rate_penalty

    def forward(self, x: NDArray[np.uint8], y: Tensor) -> tuple[Tensor, Tensor]:
        """Loss of the samples `x` of classes `y`, and `fitting.MEASURES`."""
        payloads = torch.from_numpy(self.model.payloads(x)).to(y.device)
        runs = self.model.run(payloads)
        logits, rates = self.model.outputs(runs)
        rate = rates.mean() if len(rates) else logits.new_zeros(())
        loss = nn.functional.cross_entropy(logits, y)
        if self.distillation is not None:
            loss = self.distillation(loss, payloads, runs, logits)
        loss = loss + self.rate_penalty * rate
        return loss, measures(loss, logits, y, rate)


def measures(loss: Tensor, logits: Tensor, y: Tensor, rate: Tensor, energy: float = 0.0) -> Tensor:
    """`fitting.MEASURES` of a batch as a float64 tensor without gradients."""
    accuracy = (logits.detach().argmax(1) == y).double().mean()
    parts = (loss.detach().double(), accuracy, rate.detach().double(), accuracy.new_tensor(energy))
    return torch.stack(parts)
