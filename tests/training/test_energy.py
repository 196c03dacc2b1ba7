"""The predicted energy: close to the simulator's, exact where it counts pairs, and a budget that is kept."""

import itertools

import numpy as np
import pytest
import torch

from snnc.base.errors import TargetError, UsageError
from snnc.compiler.formats.storage import Build
from snnc.compiler.pipeline import compile_network
from snnc.compiler.targets import load_target
from snnc.sim.simulate import simulate
from snnc.training.data.datasets import load_samples
from snnc.training.files.export import to_network
from snnc.training.fitting.energy import _positions, energy_prices
from snnc.training.fitting.loop import Progress
from snnc.training.fitting.measure import measure
from snnc.training.fitting.recipe import apply_settings
from snnc.training.fitting.recipes import find_recipe
from snnc.training.fitting.train import train
from snnc.training.model.architectures import Architecture, build_layers
from snnc.training.model.classifier import SpikingClassifier
from snnc.training.model.config import EdgeConfig, ModelConfig, Population

pytestmark = pytest.mark.slow

RECIPE = find_recipe("digits-mlp")
SHORT = {"epochs": "8", "hidden": "64", "rate_penalty": "0", "device": "cpu"}


@pytest.mark.parametrize(
    ("architecture", "hidden", "target"),
    [("mlp", (64, 32), "fpga"), ("pooled", (16, 16), "mesh16"), ("residual", (8, 16), "fpga")],
)
def test_prediction_is_close_to_the_simulator(
    architecture: Architecture, hidden: tuple[int, ...], target: str
) -> None:
    torch.manual_seed(1)
    layers = build_layers(architecture, hidden, 10, Population(), 4, "membrane")
    model = SpikingClassifier(ModelConfig((1, 8, 8), layers, steps=2))
    samples = load_samples("digits", limit=40)
    compilation = compile_network(to_network(model, "m"), load_target(target))
    report = simulate(Build(compilation.network, compilation.tiled), samples.x, tier="functional")
    prices = energy_prices(model.config, target)
    rates = measure(model, samples).rates
    assert min(rates) > 0.01
    predicted = prices.unavoidable(model.payloads(samples.x)) + np.dot(rates, prices.per_rate)
    print(f"{architecture} on {target}: predicted / simulated {predicted / report.energy.mean:.3f}")
    assert 0.75 < predicted / report.energy.mean < 1.2


def test_positions_are_counted_pairs() -> None:
    edge = EdgeConfig("s", "conv", (3, 2), (2, 1), (1, 0), pool=(1, 2))
    met = 0
    for (row, column), (out_row, out_column) in itertools.product(np.ndindex(7, 10), np.ndindex(4, 4)):
        tap = (row - (out_row * 2 - 1), column // 2 - out_column)
        met += 0 <= tap[0] < 3 and 0 <= tap[1] < 2
    assert _positions(edge, (3, 7, 10)) == pytest.approx(met / 70)


def _last(settings: dict[str, str]) -> tuple[Progress, float]:
    """The last epoch of a training, and what its spikes cost."""
    seen: list[Progress] = []
    train(RECIPE, 1, SHORT | settings, seen.append)
    recipe = apply_settings(RECIPE, SHORT)
    model = SpikingClassifier(recipe.model_config((1, 8, 8), 10))
    inputs = energy_prices(model.config, "fpga").unavoidable(
        model.payloads(load_samples("digits", "train").x)
    )
    return seen[-1], seen[-1].energy - inputs


def test_penalty_and_budget_save_energy() -> None:
    free, spent = _last({})
    budget = free.energy - 0.5 * spent
    kept, allowed = _last({"energy_budget": f"{budget * 1e9}nJ"})
    assert 0.3 * spent < allowed < 0.6 * spent
    assert kept.accuracy > 0.9 and f"energy {kept.energy * 1e9:.1f} nJ" in kept.describe()
    _, saved = _last({"energy_penalty": "2"})
    assert saved < 0.6 * spent


def test_without_hidden_layers_there_is_nothing_to_pay_for() -> None:
    result = train(RECIPE, 1, {"epochs": "1", "hidden": "", "energy_penalty": "1"})
    assert result.accuracy > 0 and result.rates == ()


def test_impossible_budgets() -> None:
    with pytest.raises(UsageError, match=r"energy_budget 1 nJ is below the .* nJ that this network takes on"):
        train(RECIPE, 1, {**SHORT, "energy_budget": "1nJ"})
    with pytest.raises(UsageError, match="energy_budget must be a number with a unit like 5uJ, not 'low'"):
        apply_settings(RECIPE, {"energy_budget": "low"})
    assert apply_settings(RECIPE, {"energy_budget": "2uJ"}).energy_budget == 2e-6
    assert apply_settings(RECIPE, {"energy_budget": "none"}).energy_budget is None
    with pytest.raises(TargetError):
        train(RECIPE, 1, {**SHORT, "target": "nowhere"})
