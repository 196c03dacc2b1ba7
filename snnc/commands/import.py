"""`snnc import`: a network trained elsewhere becomes integers, with a report of what was assumed and lost."""

from dataclasses import replace
from pathlib import Path

import click

from snnc.base.files import make_directory, replaceable
from snnc.commands.console import Console
from snnc.commands.deliver import deliver
from snnc.commands.import_report import ImportReport
from snnc.commands.options import (
    FiniteRange,
    data_dir_option,
    file,
    json_option,
    pass_console,
    view_options,
)
from snnc.compiler.frontends.nir.conventions import EXPORTERS
from snnc.importing import ImportRequest, import_network, numbers, shape_of
from snnc.models import check_model_name


@click.command("import")
@click.argument("source", metavar="FILE")
@click.argument("checkpoint", required=False, type=file)
@click.option("-o", "--output", type=file, help="Model file (.pt) to write; without, only the report.")
@click.option("--from", "framework", metavar="FRAMEWORK", help="Whose neurons a module is made of.")
@click.option("--dt", type=FiniteRange(min=0, min_open=True), help="Time step in seconds, for .nir files.")
@click.option("--reset", type=click.Choice(["soft", "hard"]), help="How neurons of a .nir file are reset.")
@click.option("--strict/--not-strict", default=None, help="Fire above the threshold only, or at it, too.")
@click.option("--exporter", type=click.Choice(EXPORTERS), help="Which package wrote the .nir file.")
@click.option("--shape", metavar="C,H,W", help="Shape of an input, for modules without --calibrate.")
@click.option("--steps", type=click.IntRange(1, 1024), help="Time steps for each still sample.")
@click.option("--bits", type=click.IntRange(2, 8), default=8, help="Width of the weights.")
@click.option("--state-bits", type=click.IntRange(8, 24), default=18, help="Width of a target's state words.")
@click.option("--calibrate", metavar="DATA", help="Data that choose the numbers and judge them.")
@click.option("--mean", metavar="NUMBERS", help="Subtracted from inputs 0..1 in training, by channel.")
@click.option("--deviation", metavar="NUMBERS", help="What inputs were then divided by, by channel.")
@data_dir_option
@view_options
@json_option("the report")
@pass_console
def command(
    console: Console,
    /,
    output: Path | None,
    shape: str | None,
    mean: str | None,
    deviation: str | None,
    json_file: Path | None,
    **options: object,
) -> None:
    """Make integers of a network trained elsewhere (.nir, .onnx, torch), and say what was lost.

    FILE is a .nir or .onnx file, or FILE.py:NAME with the weights CHECKPOINT. NAME is a module or a function
    that builds one. Importing it runs that file, as Python does; .nir, .onnx and .pt files are read without
    running anything in them.
    """
    if output is not None:
        check_model_name(output)
        make_directory(output.parent)
        replaceable(output)
    request = ImportRequest(**options)  # type: ignore[arg-type]
    sizes = None if shape is None else shape_of(numbers(shape))
    request = replace(request, shape=sizes, mean=numbers(mean), deviation=numbers(deviation))
    result = import_network(request)
    deliver(ImportReport(result), console, json_file=json_file)
    if output is not None:
        from snnc.training.files.checkpoint import save_checkpoint

        save_checkpoint(output, result.model, result.provenance)
        console.say(f"wrote {output}")
