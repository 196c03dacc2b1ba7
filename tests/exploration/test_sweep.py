"""Sweeps: cheap first, exact for survivors, resumable, and nothing lost with a worker."""

import csv
import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from inline_cluster import Inline
from random_classifiers import varied

from snnc.base.errors import FileError, UsageError
from snnc.commands.cli import main
from snnc.exploration.cluster import Cluster, workers
from snnc.exploration.evaluate import Question
from snnc.exploration.results import Results
from snnc.exploration.space import read_space
from snnc.exploration.store import Store, content_key
from snnc.exploration.sweep import STORE_FILE, Explored, Sweep
from snnc.training.files.checkpoint import save_checkpoint
from snnc.training.model.config import INPUT, EdgeConfig, LayerConfig, ModelConfig, Population

SPACE = """
schema = 1
data = "digits"
samples = 24
timed_samples = 8
models = ["m.pt"]
bits = [2, 3, 4, 8]
steps = [1, 2]
targets = ["ecp5-25k"]

[hardware]
lanes = [3, 4, 8]

[search]
objectives = ["error", "latency", "area"]
survivors = 0.25
"""
LOOKS = 16
"""Points that can be: those with three lanes cannot."""


@contextmanager
def silent(label: str, total: int) -> Iterator[Callable[[int], None]]:
    yield lambda done: None


@pytest.fixture(name="folder")
def space_folder(tmp_path: Path) -> Path:
    layers = (
        LayerConfig("a", 12, (EdgeConfig(INPUT),), Population()),
        LayerConfig("readout", 10, (EdgeConfig("a"),), Population(reset="none")),
    )
    save_checkpoint(tmp_path / "m.pt", varied(ModelConfig((1, 8, 8), layers, steps=2, max_payload=16), 1))
    (tmp_path / "space.toml").write_text(SPACE)
    return tmp_path


def sweep(folder: Path, cluster: Cluster, output: str = "out") -> Sweep:
    return Sweep(read_space(folder / "space.toml"), folder, folder / output, None, cluster)


def test_all_points_are_screened_and_the_survivors_simulated(folder: Path) -> None:
    explored = sweep(folder, Inline()).run(silent)
    assert len(explored.found) == LOOKS
    assert len(explored.refused) == 8
    assert all("lanes" in why for why in explored.refused.values())
    results = Results(explored, read_space(folder / "space.toml").search, lambda point: "")
    assert LOOKS / 4 <= len(results.measured) < LOOKS
    assert set(results.front) <= set(results.measured)
    for design in results.measured:
        assert design.measured is not None
        assert design.measured.energy_j != design.screened.energy_j
        assert design.measured.area == design.screened.area


def test_a_second_run_asks_nothing_and_finds_the_same(folder: Path) -> None:
    first = sweep(folder, Inline()).run(silent)
    again = Inline()
    second = sweep(folder, again).run(silent)
    assert again.asked == second.done == 0
    assert second.reused == first.done
    assert second.found == first.found


def test_a_run_that_was_interrupted_goes_on(folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        sweep(folder, Inline(most=5)).run(silent)
    assert len(Store(folder / "out" / STORE_FILE)) == 5
    explored = sweep(folder, Inline()).run(silent)
    assert len(explored.found) == LOOKS
    assert explored.reused == 5


@pytest.mark.slow
def test_the_command_builds_what_was_measured(folder: Path) -> None:
    arguments = ["explore", str(folder / "space.toml"), "-o", str(folder / "out"), "--workers", "1"]
    run = CliRunner().invoke(main, arguments)
    assert run.exit_code == 0, run.stderr
    result = json.loads((folder / "out" / "pareto.json").read_text())
    command = result["chosen"]["command"]
    assert command in run.stderr
    built = CliRunner().invoke(main, command.split()[1:])
    assert built.exit_code == 0, built.stderr
    build = command.split()[-1]
    again = ["-q", "simulate", build, "--data", "digits", "--samples", "8", "--json", "-"]
    report = json.loads(CliRunner().invoke(main, again).stdout)
    assert report["latency_s"]["mean"] == pytest.approx(result["chosen"]["latency"])
    assert report["energy_j"]["mean"] == pytest.approx(result["chosen"]["energy"])
    rows = list(csv.DictReader((folder / "out" / "points.csv").open()))
    assert len(rows) == LOOKS
    picture = (folder / "out" / "pareto.svg").read_text()
    assert ElementTree.fromstring(picture).tag.endswith("svg")
    assert picture.count("<circle") == LOOKS
    assert picture.count('class="chosen"') == 1


def test_an_accuracy_that_none_reaches_chooses_none(folder: Path) -> None:
    (folder / "space.toml").write_text(SPACE + "min_accuracy = 1.0\n")
    results = Results(
        sweep(folder, Inline()).run(silent), read_space(folder / "space.toml").search, lambda point: "build"
    )
    assert results.chosen is None
    assert "none reaches an accuracy of 100.00%" in results.render()


def test_areas_are_asked_for_where_they_are_known(folder: Path) -> None:
    (folder / "space.toml").write_text(SPACE.replace("ecp5-25k", "mesh16"))
    with pytest.raises(UsageError, match="areas are known"):
        sweep(folder, Inline()).run(silent)


def test_a_model_that_is_missing_is_named(folder: Path) -> None:
    (folder / "m.pt").unlink()
    with pytest.raises(FileError, match=r"m\.pt"):
        sweep(folder, Inline()).run(silent)


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_nothing(folder: Path) -> None:
    (folder / "space.toml").write_text(SPACE.replace("[2, 3, 4, 8]", "[2, 4]").replace("[3, 4, 8]", "[4]"))
    expected = sweep(folder, Inline(), "inline").run(silent)
    killed: list[int] = []

    with workers(count=2) as cluster:

        @contextmanager
        def killing(label: str, total: int) -> Iterator[Callable[[int], None]]:
            def update(done: int) -> None:
                if done == 1 and not killed:
                    killed.append(next(iter(cluster.client.run(os.getpid).values())))
                    os.kill(killed[0], signal.SIGKILL)

            yield update

        found = sweep(folder, cluster).run(killing)
    assert killed
    assert found.lost == 0
    assert without_times(found) == without_times(expected)


def without_times(explored: Explored) -> list[tuple[object, ...]]:
    return [
        (design.point, design.values(("error", "latency", "energy", "area", "memory", "cores")))
        for design in explored.found
    ]


def test_nobody_answers_at_an_address_without_scheduler() -> None:
    with pytest.raises(UsageError, match="no scheduler answers"), workers("nowhere://1"):
        pass


def test_the_content_of_files_decides_not_their_names(folder: Path) -> None:
    one = sweep(folder, Inline())
    question = one._question(next(iter(_points(one))), "cycle")
    (folder / "other.pt").write_bytes((folder / "m.pt").read_bytes())
    renamed = Question(folder / "other.pt", *_rest(question))
    assert content_key(renamed.content()) == content_key(question.content())
    (folder / "other.pt").write_bytes(b"something else")
    assert content_key(renamed.content()) != content_key(question.content())


def _points(one: Sweep) -> Iterator[Any]:
    from snnc.exploration.space import grid

    return (point for point in grid(one.axes) if dict(point.hardware)["lanes"] == 4)


def _rest(question: Question) -> tuple[Any, ...]:
    return question.bits, question.steps, question.target, question.selection, question.tier
