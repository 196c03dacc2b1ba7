"""Guides do what they show: their files are written, their commands run. What documents call exists."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

import snnc
from snnc.commands.cli import main

pytestmark = pytest.mark.slow

GUIDES = Path(__file__).resolve().parent.parent / "docs" / "guides"
LONG = "snnc synth"
"""Placing and routing has tests of its own, and takes minutes."""
AS_TYPED = "first-steps"
"""Every command of this guide is a process, as in a shell; those of the others share what takes seconds to
import and to load."""

FRAMEWORKS = ("nir", "snntorch", "spikingjelly", "norse", "sinabs", "onnx")


@pytest.mark.parametrize(
    "name", ["first-steps", "look", "mesh", "python", "dense-outputs", "events", "soc", *FRAMEWORKS]
)
def test_guide(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (GUIDES / f"{name}.md").read_text()
    for code in re.findall(r"```(?:python|yaml)\n(.*?)```", text, re.DOTALL):
        file = re.match(r"# (\w+\.(?:py|yaml))\n", code)
        assert file is not None, "every block says the name of its file"
        (tmp_path / file[1]).write_text(code)
    (commands,) = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    for command in commands.splitlines():
        program, *arguments = shlex.split(command)
        if program != "snnc" or name == AS_TYPED:
            run_as_typed([program, *arguments])
        elif not command.startswith(LONG):
            result = CliRunner().invoke(main, arguments)
            assert result.exit_code == 0, f"{command}\n{result.output[-4000:]}\n{result.exception!r}"


def run_as_typed(command: list[str]) -> None:
    """A command of a shell, in a process of its own."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


def test_the_guide_of_training_shows_code_that_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its own network, loss and optimiser, for one epoch."""
    text = (GUIDES / "training.md").read_text()
    start = text.index("### Your own network, loss or optimiser")
    (block,) = re.findall(r"\n\n((?:    .*\n|\n)+)", text[start : text.index("The recipe says what else")])
    code = "\n".join(line.removeprefix("    ") for line in block.splitlines())
    monkeypatch.chdir(tmp_path)
    place: dict[str, object] = {"snnc": snnc, "torch": torch}
    exec(code.replace('log="run.csv"', 'log="run.csv", epochs=1'), place)
    assert (tmp_path / "run.csv").read_text().count("\n") == 2
