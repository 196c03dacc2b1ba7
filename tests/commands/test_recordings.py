"""`--data` takes recordings in every verb that takes samples."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import tiny_network
from click.testing import CliRunner
from recorded import counted, draw_events, write_nmnist

import snnc
from snnc.commands.cli import main
from snnc.commands.console import Console
from snnc.commands.verify import verify_build
from snnc.compiler.formats.storage import Build
from snnc.compiler.ir.network import Input
from snnc.compiler.pipeline import compile_network
from snnc.compiler.targets import load_target
from snnc.models import Selection, load_inputs
from snnc.training.data.recordings.view import View


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """The tiny network, fed with events."""
    network = replace(tiny_network(), steps=5, input=Input("input", (1, 6, 6), "events", 3))
    compilation = compile_network(network, load_target("fpga"))
    (tmp_path / "build").mkdir()
    Build(compilation.network, compilation.tiled).save(tmp_path / "build")
    return tmp_path / "build"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    for label in range(3):
        write_nmnist(tmp_path / "data" / f"a_{label}.bin", draw_events(label, 60, (12, 12)))
    return tmp_path / "data"


def test_simulate(build: Path, data: Path) -> None:
    arguments = [
        "simulate",
        str(build),
        "--data",
        str(data),
        "--bin",
        "10ms",
        "--pool",
        "2",
        "--samples",
        "2",
    ]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.stderr
    assert "3 recordings, labels from the number behind the last _" in result.stderr
    assert f"{data}: 120 events" in result.stderr and "2 samples x 5 steps" in result.output
    refused = CliRunner().invoke(main, [*arguments, "--bin", "10V"])
    assert refused.exit_code == 2 and "--bin must be a number" in refused.stderr


@pytest.mark.slow
def test_every_execution_gets_the_same_steps(build: Path, data: Path) -> None:
    program = Build.load(build)
    chosen = Selection(str(data), samples=2, view=View.parse("10ms", pool=2))
    inputs = load_inputs(program.network, chosen)
    events = draw_events(0, 60, (12, 12))
    step = (events["t"] - events["t"][0]) // 10_000
    assert np.array_equal(inputs.x[0], np.minimum(counted(events, step, 5, (1, 6, 6), 2), 3))
    result = verify_build(build, program, chosen, Console(quiet=True), stall=0.0, seed=0)
    result.require_equal()


def test_python_reads_what_the_command_line_reads(build: Path, data: Path) -> None:
    network = Build.load(build).network
    expected = load_inputs(network, Selection(str(data), view=View.parse("10ms", pool=2)))
    found = snnc.recordings(data, shape=(1, 6, 6), steps=5, max_payload=3, bin="10ms", pool=2)
    assert np.array_equal(found.x, expected.x) and found.y.tolist() == expected.y.tolist() == [0, 1, 2]
    assert len(snnc.recordings(data, samples=1, shape=(1, 6, 6), steps=5, pool=2)) == 1


def test_graded_models_take_none(tmp_path: Path, data: Path) -> None:
    compilation = compile_network(tiny_network(), load_target("fpga"))
    Build(compilation.network, compilation.tiled).save(tmp_path)
    result = CliRunner().invoke(main, ["simulate", str(tmp_path), "--data", str(data)])
    assert result.exit_code == 2
    assert "holds recordings, but the model takes one value per input (direct), not events" in result.stderr
