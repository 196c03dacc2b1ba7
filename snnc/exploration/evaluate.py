"""What a worker does for one point of a space: train its model, or compile and simulate it."""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from snnc.base.errors import SnncError
from snnc.base.files import read_limited
from snnc.base.version import __version__
from snnc.compiler.targets import Target
from snnc.models import Selection

MAX_FILE = 1 << 32
Tier = Literal["functional", "cycle"]


@dataclass(frozen=True)
class Question:
    """A design and how it is looked at. Paths must mean the same to every worker."""

    model: Path
    bits: int | None
    steps: int | None
    target: Target
    selection: Selection
    tier: Tier

    def content(self) -> dict[str, Any]:
        """Everything that decides the answer, files by their bytes."""
        data = self.selection.data
        chosen = {"split": self.selection.split, "samples": self.selection.samples}
        return {
            "snnc": __version__,
            "model": file_hash(self.model),
            "bits": self.bits,
            "steps": self.steps,
            "target": asdict(self.target),
            "data": file_hash(Path(data)) if data.endswith(".npz") else data,
            "tier": self.tier,
        } | chosen


@dataclass(frozen=True)
class Answer:
    """What was found out; nothing but `refused` where the design cannot be."""

    refused: str | None = None
    """Why it cannot be."""
    accuracy: float | None = None
    latency_s: float | None = None
    """Mean of the samples, simulated; in the functional tier the cost model's for the slowest layer."""
    energy_j: float | None = None
    """Mean of the samples, estimated; in the functional tier without what time costs."""
    area: int | None = None
    """LUT4s, predicted; None where the target is on no ECP5."""
    memory: int | None = None
    """Bits of weight and state memory in use."""
    cores: int | None = None
    seconds: float = 0.0


def answer(question: Question) -> Answer:
    """Compile and simulate; a design that cannot be is an answer too. Raises FileError for broken files."""
    from snnc.compiler.formats.storage import Build
    from snnc.compiler.ir.packing import on_core
    from snnc.compiler.pipeline import compile_network
    from snnc.models import load_inputs, read_model
    from snnc.sim.simulate import simulate

    _, network = read_model(question.model, bits=question.bits, steps=question.steps)
    inputs = load_inputs(network, question.selection)
    try:
        compilation = compile_network(network, question.target)
    except SnncError as error:
        if error.code not in ("does-not-fit", "unsupported-model"):
            raise
        return Answer(refused=error.message.splitlines()[0])
    tiled = compilation.tiled
    report = simulate(Build(compilation.network, tiled), inputs.x, inputs.y, question.tier)
    spread = report.cycles
    busiest = max(layer.predicted_cycles for layer in report.layers)
    cycles = busiest if spread is None else sum(spread) / len(spread)
    return Answer(
        accuracy=(report.correct or 0) / report.samples,
        latency_s=cycles / report.clock_hz,
        energy_j=report.energy.mean,
        area=_area(compilation.tiled),
        memory=sum(core.weight_bits_used + core.state_bits_used for core in report.cores),
        cores=len(on_core(tiled)),
        seconds=report.wall_s,
    )


@dataclass(frozen=True)
class Lesson:
    """A model to be trained into a file."""

    recipe: str
    seed: int
    settings: tuple[tuple[str, str], ...]
    data_dir: Path | None
    output: Path


def train(lesson: Lesson) -> str:
    """Train a model and write its file, unless it is there; where a worker was lost, the next continues from
    its last epoch. Returns the path. Raises UsageError for a recipe or setting that there is not."""
    from snnc.training.files.checkpoint import save_checkpoint
    from snnc.training.fitting.recipes import find_recipe
    from snnc.training.fitting.train import TrainingFiles
    from snnc.training.fitting.train import train as fit

    if not lesson.output.exists():
        files = TrainingFiles.beside(lesson.output)
        recipe = find_recipe(lesson.recipe)
        result = fit(recipe, lesson.seed, dict(lesson.settings), data_dir=lesson.data_dir, files=files)
        save_checkpoint(lesson.output, result.model, result.provenance())
        files.state.unlink(missing_ok=True)
    return str(lesson.output)


def file_hash(path: Path) -> str:
    """SHA-256 of a file; raises FileError where there is none."""
    return hashlib.sha256(read_limited(path, MAX_FILE)).hexdigest()


def _area(tiled: Any) -> int | None:
    """LUT4s of the hardware that `snnc synth` makes of a program."""
    from snnc.compiler.ir.image import Image
    from snnc.compiler.passes.encode import Encode
    from snnc.compiler.passes.specialise import specialise
    from snnc.rtl.fpga.area_model import predict_area
    from snnc.rtl.parameters import WEIGHTS_ALONE

    device = tiled.target.device
    if device is None or device.family != "ecp5":
        return None
    image: Image = Encode().run(specialise(tiled))
    return predict_area(image, WEIGHTS_ALONE, uart=device.board != "none").lut
