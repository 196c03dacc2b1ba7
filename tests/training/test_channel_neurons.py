"""Reset amounts, decays of channels, lower clamps and fraction bits in the trainer."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from random_classifiers import random_inputs, varied
from torch import Tensor

from snnc.base.errors import FileError
from snnc.compiler.isa.arithmetic import Decay
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.reference.interpreter import execute_network
from snnc.training.files.checkpoint import load_checkpoint, save_checkpoint
from snnc.training.files.export import to_network
from snnc.training.fitting.recipe import Recipe, apply_settings
from snnc.training.model.channel_neurons import run_channels
from snnc.training.model.classifier import SpikingClassifier
from snnc.training.model.config import EdgeConfig, LayerConfig, ModelConfig, Population, fully_connected
from snnc.training.model.neurons import run_population

FULL = Population(
    leak=Decay(3, 6),
    current_leak=Decay(5, 4),
    state_bits=20,
    fraction_bits=5,
    lower_clamp=-90,
    reset_apart=True,
    leak_per_channel=True,
)


def config(population: Population = FULL) -> ModelConfig:
    """6 features, 8 hidden neurons, 3 membranes."""
    return ModelConfig((6, 1, 1), fully_connected((8, 3), population=population), steps=5, max_payload=7)


@pytest.mark.parametrize("reset", ["soft", "hard", "none"])
@pytest.mark.parametrize("surrogate", ["atan", "s2nn"])
def test_channels_that_have_what_all_have_are_a_population(reset: str, surrogate: str) -> None:
    """Values and gradients."""
    population = Population(reset=reset, leak=Decay(3, 4), state_bits=9, reset_value=-4, lower_clamp=-50)  # type: ignore[arg-type]
    generator = torch.Generator().manual_seed(1)
    drawn = [torch.randint(-90, 120, (3, 4, 3, 5, 7), generator=generator)]
    drawn.append(torch.randint(-20, 20, (4, 3, 5, 7), generator=generator))
    drawn.extend(torch.randint(5, 60, (3, 1, 1), generator=generator) for _ in range(2))
    weights = torch.rand(2, 3, 4, 3, 5, 7, generator=generator).double()
    leak = torch.full((3, 1, 1), 3 / 16).double()
    functions: tuple[Callable[..., tuple[Tensor, Tensor]], ...] = (
        run_population,
        partial(run_channels, steps=3, amount=None, leak=leak),
    )
    results = []
    for function in functions:
        inputs = [values.double().requires_grad_() for values in drawn]
        outputs = function(*inputs, population, surrogate)
        loss = torch.stack(
            [(output * part).sum() for output, part in zip(outputs, weights, strict=True)]
        ).sum()
        gradients = torch.autograd.grad(loss, inputs, allow_unused=True, materialize_grads=True)
        results.append((outputs, gradients))
    for ours, theirs in zip(*(outputs for outputs, _ in results), strict=True):
        assert torch.equal(ours, theirs)
    for ours, theirs in zip(*(gradients for _, gradients in results), strict=True):
        assert torch.allclose(ours, theirs)


def test_all_of_it_is_learned() -> None:
    model = varied(config(), 3)
    logits, _ = model(torch.from_numpy(model.payloads(random_inputs(model.config, samples=32))))
    torch.nn.functional.cross_entropy(logits, torch.arange(32) % 3).backward()
    hidden = model.stack[0]
    for parameter in (hidden.reset_amount, hidden.leak, hidden.current_leak, hidden.threshold):
        assert parameter is not None
        assert parameter.grad is not None
        assert bool(parameter.grad.isfinite().all())
        assert bool(parameter.grad.any())


def test_a_leak_of_its_own_has_the_gradient_of_the_decay() -> None:
    """Without spikes the membrane is (((a) r + b) r + c) r with r = 1 - leak, but for the floor."""
    population = Population(reset="none", leak_per_channel=True, state_bits=30)
    currents = torch.tensor([8192.0, 4096.0, 16384.0]).double().reshape(3, 1, 1, 1, 1)
    leak = torch.full((1, 1, 1), 0.25).double().requires_grad_()
    zero, one = torch.zeros(1, 1, 1, 1).double(), torch.ones(1, 1, 1).double()
    membranes, _ = run_channels(currents, zero, one, 0 * one, population, "atan", 3, amount=None, leak=leak)
    membranes[-1].sum().backward()
    rest = 0.75
    assert membranes[-1].item() == 8192 * rest**3 + 4096 * rest**2 + 16384 * rest
    assert leak.grad is not None
    assert leak.grad.item() == pytest.approx(-(3 * 8192 * rest**2 + 2 * 4096 * rest + 16384))


def test_a_checkpoint_keeps_it(tmp_path: Path) -> None:
    model = varied(config(), 4)
    save_checkpoint(tmp_path / "m.pt", model)
    loaded = load_checkpoint(tmp_path / "m.pt").model
    x = random_inputs(model.config)
    for one, other in zip(model.trace(x), loaded.trace(x), strict=True):
        np.testing.assert_array_equal(one.membranes, other.membranes)
    first, again = (to_network(each, "m").layers[0].neurons for each in (model, loaded))
    assert first.fraction_bits == again.fraction_bits == 5
    assert first.lower_clamp == again.lower_clamp == -90
    assert first.leak == Decay(0, 6)
    assert first.current_leak == Decay(0, 4)
    for name in ("reset_amount", "leak_numerators", "current_numerators"):
        values = getattr(first, name)
        assert len(np.unique(values)) > 1
        assert values.tolist() == getattr(again, name).tolist()


def test_a_checkpoint_without_the_amounts_of_its_configuration_is_refused(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "m.pt", SpikingClassifier(config(replace(FULL, reset_apart=False))))
    content = torch.load(tmp_path / "m.pt", weights_only=True)
    content["config"]["layers"][0]["population"]["reset_apart"] = True
    torch.save(content, tmp_path / "other.pt")
    with pytest.raises(FileError, match=r"parameters must hold .*hidden1\.reset_amount"):
        load_checkpoint(tmp_path / "other.pt")


@pytest.mark.parametrize("batch_norm", [False, True])
def test_folding_changes_no_integer(batch_norm: bool) -> None:
    model = varied(config(), 5, batch_norm=batch_norm)
    x = random_inputs(model.config, samples=16)
    before = model.trace(x)
    assert 0 < before[0].spikes.mean() < 1
    model.fold()
    for one, other in zip(before, model.trace(x), strict=True):
        np.testing.assert_array_equal(one.membranes, other.membranes)


def test_amounts_and_decays_start_from_the_population() -> None:
    neurons = to_network(SpikingClassifier(config()), "m").layers[0].neurons
    assert neurons.leak_numerators is not None and neurons.leak_numerators.tolist() == [3] * 8
    assert neurons.current_numerators is not None and neurons.current_numerators.tolist() == [5] * 8
    assert neurons.reset_amount is not None
    assert (np.abs(neurons.reset_amount - neurons.threshold) <= 1).all()


def test_fraction_bits_are_a_setting_of_recipes() -> None:
    """The same float parameters on a grid 2**5 times as fine: the weights are the same integers."""
    recipe = apply_settings(Recipe("test", "a test", hidden=(8,)), {"fraction_bits": "5"})
    coarse, fine = (
        SpikingClassifier(replace(recipe, fraction_bits=bits).model_config((6, 1, 1), 3)) for bits in (0, 5)
    )
    fine.load_state_dict(coarse.state_dict())
    one, other = (to_network(model, "m").layers[0] for model in (coarse, fine))
    assert (one.neurons.fraction_bits, other.neurons.fraction_bits) == (0, 5)
    assert one.edges[0].synapses.weights.tolist() == other.edges[0].synapses.weights.tolist()
    assert (np.abs(32 * one.neurons.threshold - other.neurons.threshold) <= 32).all()
    assert (other.neurons.threshold > 31 * (one.neurons.threshold - 1)).all()


def test_a_readout_may_have_pixels() -> None:
    convolution = EdgeConfig("input", "conv", (3, 3), padding=(1, 1))
    layer = LayerConfig("readout", 2, (convolution,), Population(reset="none"))
    model = varied(ModelConfig((1, 4, 5), (layer,), max_payload=7), 6)
    network = to_network(model, "dense")
    x = random_inputs(model.config)
    outputs = execute_network(network, encode_inputs(network.input, network.steps, x)).outputs
    assert outputs.shape == (len(x), 40)
    np.testing.assert_array_equal(outputs, model.trace(x)[0].membranes[:, -1])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fraction_bits": 13}, "fraction_bits"),
        ({"lower_clamp": 1}, "lower_clamp must be an integer in -32768..0"),
        ({"lower_clamp": -4, "reset_value": -5}, "reset_value must be an integer in -4..32767"),
        ({"reset_apart": True, "reset": "hard"}, "reset_apart goes with the reset 'soft'"),
    ],
)
def test_what_is_no_population(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Population(**changes)  # type: ignore[arg-type]
