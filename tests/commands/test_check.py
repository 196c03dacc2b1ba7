"""Budgets: the low, typical and high value, layers, a file of them, and the guide that shows how in CI."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

import snnc
from snnc.base.errors import UsageError
from snnc.commands.budgets import EnergyBudget
from snnc.commands.cli import main
from snnc.training.data.datasets import load_samples

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guides" / "ci.md").read_text("utf-8")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's repository: a model and the guide's file of budgets."""
    folder = tmp_path_factory.mktemp("repository")
    trained = run("-q", "train", "digits-mlp", "-o", folder / "model.pt", "--set", "epochs=2", "--seed", "1")
    assert trained.exit_code == 0, trained.output
    (folder / "budgets.toml").write_text(block("toml"))
    return folder


def block(language: str, number: int = 0) -> str:
    """A fenced block of the guide."""
    found: list[str] = re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    return found[number]


def check(repository: Path, text: str, *options: object) -> Result:
    path = repository / "other.toml"
    path.write_text(text)
    return run("check", path, *options)


def test_the_guides_budgets_are_kept_and_the_table_says_so(repository: Path) -> None:
    result = run("check", repository / "budgets.toml", "--json", "-", "--markdown", repository / "b.md")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["broken"] == 0
    (network,) = document["networks"]
    assert (network["samples"], network["data"]) == (60, "digits")
    kinds = [found["what"] for found in network["found"]]
    assert kinds == ["energy, high value", "energy of layer hidden1, high value", "latency", "accuracy"]
    assert all(0 < found["used"] <= 1 and found["kept"] for found in network["found"])
    assert (repository / "b.md").read_text().startswith("### Budgets: all kept\n")


def test_what_is_exceeded_stands_first_and_ends_with_6(repository: Path) -> None:
    text = block("toml").replace("high:1uJ", "low:1pJ").replace("min_accuracy = 0.5", "min_accuracy = 1.0")
    result = check(repository, text, "--markdown", repository / "b.md")
    assert result.exit_code == 6
    assert "2 of 4 budgets exceeded" in result.stderr and result.stderr.count("EXCEEDED") == 2
    rows = [line for line in (repository / "b.md").read_text().splitlines() if line.startswith("| ")]
    assert ["EXCEEDED" in row for row in rows] == [False, True, True, False, False]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("schema = 1", "schema = 2", "schema must be 1"),
        ("[[network]]", "[[network", "not valid TOML"),
        ('data = "digits"', 'data = "digits"\nmin_speed = 1', "unknown fields: min_speed"),
        ('model = "model.pt" ', 'model = "model.pt"\nbuild = "b" ', "an entry with a build or a model"),
        ("min_accuracy = 0.5", "min_accuracy = 1.5", "min_accuracy must be a number in 0..1, not 1.5"),
        ("high:2uJ", "most:2uJ", "max_energy takes the low, typical, high value, not 'most'"),
        ("high:2uJ", "much", "max_energy must be a number with a unit like 5uJ, not 'much'"),
        ("hidden1 =", "hidden7 =", "no layer is called 'hidden7'; there are hidden1, readout"),
        ("samples = 60", 'samples = 60\ntier = "functional"', "needs --tier cycle"),
        ('model = "model.pt"', 'model = "none.pt"', "no such model file"),
    ],
)
def test_a_broken_file_is_refused_by_name(repository: Path, old: str, new: str, message: str) -> None:
    text = block("toml")
    assert old in text
    result = check(repository, text.replace(old, new))
    assert result.exit_code == 2 and message in result.stderr, result.stderr


def test_an_entry_without_a_limit_checks_nothing_and_is_refused(repository: Path) -> None:
    text = 'schema = 1\n[[network]]\nmodel = "model.pt"\ndata = "digits"\n'
    result = check(repository, text)
    assert result.exit_code == 2
    assert "other.toml: network[0] must be an entry with a budget, not 'none'" in result.stderr
    assert check(repository, "schema = 1\nnetwork = []\n").exit_code == 2


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("hidden1 =", '"" =', "no layer is called ''; there are hidden1, readout"),
        (
            '"high:1uJ"',
            '"x=1uJ"',
            "max_layer_energy of 'hidden1' must be a number with a unit like 5uJ, not 'x=1uJ'",
        ),
        (
            '"high:2uJ"',
            '"hidden1=2uJ"',
            "max_energy must be a number with a unit like 5uJ, not 'hidden1=2uJ'",
        ),
        ('"high:2uJ"', '"0J"', "max_energy must be more than 0 J, not '0J'"),
        ('"high:2uJ"', '"-2uJ"', "max_energy must be a number with a unit like 5uJ, not '-2uJ'"),
        ('"high:2uJ"', '"nan"', "max_energy must be a number with a unit like 5uJ, not 'nan'"),
        ('"high:2uJ"', '"1e999J"', "max_energy must be a finite number, not '1e999J'"),
        ('"high:2uJ"', '"2us"', "max_energy must be a number with a unit like 5uJ, not '2us'"),
        ('"50us"', '"0"', "max_latency must be more than 0 s, not '0'"),
        ('target = "fpga"', 'target = "none"', "no target is called 'none'; there are "),
        ('data = "digits" ', 'data = "none" ', "unknown data set 'none'"),
        ("samples = 60", 'samples = 60\nenergy_table = "none"', "no energy table is called 'none'"),
        ("samples = 60", "samples = 60\nsamples = 61", "not valid TOML"),
    ],
)
def test_an_error_names_the_file_and_the_entry_and_leaves_nothing_behind(
    repository: Path, old: str, new: str, message: str
) -> None:
    """Behind an entry that is kept, so that the number is that of the second."""
    first, second = block("toml").split("[[network]]", 1)
    assert old in second
    text = f"{first}[[network]]{second}[[network]]{second.replace(old, new, 1)}"
    written = repository / "left.json", repository / "left.md"
    result = check(repository, text, "--json", written[0], "--markdown", written[1])
    line = result.stderr.splitlines()[-1] if "hint" not in result.stderr else result.stderr.splitlines()[-3]
    where = "" if "TOML" in message else "network[1]: "
    assert result.exit_code == 2 and f"other.toml: {where}{message}" in line, result.stderr
    assert not any(path.exists() for path in written)


