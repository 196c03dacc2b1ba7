"""What can be said about a training, and how `--set key=value` says it; imports no torch."""

import math
import types
import typing
from dataclasses import dataclass, fields, replace
from typing import Literal

from snnc.base.errors import UsageError
from snnc.base.quoting import quote
from snnc.base.units import parse_quantity
from snnc.compiler.ir.network import InputEncoding, ReadoutKind, Shape
from snnc.compiler.isa.arithmetic import NO_LEAK, Decay
from snnc.training.data.prepare import Preparation
from snnc.training.model.architectures import Architecture, build_layers
from snnc.training.model.config import HiddenReset, ModelConfig, Population, check_integer

Surrogate = Literal["atan", "s2nn"]
Distill = Literal["none", "logits", "features", "both", "layerwise", "ckd"]
LearningSchedule = Literal["cosine", "onecycle", "linear", "constant"]
DeviceChoice = Literal["auto", "cpu", "cuda"]

T = typing.TypeVar("T")

MAX_SHIFT = 8
FIXED = ("name", "description")
_RANGES: dict[str, tuple[float, float]] = {
    "epochs": (1, 1 << 20),
    "batch": (1, 1 << 20),
    "learning_rate": (1e-9, 1),
    "weight_decay": (0, 1),
    "label_smoothing": (0, 0.9),
    "average": (0, 0.99999),
    "accumulator_bits": (4, 53),
    "patience": (1, 1 << 20),
    "teacher_epochs": (1, 1 << 20),
    "distill_weight": (0, 1),
    "temperature": (0.01, 1000),
    "shift": (0, MAX_SHIFT),
    "rate_penalty": (0, 1_000_000),
    "energy_penalty": (0, 1_000_000),
    "energy_budget": (1e-15, 1000),
}
"""Smallest and largest value of settings that the model's configuration does not check; sums of more than 53
bits are not exact in float64."""


@dataclass(frozen=True)
class Recipe:
    """What is trained on what, and how. Every field but the first two can be set by the user."""

    name: str
    description: str
    data: str = "digits"
    """A name or path that `datasets.load_samples` takes."""
    preparation: Preparation = "none"
    architecture: Architecture = "mlp"
    hidden: tuple[int, ...] = (128,)
    """Neurons or channels of each hidden layer; features and classes come from the data."""
    steps: int = 4
    weight_bits: int = 4
    leak_shift: int | None = 3
    """k of the leak `v - (v >> k)`, or none."""
    current_leak_shift: int | None = None
    """k of the decay of the synaptic current, or none for currents of one step."""
    reset: HiddenReset = "soft"
    state_bits: int = 16
    accumulator_bits: int | None = None
    """Width that membrane, bias and current keep for any input, at least state_bits + 2, or none."""
    initial_fraction: float | None = None
    """Membranes start from this part of their threshold; none is 0.5 for distill=layerwise, else 0."""
    max_payload: int = 16
    encoding: InputEncoding = "direct"
    readout: ReadoutKind = "membrane"
    batch_norm: bool = False
    """Whether hidden layers train on normalised currents; folded into thresholds and biases afterwards."""
    surrogate: Surrogate = "atan"
    """Gradient through the comparison with the threshold."""
    epochs: int = 40
    batch: int = 64
    learning_rate: float = 5e-3
    schedule: LearningSchedule = "cosine"
    """Of the learning rate, over all epochs."""
    weight_decay: float = 0.0
    """Of AdamW, on weights alone: they shrink by this part times the learning rate in every step."""
    label_smoothing: float = 0.0
    """Part of the target that is spread over all classes."""
    average: float = 0.0
    """Decay of the moving average of all that is learned, kept in place of the last step; 0 is none."""
    distill: Distill = "none"
    """What the network learns from a float network, which is trained first."""
    distill_weight: float | None = None
    """Part of the loss that comes from the teacher; none is 0.9 for distill=logits, 0.5 for all else."""
    temperature: float = 2.0
    """Of the logits that student and teacher share with distill=logits or both."""
    teacher_epochs: int | None = None
    """Epochs of the teacher, or none for as many as the student's."""
    teacher_hidden: tuple[int, ...] | None = None
    """Neurons or channels of the teacher's hidden layers, or none for the student's; with distill=logits."""
    patience: int | None = None
    """Epochs without a better accuracy on held-out training samples before training stops, or none."""
    device: DeviceChoice = "auto"
    """Where to train; `auto` takes a GPU where PyTorch sees one."""
    rate_penalty: float = 0.5
    """Added to the loss per unit of mean firing rate of the hidden layers."""
    energy_penalty: float = 0.0
    """Added to the loss per unit of firing rate, each layer's weighted by what its spikes cost."""
    energy_budget: float | None = None
    """Joules per inference, such as 2uJ, that the predicted energy should not exceed, or none."""
    target: str = "fpga"
    """Whose energy table and lanes price the spikes."""
    shift: int = 0
    """Training images move by up to so many pixels each way, anew every epoch."""
    mirror: bool = False
    """Every other training image is flipped left to right, anew every epoch."""

    def model_config(self, shape: Shape, classes: int) -> ModelConfig:
        """The model this recipe builds for data of that shape with so many classes."""
        try:
            return ModelConfig(
                shape=shape,
                layers=build_layers(
                    self.architecture, self.hidden, classes, self.population(), self.weight_bits, self.readout
                ),
                steps=self.steps,
                max_payload=self.max_payload,
                encoding=self.encoding,
                readout=self.readout,
            )
        except ValueError as error:
            raise UsageError(f"recipe {self.name}: {error}") from error

    @property
    def teacher_weight(self) -> float:
        """`distill_weight`, or what has proved best."""
        usual = 0.9 if self.distill == "logits" else 0.5
        return usual if self.distill_weight is None else self.distill_weight

    @property
    def first_fraction(self) -> float:
        """`initial_fraction`, or what suits: thresholds from a teacher round its activations, to the nearest
        if membranes start at half of them."""
        usual = 0.5 if self.distill == "layerwise" else 0.0
        return usual if self.initial_fraction is None else self.initial_fraction

    def population(self) -> Population:
        """The neurons of the hidden layers."""
        return Population(
            reset=self.reset,
            leak=NO_LEAK if self.leak_shift is None else _shift("leak_shift", self.leak_shift),
            current_leak=None
            if self.current_leak_shift is None
            else _shift("current_leak_shift", self.current_leak_shift),
            state_bits=self.state_bits,
            initial_fraction=self.first_fraction,
        )


