"""What a spiking classifier is made of, as plain numbers: no torch here, so that recipes list fast."""

from dataclasses import dataclass
from typing import Literal

from ..compiler.arithmetic import Decay, ResetMode
from ..compiler.network import InputEncoding, ReadoutKind

MAX_LAYERS = 64
MAX_WIDTH = 1 << 14
MAX_WEIGHTS = 1 << 24
MAX_STEPS = 1 << 10

HiddenReset = Literal["soft", "hard"]


@dataclass(frozen=True)
class Population:
    """How the neurons of one layer behave, apart from their learned thresholds and biases."""

    reset: ResetMode = "soft"
    reset_value: int = 0
    """Membrane after a spike with a hard reset, in accumulator units."""
    leak_shift: int | None = None
    """k of the leak `v - (v >> k)`, or None for a neuron without leak."""
    state_bits: int = 16
    initial_fraction: float = 0.0
    """Membrane before the first step as a fraction of the threshold, rounded down."""

    @property
    def leak(self) -> Decay:
        """The leak in the terms of the numeric contract."""
        return Decay() if self.leak_shift is None else Decay(1, self.leak_shift)


@dataclass(frozen=True)
class ModelConfig:
    """A stack of fully connected spiking layers and how its input and output are read."""

    sizes: tuple[int, ...]
    """Features, the neurons of each hidden layer, classes."""
    steps: int = 4
    weight_bits: int = 4
    leak_shift: int | None = None
    """Leak of the hidden layers; the readout of kind `membrane` integrates without leak."""
    reset: HiddenReset = "soft"
    state_bits: int = 16
    initial_fraction: float = 0.0
    max_payload: int = 16
    """Largest input value; inputs enter as integers, nothing rescales them."""
    encoding: InputEncoding = "direct"
    readout: ReadoutKind = "membrane"

    def __post_init__(self) -> None:
        """Raise ValueError, naming the field, for anything that cannot be a model."""
        if not 2 <= len(self.sizes) <= MAX_LAYERS + 1:
            raise ValueError(f"sizes must name 2..{MAX_LAYERS + 1} layers, not {len(self.sizes)}")
        for size in self.sizes:
            _check_integer("sizes", size, 1, MAX_WIDTH)
        weights = sum(a * b for a, b in zip(self.sizes, self.sizes[1:], strict=False))
        _check_integer("total weights", weights, 1, MAX_WEIGHTS)
        _check_integer("steps", self.steps, 1, MAX_STEPS)
        _check_integer("weight_bits", self.weight_bits, 2, 8)
        if self.leak_shift is not None:
            _check_integer("leak_shift", self.leak_shift, 0, 16)
        _check_integer("state_bits", self.state_bits, 2, 32)
        _check_integer("max_payload", self.max_payload, 1, 255)
        if type(self.initial_fraction) is not float or not 0 <= self.initial_fraction < 1:
            raise ValueError(f"initial_fraction must be a number in [0, 1), not {self.initial_fraction!r}")
        _check_choice("reset", self.reset, ("soft", "hard"))
        _check_choice("encoding", self.encoding, ("direct", "events"))
        _check_choice("readout", self.readout, ("membrane", "spike_count"))

    @property
    def hidden(self) -> Population:
        """The neurons of the hidden layers."""
        return Population(
            reset=self.reset,
            leak_shift=self.leak_shift,
            state_bits=self.state_bits,
            initial_fraction=self.initial_fraction,
        )

    @property
    def output(self) -> Population:
        """The neurons of the last layer: integrators, or neurons like the others for `spike_count`."""
        integrator = Population(reset="none", state_bits=self.state_bits)
        return integrator if self.readout == "membrane" else self.hidden


def _check_integer(name: str, value: object, low: int, high: int) -> None:
    if type(value) is not int or not low <= value <= high:
        raise ValueError(f"{name} must be an integer in {low}..{high}, not {value!r}")


def _check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
