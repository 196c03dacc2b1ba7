"""The training loop: any objective on any samples, seeded, resumable, on one process or several."""

import hashlib
import json
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from snnc.base.errors import UsageError
from snnc.training.data.datasets import Samples
from snnc.training.data.prepare import augmented
from snnc.training.fitting.processes import Place
from snnc.training.fitting.recipe import LearningSchedule, Recipe
from snnc.training.fitting.resume import load_state, save_state

WARM_UP = 0.1
"""Part of the steps in which `onecycle` raises the learning rate."""

MEASURES = ("loss", "accuracy", "rate", "energy")
"""What an objective returns beside the loss, in this order: means over its samples."""


@dataclass(frozen=True)
class Progress:
    """State of a training after an epoch; `epoch` counts from 1."""

    epoch: int
    epochs: int
    loss: float
    accuracy: float
    """On the training samples of this epoch, while the weights moved."""
    rate: float
    """Mean firing rate of the hidden layers, 0 for a network without spikes."""
    energy: float = 0.0
    """Predicted joules per inference, 0 where nothing prices them."""
    held_out: float | None = None
    """Accuracy on the samples kept for early stopping."""
    stage: str = "network"
    """What is trained: the network, or the teacher it learns from."""

    def describe(self) -> str:
        """One line."""
        parts = [
            f"{self.stage} {self.epoch}/{self.epochs}",
            f"loss {self.loss:.4f}",
            f"accuracy {self.accuracy:.2%}",
        ]
        if self.rate:
            parts.append(f"rate {self.rate:.2%}")
        if self.energy:
            parts.append(f"energy {self.energy * 1e9:.1f} nJ")
        if self.held_out is not None:
            parts.append(f"held out {self.held_out:.2%}")
        return "  ".join(parts)


@dataclass(frozen=True)
class Session:
    """What one training needs besides its objective and samples."""

    recipe: Recipe
    seed: int
    place: Place
    progress: Callable[[Progress], None]
    state: Path | None = None
    """File that keeps the state between epochs."""
    stage: str = "network"


def fit(
    objective: nn.Module,
    samples: Samples,
    session: Session,
    held_out: Callable[[], float] | None = None,
    constrain: Callable[[], None] | None = None,
) -> None:
    """Adam over `recipe.epochs` epochs of `samples`, resumed where `session.state` is of this same training.

    `objective(x, y)` takes uint8 samples and their classes and returns the loss and `MEASURES` as a float64
    tensor. With `held_out`, which gives an accuracy, training stops after `recipe.patience` epochs without a
    better one, and the best parameters are kept. `constrain` is called after every step of the optimiser.
    Raises UsageError if the loss is no longer finite.
    """
    run = _Run(objective, samples, session, constrain or (lambda: None))
    for epoch in range(run.load() + 1, session.recipe.epochs + 1):
        mean = run.epoch()
        if not np.isfinite(mean[0]):
            raise UsageError(
                f"training diverged in epoch {epoch} (loss {mean[0]})", hint="set a smaller learning_rate"
            )
        accuracy = None if held_out is None else held_out()
        stop = accuracy is not None and run.judge(accuracy)
        run.save(epoch)
        if session.place.first:
            figures = dict(zip(MEASURES, mean.tolist(), strict=True))
            session.progress(
                Progress(epoch, session.recipe.epochs, **figures, held_out=accuracy, stage=session.stage)
            )
        if stop:
            break
    run.restore_best()


