"""`snnc trace`: what every core did in which cycle of one sample, for Perfetto; its spikes as data."""

import webbrowser
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from snnc.base.errors import UsageError
from snnc.base.files import write_atomically
from snnc.commands.build_folder import TRACE_FILE
from snnc.commands.console import Console
from snnc.commands.deliver import deliver
from snnc.commands.options import (
    build_argument,
    data_dir_option,
    data_option,
    file,
    json_option,
    pass_console,
    positive,
)
from snnc.commands.verify import trained_on
from snnc.compiler.formats.storage import Build
from snnc.models import Selection, load_inputs

MOST_EVENTS = 100_000


@dataclass(frozen=True)
class Traced:
    """What was written of a sample, and what was left out."""

    sample: int
    cycles: int
    events: int
    trace: str
    spikes: int | None
    """Rows of the file of spikes; None without one."""
    left_out: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON document."""
        return asdict(self)

    def render(self) -> str:
        """Lines for people."""
        lines = [f"sample {self.sample}: {self.cycles} cycles (exact), {self.events} events"]
        lines += [f"left out: {part}" for part in self.left_out]
        lines.append(f"wrote {self.trace}: open it at https://ui.perfetto.dev; a nanosecond there is a cycle")
        if self.spikes is not None:
            lines.append(f"wrote {self.spikes} spikes")
        return "\n".join(lines)


@click.command("trace")
@build_argument
@click.option("--sample", type=click.IntRange(0, 2**31 - 2), default=0, help="Number of the sample.")
@data_option("Data set by name, or an .npz file (default: what the model was trained on).")
@click.option("--split", type=click.Choice(["train", "test"]), default="test", help="Part of a data set.")
@data_dir_option
@click.option("--most", type=positive, default=MOST_EVENTS, help="Most events of a kind that are kept.")
@click.option("-o", "--output", type=file, help=f"Trace (default: {TRACE_FILE} in BUILD).")
@click.option("--spikes", "spike_file", type=file, help="Also write the sample's spikes here, .npz or .csv.")
@click.option("--open", "opens", is_flag=True, help="Show the trace in the browser, at ui.perfetto.dev.")
@json_option("what was written")
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
    spike_file: Path | None,
    opens: bool,
    json_file: Path | None,
) -> None:
    """Write what every core does in which cycle of one sample, as a trace for Perfetto."""
    from snnc.reporting.spike_file import check_spike_file, record_spikes, write_spikes
    from snnc.reporting.timeline import record_timeline
    from snnc.sim.accounting.energy_table import load_energy_table

    if spike_file is not None:
        check_spike_file(spike_file)
    build = Build.load(folder)
    load_energy_table(build.tiled.target.energy_table)
    chosen = Selection(data or trained_on(build.network), data_dir, split, sample + 1)
    inputs = load_inputs(build.network, chosen)
    if len(inputs.y) <= sample:
        raise UsageError(f"there is no sample {sample}: {chosen.data} has {len(inputs.y)}")
    x = inputs.x[sample : sample + 1]
    timeline = record_timeline(build, x, most)
    output = output or folder / TRACE_FILE
    write_atomically(output, lambda stream: stream.write(timeline.content))
    spikes, cut = None, timeline.cut
    if spike_file is not None:
        table = record_spikes(build, x, most)
        write_spikes(table, spike_file)
        spikes, cut = len(table.rows), (*cut, *table.cut)
    result = Traced(sample, timeline.cycles, timeline.events, str(output), spikes, cut)
    deliver(result, console, json_file=json_file)
    if opens:
        _open(timeline.content, console)


def _open(content: bytes, console: Console) -> None:
    """Let the browser show the trace; ends once it has it."""
    from snnc.reporting.viewer.hand_over import PORT, URL, offer
    from snnc.reporting.viewer.server import listen

    with listen(PORT) as socket:
        console.say(f"{URL} reads it from this computer; Ctrl-C ends the waiting")
        webbrowser.open(URL)
        with suppress(KeyboardInterrupt):
            offer(content).run(sockets=[socket])
