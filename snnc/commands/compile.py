"""`snnc compile`: a model file becomes a build directory for a target."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from snnc.base.errors import DoesNotFit, UsageError
from snnc.base.files import make_directory, write_json, write_text
from snnc.base.quoting import printable
from snnc.commands.build_folder import MODEL_FILE, PARETO_FILE, PASSES_FILE, new_build
from snnc.commands.console import Console
from snnc.commands.deliver import deliver
from snnc.commands.fit import Fit
from snnc.commands.options import data_dir_option, directory, file, json_option, pass_console, view_options
from snnc.compiler.formats.storage import Build
from snnc.compiler.formats.text import print_ir, write_ir
from snnc.compiler.ir.network import Network
from snnc.compiler.passes.demands import tile_cycles
from snnc.compiler.passes.registry import ALL, check_pass_name, make_pass
from snnc.compiler.pipeline import (
    SPECIALISED,
    STANDARD,
    Compilation,
    Stage,
    compile_network,
    passes_up_to,
    run_passes,
)
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.targets import Target, load_target
from snnc.models import Selection, load_inputs, read_model
from snnc.training.data.recordings.view import WHOLE, View

if TYPE_CHECKING:
    from snnc.exploration.search import Design, Goal
    from snnc.training.files.checkpoint import Checkpoint

CALIBRATION_SAMPLES = 256
IMPORTED = (".nir", ".onnx")
"""What is imported first."""


@dataclass(frozen=True)
class Request:
    """What is compiled, and for what."""

    model: Path
    target: str
    bits: int | None = None
    """Quantise the weights to this width instead of the model's."""
    steps: int | None = None
    calibrate: str | None = None
    """Data on which the activity is measured that the cost model takes."""
    optimise: "Goal | None" = None
    """Choose lanes, cores and tiling for this goal on the target's device."""
    data_dir: Path | None = None
    view: View = WHOLE
    """What is seen of recordings."""


@dataclass(frozen=True)
class Compiled:
    """What a build directory is written from."""

    checkpoint: "Checkpoint"
    made_for: Target
    """What the passes were told: the target, or the mesh that `--optimise` chose."""
    compilation: Compilation
    stages: tuple[Stage, ...]
    """From the network on, what each pass left."""
    picture: str | None
    """Of the designs that `--optimise` chose among, in SVG."""

    @property
    def build(self) -> Build:
        """What is simulated, verified and put on hardware."""
        return Build(self.compilation.network, self.compilation.tiled)


@click.command("compile")
@click.argument("model", type=file)
@click.option("--target", default="fpga", help="Name of a target, or a .yaml file.")
@click.option("-o", "--output", type=directory, help="Build directory (default: build/MODEL).")
@click.option("--bits", type=click.IntRange(2, 8), help="Quantise the weights to this width instead.")
@click.option("--steps", type=click.IntRange(1, 1024), help="Run this many time steps instead.")
@click.option("--calibrate", metavar="DATA", help="Cut by the firing rates measured on this data.")
@data_dir_option
@view_options
@click.option("--print-after", metavar="PASS", help="Print the IR after this pass (or all).")
@click.option("--stop-after", metavar="PASS", help="Print the IR after this pass; build nothing.")
@click.option("--verify", "thorough", is_flag=True, help="Compare every level, its bits too, on more inputs.")
@click.option(
    "--optimise",
    type=click.Choice(["latency", "area", "energy"]),
    help="Choose lanes, cores and tiling for the target's device; draws pareto.svg.",
)
@click.option("--dry-run", is_flag=True, help="Check that the model fits; write nothing.")
@json_option("how it fits the target")
@pass_console
def command(
    console: Console,
    /,
    output: Path | None,
    print_after: str | None,
    stop_after: str | None,
    thorough: bool,
    dry_run: bool,
    json_file: Path | None,
    **request: object,
) -> None:
    """Compile MODEL for a target into a build directory."""
    wanted = Request(**request)  # type: ignore[arg-type]
    for name in (print_after, stop_after):
        if name is not None:
            _check_pass_runs(name, wanted)
    if stop_after is not None:
        idle = {"--print-after": print_after, "-o": output, "--optimise": wanted.optimise}
        _check_builds_nothing(idle | {"--verify": thorough, "--dry-run": dry_run, "--json": json_file})
        click.echo(stop_after_pass(wanted, stop_after, console), nl=False)
        return
    compiled = compile_model(wanted, console)
    for stage in compiled.stages[1:]:
        console.detail(f"  {stage.name:20}{stage.seconds:8.3f} s")
        if print_after in (stage.name, ALL):
            click.echo(f"# after {stage.name}\n{print_ir(stage.ir, compiled.made_for)}", nl=False)
    validate_compiled(compiled, thorough, console)
    fit = Fit.of(compiled.compilation.tiled, tile_cycles(compiled.compilation.tiling))
    deliver(fit, console, json_file=json_file)
    if dry_run:
        console.say("dry run: nothing written")
        return
    output = output or Path("build") / wanted.model.stem
    write_build(compiled, output, console)
    console.say(f"wrote {output}")