class _Run:
    """Everything that changes during a training, and how it is stored."""

    def __init__(
        self, objective: nn.Module, samples: Samples, session: Session, constrain: Callable[[], None]
    ) -> None:
        recipe = session.recipe
        self.constrain = constrain
        self.objective = objective.to(session.place.device)
        self.samples, self.session = samples, session
        learned = [parameter for parameter in objective.parameters() if parameter.requires_grad]
        self.optimiser = torch.optim.Adam(learned, lr=recipe.learning_rate)
        steps = recipe.epochs * -(-len(samples) // recipe.batch)
        self.schedule = learning_schedule(recipe.schedule, self.optimiser, recipe.learning_rate, steps)
        self.shuffle = torch.Generator().manual_seed(session.seed)
        self.moves = np.random.default_rng(session.seed)
        self.best: dict[str, Any] = {"accuracy": -1.0, "age": 0, "objective": {}}
        self.called = DistributedDataParallel(objective) if session.place.size > 1 else objective

    def epoch(self) -> NDArray[np.float64]:
        """One pass over the samples; the mean measures."""
        self.objective.train()
        place, recipe = self.session.place, self.session.recipe
        totals = torch.zeros(len(MEASURES), dtype=torch.float64, device=place.device)
        order = torch.randperm(len(self.samples), generator=self.shuffle)
        for chosen in torch.split(order, recipe.batch):
            part, weight = place.share(torch.arange(len(chosen)))
            x = self._augmented(self.samples.x[chosen.numpy()])[part.numpy()]
            y = torch.from_numpy(self.samples.y[chosen[part].numpy()])
            loss, measures = self.called(x, y.to(place.device))
            self.optimiser.zero_grad()
            # Processes average their gradients, as if their parts were of one size.
            torch.autograd.backward(loss * (weight * place.size) if place.size > 1 else loss)
            self.optimiser.step()
            self.schedule.step()
            self.constrain()
            totals += measures * (weight * len(chosen))
        mean: NDArray[np.float64] = (place.sum(totals) / len(self.samples)).cpu().numpy()
        return mean

    def judge(self, accuracy: float) -> bool:
        """Keep the parameters if `accuracy` is the best so far; whether patience is at its end."""
        if accuracy > self.best["accuracy"]:
            parameters = {name: value.clone() for name, value in self.objective.state_dict().items()}
            self.best = {"accuracy": accuracy, "age": 0, "objective": parameters}
        else:
            self.best["age"] += 1
        patience = self.session.recipe.patience
        return patience is not None and self.best["age"] >= patience

    def restore_best(self) -> None:
        """The best parameters, where any were judged."""
        if self.best["objective"]:
            self.objective.load_state_dict(self.best["objective"])

    def save(self, epoch: int) -> None:
        """Store everything after `epoch`."""
        if self.session.state is None or not self.session.place.first:
            return
        state = {name: part.state_dict() for name, part in self._parts().items()}
        state |= {
            "epoch": epoch,
            "best": self.best,
            "shuffle": self.shuffle.get_state(),
            "random": random_states(self.session.place.device),
            "moves": self.moves.bit_generator.state,
        }
        save_state(self.session.state, self._fingerprint(), state)

    def load(self) -> int:
        """Continue from the stored state; the epoch it was stored after, 0 without one."""
        path = self.session.state
        state = None if path is None else load_state(path, self._fingerprint())
        if state is None:
            return 0
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.best = state["best"]
        self.shuffle.set_state(state["shuffle"])
        restore_random_states(state["random"], self.session.place.device)
        self.moves.bit_generator.state = state["moves"]
        return int(state["epoch"])

    def _parts(self) -> dict[str, Any]:
        return {"objective": self.objective, "optimiser": self.optimiser, "schedule": self.schedule}

    def _augmented(self, x: NDArray[np.uint8]) -> NDArray[np.uint8]:
        samples, recipe = self.samples, self.session.recipe
        sides = samples.x.shape[1:] if samples.spike_trains else samples.shape[1:]
        return augmented(x, (sides[0], sides[1]), recipe.shift, recipe.mirror, self.moves)

    def _fingerprint(self) -> str:
        """Of all that decides what this training computes."""
        facts = {
            "recipe": asdict(self.session.recipe),
            "stage": self.session.stage,
            "seed": self.session.seed,
            "processes": self.session.place.size,
            "torch": torch.__version__,
            "data": checksums(self.samples),
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def random_states(device: torch.device) -> dict[str, torch.Tensor]:
    """Of PyTorch's generators that a training on `device` draws from."""
    states = {"cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    return states


def restore_random_states(states: dict[str, torch.Tensor], device: torch.device) -> None:
    """Continue the generators where `random_states` found them."""
    torch.set_rng_state(states["cpu"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(states["cuda"], device)


def checksums(samples: Samples) -> list[int]:
    """Of the values and of the classes."""
    return [zlib.crc32(samples.x.tobytes()), zlib.crc32(samples.y.tobytes())]


def learning_schedule(
    name: LearningSchedule, optimiser: torch.optim.Optimizer, rate: float, steps: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """PyTorch's schedule of that name over `steps` steps of the optimiser."""
    schedulers = torch.optim.lr_scheduler
    if name == "onecycle":
        return schedulers.OneCycleLR(optimiser, rate, total_steps=steps + 1, pct_start=WARM_UP)
    if name == "linear":
        return schedulers.LinearLR(optimiser, 1.0, 0.0, steps)
    if name == "constant":
        return schedulers.ConstantLR(optimiser, 1.0)
    return schedulers.CosineAnnealingLR(optimiser, steps)
