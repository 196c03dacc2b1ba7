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
    assert result.exit_code == 2 and "an entry with a budget" in result.stderr
    assert check(repository, "schema = 1\nnetwork = []\n").exit_code == 2


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
