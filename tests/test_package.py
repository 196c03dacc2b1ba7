"""The package is what pyproject.toml says: folders listed, data files shipped, nothing heavy on import."""

import subprocess
import sys
import tarfile
import tomllib
from importlib import resources
from pathlib import Path

import snnc

ROOT = Path(__file__).resolve().parent.parent


def test_every_package_folder_is_listed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = {path.parent for path in ROOT.glob("*/**/__init__.py")} | {ROOT}
    inside = [
        f for f in folders if not {".venv", ".links", "build", "tests"} & set(f.relative_to(ROOT).parts)
    ]
    names = {".".join(("snnc", *folder.relative_to(ROOT).parts)) for folder in inside}
    assert names == set(listed)


def test_data_files_are_found_from_the_package() -> None:
    for package, name in (
        ("snnc.compiler", "targets/fpga.yaml"),
        ("snnc.sim", "energy_tables/cmos45.yaml"),
        ("snnc.training", "digits.npz"),
        ("snnc.rtl", "snnc_core.sv"),
        ("snnc.rtl", "harness/snnc_harness.sv"),
    ):
        assert resources.files(package).joinpath(name).is_file()


def test_an_unpacked_sdist_has_what_its_tests_and_make_read(tmp_path: Path) -> None:
    """Built here without a network; the tests that need no tools are collected in what was unpacked."""
    setup = [sys.executable, "-c", "import setuptools; setuptools.setup()", "-q"]
    command = [*setup, "egg_info", "--egg-base", str(tmp_path), "sdist", "--dist-dir", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    unpacked = tmp_path / archive.name.removesuffix(".tar.gz")
    for name in ("Makefile", "constraints.txt", "LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml"):
        assert (unpacked / name).is_file(), name
    for folder in ("compiler", "docs", "examples", "rtl", "sim", "tests", "training"):
        for path in (ROOT / folder).rglob("*"):
            built = {"__pycache__", "build", "sim_build"} & set(path.relative_to(ROOT).parts)
            if path.is_file() and not built:
                assert (unpacked / path.relative_to(ROOT)).is_file(), path
    collect = [
        sys.executable,
        "-m",
        "pytest",
        "--collect-only",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/compiler",
    ]
    subprocess.run(collect, cwd=unpacked, check=True, capture_output=True)


def test_the_public_names_exist() -> None:
    assert all(hasattr(snnc, name) for name in snnc.__all__)


def test_importing_the_package_imports_nothing_heavy() -> None:
    script = "import sys, snnc; assert not {'numpy', 'torch', 'numba'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_every_source_file_says_in_its_first_line_what_belongs_in_it() -> None:
    for path in ROOT.rglob("*.py"):
        if {".venv", ".links", "build"} & set(path.relative_to(ROOT).parts):
            continue
        first = path.read_text().splitlines()[0]
        assert first.startswith('"""'), path
