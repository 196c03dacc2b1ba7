"""`python -m snnc.rtl.lint`: Verilator, all warnings on, over parameter sets that matter, and a rule."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

from snnc.rtl.parameters import RtlParameters
from snnc.rtl.simulation.tools import verilator_bin_dir
from snnc.rtl.sources import simulation_sources, sources

CONFIGURATIONS = (
    RtlParameters(),
    RtlParameters(
        mesh_width=1,
        mesh_height=1,
        lanes=2,
        weight_bits=2,
        state_bits=8,
        weight_words=1,
        state_words=1,
        parameter_words=1,
        axon_rows=1,
        axon_columns=1,
        destinations=1,
        sources=1,
        cuba=1,
        channel_leak=1,
        fraction_bits=1,
    ),
    RtlParameters(
        mesh_width=4,
        mesh_height=4,
        lanes=16,
        weight_bits=8,
        state_bits=20,
        weight_words=65536,
        state_words=64,
        axon_rows=256,
        axon_columns=200,
        bitmap_slots=16,
        cuba=1,
        decay_multiplier=1,
        reset_amount=1,
        channel_leak=1,
        lower_clamp=1,
        fraction_bits=12,
    ),
    RtlParameters(
        mesh_width=2,
        mesh_height=1,
        loadable=0,
        weight_bits=2,
        state_bits=24,
        weight_words=131072,
        state_words=512,
        parameter_words=100,
        axon_rows=20,
        bitmap_slots=4,
        decay_multiplier=1,
    ),
    RtlParameters(mesh_width=1, contexts=3, bitmap_slots=4, cuba=1, channel_leak=1),
    RtlParameters(
        mesh_width=1,
        mesh_height=1,
        contexts=16,
        loadable=2,
        single_port_weights=1,
        destinations=64,
        sources=33,
    ),
    RtlParameters(
        lanes=64, state_words=1024, parameter_words=1024, destinations=256, sources=256, cuba=1, lower_clamp=1
    ),
)


TOPS = ("snnc_host_uart", "snnc_peripheral")
"""The mesh behind a UART, and on the buses of a chip."""


def lint(parameters: RtlParameters, top: str) -> str:
    """What Verilator complains about in a design with this top; empty where it is content."""
    command = [str(verilator_bin_dir() / "verilator"), "--lint-only", "-Wall", "--top-module", top]
    command += [f"-G{name}={value}" for name, value in parameters.verilog().items()]
    run = subprocess.run(
        [*command, *map(str, sources())],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return run.stdout if run.returncode else ""


def woken_together(files: Iterable[Path]) -> list[str]:
    """Places of `always_comb`, which is `always @*` here.

    Icarus 11 wakes every always_comb of a design when one of them wakes; as soon as one writes a variable
    twice, its passing value wakes them all again, and time stands still. Latches, which always_comb is
    there to prevent, are told by Verilator's lint and by the test of synthesis.
    """
    return [
        f"{path.name}:{number}: always_comb, which hangs Icarus 11: write always @*"
        for path in files
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.match(r"\s*always_comb\b", line)
    ]


def main() -> int:
    """Lint every configuration; returns the exit code."""
    if places := woken_together(simulation_sources()):
        print(*places, sep="\n", file=sys.stderr)
        return 1
    designs = list(product(CONFIGURATIONS, TOPS))
    with ThreadPoolExecutor(os.cpu_count()) as verilators:
        found = verilators.map(lambda design: lint(*design), designs)
        for (parameters, _), complaints in zip(designs, found, strict=True):
            if complaints:
                print(f"{parameters}\n{complaints}", file=sys.stderr)
                return 1
    cases = f"{len(CONFIGURATIONS)} configurations, {len(TOPS)} tops"
    print(f"verilator -Wall: {len(sources())} files, {cases}, no warning")
    return 0


if __name__ == "__main__":
    sys.exit(main())
