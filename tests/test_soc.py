"""The example of a chip: a RISC-V program sends digits to the network and reads what the simulator says."""

import importlib
import shutil
from pathlib import Path

import numpy as np
import pytest
from builders import tiny_network
from click.testing import CliRunner

from snnc.base.errors import MismatchError, UsageError
from snnc.compiler.formats.storage import Build
from snnc.compiler.pipeline import compile_network
from snnc.compiler.targets import load_target

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("riscv64-unknown-elf-gcc") is None, reason="riscv64-unknown-elf-gcc is not installed"
    ),
]
EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "soc"


def test_a_program_on_the_chip_reads_the_classes_of_digits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    example = importlib.import_module("run_on_chip")
    arguments = ["-o", str(tmp_path / "chip"), "--samples", "3", "--epochs", "2"]
    result = CliRunner().invoke(example.main, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert [line.partition(":")[0] for line in lines[:3]] == ["sample 0", "sample 1", "sample 2"]
    assert lines[-1].startswith("labels [") and lines[-1].endswith("classes and cycles are the simulator's")


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    chip_answers = importlib.import_module("run_on_chip").chip_answers
    (tmp_path / "block").mkdir()
    (tmp_path / "block" / "mine.txt").write_text("mine")
    compiled = compile_network(tiny_network(), load_target("fpga"))
    with pytest.raises(UsageError, match="is not empty, and holds no chip"):
        chip_answers(Build(compiled.network, compiled.tiled), np.ones((1, 36), np.uint8), tmp_path)
    assert (tmp_path / "block" / "mine.txt").read_text() == "mine"


def test_another_answer_of_the_chip_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    check = importlib.import_module("run_on_chip").check
    compiled = compile_network(tiny_network(), load_target("fpga"))
    build = Build(compiled.network, compiled.tiled)
    x = np.ones((1, tiny_network().input.features), np.uint8)
    for printed in ("", "sample 0: class 9 in 3 cycles, 5 busy\n"):
        with pytest.raises(MismatchError, match=r"the chip said \["):
            check(printed, build, x)
