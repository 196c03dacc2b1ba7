"""Training a recipe: seeded, repeatable to the byte, with a price on every spike."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import FileError, UsageError
from .config import ModelConfig
from .datasets import Samples
from .measure import Quality, measure
from .model import SpikingClassifier
from .prepare import augmented, describe_preparation, load_prepared
from .recipes import Recipe, apply_settings


@dataclass(frozen=True)
class Progress:
    """State of a training after an epoch; `epoch` counts from 1."""

    epoch: int
    epochs: int
    loss: float
    accuracy: float
    """On the training samples of this epoch, while the weights moved."""
    rate: float


@dataclass(frozen=True)
class TrainResult:
    """A trained model in evaluation mode and its quality on the test split, from its integers."""

    model: SpikingClassifier
    recipe: Recipe
    """With the settings applied."""
    seed: int
    quality: Quality

    @property
    def accuracy(self) -> float:
        """Part of the test samples whose class is right."""
        return self.quality.accuracy

    @property
    def rates(self) -> tuple[float, ...]:
        """Firing rate of each hidden layer."""
        return self.quality.rates

    @property
    def mean_rate(self) -> float:
        """Firing rate over all hidden layers together."""
        return self.quality.mean_rate

    def notes(self) -> dict[str, str]:
        """Plain facts to store with the model."""
        return {
            "recipe": self.recipe.name,
            "data": self.recipe.data,
            "seed": str(self.seed),
            "test_accuracy": f"{self.accuracy:.4f}",
            "mean_firing_rate": f"{self.mean_rate:.4f}",
            "spikes_per_sample": f"{self.quality.spikes:.1f}",
            "preparation": self.recipe.preparation,
            "input": describe_preparation(self.recipe.preparation, self.recipe.max_payload),
        }


def train(
    recipe: Recipe,
    seed: int = 1,
    settings: Mapping[str, str] | None = None,
    progress: Callable[[Progress], None] | None = None,
    *,
    data_dir: Path | None = None,
) -> TrainResult:
    """Train `recipe`, changed by `settings` (see `apply_settings`), and measure it on the test split.

    The same arguments give the same bytes on the same kind of processor: the seed sets initial
    weights and order of samples, and the work runs in one thread, since the number of threads
    changes the order of float sums. The caller's random state and threads are left as they were.
    """
    recipe = apply_settings(recipe, dict(settings or {}))
    learn, test = (
        load_prepared(
            recipe.data,
            split,
            recipe.preparation,
            recipe.max_payload,
            events=recipe.encoding == "events",
            data_dir=data_dir,
        )
        for split in ("train", "test")
    )
    config = recipe.model_config(learn.shape, _classes(learn, test))
    with _repeatable(seed):
        model = _new_model(config, recipe)
        _fit(model, learn, recipe, seed, progress or (lambda _: None))
        model.eval()
        model.fold()
        quality = measure(model, test)
    return TrainResult(model, recipe, seed, quality)


def _new_model(config: ModelConfig, recipe: Recipe) -> SpikingClassifier:
    try:
        return SpikingClassifier(config, batch_norm=recipe.batch_norm)
    except ValueError as error:
        raise UsageError(f"recipe {recipe.name}: {error}") from error


def _classes(learn: Samples, test: Samples) -> int:
    """Number of classes in the training split; the test split may have no other."""
    classes = int(learn.y.max()) + 1
    if int(test.y.max()) >= classes:
        raise FileError(
            f"test labels reach {int(test.y.max())}, training labels only {classes - 1}", where=learn.name
        )
    return max(classes, 2)


def _fit(
    model: SpikingClassifier,
    samples: Samples,
    recipe: Recipe,
    seed: int,
    progress: Callable[[Progress], None],
) -> None:
    """Adam with a cosine schedule to zero over all batches; the loss is cross entropy + spikes."""
    y = torch.from_numpy(samples.y)
    batches = -(-len(samples) // recipe.batch)
    optimiser = torch.optim.Adam(model.parameters(), lr=recipe.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, recipe.epochs * batches)
    shuffle = torch.Generator().manual_seed(seed)
    moves = np.random.default_rng(seed)
    sides = samples.x.shape[1:] if samples.spike_trains else samples.shape[1:]
    model.train()
    for epoch in range(1, recipe.epochs + 1):
        totals = np.zeros(3)
        order = torch.randperm(len(samples), generator=shuffle)
        for chosen in torch.split(order, recipe.batch):
            x = augmented(samples.x[chosen.numpy()], (sides[0], sides[1]), recipe.shift, recipe.mirror, moves)
            payloads = torch.from_numpy(model.payloads(x))
            loss, measures = _loss(model, payloads, y[chosen], recipe.rate_penalty)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
            totals += measures * len(chosen)
        mean = totals / len(samples)
        if not np.isfinite(mean[0]):
            raise UsageError(
                f"training diverged in epoch {epoch} (loss {mean[0]})", hint="set a smaller learning_rate"
            )
        progress(Progress(epoch, recipe.epochs, *(float(value) for value in mean)))


def _loss(
    model: SpikingClassifier, payloads: Tensor, y: Tensor, rate_penalty: float
) -> tuple[Tensor, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """The loss of a batch, and its loss, accuracy and mean firing rate as numbers."""
    logits, rates = model(payloads)
    rate = rates.mean() if len(rates) else logits.new_zeros(())
    loss = nn.functional.cross_entropy(logits, y) + rate_penalty * rate
    accuracy = (logits.detach().argmax(1) == y).double().mean()
    return loss, np.array([loss.item(), accuracy.item(), rate.item()])


@contextmanager
def _repeatable(seed: int) -> Iterator[None]:
    """Fixed seed, one thread and deterministic kernels inside; everything restored after."""
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    with torch.random.fork_rng(devices=[]):
        try:
            torch.set_num_threads(1)
            torch.use_deterministic_algorithms(True)
            torch.manual_seed(seed)
            yield
        finally:
            torch.set_num_threads(threads)
            torch.use_deterministic_algorithms(strict)
