"""What each kind of cell does: train or convert a network, store it, and return its accuracy and rate."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cells import Cell

from snnc.training.conversion.analog import calibrate_analog, convert_quantised
from snnc.training.conversion.convert import spiking
from snnc.training.conversion.options import ConversionOptions
from snnc.training.data.prepare import load_prepared
from snnc.training.files.checkpoint import save_checkpoint
from snnc.training.fitting.loop import Progress
from snnc.training.fitting.measure import measure
from snnc.training.fitting.recipe import Recipe
from snnc.training.fitting.train import TrainingFiles, TrainResult, train, train_without_spikes

CALIBRATION_SAMPLES = 2000
"""Training samples, without labels, that balance the thresholds of a converted network."""

Report = Callable[[Progress], None]


@dataclass(frozen=True)
class Place:
    """Where the files of a cell lie."""

    folder: Path
    cell: Cell

    def file(self, suffix: str) -> Path:
        """Of the cell itself."""
        return self.folder / f"{self.cell.name}.{suffix}"

    @property
    def teacher(self) -> Path:
        """The float network of this seed, which all its students share; that of `large` is another."""
        kind = "large-teacher" if self.cell.method == "large" else "teacher"
        return self.folder / f"{self.cell.network}-s{self.cell.seed}.{kind}"


def trained(cell: Cell, recipe: Recipe, place: Place, report: Report) -> dict[str, Any]:
    """A spiking network trained as such, with or without a teacher."""
    files = TrainingFiles(place.file("state"), place.teacher)
    result = train(recipe, cell.seed, progress=report, files=files)
    save_checkpoint(place.file("pt"), result.model, result.provenance())
    files.state.unlink(missing_ok=True)
    return _figures(result)


def without_spikes(cell: Cell, recipe: Recipe, place: Place, report: Report) -> dict[str, Any]:
    """The float network (`ann`) or the quantised one (`qann`)."""
    if cell.method == "ann":
        result = train_without_spikes(recipe, cell.seed, keep=place.teacher, progress=report)
    else:
        keep = place.file("network")
        result = train_without_spikes(recipe, cell.seed, levels=cell.steps, keep=keep, progress=report)
    return {"accuracy": result.accuracy}


def converted(cell: Cell, recipe: Recipe, place: Place, report: Report) -> dict[str, Any]:
    """`balanced`: the float network with balanced thresholds; `qcfs`: the quantised one at T = levels."""
    if cell.method == "balanced":
        source = train_without_spikes(recipe, cell.seed, keep=place.teacher, progress=report)
        options = ConversionOptions(weight_bits=recipe.weight_bits, state_bits=recipe.state_bits)
        x = load_prepared(recipe.data, "train", recipe.preparation, recipe.max_payload).x
        calibrated = calibrate_analog(source.network, x[:CALIBRATION_SAMPLES], options)
        model = spiking(calibrated, cell.steps, options)
    else:
        keep = place.folder / f"{cell.network}-qann-T{cell.steps}-s{cell.seed}.network"
        source = train_without_spikes(recipe, cell.seed, levels=cell.steps, keep=keep, progress=report)
        model = convert_quantised(source.network)
    test = load_prepared(recipe.data, "test", recipe.preparation, recipe.max_payload)
    quality = measure(model, test)
    made = TrainResult(model, recipe, cell.seed, quality, source.accuracy)
    save_checkpoint(place.file("pt"), model, made.provenance())
    return _figures(made)


def _figures(result: TrainResult) -> dict[str, Any]:
    return {
        "accuracy": result.accuracy,
        "rate": result.mean_rate,
        "teacher_accuracy": result.teacher_accuracy,
    }
