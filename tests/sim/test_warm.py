"""Kernels are compiled once: ahead of time, safely by several at once, and said so where they are not."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 900
"""Seconds; compiling takes half a minute of CPU time, of which others may leave little."""
WARM = "from snnc.sim.warm import is_cold, warm; before = is_cold(); warm(); print(before, is_cold())"
AGAIN = """
from snnc.sim import warm as w
assert not w.is_cold()
w.warm()
print([sum(entry.stats.cache_hits.values()) for entry in w.ENTRIES])
"""


INSTALLED = """
import warnings
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    from snnc.sim.warm import is_cold, warm
before = is_cold()
warm()
import snnc
print(snnc.__file__)
print(before, is_cold(), [str(one.message).split(",")[0] for one in told if "kernels" in str(one.message)])
"""


def started(script: str, cache: Path, folder: Path, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=folder,
        env=os.environ | {"NUMBA_CACHE_DIR": str(cache)} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_kernels_are_compiled_once_also_by_two_that_start_at_once(tmp_path: Path) -> None:
    both = [started(WARM, tmp_path, ROOT) for _ in range(2)]
    for process in both:
        out, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, out) == (0, "True False\n"), err
    out, err = started(AGAIN, tmp_path, ROOT).communicate(timeout=PATIENCE)
    assert out == "[1, 1, 1, 1]\n", err


@pytest.mark.slow
def test_both_tiers_run_from_a_read_only_installation_with_no_folder_for_a_cache(tmp_path: Path) -> None:
    """Files stand where Python and Numba would make folders, so that not even the superuser can."""
    package = tmp_path / "site" / "snnc"
    shutil.copytree(ROOT / "snnc", package, ignore=shutil.ignore_patterns("__pycache__"))
    folders = [package, *(path for path in package.rglob("*") if path.is_dir())]
    for folder in folders:
        (folder / "__pycache__").write_text("")
    before = sorted(tmp_path.rglob("*"))
    nowhere = package / "__pycache__" / "cache"
    surroundings = {"PYTHONPATH": str(package.parent), "HOME": str(nowhere), "XDG_CACHE_HOME": str(nowhere)}
    process = started(INSTALLED, nowhere, tmp_path, **surroundings)
    out, err = process.communicate(timeout=PATIENCE)
    told = f"{package}/__init__.py\nTrue False ['compiled kernels cannot be kept']\n"
    assert (process.returncode, out) == (0, told), err
    assert sorted(tmp_path.rglob("*")) == before
