"""Training-free conversion of the pretrained CIFAR-10 ResNet-20: accuracy over steps, and every bit compared.

    python examples/benchmarks/conversion/run.py --from resnet20-12fca82f.th -o build/conversion

needs the data set `cifar10-sample` in $SNNC_DATA. Each finished cell is stored, so that the same command goes
on where it was interrupted; it ends with the table in `build/conversion/table.md`.
"""

import json
import math
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from numpy.typing import NDArray

from snnc import simulate
from snnc.base.files import write_text
from snnc.compiler.formats.storage import Build
from snnc.compiler.pipeline import compile_network
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.targets import load_target
from snnc.sim.engine.functional import run_functional
from snnc.training.conversion.convert import calibrate, spiking
from snnc.training.conversion.options import ConversionOptions
from snnc.training.conversion.pretrained import Pretrained, load_pretrained
from snnc.training.data.datasets import Samples, load_samples
from snnc.training.files.checkpoint import load_checkpoint, save_checkpoint
from snnc.training.files.export import to_network
from snnc.training.model.classifier import SpikingClassifier
from snnc.verification.compare import layer_traces

STEPS = (8, 16, 32, 64)
TARGET = "mesh16-wide"
COMPARED_STEPS = (32, 64)
FLOAT_BATCH = 100
BATCH = 4
"""Images that are compared at once: 24 million membranes at 64 steps."""


@click.command()
@click.option(
    "--from", "weights", type=click.Path(path_type=Path), required=True, help="resnet20-12fca82f.th"
)
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("build/conversion"))
@click.option("--samples", default=1000, help="Test images that measure the accuracy.")
@click.option("--compared", default=100, help="Test images on which every spike and membrane is compared.")
@click.option("--iterations", type=int, help="Of threshold balancing, else those that calibration chooses.")
def main(weights: Path, output: Path, samples: int, compared: int, iterations: int | None) -> None:
    """Convert, measure, compile and compare; print the table."""
    options = ConversionOptions(iterations=iterations)
    output.mkdir(parents=True, exist_ok=True)
    _convert(weights, options, output)
    test = load_samples("cifar10-sample", "test", samples)
    float_right = _float_right(load_pretrained("resnet20", weights), test)
    for steps in STEPS:
        model = load_checkpoint(output / f"{steps}.pt").model
        _cell(output / f"accuracy-{steps}.json", lambda model=model: _accuracy(model, test, float_right))
        if steps in COMPARED_STEPS:
            _cell(output / f"compared-{steps}.json", lambda model=model: _compare(model, test, compared))
    table = _table(output)
    write_text(output / "table.md", table)
    click.echo(table, nl=False)


def _convert(weights: Path, options: ConversionOptions, output: Path) -> None:
    """A model file for each number of steps, all from one calibration."""
    if all((output / f"{steps}.pt").is_file() for steps in STEPS):
        return
    pretrained = load_pretrained("resnet20", weights)
    images = load_samples("cifar10-sample", "train").x.reshape(-1, *pretrained.shape)
    calibrated = calibrate(
        pretrained.module, images, options, mean=pretrained.mean, deviation=pretrained.deviation
    )
    for steps in STEPS:
        save_checkpoint(output / f"{steps}.pt", spiking(calibrated, steps, options))


def _cell(path: Path, compute: Any) -> None:
    """Compute and store what is not stored yet."""
    if not path.is_file():
        start = time.process_time()
        result = compute()
        write_text(path, json.dumps(result | {"cpu_s": round(time.process_time() - start)}) + "\n")
        click.echo(f"{path.name}: {path.read_text()}", nl=False, err=True)


@torch.no_grad()
def _float_right(pretrained: Pretrained, test: Samples) -> NDArray[np.bool_]:
    """Where the network without spikes is right."""
    mean, deviation = (
        torch.tensor(values).reshape(-1, 1, 1) for values in (pretrained.mean, pretrained.deviation)
    )
    pixels = torch.from_numpy(test.x.reshape(-1, *test.shape)).split(FLOAT_BATCH)
    logits = torch.cat([pretrained.module((part / 255 - mean) / deviation) for part in pixels])
    right: NDArray[np.bool_] = logits.argmax(1).numpy() == test.classes
    return right


def _accuracy(model: SpikingClassifier, test: Samples, float_right: NDArray[np.bool_]) -> dict[str, Any]:
    """Accuracy and spikes, and on how many images it is wrong alone (`lost`) or right alone (`won`)."""
    size = model.trace_batch
    tallies = [model.tally(test.x[start : start + size]) for start in range(0, len(test), size)]
    right = np.concatenate([tally.classes for tally in tallies]) == test.classes
    spikes = int(sum(tally.fired for tally in tallies).sum()) / len(test)
    neurons = sum(math.prod(layer.shape) for layer in model.stack[:-1])
    return {
        "samples": len(test),
        "accuracy": float(right.mean()),
        "float_accuracy": float(float_right.mean()),
        "lost": int((float_right & ~right).sum()),
        "won": int((right & ~float_right).sum()),
        "rate": spikes / (neurons * model.config.steps),
        "spikes": spikes,
    }


def _compare(model: SpikingClassifier, test: Samples, number: int) -> dict[str, Any]:
    """Trainer against the functional tier on the compiled program: spikes, membranes, outputs."""
    compiled = compile_network(to_network(model, "resnet20"), load_target(TARGET))
    program = Build(compiled.network, compiled.tiled)
    counts = dict.fromkeys(("compared", "different"), 0)
    for start in range(0, min(number, len(test)), BATCH):
        x = test.x[start : min(start + BATCH, number)]
        run = run_functional(
            program.tiled, encode_inputs(program.network.input, program.network.steps, x), trace=True
        )
        layers = layer_traces(program.tiled, run.trace)
        for trace in model.trace(x):
            for expected, got in zip((trace.membranes, trace.spikes), layers[trace.name], strict=True):
                counts["compared"] += expected.size
                counts["different"] += int(np.count_nonzero(expected != got))
        counts["different"] += int(np.count_nonzero(run.outputs != trace.membranes[:, -1]))
    report = simulate(program, test.x[:BATCH], tier="functional")
    return counts | {
        "samples": min(number, len(test)),
        "cores": len(program.tiled.cores),
        "sops": report.counts["sops"] / report.samples,
        "energy_j": report.energy.mean,
    }


def _table(output: Path) -> str:
    """The stored cells as Markdown."""
    lines = [
        "| steps | accuracy | lost, won | firing rate | spikes | compared values | different | cores "
        "| synaptic operations | energy (estimated, 45 nm table) |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for steps in STEPS:
        cell = json.loads((output / f"accuracy-{steps}.json").read_text())
        row = [f"{steps}", f"{cell['accuracy']:.2%}", f"{cell['lost']}, {cell['won']}"]
        row += [f"{cell['rate']:.2%}", f"{cell['spikes']:,.0f}"]
        compared = output / f"compared-{steps}.json"
        if compared.is_file():
            cell = json.loads(compared.read_text())
            row += [f"{cell['compared']:,}", f"{cell['different']}", f"{cell['cores']}"]
            row += [f"{cell['sops'] / 1e6:,.0f} million", f"{cell['energy_j'] * 1e6:,.0f} µJ"]
        else:
            row += ["–"] * 5
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
