"""The training loop: interruption, early stop, schedules, and several processes compute what one does."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from snnc.base.errors import FileError, UsageError
from snnc.training.files.checkpoint import load_checkpoint, save_checkpoint
from snnc.training.fitting.loop import Progress, describe_duration, learning_schedule
from snnc.training.fitting.processes import Place
from snnc.training.fitting.recipe import LearningSchedule
from snnc.training.fitting.recipes import find_recipe
from snnc.training.fitting.train import TrainingFiles, train

pytestmark = pytest.mark.slow

RECIPE = find_recipe("digits-mlp")
SHORT = {"epochs": "4", "hidden": "16", "device": "cpu"}
SETTINGS = {**SHORT, "batch_norm": "true", "shift": "1", "mirror": "true", "schedule": "onecycle"}


class Interrupted(Exception):
    """Stands for a power cut."""


def _cut_after(epoch: int) -> object:
    def report(state: Progress) -> None:
        if state.epoch == epoch:
            raise Interrupted

    return report


@pytest.mark.parametrize(
    "extra",
    [{"average": "0.9", "weight_decay": "0.1"}, {"patience": "3"}, {"patience": "3", "average": "0.9"}],
    ids=["average", "patience", "both"],
)
def test_an_interrupted_training_gives_the_same_bytes(tmp_path: Path, extra: dict[str, str]) -> None:
    settings = {**SETTINGS, **extra}
    whole = train(RECIPE, 1, settings)
    files = TrainingFiles.beside(tmp_path / "m.pt")
    with pytest.raises(Interrupted):
        train(RECIPE, 1, settings, _cut_after(2), files=files)  # type: ignore[arg-type]
    assert files.state.is_file()
    torch.rand(3)
    seen: list[Progress] = []
    resumed = train(RECIPE, 1, settings, seen.append, files=files)
    assert [state.epoch for state in seen] == [3, 4]
    for name, result in (("a.pt", whole), ("b.pt", resumed)):
        save_checkpoint(tmp_path / name, result.model, result.provenance())
    assert (tmp_path / "a.pt").read_bytes() == (tmp_path / "b.pt").read_bytes()


def test_the_state_of_another_training_is_not_used(tmp_path: Path) -> None:
    files = TrainingFiles.beside(tmp_path / "m.pt")
    with pytest.raises(Interrupted):
        train(RECIPE, 1, SHORT, _cut_after(1), files=files)  # type: ignore[arg-type]
    seen: list[Progress] = []
    train(RECIPE, 2, {**SHORT, "epochs": "1"}, seen.append, files=files)
    assert [state.epoch for state in seen] == [1]


def test_a_broken_state_is_an_error(tmp_path: Path) -> None:
    files = TrainingFiles.beside(tmp_path / "m.pt")
    files.state.write_bytes(b"PK nonsense")
    with pytest.raises(FileError, match=r"m\.pt\.state: is not a PyTorch file, or was cut short") as caught:
        train(RECIPE, 1, SHORT, files=files)
    assert caught.value.hint == "delete it to start over"
    torch.save({"format": "other"}, files.state)
    with pytest.raises(FileError, match="is not the state of a training"):
        train(RECIPE, 1, SHORT, files=files)


def test_early_stop_keeps_the_best() -> None:
    seen: list[Progress] = []
    result = train(
        RECIPE, 1, {**SHORT, "epochs": "30", "patience": "1", "learning_rate": "0.05"}, seen.append
    )
    held_out = [state.held_out for state in seen if state.held_out is not None]
    assert len(held_out) == len(seen) < 30
    assert np.argmax(held_out) == len(seen) - 2
    assert result.accuracy > 0.8


def test_held_out_samples_judge_every_epoch_and_the_best_is_kept(tmp_path: Path) -> None:
    seen: list[Progress] = []
    settings = {**SHORT, "epochs": "8", "held_out": "0.2", "learning_rate": "0.05"}
    result = train(RECIPE, 1, settings, seen.append)
    accuracies = [state.held_out for state in seen]
    assert len(accuracies) == 8 and None not in accuracies
    best = int(np.argmax(np.array(accuracies, float))) + 1
    assert best < 8, "the test needs a training whose last epoch is not its best"
    files = TrainingFiles.beside(tmp_path / "m.pt")
    with pytest.raises(Interrupted):
        train(RECIPE, 1, settings, _cut_after(best), files=files)  # type: ignore[arg-type]
    kept = torch.load(files.state, weights_only=False)["state"]["objective"]
    weights = {name.removeprefix("model."): value for name, value in kept.items()}
    assert torch.equal(weights["layers.0.synapses.weight"], result.model.stack[0].synapses.weight)


def test_progress_tells_the_pace_and_the_time_left() -> None:
    seen: list[Progress] = []
    train(RECIPE, 1, SHORT, seen.append)
    assert all(state.images_per_second > 100 for state in seen)
    assert seen[0].remaining > 0 == seen[-1].remaining
    assert re.search(r"[\d,]+ images/s  0:0\d left$", seen[0].describe())
    assert "left" not in seen[-1].describe()
    assert [describe_duration(seconds) for seconds in (59.6, 3723)] == ["1:00", "1:02:03"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cosine", [1.0, 0.5 * (1 + np.cos(np.pi / 4)), 0.5, 0.5 * (1 + np.cos(3 * np.pi / 4)), 0.0]),
        ("linear", [1.0, 0.75, 0.5, 0.25, 0.0]),
        ("constant", [1.0] * 5),
    ],
)
def test_schedules(name: LearningSchedule, expected: list[float]) -> None:
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.2)
    scheduler = learning_schedule(name, optimiser, 40)
    rates = []
    for _ in range(41):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    np.testing.assert_allclose(rates[::10], 0.2 * np.array(expected), atol=1e-9)


@pytest.mark.parametrize("steps", [1, 2, 8, 9, 10, 19, 40])
def test_one_cycle_however_short(steps: int) -> None:
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.2)
    scheduler = learning_schedule("onecycle", optimiser, steps)
    rates = []
    for _ in range(steps):
        optimiser.step()
        scheduler.step()
        rates.append(optimiser.param_groups[0]["lr"])
    assert max(rates) == pytest.approx(0.2, rel=0.01) and (steps == 1 or rates[-1] < 1e-5)


def test_device_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UsageError, match="device cuda: PyTorch sees no GPU"):
        train(RECIPE, 1, {**SHORT, "device": "cuda"})


def test_processes_share_a_batch() -> None:
    batch = torch.arange(5)
    parts = [Place(rank, 2, torch.device("cpu")).share(batch) for rank in range(2)]
    assert [part.tolist() for part, _ in parts] == [[0, 2, 4], [1, 3]]
    assert [weight for _, weight in parts] == [0.6, 0.4]
    assert Place(1, 2, torch.device("cpu")).share(batch[:1]) == (batch[:1], 0.5)


def test_two_processes_compute_what_one_does(tmp_path: Path) -> None:
    settings = {"epochs": "1", "hidden": "16", "batch": "128", "batch_norm": "true", "device": "cpu"}
    seen: list[Progress] = []
    alone = train(RECIPE, 1, settings, seen.append)
    model = tmp_path / "m.pt"
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = [*launcher, "-m", "snnc", "-v", "train", "digits-mlp", "-o", str(model)]
    command += [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    (loss,) = re.findall(r"network 1/1  loss ([0-9.]+)", output)
    assert float(loss) == pytest.approx(seen[0].loss, rel=1e-3)
    weights = load_checkpoint(model).model.stack[0].synapses.weight
    expected = alone.model.stack[0].synapses.weight
    assert float((weights - expected).detach().abs().max()) < 0.02 * float(expected.detach().abs().max())
