"""`snnc export-ip`: what it writes, replaces and leaves alone, and what it refuses."""

import json
from pathlib import Path

import pytest
from builders import tiny_network, tiny_program
from click.testing import CliRunner, Result

from snnc.commands.cli import main
from snnc.compiler.formats.storage import Build
from snnc.compiler.targets import load_target


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module", name="build")
def compiled_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("build")
    Build(tiny_network(), tiny_program(load_target("ecp5-25k-mesh"))).save(folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder but the lock."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_the_same_build_is_the_same_block_byte_for_byte(build: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        result = run("export-ip", build, "-o", tmp_path / name)
        assert result.exit_code == 0, result.output
        assert result.stdout == "" and "snnc:ip:ip:" in result.stderr
    assert contents(tmp_path / "first") == contents(tmp_path / "second")


def test_hardware_for_one_network_and_for_any_have_different_names(build: Path, tmp_path: Path) -> None:
    run("export-ip", build, "-o", tmp_path / "one")
    run("export-ip", build, "-o", tmp_path / "any", "--loadable")
    one, other = (json.loads((tmp_path / name / "ip.json").read_text()) for name in ("one", "any"))
    assert one["identity"] != other["identity"]
    assert one["parameters"]["loadable"] == 2 < other["parameters"]["loadable"]
    assert "thresholds, bias" in (tmp_path / "one" / "README.md").read_text()


def test_a_block_is_replaced_and_what_is_not_its_own_stays(build: Path, tmp_path: Path) -> None:
    run("export-ip", build, "-o", tmp_path / "block", "--name", "old")
    (tmp_path / "block" / "notes.txt").write_text("mine")
    assert run("export-ip", build, "-o", tmp_path / "block", "--name", "new").exit_code == 0
    run("export-ip", build, "-o", tmp_path / "fresh", "--name", "new")
    assert contents(tmp_path / "block") == contents(tmp_path / "fresh") | {"notes.txt": b"mine"}


def test_a_folder_with_something_else_is_refused_and_left_as_it_is(build: Path, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    result = run("export-ip", build, "-o", tmp_path)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == f"error: {tmp_path}: is not empty, and holds no block"
    assert contents(tmp_path) == {"README.md": b"mine"}


def test_nothing_is_written_where_a_file_cannot_be_replaced(build: Path, tmp_path: Path) -> None:
    block = tmp_path / "block"
    run("export-ip", build, "-o", block, "--name", "old")
    (block / "rtl" / "snnc_new_stream.sv").mkdir()
    before = contents(block)
    result = run("export-ip", build, "-o", block, "--name", "new")
    assert result.exit_code == 2 and "snnc_new_stream.sv: cannot be written: is a folder" in result.stderr
    assert contents(block) == before


@pytest.mark.parametrize("name", ["", "Upper", "1st", "a-b", "a b", "../x", "ä", "x" * 33])
def test_a_name_that_is_none_is_refused(build: Path, tmp_path: Path, name: str) -> None:
    result = run("export-ip", build, "-o", tmp_path / "block", "--name", name)
    assert result.exit_code == 2 and "a block's name is 1 to 32 of a-z, 0-9 and _" in result.stderr
    assert not (tmp_path / "block").exists()


def test_a_name_of_a_module_of_the_design_is_refused(build: Path, tmp_path: Path) -> None:
    result = run("export-ip", build, "-o", tmp_path / "block", "--name", "core")
    assert result.exit_code == 2 and "a module snnc_core, which the design has already" in result.stderr


def test_a_folder_without_a_build_and_a_file_as_destination_are_one_line(build: Path, tmp_path: Path) -> None:
    result = run("export-ip", tmp_path, "-o", tmp_path / "block")
    assert result.exit_code == 2 and result.stderr.count("error: ") == 1
    assert not (tmp_path / "block").exists()
    (tmp_path / "file").write_text("")
    assert run("export-ip", build, "-o", tmp_path / "file").exit_code == 2
