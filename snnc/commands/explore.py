"""`snnc explore`: a sweep over models, bits, steps and hardware, on one machine or a Dask cluster."""

import importlib
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from snnc.base.files import write_text
from snnc.commands.console import Console
from snnc.commands.deliver import deliver
from snnc.commands.options import cluster_options, data_dir_option, directory, file, json_option, pass_console

if TYPE_CHECKING:
    from snnc.exploration.sweep import Announce

RESULT_FILE, TABLE_FILE, PICTURE_FILE = "pareto.json", "points.csv", "pareto.svg"
SAY_SECONDS = 10.0


@click.command("explore")
@click.argument("space", type=file)
@click.option("-o", "--output", type=directory, required=True, help="Folder of the results; run again, "
              "it continues where it was interrupted.")  # fmt: skip
@cluster_options
@data_dir_option
@json_option(RESULT_FILE)
@pass_console
def command(
    console: Console,
    space: Path,
    output: Path,
    scheduler: str | None,
    workers: int | None,
    data_dir: Path | None,
    json_file: Path | None,
) -> None:
    """Search the design space of SPACE, a TOML file: models, bits, steps, hardware; resumable.

    Workers share the files that SPACE names and the output folder: docs/guides/exploration.md.
    """
    from snnc.exploration.cluster import workers as start_workers
    from snnc.exploration.results import Results
    from snnc.exploration.space import read_space
    from snnc.exploration.sweep import Sweep

    wanted = read_space(space)
    if wanted.search.method == "optuna":
        importlib.import_module("optuna")  # A missing extra is told before anything is trained.
    with start_workers(scheduler, workers) as cluster:
        sweep = Sweep(wanted, space.parent, output, data_dir, cluster)
        results = Results(sweep.run(announcer(console)), wanted.search, sweep.command)
    if results.explored.found:
        write_text(output / PICTURE_FILE, results.picture(f"{space.name}, {wanted.data}"))
        write_text(output / TABLE_FILE, results.csv())
    deliver(results, console, kept=output / RESULT_FILE, json_file=json_file)
    if results.explored.found:
        console.say(f"wrote {RESULT_FILE}, {TABLE_FILE} and {PICTURE_FILE} in {output}")


def announcer(console: Console) -> "Announce":
    """Progress with the time that is left: a bar on a terminal, elsewhere a line every few seconds."""

    @contextmanager
    def announce(label: str, total: int) -> Iterator[Callable[[int], None]]:
        start = said = time.monotonic()

        def tell(done: int) -> None:
            nonlocal said
            update(done)
            now = time.monotonic()
            if not sys.stderr.isatty() and done and now - said >= SAY_SECONDS:
                said = now
                left = (now - start) / done * (total - done)
                console.say(f"  {label}: {done} of {total}, {left:.0f} s left")

        with console.progress(label, total) as update:
            yield tell

    return announce
