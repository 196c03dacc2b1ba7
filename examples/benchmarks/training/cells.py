"""The cells of the training benchmark: which network, method, number of steps and seed, in which order."""

from dataclasses import dataclass

from snnc.training.fitting.recipe import Recipe, apply_settings
from snnc.training.fitting.recipes import find_recipe

NETWORKS: dict[str, tuple[str, dict[str, str], int]] = {
    "mnist": (
        "mnist-mlp",
        {
            "batch_norm": "true",
            "leak_shift": "none",
            "rate_penalty": "0.1",
            "batch": "500",
            "learning_rate": "0.01",
        },
        8,
    ),
    "fashion": (
        "fashion-cnn",
        {
            "architecture": "cnn",
            "hidden": "8,16",
            "batch_norm": "true",
            "leak_shift": "none",
            "rate_penalty": "0.02",
            "mirror": "true",
            "batch": "250",
            "learning_rate": "0.006",
            "schedule": "onecycle",
            "weight_decay": "0.01",
            "average": "0.998",
        },
        4,
    ),
    "digits": ("digits-mlp", {"batch_norm": "true", "hidden": "32"}, 10),
}
"""Recipe, settings and epochs of each network; all with 4-bit weights. Digits only try the program out."""

METHODS: dict[str, dict[str, str]] = {
    "direct": {},
    "logits": {"distill": "logits"},
    "large": {"distill": "logits"},
    "features": {"distill": "features"},
    "both": {"distill": "both"},
    "layerwise": {"distill": "layerwise"},
    "ckd": {"distill": "ckd"},
    "s2nn": {"surrogate": "s2nn"},
    "long": {},
}
"""Spiking methods and their settings; `large` learns from `LARGE_TEACHERS`, `long` is `direct` with
`LONG_EPOCHS`."""

LARGE_TEACHERS: dict[str, dict[str, str]] = {
    "mnist": {"teacher_hidden": "512,256"},
    "fashion": {"teacher_hidden": "16,32"},
    "digits": {"teacher_hidden": "128"},
}
"""Teachers several times as large as their students."""

LONG_EPOCHS = {"mnist": 25, "fashion": 6}
"""So many take as long as a teacher and its student of `large` together."""
LONG_STEPS = 2

WITHOUT_SPIKES = ("ann", "qann")
"""The float network, and the one with ceil(log2(T + 1))-bit activations and 4-bit weights."""

CONVERSIONS = ("balanced", "qcfs")
"""`ann` and `qann` as spiking networks, without training: balanced thresholds, and T = levels."""
CONVERTED_STEPS = (4, 8, 16, 32, 64)
"""Numbers of steps of `balanced`, which cost no training."""


@dataclass(frozen=True)
class Cell:
    """One training; `steps` is 0 for the float network."""

    network: str
    method: str
    steps: int
    seed: int

    @property
    def name(self) -> str:
        """Of its files."""
        return f"{self.network}-{self.method}-T{self.steps}-s{self.seed}"

    def recipe(self, epochs: int | None) -> Recipe:
        """What it trains; `epochs` instead of the network's own."""
        recipe, settings, usual = NETWORKS[self.network]
        changes = {"steps": str(max(self.steps, 1)), "epochs": str(epochs or usual)}
        if self.method == "large":
            changes |= LARGE_TEACHERS[self.network]
        if self.method == "long":
            changes["epochs"] = str(epochs or LONG_EPOCHS[self.network])
        return apply_settings(find_recipe(recipe), settings | METHODS.get(self.method, {}) | changes)


def all_cells() -> list[Cell]:
    """Every cell, those of the first seed first."""
    cells: list[Cell] = []
    for seed in (1, 2, 3):
        cells += _grid("mnist", (1, 2, 4, 8), seed) + _grid("fashion", (1, 2, 4), seed)
    return cells + _grid("digits", (1, 2), 1)


def _grid(network: str, steps: tuple[int, ...], seed: int) -> list[Cell]:
    """Every method at every number of steps."""
    cells = [Cell(network, "ann", 0, seed)]
    for count in steps:
        cells += [Cell(network, method, count, seed) for method in _everywhere(count)]
        cells += [Cell(network, "qann", count, seed), Cell(network, "qcfs", count, seed)]
    if network in LONG_EPOCHS:
        cells.append(Cell(network, "long", LONG_STEPS, seed))
    return cells + [Cell(network, "balanced", count, seed) for count in CONVERTED_STEPS]


def _everywhere(steps: int) -> list[str]:
    """The methods that every network is trained with at so many steps."""
    return [method for method in METHODS if method != "long" and (method != "s2nn" or steps == 1)]