def _shift(name: str, shift: int) -> Decay:
    """The leak of that shift."""
    check_integer(name, shift, 0, 16)
    return Decay(1, shift)


def apply_settings(recipe: Recipe, settings: dict[str, str]) -> Recipe:
    """`recipe` with fields replaced from text: `hidden=128,64`, `leak_shift=none`, `steps=2`.

    Raises UsageError for an unknown key, listing the keys, and for a value of the wrong type.
    """
    changed = with_fields(recipe, settings, f"recipe {recipe.name}")
    for key, (low, high) in _RANGES.items():
        value = getattr(changed, key)
        if value is not None and not low <= value <= high:
            raise UsageError(f"{key} must be {low}..{high}, not {value}")
    if changed.teacher_hidden is not None and changed.distill not in ("none", "logits"):
        raise UsageError(
            f"teacher_hidden goes with distill=logits, not {changed.distill}: layers of another size have no "
            "counterpart in the student"
        )
    return changed


def with_fields(item: T, settings: dict[str, str], where: str) -> T:
    """The dataclass `item` with fields replaced from text; raises UsageError as `apply_settings` does."""
    kinds = typing.get_type_hints(type(item))
    allowed = [field.name for field in fields(item) if field.name not in FIXED]  # type: ignore[arg-type]
    values: dict[str, typing.Any] = {}
    for key, text in settings.items():
        if key not in allowed:
            raise UsageError(f"{where} has no setting {quote(key)}; allowed: {', '.join(allowed)}")
        values[key] = _parse(key, text, kinds[key])
    return replace(item, **values)  # type: ignore[type-var]


def _parse(key: str, text: str, kind: typing.Any) -> object:
    """`text` as a value of the field type `kind`."""
    if typing.get_origin(kind) is typing.Literal:
        choices = typing.get_args(kind)
        if text not in choices:
            raise UsageError(f"{key} must be one of {', '.join(choices)}, not {quote(text)}")
        return text
    if kind is bool:
        if text.lower() not in ("true", "false"):
            raise UsageError(f"{key} must be true or false, not {quote(text)}")
        return text.lower() == "true"
    optional = isinstance(kind, types.UnionType)
    if optional:
        if text.lower() == "none":
            return None
        (kind,) = (choice for choice in typing.get_args(kind) if choice is not types.NoneType)
    if key == "energy_budget":
        return parse_quantity(text, "J", key)
    try:
        if kind is str:
            return text
        if kind is float:
            number = float(text)
            if not math.isfinite(number):
                raise ValueError
            return number
        if typing.get_origin(kind) is tuple:
            return tuple(int(part) for part in text.split(",") if part.strip())
        return int(text)
    except ValueError:
        meaning = _MEANINGS[typing.get_origin(kind) or kind] + (" or none" if optional else "")
        raise UsageError(f"{key} must be {meaning}, not {quote(text)}") from None


_MEANINGS: dict[object, str] = {
    int: "an integer",
    float: "a finite number",
    tuple: "integers separated by commas",
}


def unparse(value: object) -> str:
    """`value` in the form that `--set` takes."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else str(value)
