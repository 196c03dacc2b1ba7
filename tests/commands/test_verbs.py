"""Every verb is a module with a command, its help stands once, and results keep the keys of the contract."""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from builders import tiny_network
from click.testing import CliRunner

from snnc.base.errors import FileError
from snnc.commands.cli import VERBS, main, module_of
from snnc.commands.console import Console
from snnc.commands.deliver import deliver
from snnc.commands.fit import Fit
from snnc.commands.run_report import HostTimes, RunReport
from snnc.commands.synth import Exchange
from snnc.commands.synthesis_report import Resource, Synthesis, read_synthesis
from snnc.compiler.formats.storage import Build
from snnc.compiler.pipeline import compile_network
from snnc.compiler.targets import load_target
from snnc.rtl.host.link import LinkCounts
from snnc.sim.simulate import simulate
from snnc.verification.compare import Verification

HELP_SECONDS = 0.3

KEYS = {
    "report.json": (
        "schema snnc target model_hash samples steps accuracy correct predictions cycles clock_hz latency_s "
        "throughput_hz energy_j counts layers cores sim"
    ),
    "report.json/cycles": "mean max per_sample",
    "report.json/latency_s": "mean max",
    "report.json/energy_j": "mean dynamic static by_action table basis",
    "report.json/counts": "sops spikes weight_reads state_reads state_writes flit_hops",
    "report.json/layers/0": ("name kind neurons weights weight_bits cores cycles sops spikes rate energy_j"),
    "report.json/cores/0": (
        "x y layer busy stalled causes weight_bits_used weight_bits state_bits_used state_bits"
    ),
    "report.json/sim": "wall_s sops_per_s cycles_per_s",
    "verify.json": (
        "samples executions spikes_compared spike_differences cycles_compared cycle_differences "
        "first_difference"
    ),
    "synth.json": (
        "device lut ff bram dsp fmax_hz clock_hz critical_path bitstream seed predicted timing_met"
    ),
    "synth.json/lut": "used available",
    "synth.json/predicted": "lut ff bram dsp",
    "run.json": (
        "schema snnc target model_hash samples steps accuracy correct predictions cycles clock_hz latency_s "
        "basis link host"
    ),
    "run.json/link": "port sent repeated timeouts damaged_replies by_board",
    "run.json/host": "load_s run_s",
    "run.json/cycles": "mean max per_sample",
}
"""Keys that scripts outside the project rely on; more may stand beside them."""


def synthesis() -> Synthesis:
    cells = Resource(used=10, available=100, predicted=11)
    return Synthesis(
        "ecp5-25k", "ulx3s", False, cells, cells, cells, cells, 99e6, 100e6, "a to b", "x.bit", 1, {"t": "1"}
    )


def run_report(cycles: list[int] | None) -> RunReport:
    return RunReport("fpga", "ab", 4, [1, 2], 1, cycles, 100e6, "sim", LinkCounts(7), HostTimes(1.0, 2.0))


@pytest.fixture(scope="module", name="program")
def compiled_program() -> Build:
    compilation = compile_network(tiny_network(), load_target("fpga"))
    return Build(compilation.network, compilation.tiled)


@pytest.fixture(scope="module", name="results")
def all_results(program: Build) -> dict[str, Any]:
    """A result of every verb that has one."""
    features = program.network.input.features
    return {
        "report.json": simulate(program, np.ones((2, features), np.uint8), np.zeros(2, np.int64)),
        "verify.json": Verification(2, ["reference"]),
        "synth.json": synthesis(),
        "run.json": run_report([5, 7]),
        "fit": Fit.of(program.tiled),
        "exchange": Exchange(Path("b"), synthesis()),
    }


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_a_module_whose_command_says_what_the_group_says(verb: str) -> None:
    command = importlib.import_module(module_of(verb)).command
    assert isinstance(command, click.Command)
    assert command.name == verb
    assert command.help is not None
    assert command.help.partition("\n")[0] == VERBS[verb]
    assert CliRunner().invoke(main, [verb, "--help"]).exit_code == 0


