"""What a network is trained for: the losses of outputs and of steps, labels in parts, neurons left out."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from snnc.training.fitting.objective import SpikingObjective, measures
from snnc.training.fitting.recipe import apply_settings
from snnc.training.fitting.recipes import find_recipe
from snnc.training.model.classifier import SpikingClassifier

random = np.random.default_rng(0)
X = random.integers(0, 17, (6, 64), dtype=np.uint8)
Y = torch.arange(6)


def _objective(**settings: str) -> SpikingObjective:
    recipe = apply_settings(find_recipe("digits-mlp"), {"hidden": "8", "rate_penalty": "0", **settings})
    torch.manual_seed(1)
    model = SpikingClassifier(recipe.model_config((1, 8, 8), 10), dropout=recipe.dropout)
    return SpikingObjective(model, recipe, X)


@pytest.mark.parametrize("readout", ["membrane", "spike_count"])
def test_tet_is_the_mean_over_what_every_step_adds(readout: str) -> None:
    objective = _objective(loss="tet", readout=readout, label_smoothing="0.1")
    payloads = torch.from_numpy(objective.model.payloads(X))
    loss, _ = objective(payloads, Y)
    run = objective.model.run(payloads)[-1]
    if readout == "membrane":
        values = run.membranes.flatten(2) * run.unit
        added = torch.cat([values[:1], values[1:] - values[:-1]])
    else:
        added = run.spikes.flatten(2)
    expected = torch.stack([cross_entropy(step, Y, label_smoothing=0.1) for step in added]).mean()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    whole, _ = _objective(readout=readout, label_smoothing="0.1")(payloads, Y)
    assert loss.item() != pytest.approx(whole.item(), rel=1e-3)


def test_labels_may_come_in_parts() -> None:
    parts = torch.full((6, 10), 0.05)
    parts[torch.arange(6), Y] = 0.55
    for loss in ("cross_entropy", "tet"):
        objective = _objective(loss=loss)
        payloads = torch.from_numpy(objective.model.payloads(X))
        one_hot = torch.nn.functional.one_hot(Y, 10).float()
        assert objective(payloads, one_hot)[0].item() == pytest.approx(objective(payloads, Y)[0].item())
        assert objective(payloads, parts)[0] != objective(payloads, Y)[0]
    logits, nothing = torch.eye(10)[:6], torch.zeros(())
    assert measures(nothing, logits, parts, nothing, nothing)[1] == 1


def test_dropped_neurons_are_silent_in_every_step_and_only_in_training() -> None:
    model = _objective(dropout="0.5").model
    spikes = torch.ones(4, 300, 8, 1, 1)
    model.train()
    heard = model._heard(spikes)
    assert set(heard.unique().tolist()) == {0.0, 2.0}
    assert (heard == heard[:1]).all() and 0.45 < (heard == 0).float().mean() < 0.55
    model.eval()
    assert model._heard(spikes) is spikes
    assert np.array_equal(model.predict(X), _objective().model.predict(X))
