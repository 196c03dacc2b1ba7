"""Distillation: every loss against its formula in NumPy, the teacher's file, and students that learn."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from snnc.base.errors import UsageError
from snnc.training.data.datasets import load_samples
from snnc.training.fitting.distillation import (
    Distillation,
    attention_loss,
    feature_loss,
    logit_loss,
    noisy_logit_loss,
    saliency_loss,
)
from snnc.training.fitting.loop import Progress
from snnc.training.fitting.parts import Parts
from snnc.training.fitting.recipe import apply_settings
from snnc.training.fitting.recipes import find_recipe
from snnc.training.fitting.teacher import inherit, teacher_recipe
from snnc.training.fitting.train import TrainingFiles, train, train_without_spikes
from snnc.training.model.analog import AnalogClassifier, ClipFloorShift
from snnc.training.model.architectures import build_layers
from snnc.training.model.classifier import SpikingClassifier
from snnc.training.model.config import EdgeConfig, LayerConfig, ModelConfig, Population

pytestmark = pytest.mark.slow

RECIPE = find_recipe("digits-mlp")
SHORT = {"epochs": "3", "hidden": "32", "steps": "2", "batch": "32", "rate_penalty": "0", "device": "cpu"}
random = np.random.default_rng(4)


def _softmax(z: NDArray[np.float64]) -> NDArray[np.float64]:
    exponentials = np.exp(z - z.max(1, keepdims=True))
    return exponentials / exponentials.sum(1, keepdims=True)


def _divergence(student: NDArray[np.float64], teacher: NDArray[np.float64], temperature: float) -> float:
    p, q = _softmax(teacher / temperature), _softmax(student / temperature)
    return float(temperature**2 * (p * np.log(p / q)).sum(1).mean())


def _pair(*shape: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return random.random(shape) * 3, random.random(shape) * 2


def _tensors(*pair: NDArray[np.float64]) -> tuple[torch.Tensor, torch.Tensor]:
    student, teacher = map(torch.from_numpy, pair)
    return student, teacher


def test_logits() -> None:
    student, teacher = _pair(7, 5)
    assert logit_loss(*_tensors(student, teacher), 3.0).item() == pytest.approx(
        _divergence(student, teacher, 3.0)
    )


def test_features() -> None:
    student, teacher = _pair(4, 3, 2, 2)
    expected = ((student - teacher) ** 2).mean()
    assert feature_loss(*_tensors(student, teacher)).item() == pytest.approx(expected)


@pytest.mark.parametrize("shape", [(4, 3, 5, 2), (4, 6, 1, 1)], ids=["conv", "flat"])
def test_attention(shape: tuple[int, ...]) -> None:
    student, teacher = _pair(*shape)
    axes = (1,) if shape[2] > 1 else (2, 3)
    maps = [(values**2).sum(axes).reshape(4, -1) for values in (student, teacher)]
    maps = [values / np.sqrt((values**2).sum(1, keepdims=True)) for values in maps]
    expected = np.sqrt(((maps[0] - maps[1]) ** 2).sum(1)).mean()
    assert attention_loss(*_tensors(student, teacher)).item() == pytest.approx(expected)


def test_saliency() -> None:
    student, teacher = _pair(6, 9)
    scaled = [
        (values - values.min(1, keepdims=True)) / np.ptp(values, 1, keepdims=True)
        for values in (student, teacher)
    ]
    assert saliency_loss(*_tensors(student, teacher)).item() == pytest.approx(
        _divergence(scaled[0], scaled[1], 2.0)
    )


def test_noisy_logits() -> None:
    student, teacher = _pair(6, 5)
    noise = random.normal(size=(6, 5))
    disturbed = student + 0.1 * (student.mean(1, keepdims=True) + student.std(1, keepdims=True) * noise)
    got = noisy_logit_loss(*_tensors(student, teacher), torch.from_numpy(noise)).item()
    assert got == pytest.approx(_divergence(disturbed, teacher, 2.0))


def _small_net() -> tuple[SpikingClassifier, AnalogClassifier, torch.Tensor]:
    """A convolution behind a pooled readout, its teacher, and payloads."""
    torch.manual_seed(3)
    layers = build_layers("pooled", (6, 4), 3, Population(), 8, "membrane")
    config = ModelConfig((1, 8, 8), layers, steps=3)
    model, teacher = SpikingClassifier(config), AnalogClassifier(config).eval()
    return model, teacher, torch.randint(0, 17, (5, 1, 64))


def test_saliency_maps_are_class_activation_maps() -> None:
    model, teacher, payloads = _small_net()
    runs = model.run(payloads)
    logits, _ = model.outputs(runs)
    distillation = Distillation("ckd", teacher, model.config, 1.0, 4.0)
    torch.manual_seed(5)
    got = distillation(torch.zeros(()), payloads, runs, logits).item()
    taught = teacher(payloads)
    torch.manual_seed(5)
    expected = noisy_logit_loss(logits, taught.logits, torch.randn_like(logits)).item()
    activations = taught.activations["hidden2"].numpy().reshape(5, 4, 2, 2, 2, 2).sum((3, 5))
    weights = teacher.stack[-1].synapses.weight.detach().numpy().reshape(3, 4, 2, 2)
    chosen = weights[taught.logits.argmax(1).numpy()]
    map_of_teacher = np.maximum((activations * chosen).sum(1), 0).reshape(5, 4)
    rates = runs[1].spikes.mean(0).detach().numpy().reshape(5, 4, 2, 2, 2, 2).sum((3, 5))
    maps = (torch.from_numpy(rates.sum(1).reshape(5, 4)), torch.from_numpy(map_of_teacher))
    assert got == pytest.approx(expected + saliency_loss(*maps).item(), rel=1e-4)


def test_the_teacher_is_frozen() -> None:
    model, teacher, payloads = _small_net()
    distillation = Distillation("both", teacher, model.config, 0.5, 4.0).train()
    assert not teacher.training
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    runs = model.run(payloads)
    torch.autograd.backward(distillation(torch.zeros(()), payloads, runs, model.outputs(runs)[0]))
    assert all(torch.equal(value, before[name]) for name, value in teacher.state_dict().items())
    assert all(parameter.grad is None for parameter in teacher.parameters())
    assert model.stack[0].synapses.weight.grad is not None


@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_student_that_inherits_its_teacher_computes_it(batch_norm: bool) -> None:
    """With many steps the rates of integrate-and-fire neurons come close to the teacher's activations."""
    _, teacher, _ = _small_net()
    samples = load_samples("digits")
    teacher.train()
    for _ in range(100):
        teacher(torch.from_numpy(samples.x[:200, None]))
    config = replace(teacher.config, steps=64)
    model = SpikingClassifier(config, batch_norm=batch_norm)
    inherit(model, teacher, samples.x[:200])
    x = samples.x[200:260]
    taught = teacher(torch.from_numpy(x[:, None])).logits.argmax(1).numpy()
    assert (model.predict(x) == taught).mean() > 0.85


