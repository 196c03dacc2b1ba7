"""`snnc trace`: what every core did in which cycle of one sample, for Perfetto."""

from pathlib import Path

import click

from snnc.base.errors import UsageError
from snnc.base.files import write_atomically
from snnc.commands.build_folder import TRACE_FILE
from snnc.commands.console import Console
from snnc.commands.options import (
    build_argument,
    data_dir_option,
    data_option,
    file,
    pass_console,
    positive,
)
from snnc.commands.verify import trained_on
from snnc.compiler.formats.storage import Build
from snnc.models import Selection, load_inputs

MOST_EVENTS = 100_000


@click.command("trace")
@build_argument
@click.option("--sample", type=click.IntRange(0, 2**31 - 2), default=0, help="Number of the sample.")
@data_option("Data set by name, or an .npz file (default: what the model was trained on).")
@click.option("--split", type=click.Choice(["train", "test"]), default="test", help="Part of a data set.")
@data_dir_option
@click.option("--most", type=positive, default=MOST_EVENTS, help="Most events of a kind that are kept.")
@click.option("-o", "--output", type=file, help=f"Trace (default: {TRACE_FILE} in BUILD).")
@pass_console
def command(
    console: Console,
    folder: Path,
    sample: int,
    data: str | None,
    split: str,
    data_dir: Path | None,
    most: int,
    output: Path | None,
) -> None:
    """Write what every core does in which cycle of one sample, as a trace for Perfetto."""
    from snnc.reporting.timeline import record_timeline
    from snnc.sim.accounting.energy_table import load_energy_table

    build = Build.load(folder)
    load_energy_table(build.tiled.target.energy_table)
    chosen = Selection(data or trained_on(build.network), data_dir, split, sample + 1)
    inputs = load_inputs(build.network, chosen)
    if len(inputs.y) <= sample:
        raise UsageError(f"there is no sample {sample}: {chosen.data} has {len(inputs.y)}")
    timeline = record_timeline(build, inputs.x[sample : sample + 1], most)
    output = output or folder / TRACE_FILE
    write_atomically(output, lambda stream: stream.write(timeline.content))
    console.say(f"sample {sample}: {timeline.cycles} cycles (exact), {timeline.events} events")
    for part in timeline.cut:
        console.say(f"left out: {part}")
    console.say(f"wrote {output}: open it at https://ui.perfetto.dev; a nanosecond there is a cycle")
