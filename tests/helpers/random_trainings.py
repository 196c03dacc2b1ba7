"""Random trainings: settings and parts of every kind on a few random samples, for a model of any shape."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor

from snnc.compiler.ir.network import count
from snnc.training.fitting.parts import Outputs, Parts
from snnc.training.model.classifier import SpikingClassifier

SAMPLES = 17
"""The last batch has one."""


@st.composite
def settings(draw: st.DrawFn) -> dict[str, str]:
    """Those of a recipe that change how a network is trained, and not which."""
    choices: dict[str, tuple[object, ...]] = {
        "epochs": (1, 2),
        "learning_rate": (0.001, 0.01, 0.1),
        "schedule": ("cosine", "onecycle"),
        "weight_decay": (0, 0.1),
        "gradient_limit": ("none", 1),
        "average": (0, 0.9),
        "loss": ("cross_entropy", "tet"),
        "label_smoothing": (0, 0.1),
        "held_out": ("none", 0.3),
        "shift": (0, 1),
        "mirror": ("false", "true"),
        "erase": (0, 0.5),
        "mixup": (0, 0.4),
        "rate_penalty": (0, 0.5),
        "energy_penalty": (0, 0.5),
        "distill": ("none", "none", "logits", "features", "layerwise", "ckd"),
    }
    drawn = {name: str(draw(st.sampled_from(values))) for name, values in choices.items()}
    return drawn | {"batch": "8", "device": "cpu"}


@st.composite
def parts(draw: st.DrawFn, model: SpikingClassifier) -> Parts:
    """A new model of that configuration, and sometimes a loss and an optimiser of one's own."""
    torch.manual_seed(draw(st.integers(0, 999)))
    options: dict[str, Any] = {
        "surrogate": draw(st.sampled_from(("atan", "s2nn"))),
        "dropout": draw(st.sampled_from((0.0, 0.3))),
    }
    try:
        fresh = SpikingClassifier(model.config, batch_norm=draw(st.booleans()), **options)
    except ValueError:
        fresh = SpikingClassifier(model.config, **options)
    return Parts(
        fresh,
        draw(st.sampled_from((None, None, _own_loss))),
        draw(st.sampled_from((None, None, lambda groups: torch.optim.SGD(groups, lr=0.3, momentum=0.9)))),
    )


def _own_loss(outputs: Outputs, y: Tensor) -> Tensor:
    return outputs.steps.cumsum(0).square().mean().sqrt() + outputs.rates.sum() - outputs.logits.mean()


def write_samples(path: Path, model: SpikingClassifier, seed: int) -> Path:
    """An `.npz` of random samples for `model`, of as many classes as it has outputs, at most three."""
    config, random = model.config, np.random.default_rng(seed)
    steps = (config.steps,) if config.encoding == "events" else ()
    shape = (SAMPLES, *steps, *config.shape)
    x = random.integers(0, config.max_payload + 1, shape) * random.integers(0, 2, shape)
    y = random.integers(0, max(2, min(3, count(config.shapes[config.layers[-1].name]))), SAMPLES)
    x = x.astype(np.uint8)
    np.savez(path, x_train=x, y_train=y, x_test=x[y <= y[:9].max()], y_test=y[y <= y[:9].max()])
    return path
