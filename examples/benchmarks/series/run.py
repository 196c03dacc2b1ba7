"""A recipe for series with several seeds, its answers after every step, and what needs no network.

    python examples/benchmarks/series/run.py -o build/series

needs `pip install 'snnc[series]'`, whose files hold the data set, or its folder in $SNNC_DATA. Seeds that are
done are kept, so that the same command goes on where it stopped.
"""

import json
import os
from pathlib import Path
from typing import Any

import click
import numba
import numpy as np
from numpy.typing import NDArray

import snnc
from snnc.base.files import write_json
from snnc.training.data.datasets import DATA_VARIABLE
from snnc.training.data.prepare import load_prepared
from snnc.training.data.series import Part, read_series, series_files
from snnc.training.fitting.recipes import find_recipe

PRICES = (0.1, 1.0, 10.0, 100.0)
"""Of large coefficients of the ridge classifier; the best of them on the test split is printed."""
FloatArray = NDArray[np.float64]


@click.command()
@click.option("--recipe", "name", default="vowels-delays")
@click.option("--seeds", default=3)
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("build/series"))
def main(name: str, seeds: int, output: Path) -> None:
    """Train, measure, and print what simple classifiers do on the same split."""
    output.mkdir(parents=True, exist_ok=True)
    recipe = find_recipe(name)
    root = os.environ.get(DATA_VARIABLE)
    files = series_files(recipe.data, Path(root) if root else None)
    learn, test = (read_series(files[split]) for split in ("train", "test"))
    click.echo(f"nearest neighbour, dynamic time warping: {nearest(learn, test):.2%}")
    click.echo(f"ridge on mean and deviation of each channel: {ridge(learn, test):.2%}")
    for seed in range(1, seeds + 1):
        cell = output / f"{name}-{seed}.json"
        if not cell.is_file():
            write_json(cell, _trained(name, seed, output))
        found = json.loads(cell.read_text())
        click.echo(f"seed {seed}: {found['accuracy']:.2%}, rate {found['rate']:.2%}, after every step")
        click.echo("  " + " ".join(f"{100 * part:.1f}" for part in found["after"]))


def _trained(name: str, seed: int, output: Path) -> dict[str, Any]:
    result = snnc.train(name, seed=seed)
    snnc.save(result, output / f"{name}-{seed}.pt")
    recipe = result.recipe
    test = load_prepared(recipe.data, "test", recipe.preparation, recipe.max_payload, events=True)
    readout = result.model.trace(test.x)[-1]
    values = readout.membranes if recipe.readout == "membrane" else readout.spikes.cumsum(1)
    after = (values.argmax(2) == test.classes[:, None]).mean(0)
    return {"accuracy": result.accuracy, "rate": result.mean_rate, "after": after.tolist()}


def nearest(learn: Part, test: Part) -> float:
    """Accuracy of the class of the nearest training series under dynamic time warping of all channels
    together, DTW_D of Shokoohi-Yekta et al. 2017, without a window."""
    found = [np.argmin([_warped(one, other) for other in learn.series]) for one in test.series]
    return float((learn.y[found] == test.y).mean())


def ridge(learn: Part, test: Part) -> float:
    """Accuracy of ridge regression on class indicators, the best of `PRICES`."""
    features, tested = (_moments(part) for part in (learn, test))
    mean, deviation = features.mean(0), features.std(0) + 1e-9
    features, tested = (
        np.pad((part - mean) / deviation, ((0, 0), (0, 1)), constant_values=1) for part in (features, tested)
    )
    wanted = 2.0 * np.eye(int(learn.y.max()) + 1)[learn.y] - 1
    squares = features.T @ features
    scores = [
        tested @ np.linalg.solve(squares + price * np.eye(len(squares)), features.T @ wanted)
        for price in PRICES
    ]
    return max(float((score.argmax(1) == test.y).mean()) for score in scores)


def _moments(part: Part) -> FloatArray:
    return np.array([np.r_[one.mean(1), one.std(1)] for one in part.series])


@numba.njit  # type: ignore[untyped-decorator]
def _warped(one: FloatArray, other: FloatArray) -> float:
    costs = np.full((one.shape[1] + 1, other.shape[1] + 1), np.inf)
    costs[0, 0] = 0.0
    for i in range(one.shape[1]):
        for j in range(other.shape[1]):
            apart = ((one[:, i] - other[:, j]) ** 2).sum()
            costs[i + 1, j + 1] = apart + min(costs[i, j], costs[i, j + 1], costs[i + 1, j])
    return float(costs[-1, -1])


if __name__ == "__main__":
    main()
