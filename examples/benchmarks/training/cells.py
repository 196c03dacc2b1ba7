"""The cells of the training benchmark: which network, method, number of steps and seed, in which order."""

from dataclasses import dataclass

from snnc.training.fitting.recipe import Recipe, apply_settings
from snnc.training.fitting.recipes import find_recipe

QUICKLY = {
    "batch_norm": "true",
    "leak_shift": "none",
    "rate_penalty": "0.02",
    "mirror": "true",
    "batch": "250",
    "learning_rate": "0.006",
    "schedule": "onecycle",
    "weight_decay": "0.01",
    "average": "0.998",
}
"""Much in few epochs."""

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
            "architecture": "pooled",
            "hidden": "24,48",
            "batch_norm": "true",
            "leak_shift": "none",
            "rate_penalty": "0.02",
            "mirror": "true",
            "batch": "64",
            "learning_rate": "0.004",
        },
        12,
    ),
    "fashion-small": ("fashion-cnn", QUICKLY | {"architecture": "cnn", "hidden": "16,32"}, 12),
    "fashion-mlp": ("fashion-cnn", QUICKLY | {"architecture": "mlp", "hidden": "128"}, 6),
    "digits": ("digits-mlp", {"batch_norm": "true", "hidden": "32"}, 10),
}
"""Recipe, settings and epochs of each network; all with 4-bit weights. `fashion-small` and `fashion-mlp` are
for an hour of a shared CPU. Digits only try the program out."""

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
    "fashion": {"teacher_hidden": "32,64,128", "teacher_epochs": "10"},
    "fashion-mlp": {"teacher_hidden": "512"},
    "digits": {"teacher_hidden": "128"},
}
"""Teachers several times as large as their students."""

LONG_EPOCHS = {"fashion-mlp": 16}
"""So many take as long as a teacher and its student of `large` together."""

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
    """Every cell, what the claims need first."""
    cells: list[Cell] = []
    for seed in (1, 2, 3):
        cells += [Cell("fashion", method, 2, seed) for method in ("large", "direct")]
        cells += [Cell("fashion", "ann", 0, seed), Cell("fashion", "s2nn", 1, seed)]
        cells.append(Cell("fashion", "large", 4, seed))
        cells += _grid("mnist", (1, 2, 4, 8), seed)
        cells += _compared(seed)
    for seed in (4, 5):
        cells += _grid("mnist", (1, 2, 4, 8), seed)
    cells += _grid("fashion", (1, 2, 4), 1)
    cells += _grid("digits", (1, 2), 1)
    return list(dict.fromkeys(cells))


def _compared(seed: int) -> list[Cell]:
    """Conversion, single steps, and distillation at equal compute, each beside what it is compared with."""
    small = [Cell("fashion-small", "ann", 0, seed), Cell("fashion-small", "s2nn", 1, seed)]
    small += [Cell("fashion-small", "balanced", steps, seed) for steps in CONVERTED_STEPS]
    mlp = [Cell("fashion-mlp", "ann", 0, seed), Cell("fashion-mlp", "s2nn", 1, seed)]
    mlp += [Cell("fashion-mlp", method, 2, seed) for method in ("direct", "large", "long")]
    return small + mlp


def _grid(network: str, steps: tuple[int, ...], seed: int) -> list[Cell]:
    """Every method at every number of steps."""
    cells = [Cell(network, "ann", 0, seed)]
    for count in steps:
        cells += [Cell(network, method, count, seed) for method in _everywhere(count)]
        cells += [Cell(network, "qann", count, seed), Cell(network, "qcfs", count, seed)]
    return cells + [Cell(network, "balanced", count, seed) for count in CONVERTED_STEPS]


def _everywhere(steps: int) -> list[str]:
    """The methods that every network is trained with at so many steps."""
    return [method for method in METHODS if method != "long" and (method != "s2nn" or steps == 1)]
