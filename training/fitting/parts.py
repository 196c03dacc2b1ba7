"""What a caller may put in place of the parts of a training: the network, its loss, the optimiser."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from snnc.training.model.classifier import SpikingClassifier


@dataclass(frozen=True)
class Outputs:
    """What a loss sees of a batch, with gradients."""

    logits: Tensor
    """(samples, classes), what `predict` decides by, in float."""
    steps: Tensor
    """(steps, samples, classes): what each step adds; `steps.cumsum(0)` are the answers after every step."""
    rates: Tensor
    """Firing rate of each hidden layer in 0..1, (layers,)."""


Loss = Callable[[Outputs, Tensor], Tensor]
"""One number from outputs and labels: (samples,) integers, or with mixup the part of each class."""
MakeOptimiser = Callable[[list[dict[str, Any]]], torch.optim.Optimizer]
"""An optimiser of parameter groups: weights with the recipe's `weight_decay`, thresholds and the like with
none. The recipe's schedule scales the learning rates that it sets."""


@dataclass(frozen=True)
class Parts:
    """Each replaces what the recipe would have made; None leaves it."""

    model: SpikingClassifier | None = None
    """Trained as it comes; the recipe's steps, encoding and the like are those of its `config`."""
    loss: Loss | None = None
    """In place of the cross entropy. A teacher's part and prices of spikes stay what the recipe says."""
    optimiser: MakeOptimiser | None = None


NOTHING = Parts()
