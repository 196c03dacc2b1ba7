"""Kernels are compiled once: ahead of time, safely by several at once, and said so where they are not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

WARM = "from snnc.sim.warm import is_cold, warm; before = is_cold(); warm(); print(before, is_cold())"
AGAIN = """
from snnc.sim import warm as w
assert not w.is_cold()
w.warm()
print([sum(entry.stats.cache_hits.values()) for entry in w.ENTRIES])
"""


def started(script: str, cache: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", script],
        env=os.environ | {"NUMBA_CACHE_DIR": str(cache)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_kernels_are_compiled_once_also_by_two_that_start_at_once(tmp_path: Path) -> None:
    both = [started(WARM, tmp_path) for _ in range(2)]
    for process in both:
        out, err = process.communicate(timeout=300)
        assert (process.returncode, out) == (0, "True False\n"), err
    out, err = started(AGAIN, tmp_path).communicate(timeout=300)
    assert out == "[1, 1, 1, 1]\n", err