def compile_model(request: Request, console: Console) -> Compiled:
    """Compile a model file; nothing is written, and nothing compared with it yet."""
    checkpoint, network, target = _read(request, console)
    stages = [Stage("network", network, 0.0)]
    if request.optimise is None:
        compilation = _compile(network, target, request, stages)
        return Compiled(checkpoint, target, compilation, tuple(stages), None)
    design, picture = _best_design(network, target, request, request.optimise, console)
    compilation = design.compile(network, stages.append)
    return Compiled(checkpoint, design.mesh, compilation, tuple(stages), picture)


def stop_after_pass(request: Request, name: str, console: Console) -> str:
    """The text of the IR that pass `name` leaves of a model file, in full; raises what the passes raise."""
    _, network, target = _read(request, console)
    passes = tuple(make_pass(step, target) for step in passes_up_to(name, Network))
    return print_ir(run_passes(network, passes)[-1], target, inline=None)


def _read(request: Request, console: Console) -> "tuple[Checkpoint, Network, Target]":
    """The model file, its network, and the target, whose energy table there must be."""
    from snnc.sim.accounting.energy_table import load_energy_table

    target = load_target(request.target)
    load_energy_table(target.energy_table)
    checkpoint, network = _model(request, target, console)
    if request.calibrate is not None:
        network = _calibrated(
            network, target, Selection(request.calibrate, request.data_dir, view=request.view), console
        )
    return checkpoint, network, target


def _model(request: Request, target: Target, console: Console) -> "tuple[Checkpoint, Network]":
    """A model file as it is, or a network from elsewhere as `snnc import` makes it with its defaults."""
    if request.model.suffix not in IMPORTED:
        return read_model(request.model, bits=request.bits, steps=request.steps)
    from snnc.commands.import_report import ImportReport
    from snnc.importing import ImportRequest, import_network
    from snnc.training.files.checkpoint import Checkpoint
    from snnc.training.files.export import to_network

    result = import_network(
        ImportRequest(
            str(request.model),
            steps=request.steps,
            calibrate=request.calibrate,
            data_dir=request.data_dir,
            bits=request.bits or 8,
            state_bits=target.state_bits,
            view=request.view,
        )
    )
    console.say(ImportReport(result).render())
    checkpoint = Checkpoint(result.model, result.provenance)
    return checkpoint, to_network(result.model, printable(request.model.stem), result.provenance)


def validate_compiled(compiled: Compiled, thorough: bool, console: Console) -> None:
    """Compare the program with its network on generated inputs; `thorough`, on more, and its bits too.

    Raises MiscompileError at a difference.
    """
    from snnc.sim.warm import MESSAGE, is_cold
    from snnc.verification.validation import THOROUGH, USUAL, validate

    if is_cold():
        console.say(MESSAGE)
    effort = THOROUGH if thorough else USUAL
    image = compiled.compilation.image if thorough else None
    with console.progress("validating", effort.samples(compiled.build.network)) as update:
        console.say(validate(compiled.build, image, effort, update).describe())


