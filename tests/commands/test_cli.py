"""The command line: exit codes, one-line errors, budgets, what goes to stdout, and what is not imported."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from snnc.base.errors import UsageError
from snnc.base.units import format_quantity, parse_quantity
from snnc.commands.cli import main
from snnc.commands.console import Console


def run(*arguments: str | Path) -> Result:
    """Invoke `snnc` in this process."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module", name="build")
def compiled_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build directory of a net trained for two epochs, with its model file beside it."""
    directory = tmp_path_factory.mktemp("cli")
    model = directory / "m.pt"
    log = directory / "log.csv"
    settings = ("--set", "epochs=2", "--set", "hidden=16", "--log", log)
    trained = run("train", "digits-mlp", "-o", model, *settings)
    assert trained.exit_code == 0, trained.output
    assert [line.split(",")[1] for line in log.read_text().splitlines()] == ["epoch", "1", "2"]
    compiled = run("compile", model, "--target", "fpga", "-o", directory / "build", "--verify")
    assert compiled.exit_code == 0, compiled.output
    assert "network = tiled program = image on 512 generated samples (exact)" in compiled.stderr
    return directory / "build"


def test_help_names_the_exit_codes_and_imports_nothing_but_click() -> None:
    """So it is there in a fraction of a second: every other package costs more than all of it."""
    script = (
        "import sys\nbefore = set(sys.modules)\nfrom snnc.commands.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit as end:\n    assert end.code == 0\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(*sorted(new - sys.stdlib_module_names), file=sys.stderr)\n"
        "print(*sorted(n for n in sys.modules if n.startswith('snnc.commands.')), file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    packages, commands = result.stderr.splitlines()
    assert packages.split() == ["click", "snnc"]
    assert commands.split() == ["snnc.commands.cli", "snnc.commands.console"], "no verb's own module"
    assert "6 budget exceeded" in " ".join(result.stdout.split())


def test_simulate_imports_no_torch(build: Path) -> None:
    script = (
        "import sys\nfrom snnc.commands.cli import main\n"
        f"try:\n    main(['simulate', {str(build)!r}, '--data', 'digits', '--samples', '2'])\n"
        "except SystemExit as end:\n    assert end.code == 0\n"
        "assert not {'torch', 'brevitas'} & set(sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_a_build_directory_has_what_the_contract_names(build: Path) -> None:
    names = {path.name for path in build.iterdir()}
    assert {"program.snnc", "model.pt", "ir", "rtl"} <= names
    assert sorted(path.name for path in (build / "ir").glob("*.txt"))[0] == "0-network.txt"
    top = (build / "rtl" / "build_top.sv").read_text()
    assert ".Lanes(16)" in top


def test_a_compilation_that_stops_prints_what_the_same_passes_print(build: Path, tmp_path: Path) -> None:
    model, text = build / "model.pt", tmp_path / "placed.txt"
    stopped = run("compile", model, "--target", "mesh16", "--stop-after", "place")
    assert stopped.exit_code == 0, stopped.output
    assert stopped.stdout == run("opt", model, "--target", "mesh16", "--stop-after", "place").stdout
    text.write_text(stopped.stdout)
    assert "Image:" in run("opt", text, "--stop-after", "encode").stdout
    refused = run("compile", model, "--stop-after", "place", "-o", tmp_path / "b", "--verify")
    assert refused.exit_code == 2 and "builds nothing: it does not go with -o, --verify" in refused.stderr
    assert not (tmp_path / "b").exists()


def test_calibration_measures_what_the_trainer_noted(build: Path, tmp_path: Path) -> None:
    """Both are rates of one model, on training and on test samples."""
    from snnc.compiler.analysis.activity import activity_of
    from snnc.compiler.formats.storage import Build

    result = run("compile", build / "model.pt", "--calibrate", "digits", "-o", tmp_path)
    assert result.exit_code == 0, result.output
    assert "activity on 256 samples of digits: passes " in result.stderr
    noted, measured = (activity_of(Build.load(path).network) for path in (build, tmp_path))
    assert measured.passes == pytest.approx(noted.passes, rel=0.1)
    assert measured.rates == pytest.approx(noted.rates, rel=0.2)
    assert measured != noted


def test_the_simulated_accuracy_is_the_trainers_sample_by_sample(build: Path) -> None:
    from snnc.training.data.datasets import load_samples
    from snnc.training.files.checkpoint import load_checkpoint
    from snnc.training.model.classifier import SpikingClassifier

    result = run("-q", "simulate", build, "--data", "digits", "--json", "-")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    test = load_samples("digits")
    model = load_checkpoint(build / "model.pt").model
    assert isinstance(model, SpikingClassifier)
    predictions = model.predict(test.x)
    assert report["predictions"] == predictions.tolist()
    assert report["samples"] == 360
    assert report["correct"] == int((predictions == test.y).sum())
    assert json.loads((build / "report.json").read_text())["cycles"] == report["cycles"]


def test_the_totals_of_a_report_are_the_sums_of_its_parts(build: Path) -> None:
    report = json.loads(
        run("-q", "simulate", build, "--data", "digits", "--samples", "8", "--json", "-").stdout
    )
    energy = report["energy_j"]
    assert sum(energy["by_action"].values()) == pytest.approx(energy["dynamic"])
    assert energy["dynamic"] + energy["static"] == pytest.approx(energy["mean"])
    assert sum(layer["sops"] for layer in report["layers"]) == report["counts"]["sops"]
    assert sum(layer["spikes"] for layer in report["layers"]) == report["counts"]["spikes"]
    assert report["cycles"]["mean"] == pytest.approx(sum(report["cycles"]["per_sample"]) / 8)


@pytest.mark.parametrize(
    ("budget", "code", "message"),
    [
        (["--max-energy", "1pJ"], 6, "(estimated: table `cmos45`), budget 1 pJ"),
        (["--max-latency", "1ns"], 6, "at most (simulated), budget 1 ns"),
        (["--min-accuracy", "1"], 6, "(exact), budget 1.0000"),
        (["--max-energy", "1J", "--max-latency", "1s", "--min-accuracy", "0"], 0, ""),
        (["--max-energy", "much"], 2, "--max-energy must be a number with a unit like 5uJ, not 'much'"),
        (["--max-latency", "1ms", "--tier", "functional"], 2, "the functional tier has no time"),
    ],
)
def test_budgets(build: Path, budget: list[str], code: int, message: str) -> None:
    result = run("simulate", build, "--data", "digits", "--samples", "4", *budget)
    assert result.exit_code == code
    assert message in result.stderr


def test_all_broken_budgets_are_named_at_once(build: Path) -> None:
    result = run(
        "-q",
        "simulate",
        build,
        "--data",
        "digits",
        "--samples",
        "4",
        "--max-energy",
        "1pJ",
        "--max-latency",
        "1ns",
    )
    assert len([line for line in result.stderr.splitlines() if "budget" in line]) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["train", "nothing", "-o", "m.pt"], 2, "unknown recipe 'nothing'"),
        (["train", "digits-mlp"], 2, "RECIPE and -o MODEL.pt are needed"),
        (
            ["train", "convert", "-o", "m.pt", "--log", "l.csv"],
            2,
            "--log goes with trainings, and convert is",
        ),
        (["train", "digits-mlp", "-o", "m.pt", "--set", "epochs"], 2, "--set takes KEY=VALUE, not 'epochs'"),
        (["train", "digits-mlp", "-o", "model"], 2, "a model is a .pt file, not 'model'"),
        (["train", "digits-mlp", "-o", ""], 2, "'-o' / '--output': a path must not be empty"),
        (["compile", "none.pt", "-o", ""], 2, "'-o' / '--output': a path must not be empty"),
        (["compile", "n" * 300 + ".pt"], 2, "cannot be read: File name too long"),
        (["compile", "none.pt", "--target", "t" * 300 + ".yaml"], 2, "cannot be read: File name too long"),
        (["simulate", "b" * 300, "--data", "digits"], 2, "cannot be read: File name too long"),
        (["simulate", ".", "--data", "digits", "--min-accuracy", "nan"], 2, "nan is not a finite number"),
        (["simulate", ".", "--data", "digits", "--samples", "-1"], 2, "-1 is not in the range"),
        (["simulate", ".", "--data", "digits", "--samples", "1" * 5000], 2, "..."),
        (["simulate", ".", "--data", "d", "--max-energy", "1e999J"], 2, "a finite number, not '1e999J'"),
        (["verify", ".", "--stall", "nan"], 2, "nan is not a finite number"),
        (["synth", ".", "--clock", "inf"], 2, "inf is not in the range"),
        (["bench", "--json", "."], 2, "is a directory"),
        (["simulate", ".", "--data", "digits", "--workers", "257"], 2, "257 is not in the range"),
        (
            ["train", "digits-mlp", "-o", "m.pt", "--set", "energy_budget=0"],
            2,
            "energy_budget must be a number in 1e-15",
        ),
        (
            ["train", "digits-mlp", "-o", "m.pt", "--set", "initial_fraction=nan"],
            2,
            "initial_fraction must be a number in [0, 1), not nan",
        ),
        (["train", "digits-mlp", "-o", "/dev/null/m.pt"], 2, "/dev/null: cannot be made: File exists"),
        (["train", "digits-mlp", "-o", "m.pt", "--data", ""], 2, "unknown data set ''"),
        (["demo", "-o", "/dev/null/d"], 2, "/dev/null/d: cannot be made: Not a directory"),
        (["compile", "none.pt"], 2, "none.pt: no such model file"),
        (["compile", "model.txt"], 2, "a model is a .pt file, not 'model.txt'"),
        (["compile", "none.pt", "--target", "ice"], 2, "no target is called 'ice'"),
        (["compile", "none.pt", "--print-after", "nothing"], 2, "no pass is called 'nothing'"),
        (["simulate", ".", "--data", "digits"], 2, "no program.snnc here: not a build directory"),
        (["verify", "."], 2, "no program.snnc here"),
        (["inspect", "."], 2, "no program.snnc here"),
        (["simulat"], 2, "No such command 'simulat'"),
    ],
)
def test_a_mistake_is_one_line_and_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == code
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert len(result.stderr) < 700
    assert list(tmp_path.iterdir()) == []


def test_a_cut_model_file(build: Path, tmp_path: Path) -> None:
    cut = tmp_path / "bad.pt"
    cut.write_bytes((build / "model.pt").read_bytes()[:100])
    result = run("compile", cut, "--target", "fpga", "-o", tmp_path / "build")
    assert result.exit_code == 2
    assert result.stderr == f"error: {cut}: is not a PyTorch file, or was cut short\n"
    assert not (tmp_path / "build").exists()


def test_a_folder_that_is_not_a_build_s_is_never_deleted(build: Path, tmp_path: Path) -> None:
    own = tmp_path / "rtl" / "mine.sv"
    own.parent.mkdir()
    own.write_text("module mine; endmodule")
    result = run("compile", build / "model.pt", "-o", tmp_path)
    assert result.exit_code == 2
    assert f"{own.parent}: would be replaced, but does not come from a build" in result.stderr
    assert own.exists() and not (tmp_path / "program.snnc").exists()
    result = run("compile", build / "model.pt", "-o", own / "build")
    assert (result.exit_code, "cannot be made: Not a directory" in result.stderr) == (2, True)


def test_an_interruption_is_no_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("snnc.commands.compile.compile_model", interrupt)
    result = run("compile", "m.pt")
    assert (result.exit_code, result.stderr) == (130, "interrupted\n")


def test_a_model_that_does_not_fit_exits_3_with_a_hint_that_works(tmp_path: Path) -> None:
    model = tmp_path / "wide.pt"
    trained = run("train", "digits-mlp", "-o", model, "--set", "epochs=1", "--set", "hidden=3000")
    assert trained.exit_code == 0, trained.stderr
    result = run("compile", model, "--target", "ecp5-25k-mesh", "--dry-run")
    assert result.exit_code == 3
    assert "needs" in result.stderr
    hint = result.stderr.split("`--target ")[1].split("`")[0]
    assert run("compile", model, "--target", hint, "--dry-run").exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["wide.pt"]


def test_a_model_of_another_build_is_not_verified_against(build: Path, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(build, copy)
    other = run("train", "digits-mlp", "-o", copy / "model.pt", "--set", "epochs=1", "--set", "hidden=16")
    assert other.exit_code == 0
    result = run("verify", copy, "--samples", "1")
    assert result.exit_code == 2
    assert "the model is not the one this build was compiled from" in result.stderr


def test_requantised_weights_and_other_steps(build: Path, tmp_path: Path) -> None:
    model = build / "model.pt"
    result = run("compile", model, "--bits", "3", "--steps", "2", "-o", tmp_path / "b")
    assert result.exit_code == 0
    text = run("inspect", tmp_path / "b", "--level", "network").stdout
    assert "steps: 2" in text
    assert "weight_bits: 3" in text


def test_inspect_prints_every_level(build: Path) -> None:
    for level, first in (("network", "Network:"), ("tiled", "TiledProgram:"), ("image", "Image:")):
        result = run("inspect", build, "--level", level)
        assert result.exit_code == 0
        assert result.stdout.startswith(first)


def test_lists() -> None:
    assert "ecp5-25k" in run("targets").stdout
    recipes = run("train", "--list").stdout
    assert "fashion-s2nn" in recipes and "surrogate=s2nn" in recipes
    assert "distill=none|logits|features|both|layerwise|ckd" in recipes
    assert "verilator" in run("doctor").stdout


def test_the_trace_file_holds_every_layer(build: Path, tmp_path: Path) -> None:
    import numpy as np

    path = tmp_path / "trace.npz"
    result = run("-q", "simulate", build, "--data", "digits", "--samples", "3", "--trace", path)
    assert result.exit_code == 0
    with np.load(path, allow_pickle=False) as trace:
        assert trace["hidden1.spikes"].shape == (3, 4, 16)
        assert trace["readout.membranes"].shape == (3, 4, 10)


@pytest.mark.parametrize(
    ("text", "value"), [("5uJ", 5e-6), ("5µJ", 5e-6), ("1.5e-3", 1.5e-3), ("2 mJ", 2e-3), ("7pJ", 7e-12)]
)
def test_quantities_are_read(text: str, value: float) -> None:
    assert parse_quantity(text, "J", "--max-energy") == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "J", "1..2J", "5us", "-1J", "1e"])
def test_nonsense_is_no_quantity(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--max-energy must be a number with a unit like 5uJ, not "):
        parse_quantity(text, "J", "--max-energy")


def test_quantities_are_printed_with_a_prefix() -> None:
    assert [format_quantity(v, "J") for v in (0, 1.5, 2e-3, 4.83e-8, 5e-16)] == [
        "0 J",
        "1.5 J",
        "2 mJ",
        "48.3 nJ",
        "0.5 fJ",
    ]


def test_compiling_again_removes_results_of_the_old_program(build: Path, tmp_path: Path) -> None:
    output = tmp_path / "b"
    for _ in range(2):
        assert run("compile", build / "model.pt", "-o", output).exit_code == 0
        assert not (output / "report.json").exists()
        assert run("simulate", output, "--data", "digits", "--samples", "1").exit_code == 0
        assert (output / "report.json").exists()


def test_a_progress_bar_tells_the_state(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr", terminal)
    with Console().progress("training", 2) as update:
        update(1, "network 1/2  loss 0.51")
    assert "50%" in terminal.getvalue() and "loss 0.51" in terminal.getvalue()
