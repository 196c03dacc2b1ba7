"""What a caller may put in place of the parts of a training: the network, its loss, the optimiser."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from snnc.base.errors import UsageError
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

    def __post_init__(self) -> None:
        """Raise UsageError for what is none of these."""
        for name, part, is_one, wanted, hint in (
            ("model", self.model, _is_model(self.model), "a SpikingClassifier", MODEL_HINT),
            ("loss", self.loss, _is_loss(self.loss), "a function of outputs and labels", LOSS_HINT),
            ("optimiser", self.optimiser, callable(self.optimiser), "a function", OPTIMISER_HINT),
        ):
            if part is not None and not is_one:
                kind = part.__name__ if isinstance(part, type) else type(part).__name__
                raise UsageError(f"{name} must be {wanted}, not {kind}", hint=hint)


MODEL_HINT = "a training's is `result.model`; `snnc.convert` takes modules without spikes"
LOSS_HINT = "loss=lambda outputs, y: torch.nn.functional.cross_entropy(outputs.logits, y)"
OPTIMISER_HINT = "optimiser=lambda groups: torch.optim.SGD(groups, lr=0.1)"


def _is_model(part: object) -> bool:
    return isinstance(part, SpikingClassifier)


def _is_loss(part: object) -> bool:
    """Those of torch.nn take logits, not what a training has to offer."""
    return callable(part) and not isinstance(part, torch.nn.modules.loss._Loss)


def checked(loss: Loss) -> Loss:
    """`loss`, which raises UsageError where it gives anything that nothing can be learned from."""

    def call(outputs: Outputs, y: Tensor) -> Tensor:
        given: object = loss(outputs, y)
        if isinstance(given, Tensor) and given.ndim == 0 and given.requires_grad:
            return given
        kind = type(given).__name__
        if isinstance(given, Tensor):
            kind += f" of shape {tuple(given.shape)}" + ("" if given.requires_grad else " without gradients")
        raise UsageError(f"loss must give one number with gradients, not {kind}")

    return call


def checked_optimiser(make: MakeOptimiser, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
    """What `make` makes of `groups`; raises UsageError where nothing is learned, and for anything but an
    optimiser that steps by itself."""
    if not groups:
        raise UsageError("no parameter of the model is learned", hint="model.requires_grad_()")
    optimiser = make(groups)
    if not isinstance(optimiser, torch.optim.Optimizer) or isinstance(optimiser, torch.optim.LBFGS):
        kind = type(optimiser).__name__
        raise UsageError(f"optimiser must give one of torch.optim that needs no closure, not {kind}")
    return optimiser


NOTHING = Parts()
