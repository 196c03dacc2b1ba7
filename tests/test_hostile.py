"""Changed files and options end in one line or in a correct run: a bounded share of `make fuzz`.

Each batch runs in a process of its own, so that a crash or a hang names the file that caused it.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hostile_inputs import TRIES

FILES = int(os.environ.get("SNNC_FUZZ_FILES", "40"))
INPUTS = 5 * FILES
FIRST = int(os.environ.get("SNNC_FUZZ_FIRST", "0"))
SECONDS_PER_FILE = 10
START_SECONDS = 120


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "kernels"), [("program", "compiled"), ("program", "checked"), ("model", "compiled")]
)
def test_changed_files(kind: str, kernels: str) -> None:
    """`checked` runs the kernels as Python, where an index outside a pool is an error."""
    script = Path(__file__).with_name("helpers") / "hostile.py"
    command = [sys.executable, str(script), kind, str(FIRST), str(FILES)]
    run = subprocess.run(
        command,
        env=os.environ | {"NUMBA_DISABLE_JIT": str(int(kernels == "checked"))},
        capture_output=True,
        text=True,
        timeout=START_SECONDS + FILES * SECONDS_PER_FILE,
        check=False,
    )
    lines = run.stdout.splitlines()
    assert run.returncode == 0, f"{kind} file {lines[-1:]}: exit {run.returncode}\n{run.stderr[-2000:]}"
    outcomes = [line.split(" ", 1)[1] for line in lines]
    assert len(outcomes) == FILES
    assert {"refused", "ran"} <= set(outcomes)


@pytest.mark.parametrize("kind", sorted(TRIES))
def test_changed_inputs(kind: str, tmp_path: Path) -> None:
    """These run in this process: nothing in them is compiled, and each keeps to its own time."""
    outcomes = {TRIES[kind](number, tmp_path) for number in range(FIRST, FIRST + INPUTS)}
    assert outcomes == {"refused", "ran"} - ({"ran"} if kind == "option" else set())
