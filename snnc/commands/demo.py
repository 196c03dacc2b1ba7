"""`snnc demo`: the main job end to end on embedded data, in four steps with a summary."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from snnc.base.errors import MismatchError
from snnc.base.files import make_directory, write_json
from snnc.commands.build_folder import REPORT_FILE, VERIFY_FILE
from snnc.commands.builds import compile_model, simulate_build, verify_build
from snnc.commands.console import Console
from snnc.commands.train import train_model

VERIFIED_SAMPLES = 32
SUMMARY_PARAGRAPHS = 2
"""Of the report's text: the figures of the whole network and the table of its layers."""


def run_demo(console: Console, directory: Path) -> None:
    """Train digits-mlp, compile it for `fpga`, simulate all test samples, verify on the RTL.

    Raises MismatchError if any execution differs.
    """
    make_directory(directory)
    quiet = Console(quiet=True)
    model = directory / "model.pt"
    with _step(console, 1, "train      digits-mlp, 4-bit weights, Brevitas, 4 steps"):
        trained = train_model(
            "digits-mlp", model, seed=1, settings={}, data_dir=None, console=Console(console.quiet)
        )
    with _step(console, 2, "compile    for `fpga`, every level executed and compared"):
        compile_model(model, "fpga", directory, check=True, console=quiet)
    with _step(console, 3, "simulate   360 test samples, cycle by cycle"):
        report, text = simulate_build(
            directory,
            "digits",
            data_dir=None,
            split="test",
            samples=None,
            tier="cycle",
            trace=None,
            console=quiet,
        )
        write_json(directory / REPORT_FILE, report)
    with _step(console, 4, f"verify     {VERIFIED_SAMPLES} samples on the SystemVerilog mesh (Verilator)"):
        result = verify_build(
            directory, samples=VERIFIED_SAMPLES, data=None, data_dir=None, seed=1, stall=0.3, console=quiet
        )
        write_json(directory / VERIFY_FILE, result.to_dict())
    console.say(
        f"\ntrainer: accuracy {trained.accuracy:.2%} at a mean firing rate of {trained.mean_rate:.2%} (exact)"
    )
    console.say("\n\n".join(text.split("\n\n")[:SUMMARY_PARAGRAPHS]))
    console.say(f"\n{result.summary()}")
    console.say(f"\nall figures: {directory / REPORT_FILE}, {directory / VERIFY_FILE}")
    if result.first_difference is not None:
        raise MismatchError(result.first_difference.describe(), hint=result.wave_hint())


@contextmanager
def _step(console: Console, number: int, label: str) -> Iterator[None]:
    start = time.perf_counter()
    console.say(f"[{number}/4] {label}")
    yield
    console.detail(f"      {time.perf_counter() - start:.1f} s")
