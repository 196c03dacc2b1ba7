"""Noise immunity of networks that `run.py` trained: accuracies as noise-T2.json and a picture, noise-T2.svg.

python examples/benchmarks/training/noise.py -o build/training --network fashion --steps 2 --seed 1
"""

import argparse
import json
from pathlib import Path

from cells import NETWORKS, WITHOUT_SPIKES, Cell
from methods import Place
from plot import Curve, line_plots

from snnc.base.errors import UsageError
from snnc.base.files import write_text
from snnc.training.data.prepare import load_prepared
from snnc.training.files.checkpoint import load_checkpoint
from snnc.training.fitting.robustness import LEVELS, noisy_accuracy
from snnc.training.fitting.train import train_without_spikes
from snnc.training.model.analog import AnalogClassifier
from snnc.training.model.classifier import SpikingClassifier

METHODS = ("direct", "logits", "large", "qcfs", "ann", "qann")
"""Float weights (`ann`) have no bits to flip."""
TITLES = {
    "gaussian": "Gaussian noise, deviation / largest input",
    "salt_and_pepper": "salt and pepper, part of the pixels",
    "bit_flips": "flipped bits, part of all weight bits",
    "dropped_spikes": "lost spikes or activations, part of all",
}


def main(arguments: list[str] | None = None) -> None:
    """Measure what is there of `METHODS`."""
    options = _options(arguments)
    cells = [
        Cell(options.network, method, 0 if method == "ann" else options.steps, options.seed)
        for method in METHODS
    ]
    finished = [cell for cell in cells if (options.output / f"{cell.name}.json").is_file()]
    if not finished:
        raise UsageError(f"none of {', '.join(cell.name for cell in cells)} is finished in {options.output}")
    recipe = finished[0].recipe(None)
    test = load_prepared(recipe.data, "test", recipe.preparation, recipe.max_payload, limit=options.samples)
    panels: dict[str, dict[str, Curve]] = {TITLES[kind]: {} for kind in LEVELS}
    for cell in finished:
        network = _network(cell, options.output)
        for kind, levels in LEVELS.items():
            if kind == "bit_flips" and cell.method == "ann":
                continue
            curve = [(level, noisy_accuracy(network, test, kind, level)) for level in levels]
            panels[TITLES[kind]][cell.method] = curve
            print(f"{cell.name} {kind}: " + ", ".join(f"{x:g} {y:.1%}" for x, y in curve), flush=True)
    name = f"noise-T{options.steps}"
    write_text(options.output / f"{name}.json", json.dumps(panels, indent=1) + "\n")
    write_text(options.output / f"{name}.svg", line_plots(panels))


def _network(cell: Cell, folder: Path) -> SpikingClassifier | AnalogClassifier:
    place = Place(folder, cell)
    if cell.method not in WITHOUT_SPIKES:
        return load_checkpoint(place.file("pt")).model
    recipe = cell.recipe(json.loads(place.file("json").read_text())["epochs"])
    if cell.method == "ann":
        return train_without_spikes(recipe, cell.seed, keep=place.teacher).network
    return train_without_spikes(recipe, cell.seed, levels=cell.steps, keep=place.file("network")).network


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("-o", "--output", type=Path, default=Path("build/training"), help="folder of results")
    add("--network", choices=list(NETWORKS), default="fashion")
    add("--steps", type=int, default=2)
    add("--seed", type=int, default=1)
    add("--samples", type=int, default=1000, help="test samples that are classified")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
