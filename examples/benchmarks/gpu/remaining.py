"""What has not been measured since float networks are trained rightly on a GPU: called by `run.py`."""

import time
from dataclasses import dataclass
from pathlib import Path

from snnc.training.conversion.analog import calibrate_analog
from snnc.training.conversion.checkpoint import convert_checkpoint
from snnc.training.conversion.convert import spiking
from snnc.training.conversion.options import Conversion, ConversionOptions
from snnc.training.data.prepare import load_prepared
from snnc.training.fitting.processes import training_place
from snnc.training.fitting.recipe import Recipe, apply_settings
from snnc.training.fitting.recipes import find_recipe
from snnc.training.fitting.teacher import Teacher
from snnc.training.fitting.train import (
    TrainResult,
    measure_where_trained,
    train,
    train_without_spikes,
)

TINY = {
    "data": "digits",
    "preparation": "none",
    "max_payload": "16",
    "hidden": "4,8",
    "batch": "512",
    "epochs": "1",
    "device": "cpu",
}
"""Settings with which everything is tried out on a CPU in seconds."""
FLOAT_EPOCHS, STUDENT_EPOCHS, TEACHER_EPOCHS = 20, 10, 10
TEACHER = "96,192,384"
CALIBRATION_SAMPLES = 2000
"""Training samples, without labels, that balance the thresholds of a converted network."""


@dataclass(frozen=True)
class Job:
    """Where data and results lie, the seeds, and whether it is only tried out, without a GPU."""

    data: Path
    output: Path
    seeds: tuple[int, ...]
    tiny: bool

    def recipe(self, **settings: str) -> Recipe:
        """`fashion-large` with `settings`."""
        usual = settings | {"device": "cuda"}
        return apply_settings(find_recipe("fashion-large"), usual | TINY if self.tiny else usual)

    def float_network(self, seed: int) -> Teacher:
        """The float network that is converted and compared with, trained once."""
        recipe = self.recipe(hidden="64,128", epochs=str(FLOAT_EPOCHS))
        return train_without_spikes(recipe, seed, keep=self.output / f"float-{seed}", data_dir=self.data)


def small(job: Job) -> list[str]:
    """The parts that share a float network."""
    return conversion(job) + single_step(job)


def conversion(job: Job) -> list[str]:
    """Float networks with 4-bit weights and balanced thresholds: within 1 point at T = 32?"""
    lines, recipe = [], job.recipe()
    learn, test = (
        load_prepared(recipe.data, split, recipe.preparation, recipe.max_payload, data_dir=job.data)
        for split in ("train", "test")
    )
    options = ConversionOptions(weight_bits=4, state_bits=16)
    for seed in job.seeds:
        source, found = job.float_network(seed), []
        calibrated = calibrate_analog(source.network.cpu(), learn.x[:CALIBRATION_SAMPLES], options)
        for steps in (8, 32):
            with training_place(recipe.device) as place:
                quality, remarks = measure_where_trained(
                    spiking(calibrated, steps, options), test, place.device
                )
            found.append(f"T {steps} {quality.accuracy:.4f}" + "".join(f" ({line})" for line in remarks))
        lines.append(f"4-bit conversion, seed {seed}: float {source.accuracy:.4f}, {', '.join(found)}")
    return lines


def single_step(job: Job) -> list[str]:
    """S2NN beside the float network of its size: within 1.2 points?"""
    lines = []
    for seed in job.seeds:
        recipe = job.recipe(hidden="64,128", epochs=str(FLOAT_EPOCHS), steps="1", surrogate="s2nn")
        found = train(recipe, seed, data_dir=job.data).accuracy
        lines.append(f"S2NN, seed {seed}: float {job.float_network(seed).accuracy:.4f}, T 1 {found:.4f}")
    return lines


def distillation(job: Job) -> list[str]:
    """Students of a larger float network, and direct training for as long as both took: +0.7 points?"""
    lines, plain = [], job.recipe(epochs=str(STUDENT_EPOCHS))
    teacher = {"teacher_hidden": "8" if job.tiny else TEACHER, "teacher_epochs": str(TEACHER_EPOCHS)}
    for seed in job.seeds:
        spent, student = _timed(job, plain, seed, {"distill": "logits", **teacher})
        # The first epochs pay for compilation, as those of the others did.
        short, _ = _timed(job, plain, seed, {"epochs": "1"})
        longer, _ = _timed(job, plain, seed, {"epochs": "3"})
        epochs = 1 + max(0, round((spent - short) / max((longer - short) / 2, 1e-3)))
        taken, direct = _timed(job, plain, seed, {"epochs": str(min(epochs, 2 if job.tiny else 100))})
        lines.append(
            f"distillation, seed {seed}: teacher {student.teacher_accuracy:.4f}, its student "
            f"{student.accuracy:.4f}, {spent:.0f} s together; direct training of "
            f"{direct.recipe.epochs} epochs {direct.accuracy:.4f}, {taken:.0f} s"
        )
    return lines


def _timed(job: Job, recipe: Recipe, seed: int, settings: dict[str, str]) -> tuple[float, TrainResult]:
    """Seconds of a training, its measurement included, and what came of it."""
    start = time.perf_counter()
    result = train(recipe, seed, settings, data_dir=job.data)
    return time.perf_counter() - start, result


def resnet(job: Job, weights: Path | None) -> list[str]:
    """The pretrained ResNet-20 with 8-bit weights at T = 32: within 1 point? On the CPU."""
    if weights is None:
        return ["ResNet-20 left out: --resnet names its weights"]
    chosen = Conversion(steps=2, iterations=1, test_samples=4) if job.tiny else Conversion(steps=32)
    result = convert_checkpoint(chosen, weights, data_dir=job.data)
    found = f"float {result.float_accuracy:.4f}, T {chosen.steps} {result.quality.accuracy:.4f}"
    return [f"ResNet-20, 8-bit weights: {found}"]
