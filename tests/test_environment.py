"""Where there is no home directory, no folder to write to, or no optional package: one clear line each."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NO_ACCOUNT = """
import pwd
def unknown(number):
    raise KeyError(number)
pwd.getpwuid = unknown
"""
KERNEL = """
from jit import entry

@entry
def double(value):
    return 2 * value

print(double(21))
"""


def python(script: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script in `folder` in an environment without HOME, but for what is given."""
    bare = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env=bare | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("home", ["unwritable", "unknown"])
def test_kernels_run_where_they_cannot_be_kept(tmp_path: Path, home: str) -> None:
    shutil.copy(ROOT / "base" / "jit.py", tmp_path)
    (tmp_path / "kernel.py").write_text(KERNEL)
    (tmp_path / "__pycache__").write_text("no folder can be made here, not even by the superuser")
    given = {"HOME": "/proc/nowhere"} if home == "unwritable" else {}
    script = f"{NO_ACCOUNT if home == 'unknown' else ''}import kernel"
    result = python(script, tmp_path, PYTHONPATH=str(tmp_path), **given)
    assert (result.returncode, result.stdout) == (0, "42\n"), result.stderr
    assert "name a writable folder with the environment variable NUMBA_CACHE_DIR" in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["__pycache__", "jit.py", "kernel.py"]


def test_a_cache_needs_a_home_or_a_name(tmp_path: Path) -> None:
    script = f"{NO_ACCOUNT}from snnc.base.files import cache_directory\nprint(cache_directory())"
    unknown = python(script, tmp_path)
    assert "FileError: no home directory is known" in unknown.stderr
    for variable, value, expected in (
        ("SNNC_CACHE", "/a/b", "/a/b"),
        ("XDG_CACHE_HOME", "/a/b", "/a/b/snnc"),
        ("HOME", "/a/b", "/a/b/.cache/snnc"),
    ):
        assert python(script, tmp_path, **{variable: value}).stdout == f"{expected}\n"
    relative = python(script, tmp_path, HOME="/home/me", XDG_CACHE_HOME="x", SNNC_CACHE="~/c")
    assert relative.stdout == "/home/me/c\n"
    assert python(script, tmp_path, HOME="/h", XDG_CACHE_HOME="x").stdout == "/h/.cache/snnc\n"


@pytest.mark.parametrize(
    ("missing", "command", "said"),
    [
        ("torch", ["train", "digits-mlp", "-o", "m.pt"], "pip install 'snnc[train]'"),
        ("brevitas", ["train", "digits-mlp", "-o", "m.pt"], "pip install 'snnc[train]'"),
        ("torch", ["compile", str(ROOT / "examples" / "mnist-fpga.pt")], "pip install 'snnc[train]'"),
        ("torch", ["demo", "-o", "d"], "pip install 'snnc[train]'"),
        ("matplotlib", ["report", "b"], "pip install 'snnc[report]'"),
        ("jinja2", ["report", "b"], "pip install 'snnc[report]'"),
        ("perfetto", ["trace", "b"], "pip install 'snnc[report]'"),
        ("distributed", ["explore", "s.toml", "-o", "d"], "pip install 'snnc[explore]'"),
        ("starlette", ["view", "b"], "pip install 'snnc[view]'"),
        ("cocotb", ["verify", "."], "pip install 'snnc[rtl]'"),
    ],
)
def test_a_missing_extra_is_named(tmp_path: Path, missing: str, command: list[str], said: str) -> None:
    script = (
        f"import sys, importlib.util\nsys.modules[{missing!r}] = None\n"
        f"find = importlib.util.find_spec\n"
        f"importlib.util.find_spec = lambda name: None if name == {missing!r} else find(name)\n"
        f"from snnc.commands.cli import main\nmain({command!r})"
    )
    result = python(script, tmp_path, HOME=str(tmp_path))
    assert result.returncode == 2
    assert f"error: {missing} is not installed" in result.stderr or f"needs {missing}" in result.stderr
    assert said in result.stderr and "Traceback" not in result.stderr


@pytest.mark.parametrize("command", [["targets"], ["ops"], ["train", "--list"], ["--help"]])
def test_a_full_output_is_one_line(tmp_path: Path, command: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "snnc", *command],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert result.stderr == ("error: standard output: cannot be read or written: No space left on device\n")
    assert result.returncode == 2


@pytest.mark.parametrize("command", [["ops"], ["train", "--list"]])
def test_an_output_that_nobody_reads_is_no_bug(command: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as stream:
        result = subprocess.run(
            [sys.executable, "-m", "snnc", *command], stdout=stream, stderr=subprocess.PIPE, check=False
        )
    assert (result.returncode, result.stderr) == (141, b"")
