"""`snnc run` from the command line: a trained model on the Verilated board, as the simulator has it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from snnc.cli import main
from snnc.rtl.tools import simulator_missing

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

    monkeypatch.setattr("snnc.rtl.port.LATENCY", 0.05)
    ours, theirs = pty.openpty()
    result = run("run", build, "--port", os.ttyname(theirs), "--data", "digits", "--samples", "1")
    os.close(ours)
    os.close(theirs)
    assert result.exit_code == 2
    assert "no board answers: 5 frames without a reply" in result.stderr
    assert "hint: check the port, the baud rate" in result.stderr
