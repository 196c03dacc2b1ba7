"""`python -m snnc.rtl.lint`: Verilator's lint, all warnings on, over the parameter sets that matter."""

import subprocess
import sys

from .simulate import RtlParameters, sources, verilator_bin_dir

CONFIGURATIONS = (
    RtlParameters(),
    RtlParameters(mesh_width=1, mesh_height=1, lanes=2, weight_bits=2, state_bits=8, state_words=2),
    RtlParameters(mesh_width=4, mesh_height=4, lanes=16, weight_bits=8, state_bits=20, state_words=64),
    RtlParameters(mesh_width=2, mesh_height=1, lanes=8, weight_bits=4, state_bits=18, weight_words=8192),
)


def lint(parameters: RtlParameters) -> str:
    """What Verilator complains about; empty where it is content."""
    command = [str(verilator_bin_dir() / "verilator"), "--lint-only", "-Wall", "--top-module", "snnc_top"]
    command += [f"-G{name}={value}" for name, value in parameters.verilog().items()]
    run = subprocess.run(
        [*command, *map(str, sources())],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return run.stdout if run.returncode else ""


def main() -> int:
    """Lint every configuration; returns the exit code."""
    for parameters in CONFIGURATIONS:
        complaints = lint(parameters)
        if complaints:
            print(f"{parameters}\n{complaints}", file=sys.stderr)
            return 1
    print(f"verilator -Wall: {len(sources())} files, {len(CONFIGURATIONS)} configurations, no warning")
    return 0


if __name__ == "__main__":
    sys.exit(main())
