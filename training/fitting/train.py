"""Training a recipe: seeded, repeatable to the byte, resumed where it was interrupted."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from snnc.base.errors import FileError, UsageError
from snnc.compiler.ir.network import count
from snnc.compiler.ir.provenance import Activity, Provenance
from snnc.training.data.datasets import Samples
from snnc.training.data.prepare import load_prepared
from snnc.training.fitting.accumulators import AccumulatorLimit
from snnc.training.fitting.distillation import Distillation
from snnc.training.fitting.loop import Progress, Session, fit
from snnc.training.fitting.measure import Quality, measure
from snnc.training.fitting.objective import SpikingObjective
from snnc.training.fitting.parts import NOTHING, Loss, Parts
from snnc.training.fitting.processes import training_place
from snnc.training.fitting.recipe import Recipe, apply_settings
from snnc.training.fitting.remarks import Warn, about_course, about_inputs, about_layers, warn
from snnc.training.fitting.teacher import CALIBRATION_SAMPLES, Teacher, inherit, train_teacher
from snnc.training.model.classifier import SpikingClassifier
from snnc.training.model.config import INPUT, ModelConfig

COMPARED = 64
"""Test samples whose integers on a GPU must be those of a CPU before it measures the others."""
REMEDY = "lower rate_penalty and energy_penalty or learning_rate, or train with batch_norm=true"
"""What may wake a layer."""


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
    warnings: tuple[str, ...] = ()
    """What was remarked on."""

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

    def provenance(self) -> Provenance:
        """What is stored with the model."""
        return Provenance(
            recipe=self.recipe.name,
            data=self.recipe.data,
            preparation=self.recipe.preparation,
            seed=self.seed,
            test=self.quality.summary(),
            origin_accuracy=self.teacher_accuracy,
            activity=self.activity(),
            remarks=self.warnings,
        )


def train(
    recipe: Recipe,
    seed: int = 1,
    settings: Mapping[str, str] | None = None,
    progress: Callable[[Progress], None] | None = None,
    *,
    data_dir: Path | None = None,
    files: TrainingFiles | None = None,
    warn: Warn = warn,
    parts: Parts = NOTHING,
) -> TrainResult:
    """Train `recipe`, changed by `settings` (see `apply_settings`), and measure it on the test split.

    The same arguments give the same bytes on the same kind of processor: the seed sets initial
    weights and order of samples, and the work runs in one thread, since the number of threads
    changes the order of float sums. With `files` an interrupted training continues after its last whole
    epoch, with the same result. Started by torchrun, the processes share each batch. The caller's random
    state and threads are left as they were. `warn` is told of layers that never or always fire, of inputs
    that fill little of their range and of a training that lost ground. `parts` replace what the recipe would
    make; an interrupted training does not notice that they have changed.
    """
    recipe = _recipe_of(parts.model, apply_settings(recipe, dict(settings or {})))
    learn, test, config = _data(recipe, data_dir)
    if parts.model is not None:
        _check_model(parts.model.config, config)
        config = parts.model.config
    remarks = about_inputs(int(learn.x.max()), recipe.max_payload, recipe.data)
    with training_place(recipe.device) as place, _repeatable(seed, place.device):
        if place.first:
            _say(remarks, warn)
        model = parts.model or _new_model(config, recipe)
        state = None if files is None else files.state
        course = _Course(progress)
        session = Session(
            recipe, seed, place, course, state, optimiser=parts.optimiser, outputs=_outputs(config)
        )
        teacher = None
        if recipe.distill != "none":
            teacher = train_teacher(config, learn, test, session, None if files is None else files.teacher)
        if model.fits_tensor_floats:
            _allow_tensor_floats(True)
        _fit(model, learn, session, teacher, parts.loss)
        model.eval()
        model.fold()
        quality, found = measure_where_trained(model, test, place.device)
        found += about_layers(model.layer_names, quality.rates, REMEDY)
        found += about_course(course.accuracies, len(learn))
        if place.first:
            _say(found, warn)
    accuracy = None if teacher is None else teacher.accuracy
    return TrainResult(model, recipe, seed, quality, accuracy, place.first, (*remarks, *found))


@dataclass
class _Course:
    """Hands on what every epoch came to, and keeps the network's accuracies."""

    progress: Callable[[Progress], None] | None
    accuracies: list[float] = field(default_factory=list)

    def __call__(self, state: Progress) -> None:
        if state.stage == "network":
            self.accuracies.append(state.accuracy)
        if self.progress is not None:
            self.progress(state)


def measure_where_trained(
    model: SpikingClassifier, samples: Samples, device: torch.device
) -> tuple[Quality, list[str]]:
    """Quality of `model`, which ends on the CPU, and a line where `device` did not compute its integers.

    What a CPU computes counts. Another device measures if it gives every membrane and spike of the first
    samples alike; its sums are exact in the same way, but its libraries may choose transforms that round.
    """
    found: list[str] = []
    if device != torch.device("cpu"):
        x = samples.x[:COMPARED]
        there, here = model.to(device).trace(x), model.to("cpu").trace(x)
        differing = [
            ours.name
            for ours, theirs in zip(here, there, strict=True)
            if not (
                np.array_equal(ours.membranes, theirs.membranes)
                and np.array_equal(ours.spikes, theirs.spikes)
            )
        ]
        if differing:
            found = [f"{device} computes layer {differing[0]} otherwise than the CPU, which measured instead"]
        else:
            model.to(device)
    quality = measure(model, samples)
    model.to("cpu")
    return quality, found


