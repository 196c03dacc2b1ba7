"""Segmentation, regression and detection converted without training: quality over steps, bits compared.

    python examples/benchmarks/dense/run.py -o build/dense

makes its data, trains a network without spikes for each task and seed, converts it for each number of steps,
and simulates the compiled program. Each finished cell is stored, so that the same command goes on where it
was interrupted; it ends with the table in `build/dense/table.md`.
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import click
import nets
import numpy as np
import shapes
import torch
from torch import Tensor, nn
from torch.nn import functional

import snnc
from snnc.base.files import write_text
from snnc.sim.metrics import measure
from snnc.training.conversion.convert import calibrate, spiking
from snnc.training.conversion.options import ConversionOptions

STEPS = (8, 16, 32, 64)
CALIBRATION = 256


@dataclass(frozen=True)
class Task:
    """What is learned, by which network, and for how long."""

    data: Callable[[int, int], shapes.Pictures]
    network: Callable[[], nn.Module]
    loss: Callable[[Tensor, Tensor], Tensor]
    epochs: int
    target: str = "mesh16-wide"
    options: ConversionOptions = field(default_factory=ConversionOptions)


TASKS = {
    # A row of 32 pixels has more readout neurons than mesh16-wide can name; the words of mesh16 are narrower.
    "segmentation": Task(
        shapes.segmentation,
        nets.segmenter,
        nets.pixel_loss,
        20,
        "mesh16",
        ConversionOptions(weight_bits=6, state_bits=19),
    ),
    "regression": Task(shapes.regression, nets.regressor, functional.mse_loss, 20),
    "detection": Task(shapes.detection, nets.detector, nets.detection_loss, 40),
}


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("build/dense"))
@click.option("--tasks", default=",".join(TASKS), help="Some of them.")
@click.option("--seeds", default="1,2,3")
@click.option("--pictures", default=4000, help="To train on.")
@click.option("--epochs", type=int, help="Instead of those of the task.")
@click.option("--samples", default=200, help="Test pictures.")
@click.option("--compared", default=0, help="Of them in the RTL, at the fewest steps, for seed 1.")
def main(
    output: Path, tasks: str, seeds: str, pictures: int, epochs: int | None, samples: int, compared: int
) -> None:
    """Train, convert, compile, simulate and compare; print the table."""
    output.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    for name in tasks.split(","):
        task, test = TASKS[name], TASKS[name].data(samples, 1000)
        for seed in map(int, seeds.split(",")):
            train = task.data(pictures, seed)
            weights = output / f"{name}-{seed}.pth"
            module = _trained(task, train, seed, epochs or task.epochs, weights)
            _cell(output / f"{name}-{seed}-float.json", lambda m=module, t=test: _float(m, t))
            _cells(output, f"{name}-{seed}", task, module, train, test, compared if seed == 1 else 0)
    table = _table(output)
    write_text(output / "table.md", table)
    click.echo(table, nl=False)


def _trained(task: Task, train: shapes.Pictures, seed: int, epochs: int, weights: Path) -> nn.Module:
    """The network of a task, from the file where it is stored."""
    torch.manual_seed(seed)
    module = task.network()
    if weights.is_file():
        module.load_state_dict(torch.load(weights, weights_only=True))
        return module.eval()
    x, y = torch.from_numpy(train.x) / 255, torch.from_numpy(train.y)
    nets.fit(module, x, y, task.loss, epochs)
    torch.save(module.state_dict(), weights)
    return module


@torch.no_grad()
def _float(module: nn.Module, test: shapes.Pictures) -> dict[str, Any]:
    """The network without spikes, by the same figures."""
    outputs = module(torch.from_numpy(test.x) / 255).double().numpy()
    shape = (*outputs.shape[1:], 1, 1)[:3]
    found = measure(outputs.reshape(len(outputs), -1), shape, 1.0, test.y, (shapes.SIDE, shapes.SIDE))
    assert found is not None
    return found.figures


def _cells(
    output: Path,
    name: str,
    task: Task,
    module: nn.Module,
    train: shapes.Pictures,
    test: shapes.Pictures,
    compared: int,
) -> None:
    """Every number of steps, from one calibration."""
    if all((output / f"{name}-{steps}.json").is_file() for steps in STEPS):
        return
    calibrated = calibrate(module, train.x[:CALIBRATION], task.options)
    for steps in STEPS:
        model = spiking(calibrated, steps, task.options)
        program = snnc.compile(model, target=task.target)
        snnc.save(model, output / f"{name}-{steps}.pt")
        rtl = compared if steps == STEPS[0] else 0
        _cell(output / f"{name}-{steps}.json", lambda p=program, m=model, r=rtl: _spiking(p, m, test, r))


def _spiking(program: snnc.Build, model: Any, test: shapes.Pictures, compared: int) -> dict[str, Any]:
    """The compiled program in the functional tier, against labels and against the trainer's integers."""
    x = test.x.reshape(len(test.x), -1)
    report = snnc.simulate(program, x, test.y, tier="functional")
    outputs = np.array(report.outputs.values)
    some = x[: min(20, len(x))]
    different = int(np.count_nonzero(model.trace(some)[-1].membranes[:, -1] != outputs[: len(some)]))
    cell = {
        "spikes": report.counts["spikes"] / len(x),
        "sops": report.counts["sops"] / len(x),
        "cores": len(program.tiled.cores),
        "compared": outputs[: len(some)].size,
        "different": different,
    }
    assert report.metrics is not None
    if compared:
        cell["rtl"] = {k: v for k, v in asdict(snnc.verify(program, x[:compared])).items() if k != "seconds"}
    return report.metrics.figures | cell


def _cell(path: Path, compute: Callable[[], dict[str, Any]]) -> None:
    """Compute and store what is not stored yet."""
    if not path.is_file():
        start = time.process_time()
        result = compute()
        write_text(path, json.dumps(result | {"cpu_s": round(time.process_time() - start)}) + "\n")
        click.echo(f"{path.name}: {path.read_text()}", nl=False, err=True)


def _table(output: Path) -> str:
    """The stored cells as Markdown, the mean over seeds with its standard deviation."""
    lines = ["| task | figure | float | " + " | ".join(f"T = {steps}" for steps in STEPS) + " |"]
    lines.append("|---|---|" + "--:|" * (1 + len(STEPS)))
    for name in TASKS:
        columns = [_read(output, name, kind) for kind in ("float", *STEPS)]
        figures = [key for key in (columns[0] or [{}])[0] if key != "cpu_s"]
        for figure in [*figures, *(["spikes"] if figures else [])]:
            row = " | ".join(_mean([cell[figure] for cell in cells if figure in cell]) for cells in columns)
            lines.append(f"| {name} | {figure} | {row} |")
    return "\n".join(lines) + "\n"


def _read(output: Path, name: str, kind: str | int) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(output.glob(f"{name}-*-{kind}.json"))]


def _mean(values: list[float]) -> str:
    if not values:
        return "–"
    if values[0] >= 100:
        return f"{np.mean(values):,.0f}"
    spread = f" ± {np.std(values, ddof=1):.3f}" if len(values) > 1 else ""
    return f"{np.mean(values):.3f}{spread}"


if __name__ == "__main__":
    main()
