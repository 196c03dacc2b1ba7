"""The package is what pyproject.toml says: folders listed, data files shipped, nothing heavy on import."""

import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib import resources
from pathlib import Path

import pytest

import snnc

ROOT = Path(__file__).resolve().parent.parent


def test_every_package_folder_is_listed() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    places = {ROOT / settings["package-dir"].get(name, name): name for name in settings["package-dir"]}
    inits = [path for place in places for path in place.rglob("__init__.py")]
    names = {".".join((places[ROOT / _top(path)], *path.relative_to(ROOT).parts[1:-1])) for path in inits}
    assert names == set(settings["packages"])


def _top(path: Path) -> str:
    return path.relative_to(ROOT).parts[0]


def test_links_say_what_pyproject_says() -> None:
    """All of them; or none, in a checkout or an archive without symbolic links."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    places = {name: ROOT / place for name, place in settings["package-dir"].items() if name != "snnc"}
    links = {f"snnc.{path.name}": path.resolve() for path in (ROOT / "snnc").iterdir() if path.is_symlink()}
    assert links in ({}, places)


def test_data_files_are_found_from_the_package() -> None:
    for package, name in (
        ("snnc.compiler", "targets/fpga.yaml"),
        ("snnc.sim.accounting", "energy_tables/cmos45.yaml"),
        ("snnc.training.data", "digits.npz"),
        ("snnc.rtl", "hdl/core/snnc_core.sv"),
        ("snnc.rtl", "harness/snnc_harness.sv"),
    ):
        assert resources.files(package).joinpath(name).is_file()


@pytest.mark.slow
def test_an_unpacked_sdist_has_what_its_tests_and_make_read(tmp_path: Path) -> None:
    """Built here without a network; in what was unpacked `make quick` finds its tests, and some pass."""
    setup = [sys.executable, "-c", "import setuptools; setuptools.setup()", "-q"]
    command = [*setup, "egg_info", "--egg-base", str(tmp_path), "sdist", "--dist-dir", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    unpacked = tmp_path / archive.name.removesuffix(".tar.gz")
    for name in (
        "Makefile",
        "constraints.txt",
        "CONTRIBUTING.md",
        "LICENSE",
        "README.md",
        "CHANGELOG.md",
        "pyproject.toml",
    ):
        assert (unpacked / name).is_file(), name
    for folder in ("base", "compiler", "docs", "examples", "rtl", "sim", "snnc", "tests", "training"):
        for path in (ROOT / folder).rglob("*"):
            built = {"__pycache__", "build", "sim_build"} & set(path.relative_to(ROOT).parts)
            if path.is_file() and not built:
                assert (unpacked / path.relative_to(ROOT)).is_file(), path
    # What was unpacked comes before what is installed, also where the installation is this checkout.
    place = {**os.environ, "PYTHONPATH": str(unpacked), "SNNC_QUICK": "1"}
    pytest_here = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow"]
    printed = {}
    for tests in ("--collect-only", "tests/compiler/test_arithmetic.py"):
        run = subprocess.run([*pytest_here, tests], cwd=unpacked, env=place, capture_output=True, text=True)
        assert run.returncode == 0, run.stdout
        printed[tests] = run.stdout
    folders = {path.parent.name for path in (ROOT / "tests").glob("*/test_*.py")}
    assert {name for name in folders if f"tests/{name}/test_" not in printed["--collect-only"]} == set()


def test_the_public_names_exist() -> None:
    assert all(hasattr(snnc, name) for name in snnc.__all__)


def test_importing_the_package_imports_nothing_heavy() -> None:
    script = "import sys, snnc; assert not {'numpy', 'torch', 'numba'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_every_source_file_says_in_its_first_line_what_belongs_in_it() -> None:
    for path in ROOT.rglob("*.py"):
        if {".venv", "build"} & set(path.relative_to(ROOT).parts):
            continue
        first = path.read_text().splitlines()[0]
        assert first.startswith('"""'), path


@pytest.mark.slow
def test_a_wheel_built_without_links_holds_every_file(tmp_path: Path) -> None:
    """As on a system whose checkouts have no symbolic links: git leaves a small file in place of each."""
    source, wheels = tmp_path / "source", tmp_path / "wheels"
    rooms = ["snnc", "base", "compiler", "rtl", "sim", "training"]
    for room in rooms:
        shutil.copytree(
            ROOT / room, source / room, symlinks=True, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"):
        shutil.copy(ROOT / name, source)
    for link in [path for path in (source / "snnc").iterdir() if path.is_symlink()]:
        text = str(link.readlink())
        link.unlink()
        link.write_text(text)
    wheels.mkdir()
    build = f"from setuptools import build_meta; build_meta.build_wheel({str(wheels)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True)
    with zipfile.ZipFile(next(wheels.iterdir())) as wheel:
        inside = {name for name in wheel.namelist() if ".dist-info/" not in name}
        wheel.extractall(tmp_path / "installed")
    own = {
        str(path.relative_to(source))
        for room in rooms
        for path in (source / room).rglob("*")
        if path.is_file()
    }
    wanted = {name if name.startswith("snnc/") else f"snnc/{name}" for name in own} - {
        f"snnc/{r}" for r in rooms
    }
    assert inside == wanted
    installed = str(tmp_path / "installed")
    script = f"import sys; sys.path.insert(0, {installed!r}); from snnc.commands import cli; cli.main()"
    command = [sys.executable, "-c", script, "targets"]
    listed = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert "mesh16" in listed.stdout
