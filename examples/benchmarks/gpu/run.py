"""All that is measured on a GPU, in commands of at most ten minutes.

python examples/benchmarks/gpu/run.py exact speed profile train --data FOLDER -o OUTPUT --seeds 1,2,3
python examples/benchmarks/gpu/run.py remaining --data FOLDER -o OUTPUT --resnet resnet20-12fca82f.th

Every part runs in a process of its own, and says what it found in OUTPUT/PART.txt; `train` trains the seeds
at once on the one card and stores the models in OUTPUT. `remaining` runs `distillation` by itself, since it
is timed, then `train`, `small` and `resnet` at once, and ends them after `--limit` seconds. With `--tiny`
these parts run on a CPU, on digits and for an epoch, which measures nothing and tries everything.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from remaining import Job


def main(arguments: list[str] | None = None) -> None:
    """Run the parts that the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="+", choices=list(PARTS))
    parser.add_argument("--data", type=Path, required=True, help="folder with fashion-mnist, cifar10-sample")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--batches", default="256,512")
    parser.add_argument("--name", default="fashion-large", help="of the models that `train` stores")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--resnet", type=Path, help="weights of the ResNet-20 that is converted")
    parser.add_argument("--limit", type=float, default=570, help="seconds that `remaining` may take")
    parser.add_argument("--tiny", action="store_true", help="try `remaining` without a GPU")
    options = parser.parse_args(arguments)
    if len(options.parts) > 1:
        for part in options.parts:
            subprocess.run([sys.executable, *_same(options, part, options.seeds)])
        return
    options.output.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    lines = PARTS[options.parts[0]](options)
    card = "no GPU" if options.tiny else torch.cuda.get_device_name()
    lines.append(
        f"{options.parts[0]}: {time.perf_counter() - start:.0f} s, {card}, torch {torch.__version__}"
    )
    name = f"{options.name}-{options.seeds}" if options.parts[0] == "seed" else options.parts[0]
    text = "\n".join(lines) + "\n"
    (options.output / f"{name}.txt").write_text(text)
    print(text, flush=True)


def exact(options: argparse.Namespace) -> list[str]:
    """Is it exact?"""
    from exact import check_all

    return check_all()


def speed(options: argparse.Namespace) -> list[str]:
    """Is it fast?"""
    from speed import training

    return [training(int(batch), 4, options.data) for batch in options.batches.split(",")]


def profile(options: argparse.Namespace) -> list[str]:
    """What takes the time of a pass?"""
    import numpy as np
    from exact import allow_tensor_floats
    from speed import profiled

    from snnc.training.fitting.objective import SpikingObjective
    from snnc.training.fitting.recipes import find_recipe
    from snnc.training.model.classifier import SpikingClassifier

    recipe = find_recipe("fashion-large")
    model = SpikingClassifier(recipe.model_config((1, 28, 28), 10), batch_norm=True)
    x = np.random.default_rng(0).integers(0, 16, (recipe.batch, 784)).astype(np.uint8)
    objective = SpikingObjective(model, recipe, x).to("cuda").train()
    payloads = torch.from_numpy(model.payloads(x)).to("cuda")
    y = torch.arange(recipe.batch, device="cuda") % 10
    allow_tensor_floats(model.fits_tensor_floats)
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # As in training.

    def run() -> None:
        objective.zero_grad()
        loss, _ = objective(payloads, y)
        torch.autograd.backward(loss)

    return [profiled(run, 40)]


def remaining(options: argparse.Namespace) -> list[str]:
    """All that is still to be measured."""
    lines, end = [], time.monotonic() + options.limit
    for group in (("distillation",), ("train", "small", "resnet")):
        running = {
            part: subprocess.Popen(
                [sys.executable, *_same(options, part, options.seeds)], start_new_session=True
            )
            for part in group
        }
        for part, process in running.items():
            try:
                lines.append(f"{part}: exit {process.wait(max(1, end - time.monotonic()))}")
            except subprocess.TimeoutExpired:
                # The session holds the processes that `train` started too.
                os.killpg(process.pid, signal.SIGKILL)
                lines.append(f"{part}: out of time")
    return lines


def distillation(options: argparse.Namespace) -> list[str]:
    """Does distillation pay at equal compute?"""
    from remaining import distillation

    return distillation(_job(options))


def small(options: argparse.Namespace) -> list[str]:
    """Conversion with 4 bits, and single steps."""
    from remaining import small

    return small(_job(options))


def resnet(options: argparse.Namespace) -> list[str]:
    """Conversion of the ResNet-20."""
    from remaining import resnet

    return resnet(_job(options), options.resnet)


def _job(options: argparse.Namespace) -> "Job":
    from remaining import Job

    seeds = tuple(int(seed) for seed in options.seeds.split(","))
    return Job(options.data, options.output, seeds, options.tiny)


def train_seeds(options: argparse.Namespace) -> list[str]:
    """The seeds at once, each in a process of its own."""
    running = [
        subprocess.Popen([sys.executable, *_same(options, "seed", seed)]) for seed in options.seeds.split(",")
    ]
    return [f"exit {process.wait()}" for process in running]


def train_one(options: argparse.Namespace) -> list[str]:
    """One seed of `fashion-large`."""
    from remaining import TINY

    from snnc.training.files.checkpoint import save_checkpoint
    from snnc.training.fitting.recipes import find_recipe
    from snnc.training.fitting.train import train

    start = time.perf_counter()
    lines: list[str] = []
    result = train(
        find_recipe("fashion-large"),
        int(options.seeds),
        dict(item.split("=", 1) for item in options.set) | (TINY if options.tiny else {"device": "cuda"}),
        lambda state: lines.append(f"{time.perf_counter() - start:.1f} s {state.describe()}"),
        data_dir=options.data,
    )
    save_checkpoint(options.output / f"{options.name}-{options.seeds}.pt", result.model, result.provenance())
    lines.append(f"seed {options.seeds}: test {result.accuracy:.4f}, rates {result.rates}, {result.warnings}")
    return [*lines[:: max(1, len(lines) // 8)], lines[-1]]


def _same(options: argparse.Namespace, part: str, seeds: str) -> list[str]:
    """The command line of this program for one part."""
    settings = [word for item in options.set for word in ("--set", item)]
    shared = ["--data", str(options.data), "-o", str(options.output), "--batches", options.batches]
    shared += ["--name", options.name, *(["--tiny"] if options.tiny else [])]
    shared += [] if options.resnet is None else ["--resnet", str(options.resnet)]
    return [__file__, part, *shared, "--seeds", seeds, *settings]


PARTS = {
    "exact": exact,
    "speed": speed,
    "profile": profile,
    "train": train_seeds,
    "seed": train_one,
    "remaining": remaining,
    "distillation": distillation,
    "small": small,
    "resnet": resnet,
}
"""What each part runs; it returns the lines that are kept."""


if __name__ == "__main__":
    main()