@pytest.mark.parametrize("levels", [1, 3])
def test_clip_floor_shift(levels: int) -> None:
    activation = ClipFloorShift(levels)
    z = torch.linspace(-3, 9, 77, requires_grad=True)
    got = activation(z)
    limit = activation.limit.item()
    z_array = z.detach().numpy().astype(np.float64)
    expected = limit * np.clip(np.floor(z_array * levels / limit + 0.5) / levels, 0, 1)
    np.testing.assert_allclose(got.detach(), expected, atol=1e-5)
    (gradient,) = torch.autograd.grad(got.sum(), z)
    inside = (z_array > -limit / 2 / levels) & (expected < limit - 1e-6)
    np.testing.assert_allclose(gradient[torch.from_numpy(inside)], 1.0)


@pytest.mark.parametrize("kind", ["logits", "features", "both", "layerwise", "ckd"])
def test_students_learn_from_a_shared_teacher(kind: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    seen: list[Progress] = []
    files = TrainingFiles(folder / f"{kind}.state", folder / "shared.teacher")
    known = files.teacher.is_file()
    settings = {**SHORT, "batch_norm": "true", "distill": kind, "teacher_epochs": "6"}
    result = train(RECIPE, 1, settings, seen.append, files=files)
    assert [state.stage for state in seen] == ["teacher"] * (0 if known else 6) + ["network"] * 3
    assert result.teacher_accuracy is not None and result.teacher_accuracy > 0.9
    assert result.accuracy > 0.85
    assert result.provenance().origin_accuracy == result.teacher_accuracy


def test_a_teacher_from_the_file_changes_no_byte(tmp_path: Path) -> None:
    settings = {**SHORT, "epochs": "1", "distill": "ckd"}
    files = TrainingFiles.beside(tmp_path / "m.pt")
    first = train(RECIPE, 1, settings, files=files)
    files.state.unlink()
    second = train(RECIPE, 1, settings, files=files)
    third = train(RECIPE, 1, settings)
    for other in (second, third):
        for ours, theirs in zip(first.model.parameters(), other.model.parameters(), strict=True):
            assert torch.equal(ours, theirs)


def test_a_teacher_does_not_depend_on_what_makes_the_student_spiking() -> None:
    student = replace(RECIPE, steps=2, weight_bits=2, distill="both", leak_shift=None)
    assert teacher_recipe(student) == teacher_recipe(RECIPE)
    assert teacher_recipe(replace(RECIPE, teacher_epochs=3)).epochs == 3
    assert teacher_recipe(replace(RECIPE, hidden=(7,))) != teacher_recipe(RECIPE)


def test_a_kept_teacher_is_of_the_same_samples(tmp_path: Path) -> None:
    x, y = random.integers(0, 17, (40, 64), dtype=np.uint8), np.arange(40) % 10
    recipe = apply_settings(RECIPE, SHORT | {"data": str(tmp_path / "d.npz"), "epochs": "1"})
    seen: list[Progress] = []
    for labels in (y, y, y[::-1]):
        np.savez(tmp_path / "d.npz", x_train=x, y_train=labels, x_test=x, y_test=labels)
        train_without_spikes(recipe, 1, keep=tmp_path / "kept", progress=seen.append)
    assert len(seen) == 2


def test_soft_labels_weigh_more_than_maps() -> None:
    weights = {kind: apply_settings(RECIPE, {"distill": kind}).teacher_weight for kind in ("logits", "both")}
    assert weights == {"logits": 0.9, "both": 0.5}
    assert apply_settings(RECIPE, {"distill": "logits", "distill_weight": "0.2"}).teacher_weight == 0.2


def test_a_teacher_may_be_larger(tmp_path: Path) -> None:
    settings = {**SHORT, "batch_norm": "true", "distill": "logits", "teacher_hidden": "48,24"}
    files = TrainingFiles.beside(tmp_path / "m.pt")
    result = train(RECIPE, 1, settings, files=files)
    assert result.teacher_accuracy is not None and result.teacher_accuracy > 0.85
    assert result.accuracy > 0.8
    kept = torch.load(files.teacher, weights_only=False)["state"]
    shapes = [
        tuple(values.shape) for name, values in kept["network"].items() if name.endswith("synapses.weight")
    ]
    assert shapes == [(48, 64), (24, 48), (10, 24)]


@pytest.mark.parametrize("kind", ["features", "both", "layerwise", "ckd"])
def test_only_logits_are_learned_from_a_larger_teacher(kind: str) -> None:
    for key in ("teacher_hidden", "teacher_repeat"):
        with pytest.raises(UsageError, match=f"teacher_repeat go with distill=logits, not {kind}"):
            apply_settings(RECIPE, {"distill": kind, key: "2"})


def test_class_activation_maps_need_a_fully_connected_readout() -> None:
    layers = (
        LayerConfig("hidden", 4, (EdgeConfig("input", "conv", (3, 3)),)),
        LayerConfig("readout", 10, (EdgeConfig("hidden", "conv", (6, 6)),), Population(reset="none")),
    )
    model = SpikingClassifier(ModelConfig((1, 8, 8), layers))
    settings = {"epochs": "1", "distill": "ckd"}
    with pytest.raises(UsageError, match="layer readout is a convolution"):
        train(find_recipe("digits-mlp"), 1, settings, parts=Parts(model))
    train(find_recipe("digits-mlp"), 1, {**settings, "distill": "logits"}, parts=Parts(model))


def test_loops_have_no_teacher() -> None:
    with pytest.raises(UsageError, match="no teacher: layer hidden1 is in a loop"):
        train(RECIPE, 1, {**SHORT, "architecture": "recurrent", "distill": "logits"})


def test_students_of_several_seeds_share_a_teacher_of_one_seed(tmp_path: Path) -> None:
    settings = {**SHORT, "epochs": "1", "distill": "logits", "teacher_seed": "1", "teacher_repeat": "2"}
    files = TrainingFiles.beside(tmp_path / "m.pt")
    stages = []
    for seed in (1, 2):
        seen: list[Progress] = []
        train(RECIPE, seed, settings, seen.append, files=files)
        files.state.unlink()
        stages.append([state.stage for state in seen])
    assert stages == [["teacher", "network"], ["network"]]
