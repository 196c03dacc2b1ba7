"""Trains every cell of the benchmark, prices and verifies it, skipping what is finished, and writes the page.

python examples/benchmarks/training/run.py -o build/training --cells 'fashion-*-T2-*' --verify 4
"""

import argparse
import datetime
import fnmatch
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cells import CONVERSIONS, WITHOUT_SPIKES, Cell, all_cells
from hardware import priced, verified
from methods import Place, converted, trained, without_spikes
from page import markdown, pictures
from results import read_results

from snnc.base.files import write_text
from snnc.training.fitting.loop import Progress


class OutOfTime(Exception):
    """The limit is reached; the state of the cell is kept."""


def main(arguments: list[str] | None = None) -> None:
    """Run the cells that the command line names."""
    options = read_options(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    chosen = [cell for cell in all_cells() if fnmatch.fnmatch(cell.name, options.cells)]
    deadline = time.monotonic() + options.limit_hours * 3600
    if options.trained_only:
        chosen = [cell for cell in chosen if Place(options.output, cell).file("json").is_file()]
    for number, cell in enumerate(chosen, 1):
        print(f"[{number}/{len(chosen)}] {cell.name}", flush=True)
        try:
            run_stages(cell, options, deadline)
        except OutOfTime:
            print("out of time; the same command continues here")
            break
    results = read_results(options.output)
    write_text(options.output / "table.md", markdown(results))
    for name, picture in pictures(results).items():
        write_text(options.output / f"{name}.svg", picture)
    print(markdown(results), end="")


def run_stages(cell: Cell, options: argparse.Namespace, deadline: float) -> None:
    """Train, price and verify what is not finished yet, each into a file of its own; raises OutOfTime."""
    place = Place(options.output, cell)
    stages: dict[str, Callable[[], dict[str, Any]]] = {"json": lambda: run_cell(cell, options, deadline)}
    if cell.method not in WITHOUT_SPIKES:
        stages["priced.json"] = lambda: priced(cell, place, options.samples)
        if options.verify:
            stages["verified.json"] = lambda: verified(cell, place, options.verify)
    for suffix, figures_of in stages.items():
        result = place.file(suffix)
        if not result.is_file():
            write_text(result, json.dumps(figures_of(), indent=1) + "\n")


def run_cell(cell: Cell, options: argparse.Namespace, deadline: float) -> dict[str, Any]:
    """Train and measure one cell; raises OutOfTime between epochs."""
    recipe = cell.recipe(options.epochs)
    spent = _Clock(options.output / f"{cell.name}.seconds")
    taught = _Clock(options.output / f"{cell.name}.teacher-seconds")

    def report(state: Progress) -> None:
        print(f"    {state.describe()}", flush=True)
        network = state.stage == "network" or cell.method in WITHOUT_SPIKES
        for clock, counts in ((spent, network), (taught, not network)):
            if counts:
                clock.add()
            else:
                clock.restart()
        if time.monotonic() > deadline:
            raise OutOfTime

    place = Place(options.output, cell)
    if cell.method in WITHOUT_SPIKES:
        figures = without_spikes(cell, recipe, place, report)
    elif cell.method in CONVERSIONS:
        figures = converted(cell, recipe, place, report)
        spent.add()
    else:
        figures = trained(cell, recipe, place, report)
    facts = {"network": cell.network, "method": cell.method, "steps": cell.steps, "seed": cell.seed}
    when = {
        "epochs": recipe.epochs,
        "seconds": spent.total,
        "teacher_seconds": taught.total or None,
        "date": datetime.date.today().isoformat(),
    }
    for clock in (spent, taught):
        clock.path.unlink(missing_ok=True)
    print(f"    accuracy {figures['accuracy']:.2%} after {spent.total:.0f} s", flush=True)
    return facts | figures | when


class _Clock:
    """CPU seconds spent on a cell, kept in a file over interruptions."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.total = float(path.read_text()) if path.is_file() else 0.0
        self.restart()

    def restart(self) -> None:
        """What went by since the last call counts for something else."""
        self.mark = time.process_time()

    def add(self) -> None:
        """Count what went by since the last call."""
        self.total += time.process_time() - self.mark
        self.restart()
        write_text(self.path, f"{self.total}\n")


def read_options(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("-o", "--output", type=Path, default=Path("build/training"), help="folder of results")
    add("--cells", default="*", help="pattern of the cells' names, e.g. 'mnist-*-T2-s1'")
    add("--limit-hours", type=float, default=12.0, help="stop after this time, between two epochs")
    add("--epochs", type=int, help="instead of each network's own")
    add("--samples", type=int, default=100, help="test samples that are simulated")
    add("--trained-only", action="store_true", help="train nothing, price and verify what is trained")
    add("--verify", type=int, default=0, metavar="SAMPLES", help="run so many on the RTL too")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
