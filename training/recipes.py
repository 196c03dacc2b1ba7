"""The recipes that `snnc train` knows by name; imports no torch."""

from dataclasses import fields

from ..errors import UsageError
from .conversion import CONVERT, Conversion
from .recipe import FIXED, Recipe, unparse

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
            "mnist-s2nn",
            "the 784-128-10 net in a single step, no state carried (S2NN): 4-bit weights",
            data="mnist",
            preparation="levels",
            steps=1,
            leak_shift=None,
            max_payload=15,
            batch_norm=True,
            surrogate="s2nn",
            epochs=15,
            batch=128,
            learning_rate=4e-3,
            rate_penalty=0.1,
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
    """One paragraph per recipe: its name, what it is, and the fields that --set changes."""
    lines = []
    known: list[Recipe | Conversion] = [*RECIPES.values(), Conversion()]
    for recipe in known:
        lines.append(f"{recipe.name}: {recipe.description}")
        lines += [
            f"  {item.name}={unparse(getattr(recipe, item.name))}"
            for item in fields(recipe)
            if item.name not in FIXED
        ]
    return "\n".join(lines)
