"""Training and evaluation mix no devices: tried on PyTorch's `meta`, where a stray CPU tensor is an error."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from snnc.training.data.datasets import Samples
from snnc.training.fitting import train as training
from snnc.training.fitting.accumulators import AccumulatorLimit
from snnc.training.fitting.distillation import Distillation
from snnc.training.fitting.loop import random_states, restore_random_states
from snnc.training.fitting.measure import measure
from snnc.training.fitting.objective import SpikingObjective
from snnc.training.fitting.recipe import Recipe, apply_settings
from snnc.training.fitting.recipes import find_recipe
from snnc.training.fitting.teacher import AnalogObjective, analog_accuracy, analog_payloads
from snnc.training.fitting.train import measure_where_trained
from snnc.training.model.analog import AnalogClassifier
from snnc.training.model.classifier import SpikingClassifier, TrainerTrace
from snnc.training.model.faults import Disturbance

pytestmark = pytest.mark.slow

META = torch.device("meta")
SMALL = {"hidden": "8,8", "steps": "3", "max_payload": "15", "energy_budget": "1mJ"}


def _recipe(**settings: str) -> Recipe:
    return apply_settings(find_recipe("digits-mlp"), SMALL | settings)


def _x(samples: int = 4) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 16, (samples, 64)).astype(np.uint8)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"architecture": "cnn", "batch_norm": "true", "surrogate": "s2nn"},
        {"architecture": "pooled", "readout": "first_spike", "reset": "hard"},
        {"architecture": "residual", "readout": "spike_count", "current_leak_shift": "2"},
        {"architecture": "recurrent", "encoding": "rate"},
        {"encoding": "held", "current_leak_shift": "2"},
        {"encoding": "latency", "energy_penalty": "1"},
        {"distill": "both"},
        {"architecture": "pooled", "distill": "layerwise"},
        {"architecture": "cnn", "distill": "ckd"},
    ],
    ids=str,
)
def test_a_batch_of_training_stays_on_its_device(settings: dict[str, str]) -> None:
    recipe = _recipe(**settings)
    config = recipe.model_config((1, 8, 8), 10)
    model = SpikingClassifier(config, batch_norm=recipe.batch_norm, surrogate=recipe.surrogate)
    distillation = None
    if recipe.distill != "none":
        distillation = Distillation(recipe.distill, AnalogClassifier(config), config, 0.5, 2.0)
    objective = SpikingObjective(model, recipe, _x(), distillation).to(META).train()
    payloads = torch.from_numpy(model.payloads(_x())).to(META)
    loss, measures = objective(payloads, torch.zeros(4, dtype=torch.int64, device=META))
    torch.autograd.backward(loss)
    assert loss.device.type == measures.device.type == "meta"
    gradients = [parameter.grad for parameter in model.parameters()]
    assert all(gradient is None or gradient.device.type == "meta" for gradient in gradients)
    assert sum(gradient is not None for gradient in gradients) > 2


@pytest.mark.parametrize("levels", [None, 3])
def test_a_batch_of_a_teacher_stays_on_its_device(levels: int | None) -> None:
    config = _recipe(architecture="pooled").model_config((1, 8, 8), 10)
    bits = None if levels is None else 4
    objective = AnalogObjective(AnalogClassifier(config, levels=levels, weight_bits=bits)).to(META)
    payloads = analog_payloads(config, _x()).to(META)
    loss, _ = objective(payloads, torch.zeros(4, dtype=torch.int64, device=META))
    torch.autograd.backward(loss)
    assert loss.device.type == "meta"


def test_a_teacher_is_measured_where_it_is() -> None:
    config = _recipe(architecture="pooled").model_config((1, 8, 8), 10)
    network = AnalogClassifier(config).to(META).eval()
    samples = Samples("random", _x(), np.zeros(4, np.int64), (1, 8, 8))
    with pytest.raises(NotImplementedError, match="copy out of meta tensor"):
        analog_accuracy(network, samples)  # It asks for the classes, after computing them where it is.


def test_faults_of_hardware_are_drawn_alike_on_every_device() -> None:
    disturbance = Disturbance(torch.Generator().manual_seed(1), flip=0.1, drop=0.3)
    values = torch.ones(4, 5, device=META)
    assert disturbance.events(values).device.type == disturbance.weights(values, 4).device.type == "meta"


def test_folding_and_limits_stay_on_the_device() -> None:
    config = _recipe(architecture="cnn").model_config((1, 8, 8), 10)
    model = SpikingClassifier(config, batch_norm=True)
    limit = AccumulatorLimit(model, 24)
    model.to(META).eval()
    with pytest.raises(RuntimeError, match=r"[Mm]eta"):
        limit()  # It asks for a value, after computing with all tensors where they are.
    model.fold()
    assert {parameter.device.type for parameter in model.parameters()} == {"meta"}


def _model() -> tuple[SpikingClassifier, Samples]:
    torch.manual_seed(0)
    model = SpikingClassifier(_recipe().model_config((1, 8, 8), 10)).eval()
    x = np.random.default_rng(1).integers(0, 16, (70, 64)).astype(np.uint8)
    return model, Samples("random", x, np.arange(70) % 10, (1, 8, 8))


def test_what_is_measured_is_what_the_trace_says() -> None:
    model, samples = _model()
    trace, quality = model.trace(samples.x), measure(model, samples)
    fired = [int(layer.spikes.sum()) for layer in trace[:-1]]
    assert min(fired) > 0
    assert quality.spikes == sum(fired) / 70
    assert quality.rates == tuple(spikes / (8 * 3 * 70) for spikes in fired)
    assert quality.accuracy == (trace[-1].membranes[:, -1].argmax(1) == samples.y).mean()


OTHER = torch.device("cpu", 0)
"""Counts as another device than the CPU, and computes like it."""


def test_another_device_measures_where_its_integers_are_those_of_the_cpu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, samples = _model()
    moves: list[str] = []
    move = SpikingClassifier.to

    def counted(model: SpikingClassifier, device: Any) -> SpikingClassifier:
        moves.append(str(device))
        return move(model, device)

    monkeypatch.setattr(SpikingClassifier, "to", counted)
    assert measure_where_trained(model, samples, OTHER) == (measure(model, samples), [])
    assert moves == ["cpu:0", "cpu", "cpu:0", "cpu"]


def test_a_device_that_computes_otherwise_does_not_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    model, samples = _model()
    expected, whole = measure(model, samples), SpikingClassifier.trace
    calls: list[int] = []

    def trace(self: SpikingClassifier, x: np.ndarray) -> tuple[TrainerTrace, ...]:
        calls.append(len(x))
        traces = list(whole(self, x))
        if len(calls) == 1:
            wrong = traces[1].membranes.copy()
            wrong[3, 1, 2] += 1
            traces[1] = TrainerTrace("hidden2", wrong, traces[1].spikes)
        return tuple(traces)

    monkeypatch.setattr(SpikingClassifier, "trace", trace)
    quality, found = measure_where_trained(model, samples, OTHER)
    assert found == ["cpu:0 computes layer hidden2 otherwise than the CPU, which measured instead"]
    assert quality == expected and calls == [training.COMPARED, training.COMPARED]


def test_the_random_state_of_a_gpu_is_kept_too(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, device = [torch.arange(3)], torch.device("cuda", 1)
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda device: kept[0] + device.index)
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda state, device: kept.append(state - device.index))
    torch.manual_seed(4)
    states = random_states(device)
    drawn = torch.rand(2)
    restore_random_states(states, device)
    assert torch.equal(torch.rand(2), drawn) and all(torch.equal(*pair) for pair in pairwise(kept))
    assert len(kept) == 2 and set(random_states(torch.device("cpu"))) == {"cpu"}
