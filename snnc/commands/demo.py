"""`snnc demo`: the main job end to end on embedded data, in four steps with a summary."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from snnc.base.files import make_directory, write_json
from snnc.commands.build_folder import PAGE_FILE, REPORT_FILE, VERIFY_FILE
from snnc.commands.compile import Request, compile_model, validate_compiled, write_build
from snnc.commands.console import Console
from snnc.commands.options import directory, pass_console
from snnc.commands.report import write_page
from snnc.commands.simulate import simulate_build
from snnc.commands.train import train_model
from snnc.commands.verify import require_simulator, verify_build
from snnc.models import Selection

RECIPE, DATA, TARGET = "digits-mlp", "digits", "fpga"
VERIFIED_SAMPLES = 32
SEED, STALL = 1, 0.3
SILENT = Console(quiet=True)


@click.command("demo")
@click.option("-o", "--output", type=directory, default=Path("build/demo"), help="Directory for all files.")
@pass_console
def command(console: Console, output: Path) -> None:
    """The main job end to end on embedded data: train, compile, simulate, verify the RTL."""
    from snnc.sim.report_tables import render_layers, render_summary

    make_directory(output)
    model = output / "model.pt"
    with _step(console, 1, "train      digits-mlp, 4-bit weights, Brevitas, 4 steps"):
        trained = train_model(RECIPE, model, seed=SEED, settings={}, console=Console(console.quiet))
    with _step(console, 2, "compile    for `fpga`, every level executed and compared"):
        compiled = compile_model(Request(model, TARGET), SILENT)
        validate_compiled(compiled, True, SILENT)
        write_build(compiled, output, SILENT)
    with _step(console, 3, "simulate   360 test samples, cycle by cycle"):
        report = simulate_build(compiled.build, Selection(DATA), "cycle", SILENT)
        write_json(output / REPORT_FILE, report.to_dict())
    with _step(console, 4, f"verify     {VERIFIED_SAMPLES} samples on the SystemVerilog mesh (Verilator)"):
        require_simulator()
        chosen = Selection(DATA, samples=VERIFIED_SAMPLES)
        result = verify_build(output, compiled.build, chosen, SILENT, stall=STALL, seed=SEED)
        write_json(output / VERIFY_FILE, result.to_dict())
    console.say(
        f"\ntrainer: accuracy {trained.accuracy:.2%} at a mean firing rate of {trained.mean_rate:.2%} (exact)"
    )
    console.say(f"{render_summary(report)}\n\n{render_layers(report)}")
    console.say(f"\n{result.render()}")
    write_page((output,), output / PAGE_FILE, SILENT)
    console.say(f"\nall figures: {output / REPORT_FILE}, {output / VERIFY_FILE}")
    console.say(f"to look at: {output / PAGE_FILE}")
    result.require_equal()


@contextmanager
def _step(console: Console, number: int, label: str) -> Iterator[None]:
    start = time.perf_counter()
    console.say(f"[{number}/4] {label}")
    yield
    console.detail(f"      {time.perf_counter() - start:.1f} s")
