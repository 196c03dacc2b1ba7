"""The recipes that `snnc train` knows by name; imports no torch."""

import textwrap
from typing import Literal, get_args, get_origin

from snnc.base.bounds import annotations
from snnc.base.errors import UsageError
from snnc.base.settings import setting_names, unparse
from snnc.training.conversion.options import CONVERT, Conversion
from snnc.training.fitting.recipe import Recipe

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("digits-mlp", "64-128-10 LIF net on 8x8 digits: 4-bit weights, 4 steps, graded pixels"),
        Recipe(
            "mnist-mlp",
            "784-128-10 LIF net on MNIST: 4-bit weights, 4 steps, pixels in 16 levels",
            data="mnist",
            preparation="levels",
            max_payload=15,
            epochs=15,
            batch=128,
            learning_rate=4e-3,
            rate_penalty=0.3,
            shift=1,
        ),
        Recipe(
            "mnist-cnn",
            "two convolutions of stride 2 with 16 and 32 channels on MNIST: 4-bit weights, 2 steps",
            data="mnist",
            preparation="levels",
            architecture="cnn",
            hidden=(16, 32),
            steps=2,
            max_payload=15,
            epochs=20,
            batch=128,
            learning_rate=6e-3,
            rate_penalty=0.1,
            shift=1,
        ),
        Recipe(
            "mnist-residual",
            "a convolution and one residual block on MNIST: 4-bit weights, 2 steps",
            data="mnist",
            preparation="levels",
            architecture="residual",
            hidden=(8, 16),
            steps=2,
            max_payload=15,
            epochs=5,
            batch=128,
            learning_rate=6e-3,
            rate_penalty=0.1,
            shift=1,
        ),
        Recipe(
            "mnist-rows",
            "a recurrent net of 128 neurons that reads MNIST row by row: 4-bit weights, 28 steps",
            data="mnist",
            preparation="rows",
            architecture="recurrent",
            hidden=(128,),
            steps=28,
            max_payload=15,
            encoding="events",
            epochs=5,
            batch=128,
            learning_rate=1e-2,
            rate_penalty=0.3,
        ),
        Recipe(
            "mnist-delays",
            "two layers of 256 neurons that read MNIST row by row; the second hears the first at four times: "
            "4-bit weights, 28 steps",
            data="mnist",
            preparation="rows",
            hidden=(256, 256),
            delays=(0, 4, 8, 12),
            steps=28,
            max_payload=15,
            encoding="events",
            batch_norm=True,
            epochs=30,
            batch=256,
            schedule="onecycle",
            weight_decay=0.01,
            average=0.998,
            rate_penalty=0.1,
            shift=1,
        ),
        Recipe(
            "vowels-delays",
            "two layers of 96 neurons that tell by the vowels who speaks, an answer after every step: 4-bit "
            "weights, 29 steps",
            data="japanese-vowels",
            preparation="changes",
            hidden=(96, 96),
            delays=(0, 1, 2, 3),
            steps=29,
            max_payload=15,
            encoding="events",
            readout="spike_count",
            batch_norm=True,
            epochs=100,
            batch=32,
            schedule="onecycle",
            weight_decay=0.01,
            loss="tet",
            label_smoothing=0.1,
            average=0.99,
            rate_penalty=0.1,
            dropout=0.2,
        ),
        Recipe(
            "fashion-cnn",
            "two pooled 3x3 convolutions with 16 and 32 channels on Fashion-MNIST: 4-bit weights, 2 steps",
            data="fashion-mnist",
            preparation="levels",
            architecture="pooled",
            hidden=(16, 32),
            steps=2,
            max_payload=15,
            batch_norm=True,
            epochs=17,
            batch=128,
            learning_rate=6e-3,
            rate_penalty=0.03,
            mirror=True,
        ),
        Recipe(
            "fashion-large",
            "three pooled 3x3 convolutions with 64, 128 and 256 channels on Fashion-MNIST, for a GPU: 4-bit "
            "weights, 4 steps",
            data="fashion-mnist",
            preparation="levels",
            architecture="pooled",
            hidden=(64, 128, 256),
            leak_shift=None,
            max_payload=15,
            batch_norm=True,
            epochs=50,
            batch=256,
            learning_rate=4e-3,
            schedule="onecycle",
            weight_decay=0.01,
            label_smoothing=0.1,
            average=0.999,
            rate_penalty=0.0,
            shift=2,
            mirror=True,
        ),
        Recipe(
            "mnist-s2nn",
            "the 784-128-10 net in a single step, no state carried (S2NN): 4-bit weights",
            data="mnist",
            preparation="levels",
            steps=1,
            leak_shift=None,
            max_payload=15,
            batch_norm=True,
            surrogate="s2nn",
            epochs=30,
            batch=256,
            schedule="onecycle",
            weight_decay=0.01,
            average=0.998,
            rate_penalty=0.1,
            shift=1,
        ),
        Recipe(
            "mnist-cnn-s2nn",
            "the convolutions of mnist-cnn in a single step (S2NN) on black and white pixels, spikes at a "
            "price: 4-bit weights",
            data="mnist",
            preparation="levels",
            architecture="cnn",
            hidden=(16, 32),
            steps=1,
            leak_shift=None,
            max_payload=1,
            batch_norm=True,
            surrogate="s2nn",
            epochs=25,
            batch=256,
            schedule="onecycle",
            weight_decay=0.01,
            average=0.998,
            rate_penalty=1.0,
            shift=1,
        ),
        Recipe(
            "fashion-s2nn",
            "two 3x3 convolutions with pooling, 24 and 48 channels, in a single step (S2NN): 4-bit weights",
            data="fashion-mnist",
            preparation="levels",
            architecture="pooled",
            hidden=(24, 48),
            steps=1,
            leak_shift=None,
            max_payload=15,
            batch_norm=True,
            surrogate="s2nn",
            epochs=10,
            batch=128,
            learning_rate=6e-3,
            rate_penalty=0.05,
            shift=1,
            mirror=True,
        ),
    )
}


