"""`snnc run` from the command line: a trained model on the Verilated board, as the simulator has it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from snnc.base.errors import LinkError, UnsupportedModel
from snnc.commands.cli import main
from snnc.compiler.formats.storage import Build
from snnc.compiler.passes.encode import Encode
from snnc.compiler.passes.specialise import specialise
from snnc.rtl.host.driver import Board
from snnc.rtl.host.frames import Reply
from snnc.rtl.host.readback import ReadBack
from snnc.rtl.host.software_board import build_board, running_board
from snnc.rtl.parameters import WEIGHTS_ALONE
from snnc.rtl.simulation.tools import simulator_missing

TARGET = """\
schema: 1
name: small
description: two cores for a test of the host link
width: 2
height: 1
lanes: 4
neurons: 64
parameter_words: 16
axon_rows: 16
axon_columns: 64
delay_slots: 1
cuba: false
decay_multiplier: false
weight_kibit: 16
weight_bits: null
state_bits: 18
destinations: 4
sources: 4
event_fifo: 4
router_fifo: 2
clock_mhz: 50
energy_table: cmos45
static_mw: 0
static_source: none
"""


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module", name="build")
def compiled_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("run")
    target, model = directory / "small.yaml", directory / "m.pt"
    target.write_text(TARGET)
    for arguments in (
        ("train", "digits-mlp", "-o", model, "--set", "epochs=2", "--set", "hidden=16"),
        ("compile", model, "--target", target, "-o", directory / "build"),
    ):
        result = run(*arguments)
        assert result.exit_code == 0, result.output
    return directory / "build"


def test_run_says_what_simulate_says(build: Path, rtl_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if (reason := simulator_missing("verilator")) is not None:
        pytest.skip(reason)
    monkeypatch.setenv("SNNC_CACHE", str(rtl_cache))
    options = ("--data", "digits", "--samples", "4", "--json", "-")
    simulated = json.loads(run("-q", "simulate", build, *options).stdout)
    result = run("run", build, "--port", "sim", *options)
    assert result.exit_code == 0, result.output
    got = json.loads(result.stdout)
    for key in ("target", "model_hash", "samples", "steps", "accuracy", "correct", "predictions", "cycles"):
        assert got[key] == simulated[key], key
    assert got["latency_s"] == pytest.approx(simulated["latency_s"])
    assert got["link"]["by_board"][1:] == [0, 0, 0, 0]
    assert json.loads((build / "run.json").read_text()) == got
    assert "(exact, counted by the hardware)" in result.stderr


@pytest.fixture(scope="module", name="own")
def hardware_for_this_network(build: Path, rtl_cache: Path) -> Iterator[str]:
    """The default of `snnc synth`, in software: everything but the weights is fixed."""
    if (reason := simulator_missing("verilator")) is not None:
        pytest.skip(reason)
    image = Encode().run(specialise(Build.load(build).tiled))
    with running_board(build_board(image, rtl_cache, loadable=WEIGHTS_ALONE)) as terminal:
        yield terminal


def test_run_on_hardware_for_this_network_alone_after_an_interruption(
    build: Path, own: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in the middle of a sample; the next process has the right values."""
    monkeypatch.setattr("snnc.rtl.host.port.LATENCY", 20.0)
    options = ("--data", "digits", "--samples", "3", "--json", "-")
    simulated = json.loads(run("-q", "simulate", build, *options).stdout)
    finish = Board._finish
    count = 0

    def interrupted(board: Board) -> Reply:
        nonlocal count
        count += 1
        if count == 4:
            raise KeyboardInterrupt
        return finish(board)

    with monkeypatch.context() as patch:
        patch.setattr(Board, "_finish", interrupted)
        assert run("run", build, "--port", own, *options).exit_code != 0
    assert count == 4, "two parts of the load, a sample, and half of the next"
    result = run("run", build, "--port", own, *options)
    assert result.exit_code == 0, result.output
    got = json.loads(result.stdout)
    for key in ("accuracy", "predictions", "cycles"):
        assert got[key] == simulated[key], key


def test_memories_are_compared_before_the_samples(
    build: Path, own: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snnc.rtl.host.port.LATENCY", 20.0)
    options = ("--data", "digits", "--samples", "1", "--read-back")
    refused = run("run", build, "--port", own, *options)
    assert refused.exit_code == UnsupportedModel.exit_code
    assert "its cores run no other program" in refused.stderr
    found = [ReadBack((0, 1), "bias", 7, 2), ReadBack((0, 0), "weights", 9, 0)]
    monkeypatch.setattr("snnc.commands.run.read_back", lambda *arguments: found)
    differs = run("run", build, "--port", own, *options)
    assert differs.exit_code == LinkError.exit_code
    assert "2 of 7 words of bias on core (0, 1) are not what was loaded; 0 other" in differs.stderr
    del found[0]
    same = run("run", build, "--port", own, *options)
    assert same.exit_code == 0 and "read back: 9 words, none different" in same.stderr


def test_what_was_computed_is_shown_where_it_cannot_be_kept(
    build: Path, own: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snnc.rtl.host.port.LATENCY", 20.0)
    kept = build / "run.json"
    kept.unlink(missing_ok=True)
    (kept / "occupied").mkdir(parents=True)
    result = run("run", build, "--port", own, "--data", "digits", "--samples", "1", "--json", "-")
    (kept / "occupied").rmdir()
    kept.rmdir()
    assert result.exit_code == 2
    assert json.loads(result.stdout)["samples"] == 1
    assert "1 samples x" in result.stderr and "run.json: cannot be written" in result.stderr


def test_a_port_that_is_not_there_is_one_line(build: Path) -> None:
    result = run("run", build, "--port", "/dev/nothing", "--data", "digits", "--samples", "1")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: /dev/nothing: cannot be opened")
    assert "Traceback" not in result.stderr


def test_a_device_that_does_not_answer_is_an_error_with_a_hint(
    build: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os
    import pty

    monkeypatch.setattr("snnc.rtl.host.port.LATENCY", 0.05)
    ours, theirs = pty.openpty()
    result = run("run", build, "--port", os.ttyname(theirs), "--data", "digits", "--samples", "1")
    os.close(ours)
    os.close(theirs)
    assert result.exit_code == 2
    assert "no board answers: 5 frames without a reply" in result.stderr
    assert "hint: check the port, the baud rate" in result.stderr