def test_an_accuracy_of_nothing_is_told_without_a_number_that_json_lacks(repository: Path) -> None:
    """Labels that no prediction meets: the limit over what was found is without bound."""
    import numpy as np

    digits = load_samples("digits", limit=4)
    network = snnc.load(repository / "model.pt")
    predicted = snnc.simulate(snnc.compile(network), digits.x).predictions
    np.savez(repository / "wrong.npz", x=digits.x, y=(np.array(predicted) + 1) % 10)
    text = 'schema = 1\n[[network]]\nmodel = "model.pt"\ndata = "wrong.npz"\nmin_accuracy = 0.5\n'
    result = check(repository, text, "--json", repository / "wrong.json")
    assert result.exit_code == 6
    document = json.loads((repository / "wrong.json").read_text(), parse_constant=pytest.fail)
    (found,) = document["networks"][0]["found"]
    assert found["used"] is None and not found["kept"] and found["value"] == "0.0000"
    assert "inf" not in result.stderr


def test_a_limit_of_the_command_line_that_names_no_layer_is_refused() -> None:
    with pytest.raises(UsageError, match=r"^--max-energy names no layer before the = of '=5J'$"):
        EnergyBudget.parse("=5J", "--max-energy")
    with pytest.raises(UsageError, match=r"^--max-energy must be more than 0 J, not '0J'$"):
        EnergyBudget.parse("0J", "--max-energy")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", EnergyBudget(5.0)),
        ("high:5J", EnergyBudget(5.0, "high")),
        ("conv1=5J", EnergyBudget(5.0, "typical", "conv1")),
        ("a=b=low:1J", EnergyBudget(1.0, "low", "a=b")),
    ],
)
def test_a_budget_names_its_layer_and_its_value(text: str, expected: EnergyBudget) -> None:
    assert EnergyBudget.parse(text, "--max-energy") == expected


def test_the_values_of_the_interval_are_checked_apart(repository: Path) -> None:
    build = repository / "build"
    assert run("-q", "compile", repository / "model.pt", "-o", build).exit_code == 0
    arguments = ("-q", "simulate", build, "--data", "digits", "--samples", "4")
    report = json.loads(run(*arguments, "--json", "-").stdout)
    energy, layer = report["energy_j"], report["layers"][0]
    assert energy["low"] < energy["mean"] < energy["high"]
    assert energy["built"]["low"] < energy["built"]["mean"] < energy["mean"]
    between = (energy["mean"] + energy["high"]) / 2
    assert run(*arguments, "--max-energy", between).exit_code == 0
    broken = run(*arguments, "--max-energy", f"high:{between}", "--max-energy", f"low:{between}")
    assert broken.exit_code == 6 and broken.stderr.count("budget") == 1 and "high value" in broken.stderr
    limit = f"{layer['name']}={layer['energy_j'] / 2}"
    assert "energy of layer hidden1" in run(*arguments, "--max-energy", limit).stderr
    other = json.loads(run(*arguments, "--energy-table", "loihi", "--json", "-").stdout)["energy_j"]
    assert other["table"] == "loihi" and other["by_action"]["weight_reads"] == 0 < other["by_action"]["sops"]


def test_the_guides_workflow_runs(repository: Path, tmp_path: Path) -> None:
    """Every step that is a command, but for the installation, in a shell, as a runner does."""
    workflow: dict[str, Any] = yaml.safe_load(block("yaml"))
    (job,) = workflow["jobs"].values()
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert commands[0] == "pip install snnc" and len(commands) == 3
    work = tmp_path / "checkout"
    shutil.copytree(repository, work)
    summary = tmp_path / "summary.md"
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "GITHUB_STEP_SUMMARY": str(summary)}
    for command in commands[1:]:
        subprocess.run(["bash", "-e", "-c", command], cwd=work, env=environment, check=True)
    assert "### Budgets: all kept" in summary.read_text()
    assert json.loads((work / "budgets.json").read_text())["broken"] == 0


def test_the_guides_hook_is_one_that_runs_the_check(repository: Path) -> None:
    (local,) = yaml.safe_load(block("yaml", 1))["repos"]
    (hook,) = local["hooks"]
    program, *arguments = hook["entry"].split()
    assert program == "snnc" and arguments[0] == "check" and not hook["pass_filenames"]
    assert run("-q", "check", repository / arguments[1]).exit_code == 0
    pattern = re.compile(hook["files"])
    assert all(pattern.search(name) for name in ("model.pt", "budgets.toml", "nets/a.pt"))
    assert not pattern.search("README.md")


def test_data_may_lie_beside_the_budgets(repository: Path) -> None:
    import numpy as np

    digits = load_samples("digits", limit=8)
    np.savez(repository / "own.npz", x=digits.x, y=digits.y)
    text = block("toml").replace('"digits"', '"own.npz"').replace("samples = 60", "samples = 8")
    assert check(repository, text.replace("min_accuracy = 0.5", "min_accuracy = 0.0")).exit_code == 0