def _outputs(config: ModelConfig) -> int:
    """Of the network: one for every pixel of a readout that has some."""
    return count(config.shapes[config.layers[-1].name])


def _say(lines: list[str], warn: Warn) -> None:
    for line in lines:
        warn(line)


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
    with training_place(recipe.device) as place, _repeatable(seed, place.device):
        session = Session(recipe, seed, place, progress or (lambda _: None), outputs=_outputs(config))
        bits = None if levels is None else recipe.weight_bits
        return train_teacher(config, learn, test, session, keep, levels=levels, weight_bits=bits)


def _fit(
    model: SpikingClassifier, samples: Samples, session: Session, teacher: Teacher | None, loss: Loss | None
) -> None:
    """Fit the model, with samples held out where these judge every epoch."""
    recipe, distillation = session.recipe, None
    if teacher is not None:
        if recipe.distill == "layerwise":
            inherit(model, teacher.network, samples.x[:CALIBRATION_SAMPLES])
        distillation = Distillation(
            recipe.distill, teacher.network, model.config, recipe.teacher_weight, recipe.temperature
        )
    objective = SpikingObjective(model, recipe, samples.x[:CALIBRATION_SAMPLES], distillation, loss)
    bits = recipe.accumulator_bits
    constrain = None if bits is None else AccumulatorLimit(model, bits)
    if not recipe.judged_part:
        fit(objective, model.payloads, samples, session, constrain=constrain)
        return
    kept, held_out = _split(samples, session.seed, recipe.judged_part)

    def accuracy() -> float:
        return measure(model.eval(), held_out).accuracy

    fit(objective, model.payloads, kept, session, accuracy, constrain)


def _split(samples: Samples, seed: int, part: float) -> tuple[Samples, Samples]:
    """Most of the samples, and the part that is held out."""
    order = np.random.default_rng(seed).permutation(len(samples))
    number = max(1, round(len(samples) * part))
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


def _recipe_of(model: SpikingClassifier | None, recipe: Recipe) -> Recipe:
    """The recipe for data that a caller's own model takes."""
    if model is None:
        return recipe
    config = model.config
    return replace(
        recipe,
        steps=config.steps,
        max_payload=config.max_payload,
        encoding=config.encoding,
        readout=config.readout,
    )


def _check_model(own: ModelConfig, usual: ModelConfig) -> None:
    """Raise UsageError unless a caller's own model takes the data of a recipe and has a place for its
    classes."""
    classes = usual.layers[-1].channels
    if own.shape != usual.shape or own.layers[-1].channels < classes:
        outputs = own.layers[-1].channels
        raise UsageError(
            f"the model takes inputs of shape {own.shape} and has {outputs} outputs; the data have shape "
            f"{usual.shape} and {classes} classes"
        )


def _new_model(config: ModelConfig, recipe: Recipe) -> SpikingClassifier:
    try:
        return SpikingClassifier(
            config, batch_norm=recipe.batch_norm, surrogate=recipe.surrogate, dropout=recipe.dropout
        )
    except ValueError as error:
        raise UsageError(f"recipe {recipe.name}: {error}") from error


def _classes(learn: Samples, test: Samples) -> int:
    """Number of classes in the training split; the test split may have no other."""
    classes = int(learn.classes.max()) + 1
    if int(test.classes.max()) >= classes:
        raise FileError(
            f"test labels reach {int(test.classes.max())}, training labels only {classes - 1}",
            where=learn.name,
        )
    return max(classes, 2)


def _allow_tensor_floats(allow: bool) -> None:
    """Whether a GPU may multiply with TF32, the floats of 11 bits of its matrix units."""
    torch.backends.cudnn.allow_tf32 = allow
    torch.set_float32_matmul_precision("high" if allow else "highest")


@contextmanager
def _repeatable(seed: int, device: torch.device) -> Iterator[None]:
    """Fixed seed, one thread and deterministic kernels inside; everything restored after."""
    threads, strict = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    tensor_floats, products = torch.backends.cudnn.allow_tf32, torch.get_float32_matmul_precision()
    memory = cast(Any, torch.utils.deterministic)
    fill = memory.fill_uninitialized_memory
    # cuBLAS reads this when it is first used; without it, deterministic mode refuses matrix products.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        try:
            torch.set_num_threads(1)
            torch.use_deterministic_algorithms(True)
            # Filling new memory only helps to find reads before writes.
            memory.fill_uninitialized_memory = False
            _allow_tensor_floats(False)
            torch.manual_seed(seed)
            yield
        finally:
            torch.set_num_threads(threads)
            torch.use_deterministic_algorithms(strict)
            memory.fill_uninitialized_memory = fill
            torch.backends.cudnn.allow_tf32 = tensor_floats
            torch.set_float32_matmul_precision(products)
