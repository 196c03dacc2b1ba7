"""Teachers: networks without spikes, trained once, kept in a file, and handed on as a student's start."""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from snnc.base.errors import UsageError
from snnc.compiler.ir.network import Input
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.training.data.datasets import Samples
from snnc.training.fitting.loop import Session, checksums, fit
from snnc.training.fitting.objective import measures
from snnc.training.fitting.recipe import Recipe
from snnc.training.fitting.resume import load_state, save_state
from snnc.training.model.analog import AnalogClassifier
from snnc.training.model.classifier import TRACE_BATCH, SpikingClassifier
from snnc.training.model.config import INPUT, ModelConfig

CALIBRATION_SAMPLES = 512
"""Training samples from which the activations that thresholds stand for are read."""
LARGEST_PART = 0.99
"""Quantile of the positive activations that becomes the threshold."""

_SHARED = (
    "data",
    "preparation",
    "architecture",
    "hidden",
    "max_payload",
    "encoding",
    "batch",
    "learning_rate",
    "schedule",
    "weight_decay",
    "average",
    "repeat",
    "shift",
    "mirror",
    "erase",
    "mixup",
    "device",
)
"""Settings of the student that its teacher has too."""


@dataclass(frozen=True)
class Teacher:
    """A trained network without spikes, in evaluation mode."""

    network: AnalogClassifier
    accuracy: float
    """On the test split."""


