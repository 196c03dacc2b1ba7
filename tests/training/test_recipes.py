"""Recipes: settings are checked, and a short training learns, spikes less for a price, and repeats."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from snnc.base.errors import FileError, UsageError
from snnc.training.data.datasets import load_samples
from snnc.training.files.checkpoint import save_checkpoint
from snnc.training.fitting.loop import Progress
from snnc.training.fitting.parts import Parts
from snnc.training.fitting.recipe import apply_settings
from snnc.training.fitting.recipes import RECIPES, find_recipe
from snnc.training.fitting.train import TrainResult, train

pytestmark = pytest.mark.slow

SHORT = {"epochs": "6", "hidden": "32"}


@pytest.fixture(scope="module")
def short() -> TrainResult:
    """A training of a few epochs with seed 1."""
    return train(find_recipe("digits-mlp"), 1, SHORT)


def test_training_learns(short: TrainResult) -> None:
    seen: list[Progress] = []
    again = train(find_recipe("digits-mlp"), 2, SHORT, seen.append)
    assert [progress.epoch for progress in seen] == [1, 2, 3, 4, 5, 6] and seen[0].epochs == 6
    assert seen[-1].loss < seen[0].loss / 2
    assert min(short.accuracy, again.accuracy) > 0.85
    assert short.rates == (short.mean_rate,) and 0 < short.mean_rate < 0.5
    assert not short.model.training


def test_the_default_recipe_keeps_its_promise() -> None:
    result = train(find_recipe("digits-mlp"), 1)
    assert result.accuracy >= 0.97 and result.mean_rate <= 0.15
    # Membrane and current of one step fit an accumulator of 18 bits with room to spare.
    for layer in result.model.stack:
        weights = np.abs(layer.integers().weights[0].astype(np.int64)).sum(1)
        assert 2 ** (layer.population.state_bits - 1) + weights.max() * layer.payload < 2**17


def test_same_seed_gives_the_same_file(short: TrainResult, tmp_path: Path) -> None:
    torch.rand(5)
    again = train(find_recipe("digits-mlp"), 1, SHORT)
    assert again.provenance() == short.provenance() and again.accuracy == short.accuracy
    for name, result in (("a.pt", short), ("b.pt", again)):
        save_checkpoint(tmp_path / name, result.model, result.provenance())
    assert (tmp_path / "a.pt").read_bytes() == (tmp_path / "b.pt").read_bytes()


def test_another_seed_gives_another_model(short: TrainResult) -> None:
    other = train(find_recipe("digits-mlp"), 2, {**SHORT, "epochs": "1"})
    assert not torch.equal(other.model.stack[0].synapses.weight, short.model.stack[0].synapses.weight)


def test_training_leaves_the_callers_state() -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    threads = torch.get_num_threads()
    torch.manual_seed(5)
    train(find_recipe("digits-mlp"), 1, {**SHORT, "epochs": "1"})
    assert torch.equal(torch.rand(1), expected) and torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()


def test_a_price_on_spikes_saves_spikes(short: TrainResult) -> None:
    costly = train(find_recipe("digits-mlp"), 1, {**SHORT, "rate_penalty": "5"})
    assert costly.mean_rate < 0.7 * short.mean_rate


@pytest.mark.parametrize(
    "settings",
    [
        {"readout": "spike_count", "rate_penalty": "0"},
        {"readout": "first_spike", "rate_penalty": "0", "steps": "6"},
        {"hidden": "32,24"},
        {"reset": "hard"},
        {"hidden": ""},
        {"architecture": "recurrent"},
        {"encoding": "held", "current_leak_shift": "2"},
        {"encoding": "latency", "current_leak_shift": "2", "steps": "6"},
    ],
    ids=str,
)
def test_other_networks_learn(settings: dict[str, str]) -> None:
    result = train(find_recipe("digits-mlp"), 1, {**SHORT, **settings})
    assert result.accuracy > 0.5
    assert len(result.rates) == len(result.recipe.hidden)


@pytest.mark.parametrize("architecture", ["cnn", "pooled", "residual"])
def test_convolutions_learn(architecture: str) -> None:
    settings = {"architecture": architecture, "hidden": "8,8", "epochs": "5", "steps": "2", "batch": "24"}
    seen: list[Progress] = []
    result = train(find_recipe("digits-mlp"), 1, {**settings, "rate_penalty": "0"}, seen.append)
    assert result.accuracy > 0.6 and seen[-1].loss < seen[0].loss / 2
    names = {
        "cnn": ("hidden1", "hidden2", "readout"),
        "pooled": ("hidden1", "hidden2", "readout"),
        "residual": ("hidden1", "hidden2a", "hidden2", "readout"),
    }
    assert result.model.layer_names == names[architecture]


def test_rows_as_steps(tmp_path: Path) -> None:
    arrays: dict[str, Any] = {}
    for split in ("train", "test"):
        samples = load_samples("digits", split)
        arrays[f"x_{split}"] = (samples.x.reshape(-1, 1, 8, 8) * 15).astype(np.uint8)
        arrays[f"y_{split}"] = samples.y
    np.savez(tmp_path / "d.npz", allow_pickle=False, **arrays)
    settings = {"data": str(tmp_path / "d.npz"), "steps": "8", "epochs": "5", "batch": "32", "hidden": "48"}
    result = train(find_recipe("mnist-rows"), 1, {**settings, "rate_penalty": "0"})
    assert result.accuracy > 0.4 and result.model.config.shape == (8, 1, 1)
    assert result.provenance().preparation == "rows"


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_make_models_that_fit(name: str) -> None:
    recipe = find_recipe(name)
    image = {"digits": (1, 8, 8)}.get(recipe.data, (1, 28, 28))
    config = recipe.model_config((28, 1, 1) if recipe.encoding == "events" else image, 10)
    assert all(layer.weight_bits <= 4 and layer.channels % 8 == 0 for layer in config.layers[:-1])
    assert config.steps <= 4 or recipe.encoding == "events"


def test_training_on_spike_trains(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    y = random.integers(0, 2, 200)
    x = random.random((200, 5, 8)) < np.where(np.arange(8) < 4, y[:, None], 1 - y[:, None])[:, None] * 0.5
    np.savez(tmp_path / "e.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    settings = {"data": str(tmp_path / "e.npz"), "encoding": "events", "steps": "5", "max_payload": "1"}
    assert train(find_recipe("digits-mlp"), 1, {**SHORT, **settings}).accuracy > 0.9


def test_data_must_fit_the_recipe(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"reach 16, but the network's input takes 0\.\.15"):
        train(find_recipe("digits-mlp"), 1, {"max_payload": "15"})
    x, y = np.ones((4, 3), np.uint8), np.arange(4)
    np.savez(tmp_path / "d.npz", x_train=x, y_train=y, x_test=x, y_test=y + 1)
    with pytest.raises(FileError, match="test labels reach 4, training labels only 3"):
        train(find_recipe("digits-mlp"), 1, {"data": str(tmp_path / "d.npz")})


def test_unknown_recipe() -> None:
    with pytest.raises(UsageError, match="unknown recipe 'digits'; known: digits-mlp"):
        find_recipe("digits")
    assert all(recipe.description for recipe in RECIPES.values())


def test_settings() -> None:
    recipe = find_recipe("digits-mlp")
    changed = apply_settings(
        recipe, {"hidden": "128, 64", "leak_shift": "none", "steps": "2", "learning_rate": "1e-3"}
    )
    assert (changed.hidden, changed.leak_shift, changed.steps) == ((128, 64), None, 2)
    assert changed.learning_rate == 1e-3 and apply_settings(recipe, {}) == recipe
    assert apply_settings(recipe, {"leak_shift": "2", "reset": "hard"}).leak_shift == 2


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("step", "2", "no setting 'step'; allowed: data, preparation, architecture, hidden, repeat"),
        ("name", "x", "no setting 'name'"),
        ("steps", "two", r"steps must be an integer in 1\.\.1024, not 'two'"),
        ("steps", "none", r"steps must be an integer in 1\.\.1024, not 'none'"),
        ("leak_shift", "x", r"leak_shift must be an integer in 0\.\.16 or none, not 'x'"),
        ("learning_rate", "fast", r"learning_rate must be a number in 1e-09\.\.1, not 'fast'"),
        ("learning_rate", "nan", r"learning_rate must be a number in 1e-09\.\.1, not nan"),
        ("learning_rate", "inf", r"learning_rate must be a number in 1e-09\.\.1, not inf"),
        ("rate_penalty", "inf", r"rate_penalty must be a number in 0\.\.1000000, not inf"),
        ("rate_penalty", "-1", r"rate_penalty must be a number in 0\.\.1000000, not -1\.0"),
        ("batch", "1" + 20 * "0", r"batch must be an integer in 1\.\.1048576, not 1000"),
        ("accumulator_bits", "-4", r"accumulator_bits must be an integer in 4\.\.53, not -4"),
        ("accumulator_bits", "1000", r"accumulator_bits must be an integer in 4\.\.53, not 1000"),
        ("temperature", "inf", r"temperature must be a number in 0\.01\.\.1000, not inf"),
        ("shift", "9", "shift must be an integer in 0..8, not 9"),
        (
            "architecture",
            "vgg",
            "architecture must be one of mlp, cnn, pooled, residual, recurrent, not",
        ),
        ("epochs", "0", r"epochs must be an integer in 1\.\.1048576, not 0"),
        ("teacher_hidden", "x", "teacher_hidden must be integers separated by commas or none, not 'x'"),
        ("hidden", "64,0", r"hidden\[1\] must be an integer in 1\.\.16384, not 0"),
        ("weight_bits", "9", r"weight_bits must be an integer in 2\.\.8, not 9"),
        ("initial_fraction", "1", r"initial_fraction must be a number in \[0, 1\), not 1\.0"),
        ("hidden", "128;64", "hidden must be integers separated by commas"),
        ("reset", "none", "reset must be one of soft, hard, not 'none'"),
    ],
)
def test_wrong_settings(key: str, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        apply_settings(find_recipe("digits-mlp"), {key: text})


def test_settings_that_make_no_model() -> None:
    with pytest.raises(
        UsageError, match=r"recipe digits-mlp: total weights must be an integer in 1\.\.16777216, not "
    ):
        train(find_recipe("digits-mlp"), 1, {"hidden": "16384,16384"})


def test_inputs_that_do_not_fit_are_refused_before_training(tmp_path: Path) -> None:
    rows = {"preparation": "rows", "epochs": "1"}
    with pytest.raises(UsageError, match="preparation rows makes spike trains: it goes with encoding events"):
        train(find_recipe("digits-mlp"), 1, rows)
    with pytest.raises(UsageError, match="spike trains of digits have 8 steps, recipe digits-mlp runs for 4"):
        train(find_recipe("digits-mlp"), 1, {**rows, "encoding": "events"})
    assert train(find_recipe("digits-mlp"), 1, {**rows, "encoding": "events", "steps": "8"}).accuracy > 0
    path = tmp_path / "other.npz"
    labels, wide, narrow = np.arange(2), np.ones((2, 5), np.uint8), np.ones((2, 4), np.uint8)
    np.savez(path, x_train=narrow, y_train=labels, x_test=wide, y_test=labels)
    with pytest.raises(FileError, match="test samples have 5 features, training samples 4"):
        train(find_recipe("digits-mlp"), 1, {"data": str(path)})


def test_divergence_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "torch.nn.functional.cross_entropy", lambda logits, *_, **__: logits.sum() * torch.nan
    )
    with pytest.raises(UsageError, match="training diverged in epoch 1"):
        train(find_recipe("digits-mlp"), 1, SHORT)


def test_parameters_that_are_no_longer_finite_are_an_error_too() -> None:
    """The last step of an epoch may throw them out when its loss was still finite."""

    class Throwing(torch.optim.SGD):
        def step(self, closure: None = None) -> None:  # type: ignore[override]
            self.param_groups[-1]["params"][0].data[0] = torch.nan

    parts = Parts(optimiser=lambda groups: Throwing(groups, lr=0.01))
    with pytest.raises(UsageError, match=r"epoch 1 .*not every parameter is finite") as caught:
        train(find_recipe("digits-mlp"), 1, {**SHORT, "batch": "1437"}, parts=parts)
    assert caught.value.hint == "set a smaller learning_rate, or gradient_limit=1"


def test_gradients_are_limited_together() -> None:
    norms: list[float] = []

    class Watching(torch.optim.SGD):
        def step(self, closure: None = None) -> None:  # type: ignore[override]
            gradients = [value.grad for group in self.param_groups for value in group["params"]]
            norms.append(float(torch.stack([part.norm() for part in gradients if part is not None]).norm()))
            super().step()

    parts = Parts(optimiser=lambda groups: Watching(groups, lr=0.01))
    for limit in ("none", "0.001"):
        train(find_recipe("digits-mlp"), 1, {**SHORT, "epochs": "1", "gradient_limit": limit}, parts=parts)
    half = len(norms) // 2
    assert min(norms[:half]) > 0.01
    np.testing.assert_allclose(norms[half:], 0.001, rtol=1e-3)


def test_layerwise_students_start_at_half_their_thresholds() -> None:
    recipe = find_recipe("digits-mlp")
    for settings, expected in (
        ({}, 0.0),
        ({"distill": "layerwise"}, 0.5),
        ({"distill": "layerwise", "initial_fraction": "0.25"}, 0.25),
        ({"initial_fraction": "none"}, 0.0),
    ):
        assert apply_settings(recipe, settings).population().initial_fraction == expected
