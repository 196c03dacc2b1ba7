"""The training loop: any objective on any samples, seeded, resumable, on one process or several."""

import hashlib
import json
import time
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from snnc.base.errors import UsageError
from snnc.training.data.datasets import Samples
from snnc.training.fitting.average import MovingAverage
from snnc.training.fitting.batches import Batch, Batches, Encode
from snnc.training.fitting.capture import CapturedPass
from snnc.training.fitting.parts import MakeOptimiser, checked_optimiser
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
    images_per_second: float = field(default=0.0, compare=False)
    """Samples trained on in a second of this epoch, all processes together."""
    remaining: float = field(default=0.0, compare=False)
    """Seconds that the epochs to come will take at the pace of those since the start or the resumption."""

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
        if self.images_per_second:
            parts.append(f"{self.images_per_second:,.0f} images/s")
        if self.epoch < self.epochs and self.remaining:
            parts.append(f"{describe_duration(self.remaining)} left")
        return "  ".join(parts)


def describe_duration(seconds: float) -> str:
    """As `1:02:03` or `2:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


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
    optimiser: MakeOptimiser | None = None
    """In place of AdamW."""
    outputs: int | None = None
    """Of the network: mixed labels have a part for each. None: as many as the samples have classes."""


def fit(
    objective: nn.Module,
    encode: Encode,
    samples: Samples,
    session: Session,
    held_out: Callable[[], float] | None = None,
    constrain: Callable[[], None] | None = None,
) -> None:
    """AdamW over `recipe.epochs` epochs of `samples`, resumed where `session.state` is of this same training.

    `objective(payloads, y)` takes what `encode` makes of samples, and their classes, and returns the loss and
    `MEASURES` as a float64 tensor. With `held_out`, which gives an accuracy, training stops after
    `recipe.patience` epochs without a better one, and the best parameters are kept. With `recipe.average`
    it is the averages of all steps that are judged and kept. `constrain` is called after every step.
    Raises UsageError if the loss or a parameter is no longer finite.
    """
    run = _Run(objective, encode, samples, session, constrain or (lambda: None))
    done, epochs = run.load(), session.recipe.epochs
    start = time.perf_counter()
    for epoch in range(done + 1, epochs + 1):
        before = time.perf_counter()
        mean = run.epoch()
        pace = len(samples) / (time.perf_counter() - before)
        if not (np.isfinite(mean[0]) and run.is_finite()):
            raise UsageError(
                f"training diverged in epoch {epoch} (loss {mean[0]}, not every parameter is finite)",
                hint="set a smaller learning_rate, or gradient_limit=1",
            )
        accuracy, stop = (None, False) if held_out is None else run.judge(held_out)
        run.save(epoch)
        if session.place.first:
            figures = dict(zip(MEASURES, mean.tolist(), strict=True))
            remaining = (time.perf_counter() - start) / (epoch - done) * (epochs - epoch)
            session.progress(
                Progress(
                    epoch,
                    epochs,
                    **figures,
                    held_out=accuracy,
                    stage=session.stage,
                    images_per_second=pace,
                    remaining=remaining,
                )
            )
        if stop:
            break
    run.finish()


class _Run:
    """Everything that changes during a training, and how it is stored."""

    def __init__(
        self,
        objective: nn.Module,
        encode: Encode,
        samples: Samples,
        session: Session,
        constrain: Callable[[], None],
    ) -> None:
        recipe, place = session.recipe, session.place
        self.constrain = constrain
        self.objective = objective.to(place.device)
        self.learned = [parameter for parameter in objective.parameters() if parameter.requires_grad]
        self.samples, self.session = samples, session
        groups = parameter_groups(objective, recipe)
        self.optimiser = checked_optimiser(session.optimiser or _adamw(recipe, place), groups)
        steps = recipe.epochs * -(-len(samples) // recipe.batch)
        self.schedule = learning_schedule(recipe.schedule, self.optimiser, steps)
        self.batches = Batches(samples, encode, recipe, session.seed, place, session.outputs)
        self.average = MovingAverage(objective, recipe.average) if recipe.average else None
        self.best: dict[str, Any] = {"accuracy": -1.0, "age": 0, "objective": {}}
        self.called = DistributedDataParallel(objective) if place.size > 1 else objective
        self.captured: CapturedPass | None = None

    def epoch(self) -> NDArray[np.float64]:
        """One pass over the samples; the mean measures."""
        self.objective.train()
        place, limit = self.session.place, self.session.recipe.gradient_limit
        totals = torch.zeros(len(MEASURES), dtype=torch.float64, device=place.device)
        for batch in self.batches.epoch():
            measures = self._pass(batch)
            if limit is not None:
                nn.utils.clip_grad_norm_(self.learned, limit)
            self.optimiser.step()
            self.schedule.step()
            self.constrain()
            if self.average is not None:
                self.average.update()
            totals += measures * (batch.weight * batch.size)
        mean: NDArray[np.float64] = (place.sum(totals) / len(self.samples)).cpu().numpy()
        return mean

    def is_finite(self) -> bool:
        """Whether all that is learned still is."""
        return all(bool(parameter.isfinite().all()) for parameter in self.learned)

    def _pass(self, batch: Batch) -> Tensor:
        """Gradients of a batch, and its measures."""
        place, x, y = self.session.place, batch.payloads, batch.y
        if place.device.type == "cuda" and place.size == 1 and batch.size == self.session.recipe.batch:
            if self.captured is None:
                self.captured = CapturedPass(self.objective, x, y)
            return self.captured(x, y)
        loss, measures = self.called(x, y)
        self.optimiser.zero_grad()
        # Processes average their gradients, as if their parts were of one size.
        torch.autograd.backward(loss * (batch.weight * place.size) if place.size > 1 else loss)
        measured: Tensor = measures
        return measured

    def judge(self, held_out: Callable[[], float]) -> tuple[float, bool]:
        """An accuracy, for which the parameters are kept if it is the best so far; whether patience ends."""
        if self.average is not None:
            self.average.swap()
        accuracy = held_out()
        if accuracy > self.best["accuracy"]:
            parameters = {name: value.clone() for name, value in self.objective.state_dict().items()}
            self.best = {"accuracy": accuracy, "age": 0, "objective": parameters}
        else:
            self.best["age"] += 1
        if self.average is not None:
            self.average.swap()
        patience = self.session.recipe.patience
        return accuracy, patience is not None and self.best["age"] >= patience

    def finish(self) -> None:
        """Leave the best parameters where any were judged, else the averages, else the last."""
        if self.best["objective"]:
            self.objective.load_state_dict(self.best["objective"])
        elif self.average is not None:
            self.average.swap()
        # An average of weights within a limit may round to integers beyond it.
        self.constrain()

    def save(self, epoch: int) -> None:
        """Store everything after `epoch`."""
        if self.session.state is None or not self.session.place.first:
            return
        state = {name: part.state_dict() for name, part in self._parts().items()}
        state |= {
            "epoch": epoch,
            "best": self.best,
            "batches": self.batches.state(),
            "random": random_states(self.session.place.device),
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
        self.batches.restore(state["batches"])
        restore_random_states(state["random"], self.session.place.device)
        return int(state["epoch"])

    def _parts(self) -> dict[str, Any]:
        parts = {"objective": self.objective, "optimiser": self.optimiser, "schedule": self.schedule}
        return parts if self.average is None else {**parts, "average": self.average}

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


def parameter_groups(objective: nn.Module, recipe: Recipe) -> list[dict[str, Any]]:
    """All that is learned; weights decay, thresholds and biases do not."""
    learned = [parameter for parameter in objective.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in learned if p.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in learned if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


def _adamw(recipe: Recipe, place: Place) -> MakeOptimiser:
    fused = place.device.type == "cuda" or None
    return lambda groups: torch.optim.AdamW(groups, lr=recipe.learning_rate, fused=fused)


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
    name: LearningSchedule, optimiser: torch.optim.Optimizer, steps: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """PyTorch's schedule of that name over `steps` steps of the optimiser, up to its own learning rates."""
    schedulers = torch.optim.lr_scheduler
    if name == "onecycle":
        rates = [group["lr"] for group in optimiser.param_groups]
        # PyTorch divides by the steps of the warm-up less one.
        part = max(WARM_UP, 2 / (steps + 1))
        return schedulers.OneCycleLR(optimiser, rates, total_steps=steps + 1, pct_start=part)
    if name == "linear":
        return schedulers.LinearLR(optimiser, 1.0, 0.0, steps)
    if name == "constant":
        return schedulers.ConstantLR(optimiser, 1.0)
    return schedulers.CosineAnnealingLR(optimiser, steps)
