"""Training a recipe: seeded, repeatable to the byte, resumed where it was interrupted."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from ..compiler.activity import NOTE as ACTIVITY
from ..compiler.activity import Activity
from ..errors import FileError, UsageError
from .accumulators import AccumulatorLimit
from .config import INPUT, ModelConfig
from .datasets import Samples
from .distillation import Distillation
from .fitting import Progress, Session, fit
from .measure import Quality, measure
from .model import SpikingClassifier
from .objective import SpikingObjective
from .prepare import describe_preparation, load_prepared
from .processes import training_place
from .recipe import Recipe, apply_settings
from .teacher import CALIBRATION_SAMPLES, Teacher, inherit, train_teacher

HELD_OUT = 0.1
"""Part of the training samples that early stopping keeps out of training."""


@dataclass(frozen=True)
class TrainingFiles:
    """Where a training keeps what it must not lose."""

    state: Path
    """State after the last epoch; of no use once the model is stored."""
    teacher: Path
    """The teacher, where there is one: students of the same data, graph and seed may share it."""

    @classmethod
    def beside(cls, output: Path) -> "TrainingFiles":
        """The files of the training that writes the model `output`."""
        return cls(output.with_name(f"{output.name}.state"), output.with_name(f"{output.name}.teacher"))


@dataclass(frozen=True)
class TrainResult:
    """A trained model in evaluation mode and its quality on the test split, from its integers."""

    model: SpikingClassifier
    recipe: Recipe
    """With the settings applied."""
    seed: int
    quality: Quality
    teacher_accuracy: float | None = None
    """Of the teacher on the test split, where there was one."""
    first: bool = True
    """Whether this process is the one that writes files."""

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

    def activity(self) -> Activity:
        """How often input and hidden layers sent events on the test split; the readout feeds no layer."""
        config, names = self.model.config, self.model.layer_names
        sites = int(np.prod(config.shape)) * config.steps
        rates = dict.fromkeys(names, 0.0) | dict(zip(names, self.rates, strict=False))
        return Activity({INPUT: self.quality.input_events / sites} | rates, self.quality.input_passes)

    def notes(self) -> dict[str, str]:
        """Plain facts to store with the model."""
        teacher = (
            {} if self.teacher_accuracy is None else {"teacher_accuracy": f"{self.teacher_accuracy:.4f}"}
        )
        return teacher | {
            "recipe": self.recipe.name,
            "data": self.recipe.data,
            "seed": str(self.seed),
            "test_accuracy": f"{self.accuracy:.4f}",
            "mean_firing_rate": f"{self.mean_rate:.4f}",
            "spikes_per_sample": f"{self.quality.spikes:.1f}",
            ACTIVITY: self.activity().note(),
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
    files: TrainingFiles | None = None,
) -> TrainResult:
    """Train `recipe`, changed by `settings` (see `apply_settings`), and measure it on the test split.

    The same arguments give the same bytes on the same kind of processor: the seed sets initial
    weights and order of samples, and the work runs in one thread, since the number of threads
    changes the order of float sums. With `files` an interrupted training continues after its last whole
    epoch, with the same result. Started by torchrun, the processes share each batch. The caller's random
    state and threads are left as they were.
    """
    recipe = apply_settings(recipe, dict(settings or {}))
    learn, test, config = _data(recipe, data_dir)
    with training_place(recipe.device) as place, _repeatable(seed):
        model = _new_model(config, recipe)
        session = Session(
            recipe, seed, place, progress or (lambda _: None), state=None if files is None else files.state
        )
        teacher = None
        if recipe.distill != "none":
            teacher = train_teacher(config, learn, test, session, None if files is None else files.teacher)
        _fit(model, learn, session, teacher)
        model.to("cpu").eval()
        model.fold()
        quality = measure(model, test)
    return TrainResult(
        model, recipe, seed, quality, None if teacher is None else teacher.accuracy, place.first
    )


def train_without_spikes(
    recipe: Recipe,
    seed: int,
    *,
    levels: int | None = None,
    keep: Path,
    progress: Callable[[Progress], None] | None = None,
    data_dir: Path | None = None,
) -> Teacher:
    """The network without spikes of the recipe's graph, trained or read from the file `keep`.

    In float, the teacher that the recipe's students of that seed learn from; with `levels`, quantised:
    activations of so many levels above 0 (QCFS) and weights of the recipe's bits.
    """
    learn, test, config = _data(recipe, data_dir)
    with training_place(recipe.device) as place, _repeatable(seed):
        session = Session(recipe, seed, place, progress or (lambda _: None))
        bits = None if levels is None else recipe.weight_bits
        return train_teacher(config, learn, test, session, keep, levels=levels, weight_bits=bits)


def _fit(model: SpikingClassifier, samples: Samples, session: Session, teacher: Teacher | None) -> None:
    """Fit the model, with samples held out where training may stop early."""
    recipe, distillation = session.recipe, None
    if teacher is not None:
        if recipe.distill == "layerwise":
            inherit(model, teacher.network, samples.x[:CALIBRATION_SAMPLES])
        distillation = Distillation(
            recipe.distill, teacher.network, model.config, recipe.teacher_weight, recipe.temperature
        )
    objective = SpikingObjective(model, recipe, samples.x[:CALIBRATION_SAMPLES], distillation)
    bits = recipe.accumulator_bits
    constrain = None if bits is None else AccumulatorLimit(model, bits)
    if recipe.patience is None:
        fit(objective, samples, session, constrain=constrain)
        return
    kept, held_out = _split(samples, session.seed)

    def accuracy() -> float:
        quality = measure(model.to("cpu").eval(), held_out)
        model.to(session.place.device)
        return quality.accuracy

    fit(objective, kept, session, accuracy, constrain)


def _split(samples: Samples, seed: int) -> tuple[Samples, Samples]:
    """Most of the samples, and the part that is held out."""
    order = np.random.default_rng(seed).permutation(len(samples))
    number = max(1, round(len(samples) * HELD_OUT))
    if number == len(samples):
        raise FileError("one sample cannot be both learned and held out", where=samples.name)
    held_out, kept = (
        replace(samples, x=samples.x[part], y=samples.y[part]) for part in (order[:number], order[number:])
    )
    return kept, held_out


def _data(recipe: Recipe, data_dir: Path | None) -> tuple[Samples, Samples, ModelConfig]:
    """Training samples, test samples, and the model for them."""
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
    for samples in (learn, test):
        _check_inputs(samples, learn, recipe)
    return learn, test, recipe.model_config(learn.shape, _classes(learn, test))


def _check_inputs(samples: Samples, learn: Samples, recipe: Recipe) -> None:
    """Raise unless `samples` are like `learn` and last as long as the network runs."""
    if samples.features != learn.features:
        raise FileError(
            f"test samples have {samples.features} features, training samples {learn.features}",
            where=learn.name,
        )
    if samples.spike_trains and samples.x.shape[1] != recipe.steps:
        steps = samples.x.shape[1]
        raise UsageError(
            f"spike trains of {learn.name} have {steps} steps, recipe {recipe.name} runs for {recipe.steps}",
            hint=f"`--set steps={steps}`",
        )


def _new_model(config: ModelConfig, recipe: Recipe) -> SpikingClassifier:
    try:
        return SpikingClassifier(config, batch_norm=recipe.batch_norm, surrogate=recipe.surrogate)
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


@contextmanager
def _repeatable(seed: int) -> Iterator[None]:
    """Fixed seed, one thread and deterministic kernels inside; everything restored after."""
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    tensor_floats, memory = torch.backends.cudnn.allow_tf32, cast(Any, torch.utils.deterministic)
    fill = memory.fill_uninitialized_memory
    # cuBLAS reads this when it is first used; without it, deterministic mode refuses matrix products.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    with torch.random.fork_rng():
        try:
            torch.set_num_threads(1)
            torch.use_deterministic_algorithms(True)
            # Filling new memory only helps to find reads before writes.
            memory.fill_uninitialized_memory = False
            torch.backends.cudnn.allow_tf32 = False
            torch.manual_seed(seed)
            yield
        finally:
            torch.set_num_threads(threads)
            torch.use_deterministic_algorithms(strict)
            memory.fill_uninitialized_memory = fill
            torch.backends.cudnn.allow_tf32 = tensor_floats