class AnalogObjective(nn.Module):
    """Cross entropy of a network without spikes, as `fitting.fit` calls it."""

    def __init__(self, network: AnalogClassifier) -> None:
        super().__init__()
        self.network = network

    def forward(self, payloads: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Loss of the samples with these payloads, of classes `y`, and `fitting.MEASURES`."""
        logits = self.network(payloads).logits
        loss, nothing = nn.functional.cross_entropy(logits, y), logits.new_zeros(())
        return loss, measures(loss, logits, y, nothing, nothing)


def train_analog(
    network: AnalogClassifier,
    learn: Samples,
    test: Samples,
    session: Session,
    keep: Path | None = None,
) -> Teacher:
    """Train `network`, or read it from the file `keep` where that holds the same training's result."""
    print_of = _fingerprint(network, learn, session)
    stored = None if keep is None else load_state(keep, print_of)
    if stored is not None:
        network.load_state_dict(stored["network"])
        return Teacher(network.eval(), float(stored["accuracy"]))
    fit(AnalogObjective(network), lambda x: analog_payloads(network.config, x).numpy(), learn, session)
    accuracy = analog_accuracy(network.eval(), test)
    teacher = Teacher(network.to("cpu"), accuracy)
    if keep is not None and session.place.first:
        save_state(keep, print_of, {"network": network.state_dict(), "accuracy": teacher.accuracy})
        if session.state is not None:
            session.state.unlink(missing_ok=True)
    return teacher


def train_teacher(
    config: ModelConfig,
    learn: Samples,
    test: Samples,
    session: Session,
    keep: Path | None,
    *,
    levels: int | None = None,
    weight_bits: int | None = None,
) -> Teacher:
    """The network that teaches the student `config` of `session.recipe`; raises UsageError for a loop.

    Its training depends on nothing that makes the student spiking, so that students of one seed share it.
    `levels` and `weight_bits` as in `AnalogClassifier`.
    """
    recipe = teacher_recipe(session.recipe)
    seed = session.seed if session.recipe.teacher_seed is None else session.recipe.teacher_seed
    state = None if keep is None else keep.with_name(f"{keep.name}.state")
    device = session.place.device
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        try:
            if session.recipe.own_teacher:
                config = recipe.model_config(config.shape, config.layers[-1].channels)
            network = AnalogClassifier(config, levels=levels, weight_bits=weight_bits)
        except ValueError as error:
            raise UsageError(f"recipe {session.recipe.name}: no teacher: {error}") from error
        own = replace(session, recipe=recipe, seed=seed, state=state, stage="teacher")
        return train_analog(network, learn, test, own, keep)


def teacher_recipe(recipe: Recipe) -> Recipe:
    """What a teacher's training depends on."""
    shared = {name: getattr(recipe, name) for name in _SHARED}
    epochs = recipe.epochs if recipe.teacher_epochs is None else recipe.teacher_epochs
    # Steps decide what a rate code shows the teacher; graded pixels are the same in every step.
    steps = 1 if recipe.encoding in ("direct", "held") else recipe.steps
    if recipe.teacher_hidden is not None:
        shared["hidden"] = recipe.teacher_hidden
    if recipe.teacher_repeat is not None:
        shared["repeat"] = recipe.teacher_repeat
    return replace(Recipe("teacher", "a network without spikes"), **shared, epochs=epochs, steps=steps)


def analog_payloads(config: ModelConfig, x: NDArray[np.uint8]) -> Tensor:
    """Payloads (samples, steps or 1, features) of samples, as a network without spikes takes them."""
    if config.encoding in ("direct", "held") and x.ndim == 2:
        return torch.from_numpy(x[:, None])
    if x.ndim == 2:
        node = Input(INPUT, config.shape, config.encoding, config.max_payload)
        x = encode_inputs(node, config.steps, x).astype(np.uint8)
    return torch.from_numpy(np.ascontiguousarray(x))


@torch.no_grad()
def analog_accuracy(network: AnalogClassifier, samples: Samples) -> float:
    """Part of the samples whose class is right, computed where the network is."""
    device = next(network.parameters()).device
    right = 0
    for start in range(0, len(samples), TRACE_BATCH):
        part = slice(start, start + TRACE_BATCH)
        logits = network(analog_payloads(network.config, samples.x[part]).to(device)).logits
        right += int((logits.argmax(1).cpu().numpy() == samples.classes[part]).sum())
    return right / len(samples)


@torch.no_grad()
def inherit(model: SpikingClassifier, teacher: AnalogClassifier, x: NDArray[np.uint8]) -> None:
    """Start `model` from its teacher's weights: each threshold stands for the layer's largest activation.

    A spike of a source then stands for that source's threshold, so weights are multiplied by it. Activations
    are those of the samples `x`. The second stage of LaSNN (arXiv 2304.09101) as far as it is documented:
    ANN to SNN conversion; the thresholds from a quantile are those of Rueckauer et al. 2017.
    """
    device = next(teacher.parameters()).device
    activations = teacher.eval()(analog_payloads(teacher.config, x).to(device)).activations
    largest = {name: _largest(values) for name, values in activations.items()} | {INPUT: 1.0}
    for layer, source in zip(model.stack, teacher.stack, strict=True):
        parts = [
            weights.flatten(1) * largest[edge.source]
            for edge, weights in zip(layer.config.edges, source.weights(), strict=True)
        ]
        matrix = torch.cat(parts, 1)
        if source.norm is None:
            assert source.bias is not None
            layer.synapses.weight.copy_(matrix)
            layer.bias.copy_(source.bias)
            continue
        assert source.norm.running_var is not None and source.norm.running_mean is not None
        gain: Tensor = source.norm.weight / torch.sqrt(source.norm.running_var + source.norm.eps)
        mean = gain * source.norm.running_mean
        layer.synapses.weight.copy_(matrix * gain[:, None])
        layer.start_from(largest[layer.config.name], source.norm.bias - mean, mean, source.norm.weight.abs())


def _largest(values: Tensor) -> float:
    positive = values[values > 0].cpu().numpy()
    return float(np.quantile(positive, LARGEST_PART)) if positive.size else 1.0


def _fingerprint(network: AnalogClassifier, learn: Samples, session: Session) -> str:
    """Of all that decides what a teacher's training computes, and of nothing that is the student's."""
    settings = [str(getattr(session.recipe, name)) for name in (*_SHARED, "epochs", "steps")]
    shapes = {name: list(value.shape) for name, value in network.state_dict().items()}
    kind = [network.levels, network.weight_bits]
    facts = [settings, session.seed, shapes, kind, checksums(learn), torch.__version__]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
