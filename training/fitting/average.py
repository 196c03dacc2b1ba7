"""An exponential moving average of what a training learns, which errs less than its last step."""

import torch
from torch import Tensor, nn


class MovingAverage:
    """Averages of the learned parameters of a module and of its statistics, over its steps.

    While there have been few steps, the average is of these few: decay is at most (1 + steps) / (10 + steps).
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay, self.steps = decay, 0
        self.current = {
            name: value
            for name, value in module.state_dict(keep_vars=True).items()
            if value.is_floating_point()
        }
        self.values = {name: value.detach().clone() for name, value in self.current.items()}

    @torch.no_grad()
    def update(self) -> None:
        """Count the module's values after one more step."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for name, value in self.values.items():
            value.lerp_(self.current[name], 1 - decay)

    @torch.no_grad()
    def swap(self) -> None:
        """Exchange the module's values and the averages."""
        for name, value in self.values.items():
            kept = value.clone()
            value.copy_(self.current[name])
            self.current[name].copy_(kept)

    def state_dict(self) -> dict[str, Tensor | int]:
        """All that changes."""
        return {"steps": self.steps, **self.values}

    def load_state_dict(self, state: dict[str, Tensor | int]) -> None:
        """Continue where `state_dict` was taken."""
        self.steps = int(state["steps"])
        for name, value in self.values.items():
            value.copy_(torch.as_tensor(state[name]))
