"""Trainings with a network, a loss or an optimiser of the caller's own, and their logs."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import snnc
from snnc.base.errors import FileError, UsageError
from snnc.training.fitting.logs import COLUMNS, CsvLog, open_log
from snnc.training.fitting.loop import Progress
from snnc.training.fitting.parts import Outputs
from snnc.training.fitting.recipes import find_recipe
from snnc.training.fitting.train import train

pytestmark = pytest.mark.slow

SHORT: dict[str, Any] = {"epochs": 3, "hidden": 16, "rate_penalty": 0.0, "device": "cpu"}


def _own_model(outputs: int = 10, side: int = 8, **options: Any) -> snnc.SpikingClassifier:
    torch.manual_seed(0)
    neurons = snnc.Population(leak=snnc.Decay(1, 4))
    layers = (
        snnc.LayerConfig("one", 24, (snnc.EdgeConfig("input"),), neurons, weight_bits=5),
        snnc.LayerConfig(
            "two", outputs, (snnc.EdgeConfig("one"), snnc.EdgeConfig("one", delay=1)), neurons, weight_bits=5
        ),
    )
    config = snnc.ModelConfig((1, side, side), layers, steps=3, readout="spike_count")
    return snnc.SpikingClassifier(config, batch_norm=True, **options)


def test_an_own_network_is_trained_and_deployed() -> None:
    result = snnc.train("digits-mlp", model=_own_model(), epochs=6, rate_penalty=0.0, device="cpu")
    assert result.accuracy > 0.7 and result.model.layer_names == ("one", "two")
    assert result.recipe.steps == 3 and result.recipe.readout == "spike_count"
    x = snnc.dataset("digits", "test", 8).x
    executed = snnc.reference(result, x)
    assert executed.predictions.tolist() == result.model.predict(x).tolist()


@pytest.mark.parametrize(("outputs", "side"), [(9, 8), (10, 7)])
def test_an_own_network_must_take_the_data(outputs: int, side: int) -> None:
    with pytest.raises(UsageError, match=rf"shape \(1, {side}, {side}\) and has {outputs} outputs; the data"):
        snnc.train("digits-mlp", model=_own_model(outputs, side), epochs=1)


def test_mixed_labels_fit_a_network_with_more_outputs_than_classes() -> None:
    result = snnc.train("digits-mlp", model=_own_model(13), mixup=0.4, epochs=3, rate_penalty=0.0)
    assert result.accuracy > 0.3


def test_a_loss_may_be_named() -> None:
    short = {**SHORT, "epochs": 1}
    named, set_ = snnc.train("digits-mlp", loss="tet", **short), find_recipe("digits-mlp")
    assert named.recipe.loss == "tet"
    expected = train(
        set_, 1, {"loss": "tet", "epochs": "1", "hidden": "16", "rate_penalty": "0.0", "device": "cpu"}
    )
    assert torch.equal(named.model.stack[0].synapses.weight, expected.model.stack[0].synapses.weight)
    with pytest.raises(UsageError, match="loss must be one of cross_entropy, tet"):
        snnc.train("digits-mlp", loss="hinge", **short)


def test_an_own_loss_sees_what_every_step_adds() -> None:
    shapes = set()

    def loss(outputs: Outputs, y: Tensor) -> Tensor:
        shapes.add((*outputs.steps.shape[::2], *outputs.rates.shape))
        assert torch.allclose(outputs.steps.sum(0) / 4, outputs.logits, atol=1e-5)
        answers = outputs.steps.cumsum(0)
        labels = y.repeat(len(answers))
        return torch.nn.functional.cross_entropy(answers.flatten(0, 1), labels)

    result = snnc.train("digits-mlp", loss=loss, **SHORT)
    assert shapes == {(4, 10, 1)}
    assert result.accuracy > 0.6
    usual = snnc.train("digits-mlp", **SHORT)
    assert not torch.equal(usual.model.stack[0].synapses.weight, result.model.stack[0].synapses.weight)


CRITERION = torch.nn.CrossEntropyLoss()


@pytest.mark.parametrize(
    ("parts", "message", "hint"),
    [
        ({"model": torch.nn.Linear(64, 10)}, "model must be a SpikingClassifier, not Linear", "snnc.convert"),
        ({"model": snnc.SpikingClassifier}, "a SpikingClassifier, not SpikingClassifier", "result.model"),
        ({"loss": CRITERION}, "a function of outputs and labels, not CrossEntropyLoss", "outputs.logits"),
        ({"loss": lambda outputs, y: 1.0}, "one number with gradients, not float$", None),
        ({"loss": lambda outputs, y: outputs.logits}, r"not Tensor of shape \(64, 10\)$", None),
        ({"loss": lambda outputs, y: outputs.logits.detach().sum()}, r"shape \(\) without gradients$", None),
        (
            {"optimiser": torch.optim.SGD([torch.zeros(1, requires_grad=True)])},
            "optimiser must be a function, not SGD",
            "lambda groups",
        ),
        ({"optimiser": lambda groups: None}, "needs no closure, not NoneType", None),
        ({"optimiser": lambda groups: torch.optim.LBFGS(groups[0]["params"])}, "closure, not LBFGS", None),
        ({"model": _own_model().requires_grad_(False)}, "no parameter of the model is learned", "requires"),
    ],
)
def test_parts_that_are_none(parts: dict[str, Any], message: str, hint: str | None) -> None:
    settings = SHORT if "model" not in parts else {"epochs": 1, "device": "cpu"}
    with pytest.raises(UsageError, match=message) as caught:
        snnc.train("digits-mlp", **parts, **settings)
    assert hint is None or hint in str(caught.value.hint)


def test_settings_may_be_arrays() -> None:
    result = snnc.train("digits-mlp", **{**SHORT, "epochs": 1, "hidden": np.array([8, 4])})
    assert result.recipe.hidden == (8, 4)


def test_an_own_optimiser_gets_weights_apart_and_follows_the_schedule() -> None:
    made: list[torch.optim.Optimizer] = []

    def optimiser(groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        assert [group["weight_decay"] for group in groups] == [0.01, 0.0]
        assert all(value.ndim > 1 for value in groups[0]["params"])
        made.append(torch.optim.SGD(groups, lr=0.5, momentum=0.9))
        return made[0]

    rates = []
    result = snnc.train(
        "digits-mlp",
        optimiser=optimiser,
        schedule="linear",
        weight_decay=0.01,
        progress=lambda _: rates.append(made[0].param_groups[0]["lr"]),
        **SHORT,
    )
    np.testing.assert_allclose(rates, [0.5 * 2 / 3, 0.5 / 3, 0.0], atol=1e-9)
    assert result.accuracy > 0.5


def test_a_csv_log_has_a_row_per_epoch_and_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "new" / "log.csv"
    seen: list[Progress] = []
    snnc.train("digits-mlp", log=path, progress=seen.append, held_out=0.1, distill="logits", **SHORT)
    with path.open() as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["stage"], row["epoch"]) for row in rows] == [
        (stage, str(epoch)) for stage in ("teacher", "network") for epoch in (1, 2, 3)
    ]
    assert [row["held_out"] == "" for row in rows] == [True] * 3 + [False] * 3
    for row, state in zip(rows, seen, strict=True):
        assert float(row["loss"]) == pytest.approx(state.loss, rel=1e-5)
        assert float(row["images_per_second"]) > 0
    open_log(path)(seen[-1])
    assert path.read_text().count("stage") == 1 and len(path.read_text().splitlines()) == 8


def test_tensorboard_reads_what_was_logged(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    seen: list[Progress] = []
    snnc.train("digits-mlp", log=tmp_path / "runs", progress=seen.append, **SHORT)
    events = EventAccumulator(str(tmp_path / "runs"))
    events.Reload()
    names = events.Tags()["scalars"]
    assert "network/loss" in names and "network/held_out" not in names
    points = events.Scalars("network/accuracy")
    assert [point.step for point in points] == [1, 2, 3]
    np.testing.assert_allclose(
        [point.value for point in points], [state.accuracy for state in seen], rtol=1e-6
    )


def test_a_log_that_cannot_be_written_is_refused_before_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="cannot be made"):
        snnc.train("digits-mlp", log=tmp_path / "file" / "log.csv", **SHORT)
    (tmp_path / "log.csv").mkdir()
    with pytest.raises(FileError, match="cannot be written"):
        CsvLog(tmp_path / "log.csv")(Progress(1, 1, 0.0, 0.0, 0.0))


def test_tensorboard_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch.utils.tensorboard", None)
    with pytest.raises(UsageError, match="need the package tensorboard") as caught:
        open_log(tmp_path / "runs")
    assert caught.value.hint == "pip install 'snnc[logs]', or name a .csv file"
