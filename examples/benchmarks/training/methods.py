"""What each kind of cell does: train or convert, compile, simulate, and return the figures of its row."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cells import Cell

from snnc.compiler.formats.storage import Build
from snnc.compiler.pipeline import compile_network
from snnc.compiler.targets import load_target
from snnc.sim.accounting.comparison import price_dense
from snnc.sim.simulate import simulate
from snnc.training.conversion.analog import calibrate_analog, convert_quantised
from snnc.training.conversion.convert import spiking
from snnc.training.conversion.options import ConversionOptions
from snnc.training.data.prepare import load_prepared
from snnc.training.files.checkpoint import save_checkpoint
from snnc.training.files.export import to_network
from snnc.training.fitting.loop import Progress
from snnc.training.fitting.measure import measure
from snnc.training.fitting.recipe import Recipe
from snnc.training.fitting.train import TrainingFiles, TrainResult, train, train_without_spikes
from snnc.training.model.classifier import SpikingClassifier

TARGET = "mesh16"
LATENCY_SAMPLES = 32
"""Test samples of the cycle tier; energy and operations come from the functional tier over more of them."""
CALIBRATION_SAMPLES = 2000
"""Training samples, without labels, that balance the thresholds of a converted network."""

Report = Callable[[Progress], None]


@dataclass(frozen=True)
class Place:
    """Where the files of a cell lie, and how many test samples it simulates."""

    folder: Path
    cell: Cell
    samples: int

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
    figures = _simulated(result.model, recipe, place)
    return figures | {
        "accuracy": result.accuracy,
        "rate": result.mean_rate,
        "teacher_accuracy": result.teacher_accuracy,
    }


def without_spikes(cell: Cell, recipe: Recipe, place: Place, report: Report) -> dict[str, Any]:
    """The float network (`ann`) or the quantised one (`qann`)."""
    energy = None
    if cell.method == "ann":
        result = train_without_spikes(recipe, cell.seed, keep=place.teacher, progress=report)
    else:
        keep = place.file("network")
        result = train_without_spikes(recipe, cell.seed, levels=cell.steps, keep=keep, progress=report)
        program = _compiled(SpikingClassifier(result.network.config), cell.name)
        energy = price_dense(program.tiled, program.network).total
    unknown = dict.fromkeys(("rate", "sops", "latency_s", "teacher_accuracy"))
    return {"accuracy": result.accuracy, "energy_j": energy} | unknown


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
    figures = _simulated(model, recipe, place)
    return figures | {
        "accuracy": made.accuracy,
        "rate": made.mean_rate,
        "teacher_accuracy": made.teacher_accuracy,
    }


def _simulated(model: SpikingClassifier, recipe: Recipe, place: Place) -> dict[str, Any]:
    """Operations, energy and latency, from the simulator, whose predictions must be the trainer's."""
    program = _compiled(model, place.cell.name)
    x = load_prepared(recipe.data, "test", recipe.preparation, recipe.max_payload, limit=place.samples).x
    functional = simulate(program, x, tier="functional")
    if functional.predictions != model.predict(x).tolist():
        raise SystemExit(f"{place.cell.name}: simulator and trainer differ")
    cycles = simulate(program, x[:LATENCY_SAMPLES], tier="cycle").to_dict()
    return {
        "sops": functional.counts["sops"] / len(x),
        "energy_j": functional.energy.mean,
        "latency_s": cycles["latency_s"]["mean"],
    }


def _compiled(model: SpikingClassifier, name: str) -> Build:
    compilation = compile_network(to_network(model.eval(), name), load_target(TARGET))
    return Build(compilation.network, compilation.tiled)
