"""The moving average of what is learned, and the settings of the optimiser and loss beside it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from snnc.training.data.datasets import Samples
from snnc.training.fitting.average import MovingAverage
from snnc.training.fitting.loop import MEASURES, Session, fit, parameter_groups
from snnc.training.fitting.objective import SpikingObjective
from snnc.training.fitting.processes import Place
from snnc.training.fitting.recipes import find_recipe
from snnc.training.fitting.train import train
from snnc.training.model.classifier import SpikingClassifier
from snnc.training.model.normalisation import CurrentStatistics

RECIPE = replace(find_recipe("digits-mlp"), hidden=(16,), epochs=2, device="cpu")


def test_an_average_of_few_steps_is_of_these_and_later_of_many() -> None:
    module = CurrentStatistics(1)
    average = MovingAverage(module, 0.5)
    expected = np.zeros(1)
    for step, value in enumerate((8.0, 4.0, 2.0, 16.0, 3.0, 1.0, 5.0, 7.0, 9.0), 1):
        module.mean.fill_(value)
        average.update()
        decay = min(0.5, (1 + step) / (10 + step))
        expected = expected * decay + value * (1 - decay)
    assert decay == 0.5
    restored = MovingAverage(module, 0.5)
    restored.load_state_dict(average.state_dict())
    for one in (average, restored):
        one.swap()
        np.testing.assert_allclose(module.mean.numpy(), expected, rtol=1e-6)
        one.swap()
        assert module.mean.item() == 9.0
    assert restored.steps == average.steps == 9


def test_a_training_with_an_average_keeps_it() -> None:
    last, averaged = (train(RECIPE, 1, {"average": average}).model.state_dict() for average in ("0", "0.99"))
    moved = [name for name in last if not torch.equal(last[name], averaged[name])]
    assert "layers.0.synapses.weight" in moved and "layers.0.threshold" in moved


class _Climb(nn.Module):
    """One number that every step raises."""

    def __init__(self) -> None:
        super().__init__()
        self.number = nn.Parameter(torch.zeros(1))

    def forward(self, payloads: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        return -self.number.sum(), torch.zeros(len(MEASURES), dtype=torch.float64)


def test_what_is_kept_of_an_average_obeys_the_constraint() -> None:
    climb = _Climb()
    recipe = replace(RECIPE, average=0.9, learning_rate=0.6, schedule="constant", batch=5)
    samples = Samples("s", np.zeros((20, 4), np.uint8), np.zeros(20, np.int64), (1, 2, 2))
    session = Session(recipe, 1, Place(0, 1, torch.device("cpu")), lambda _: None)

    def to_integers() -> None:
        climb.number.data.round_()

    fit(climb, lambda x: x, samples, session, constrain=to_integers)
    # Adam's steps of 0.6 round to 1; the average of the 8 steps lies between.
    assert 4 < climb.number.item() < 8 and climb.number.item() == round(climb.number.item())


def test_weights_decay_and_thresholds_do_not() -> None:
    model = SpikingClassifier(RECIPE.model_config((1, 8, 8), 10))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    optimiser = torch.optim.AdamW(parameter_groups(model, replace(RECIPE, weight_decay=0.5)), lr=0.1)
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimiser.step()
    for name, value in model.state_dict().items():
        torch.testing.assert_close(value, before[name] * (0.95 if "weight" in name else 1))


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_labels_are_smoothed(smoothing: float) -> None:
    recipe = replace(RECIPE, label_smoothing=smoothing, rate_penalty=0.0)
    model = SpikingClassifier(recipe.model_config((1, 8, 8), 10))
    x = np.random.default_rng(0).integers(0, 17, (20, 64)).astype(np.uint8)
    payloads, y = torch.from_numpy(model.payloads(x)), torch.arange(20) % 10
    loss, _ = SpikingObjective(model, recipe, x)(payloads, y)
    target = torch.nn.functional.one_hot(y, 10) * (1 - smoothing) + smoothing / 10
    expected = -(target * torch.log_softmax(model(payloads)[0], 1)).sum(1).mean()
    torch.testing.assert_close(loss, expected)
