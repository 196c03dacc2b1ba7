"""The examples run: the stored network compiles, and the script prints what it says."""

import runpy
from pathlib import Path

import pytest

import snnc

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def test_the_stored_network_compiles_for_the_default_target() -> None:
    program = snnc.compile(EXAMPLES / "mnist-cnn.pt")
    assert program.network.notes["test_accuracy"] == "0.9904"
    assert {core.layer for core in program.tiled.cores} == {"hidden1", "hidden2", "readout"}


def test_the_script_prints_its_figures(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLES / "api.py"))["main"](epochs=1, samples=4)
    printed = capsys.readouterr().out
    assert printed.startswith("accuracy ")
    assert "nJ (estimated, table cmos45)" in printed