def test_every_module_with_a_command_is_a_verb() -> None:
    folder = Path(importlib.import_module("snnc.commands").__path__[0])
    found = {
        path.stem.replace("_", "-") for path in folder.glob("*.py") if "\ndef command(" in path.read_text()
    }
    assert found == set(VERBS)


def test_help_imports_no_verb() -> None:
    script = (
        "import sys\nfrom snnc.commands.cli import VERBS, main, module_of\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "assert not {module_of(verb) for verb in VERBS} & set(sys.modules)\n"
        "assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)


def test_help_takes_less_than_a_third_of_a_second() -> None:
    """CPU time, the best of five: the machine may be busy with something else."""
    script = (
        "import time\nfrom snnc.commands.cli import main\n"
        "try:\n    main(['--help'])\nfinally:\n    import sys; print(time.process_time(), file=sys.stderr)"
    )
    command = [sys.executable, "-c", script]
    runs = [subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(5)]
    assert min(float(run.stderr) for run in runs) < HELP_SECONDS


@pytest.mark.parametrize("place", KEYS)
def test_keys_of_the_contract(results: dict[str, Any], place: str) -> None:
    name, *path = place.split("/")
    document = json.loads(json.dumps(results[name].to_dict()))
    for step in path:
        document = document[int(step)] if step.isdigit() else document[step]
    assert not set(KEYS[place].split()) - set(document)


def test_every_result_is_delivered_as_text_and_as_json(
    results: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, result in results.items():
        deliver(result, Console(), kept=tmp_path / name, json_file=Path("-"))
        printed = capsys.readouterr()
        assert printed.err == result.render() + "\n"
        written = json.loads((tmp_path / name).read_text())
        assert json.loads(printed.out) == written == json.loads(json.dumps(result.to_dict()))


def test_what_cannot_be_written_costs_neither_text_nor_the_other_file(
    results: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(FileError, match="is a folder"):
        deliver(results["fit"], Console(), kept=tmp_path / "kept", json_file=tmp_path / "folder")
    assert (tmp_path / "kept").is_file()
    assert "-> fpga: " in capsys.readouterr().err


def test_a_run_without_exact_cycles_says_so() -> None:
    report = run_report(None)
    assert report.to_dict()["cycles"] == {"mean": None, "max": None, "per_sample": None}
    assert "cycles      unknown: the mesh waited for the line" in report.render()
    assert "cycles      6.0 mean, 7 max" in run_report([5, 7]).render()


def test_a_synthesis_is_read_as_it_was_written(tmp_path: Path) -> None:
    deliver(synthesis(), Console(quiet=True), kept=tmp_path / "synth.json")
    assert read_synthesis(tmp_path) == synthesis()


@pytest.mark.parametrize(
    "change",
    [
        {"seed": "1"},
        {"seed": -1},
        {"loadable": 1},
        {"clock_hz": float("inf")},
        {"fmax_hz": 0.0},
        {"lut": 3},
        {"lut": {"used": 1}},
        {"tools": []},
    ],
)
def test_a_hostile_synthesis_is_one_line(tmp_path: Path, change: dict[str, Any]) -> None:
    (tmp_path / "synth.json").write_text(json.dumps(synthesis().to_dict() | change))
    with pytest.raises(FileError, match=r"no synth\.json of a placed design here$"):
        read_synthesis(tmp_path)


def test_given_is_given_even_where_it_is_the_default(tmp_path: Path) -> None:
    """`--seed 1` beside `--exchange-weights` is refused like any other seed."""
    arguments = ["synth", str(tmp_path), "--exchange-weights", str(tmp_path), "--seed", "1"]
    run = CliRunner().invoke(main, arguments)
    assert run.exit_code == 2
    assert "--seed, --clock and --loadable are those of the design" in run.stderr
