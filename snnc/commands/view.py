"""`snnc view`: a local page that steps through a sample, with the simulator behind it."""

import webbrowser
from contextlib import suppress
from pathlib import Path

import click

from snnc.base.errors import UsageError
from snnc.commands.console import Console
from snnc.commands.options import (
    build_argument,
    data_dir_option,
    data_option,
    pass_console,
    samples_option,
)
from snnc.commands.verify import trained_on
from snnc.compiler.formats.storage import Build
from snnc.models import Selection, load_inputs

PORT = 8765
SAMPLES = 200


@click.command("view")
@build_argument
@click.option("--sample", type=click.IntRange(0, 2**31 - 2), default=0, help="Number of the first sample.")
@data_option("Data set by name, or an .npz file (default: what the model was trained on).")
@click.option("--split", type=click.Choice(["train", "test"]), default="test", help="Part of a data set.")
@samples_option("Samples to step through, at least up to --sample.", default=SAMPLES)
@data_dir_option
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, help="0: any that is free.")
@click.option("--open", "opens", is_flag=True, help="Open it in the browser.")
@pass_console
def command(
    console: Console,
    folder: Path,
    sample: int,
    data: str | None,
    split: str,
    samples: int,
    data_dir: Path | None,
    port: int,
    opens: bool,
) -> None:
    """Step through a sample on a local page: mesh, neurons, memories. Ends with Ctrl-C."""
    from snnc.reporting.viewer.location import Location
    from snnc.reporting.viewer.server import ADDRESS, listen, make_server
    from snnc.reporting.viewer.session import Session

    build = Build.load(folder)
    chosen = Selection(data or trained_on(build.network), data_dir, split, max(samples, sample + 1))
    inputs = load_inputs(build.network, chosen, console.say)
    if len(inputs) <= sample:
        raise UsageError(f"there is no sample {sample}: {chosen.data} has {len(inputs)}")
    session = Session(build, inputs)
    with listen(port) as socket:
        url = f"http://{ADDRESS}:{socket.getsockname()[1]}{Location(sample).url}"
        console.say(f"{url} shows {folder}, to this computer alone; Ctrl-C ends it")
        if opens:
            webbrowser.open(url)
        with suppress(KeyboardInterrupt):
            make_server(session).run(sockets=[socket])