def find_recipe(name: str) -> Recipe:
    """The recipe called `name`; raises UsageError that lists the names."""
    if name not in RECIPES:
        raise UsageError(f"unknown recipe {name!r}; known: {', '.join((*RECIPES, CONVERT))}")
    return RECIPES[name]


def describe_recipes() -> str:
    """One paragraph per recipe: its name, what it is, and which settings are its own; then those of all."""
    recipes = [
        _paragraph(
            f"{recipe.name}: {recipe.description}",
            [f"{name}={unparse(getattr(recipe, name))}" for name in _own_settings(recipe)],
        )
        for recipe in RECIPES.values()
    ]
    conversion = Conversion()
    everyone = (
        "All recipes but convert, where they say nothing else; the first of several values is the default"
    )
    return "\n\n".join(
        [
            *recipes,
            _paragraph(f"{CONVERT}: {conversion.description}", _with_choices(conversion)),
            _paragraph(everyone, _with_choices(_COMMON)),
        ]
    )


_COMMON = Recipe("", "")


def _own_settings(recipe: Recipe) -> list[str]:
    """Names of the settings whose values are not those of every recipe."""
    return [name for name in setting_names(recipe) if getattr(recipe, name) != getattr(_COMMON, name)]


def _with_choices(holder: Recipe | Conversion) -> list[str]:
    """Every setting with its value and, where words are fixed, what else may stand there."""
    hints = annotations(type(holder))
    settings = []
    for name in setting_names(holder):
        value, words = getattr(holder, name), get_args(hints[name])
        others = [word for word in words if get_origin(hints[name]) is Literal and word != value]
        settings.append(f"{name}={'|'.join([unparse(value), *others])}")
    return settings


def _paragraph(title: str, settings: list[str]) -> str:
    text = textwrap.fill(
        " ".join(settings), 100, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
    )
    return f"{title}\n{text}" if settings else title