def write_build(compiled: Compiled, output: Path, console: Console) -> None:
    """Write the build directory, in place of the build that lies there."""
    from snnc.rtl.export import export_rtl
    from snnc.training.files.checkpoint import save_checkpoint

    with new_build(output, console) as fresh:
        make_directory(fresh / "ir")
        for number, stage in enumerate(compiled.stages):
            write_ir(stage.ir, fresh / "ir" / f"{number}-{stage.name}.txt", compiled.made_for)
        export_rtl(compiled.compilation.image, fresh / "rtl")
        if compiled.picture is not None:
            write_text(fresh / PARETO_FILE, compiled.picture)
        times = [{"name": stage.name, "seconds": round(stage.seconds, 6)} for stage in compiled.stages[1:]]
        write_json(fresh / PASSES_FILE, {"passes": times})
        save_checkpoint(fresh / MODEL_FILE, compiled.checkpoint.model, compiled.checkpoint.provenance)
        compiled.build.save(fresh)


def _check_builds_nothing(options: dict[str, object]) -> None:
    """Raises UsageError for options that mean nothing where no build comes out."""
    if named := [option for option, value in options.items() if value]:
        raise UsageError(
            f"--stop-after prints an IR and builds nothing: it does not go with {', '.join(named)}",
            hint="`snnc opt MODEL --target NAME --stop-after PASS -o FILE` writes the IR to a file",
        )


def _check_pass_runs(name: str, request: Request) -> None:
    """Raises UsageError for a pass that there is not, or that this compilation does not run."""
    check_pass_name(name)
    if request.optimise is None and name not in (*STANDARD, ALL):
        hint = f"`--optimise latency` runs {', '.join(SPECIALISED)}"
        raise UsageError(f"{name} does not run here", hint=hint)


def _compile(network: Network, target: Target, request: Request, stages: list[Stage]) -> Compilation:
    """Compile for the target as it is; a refusal hints at every remedy that was checked."""
    try:
        return compile_network(network, target, observe=stages.append)
    except DoesNotFit as error:
        from snnc.exploration.remedies import remedies

        def again(bits: int, steps: int) -> Network:
            return read_model(request.model, bits=bits, steps=steps)[1]

        hints = [*([error.hint] if error.hint is not None else []), *remedies(network, target, again)]
        error.hint = "\n      ".join(hints) or None
        raise


def _calibrated(network: Network, target: Target, data: Selection, console: Console) -> Network:
    """The network with its activity on the first training samples of `data`."""
    from snnc.sim.calibrate import measure_activity

    tiled = compile_network(network, target).tiled
    inputs = load_inputs(network, replace(data, split="train", samples=CALIBRATION_SAMPLES), console.say)
    activity = measure_activity(network, tiled, encode_inputs(network.input, network.steps, inputs.x))
    console.say(f"activity on {len(inputs.y)} samples of {data.data}: {activity}")
    return replace(network, provenance=replace(network.provenance, activity=activity))


def _best_design(
    network: Network, target: Target, request: Request, goal: "Goal", console: Console
) -> "tuple[Design, str]":
    """The best design for `goal` on the target's device, and a picture of all that fit; prints the front."""
    from snnc.exploration.pareto import draw_designs, render_designs
    from snnc.exploration.search import choose, combinations, example_inputs, explore

    x, source = example_inputs(network, request.calibrate, request.data_dir, request.view)
    with console.progress("exploring designs", combinations(target)) as update:
        designs = explore(network, target, x, update)
    chosen = choose(designs, goal)
    title = f"{network.name} on {target.name}, {len(x)} {source}: {len(designs)} designs fit, best {goal}"
    console.say(f"{title}\n{render_designs(designs, chosen)}")
    return chosen, draw_designs(designs, chosen, title)
