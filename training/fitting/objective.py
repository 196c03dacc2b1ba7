"""What a spiking network is trained for: right classes, what its teacher knows, and few spikes."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from snnc.base.errors import UsageError
from snnc.base.units import format_quantity
from snnc.training.fitting.distillation import Distillation
from snnc.training.fitting.energy import energy_prices
from snnc.training.fitting.parts import Loss, Outputs, checked
from snnc.training.fitting.recipe import Recipe
from snnc.training.model.classifier import SpikingClassifier

BUDGET_GAIN = 0.01
"""How fast the multiplier of a broken energy budget grows, per batch and relative excess."""


class SpikingObjective(nn.Module):
    """Cross entropy, distillation and the price of spikes, as `fitting.fit` calls it."""

    multiplier: Tensor
    per_rate: Tensor

    def __init__(
        self,
        model: SpikingClassifier,
        recipe: Recipe,
        x: NDArray[np.uint8],
        distillation: Distillation | None = None,
        loss: Loss | None = None,
    ) -> None:
        """The samples `x` show what the network's inputs cost. Raises TargetError for an unknown target and
        UsageError for an energy budget that not even a silent network keeps."""
        super().__init__()
        self.model = model
        self.distillation = distillation
        self.loss = self._cross_entropy if loss is None else checked(loss)
        self.recipe = recipe
        self.prices = energy_prices(model.config, recipe.target)
        self.unavoidable = self.prices.unavoidable(model.payloads(x))
        self.allowance = self._allowance(self.unavoidable)
        self.priced = bool(recipe.rate_penalty or recipe.energy_penalty or recipe.energy_budget)
        self.register_buffer("per_rate", torch.tensor(self.prices.per_rate, dtype=torch.float64))
        self.register_buffer("multiplier", torch.zeros((), dtype=torch.float64))

    def forward(self, payloads: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Loss of the samples with these payloads, of classes `y`, and `fitting.MEASURES`."""
        runs = self.model.run(payloads)
        logits, rates = self.model.outputs(runs)
        if not self.priced:
            # The gradient of a rate, though 0, would take a pass over all spikes.
            rates = rates.detach()
        loss = self.loss(Outputs(logits, self.model.logits_by_step(runs[-1]), rates), y)
        if self.distillation is not None:
            loss = self.distillation(loss, payloads, runs, logits)
        spent = (rates * self.per_rate).sum()
        rate = rates.mean() if len(rates) else logits.new_zeros(())
        loss = loss + self.recipe.rate_penalty * rate + self._energy_price(spent)
        return loss, measures(loss, logits, y, rate, spent + self.unavoidable)

    def _cross_entropy(self, outputs: Outputs, y: Tensor) -> Tensor:
        """Of the logits, or for `tet` the mean of those of what every step adds to them (temporal efficient
        training, Deng et al. 2022, arXiv 2202.11946, without its second term)."""
        smoothing = self.recipe.label_smoothing
        if self.recipe.loss == "cross_entropy":
            return nn.functional.cross_entropy(outputs.logits, y, label_smoothing=smoothing)
        labels = y.repeat(len(outputs.steps), *[1] * (y.ndim - 1))
        return nn.functional.cross_entropy(outputs.steps.flatten(0, 1), labels, label_smoothing=smoothing)

    def _energy_price(self, spent: Tensor) -> Tensor:
        """The price of joules `spent` on spikes: relative to firing in every step, and with a budget the
        excess over the allowance times its Lagrange multiplier, which rises while the budget is broken."""
        price = spent.new_zeros(())
        if self.recipe.energy_penalty and len(self.per_rate):
            price = price + self.recipe.energy_penalty * spent / self.per_rate.sum()
        if self.allowance is not None:
            excess = spent / self.allowance - 1
            if self.training:
                self.multiplier.add_(BUDGET_GAIN * excess.detach()).clamp_(min=0)
            price = price + self.multiplier.clone() * excess
        return price.float()

    def _allowance(self, unavoidable: float) -> float | None:
        """What a budget leaves to the spikes, None without one."""
        budget = self.recipe.energy_budget
        if budget is None:
            return None
        if unavoidable >= budget:
            raise UsageError(
                f"energy_budget {format_quantity(budget, 'J')} is below the "
                f"{format_quantity(unavoidable, 'J')} that this network takes on {self.recipe.target} "
                "without a single spike (predicted)"
            )
        return budget - unavoidable


def measures(loss: Tensor, logits: Tensor, y: Tensor, rate: Tensor, energy: Tensor) -> Tensor:
    """`fitting.MEASURES` of a batch as a float64 tensor without gradients; `y` as in `Batch`."""
    classes = y if y.ndim == 1 else y.argmax(1)
    accuracy = (logits.detach().argmax(1) == classes).double().mean()
    figures = (loss, accuracy, rate, energy)
    return torch.stack([figure.detach().double() for figure in figures])
