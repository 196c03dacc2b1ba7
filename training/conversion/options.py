"""What can be said about a conversion, by the Python API and by `snnc train convert`; imports no torch."""

from dataclasses import dataclass
from typing import Annotated, Literal

from snnc.base.bounds import Range
from snnc.base.errors import UsageError
from snnc.base.schema import check, reported

CONVERT = "convert"
"""Name under which the command line finds the conversion among the recipes."""

ITERATIONS = (50, 100, 200, 400)
"""Of threshold balancing, all in one run."""


@dataclass(frozen=True)
class ConversionOptions:
    """How a trained module becomes spiking; the defaults suit some twenty layers at 32 to 64 steps."""

    weight_bits: Annotated[int, Range(2, 8)] = 8
    iterations: Annotated[int, Range(1, 1 << 20)] | None = None
    """Of threshold balancing. Few clip more, which favours few steps; none takes, for each number of steps,
    what the calibration images say of `ITERATIONS`."""
    batch: Annotated[int, Range(1, 1 << 16)] = 50
    """Calibration images per iteration."""
    seed: Annotated[int, Range(0, (1 << 31) - 1)] = 1
    state_bits: Annotated[int, Range(8, 24)] = 22
    readout_shift: Annotated[int, Range(0, 16)] | None = None
    """k of the readout's leak, by which it weighs the last 2^k steps: deep layers start late. None takes
    what the calibration images say, 0 weighs every step alike."""

    def __post_init__(self) -> None:
        """Raise UsageError, naming the field, for a number that means nothing."""
        with reported(UsageError):
            check(self)

    @property
    def tried(self) -> tuple[int, ...]:
        """Numbers of iterations whose thresholds may be taken, ascending."""
        return ITERATIONS if self.iterations is None else (self.iterations,)


@dataclass(frozen=True)
class Conversion(ConversionOptions):
    """What `snnc train convert` does with a checkpoint, as `--set` changes it."""

    name: str = CONVERT
    description: str = "a pretrained network made spiking without training: local threshold balancing, --from"
    module: Literal["resnet20", "resnet32", "resnet44", "resnet56", "resnet110"] = "resnet20"
    """What the checkpoint holds the weights of, a name in `pretrained.PRETRAINED`."""
    data: str = "cifar10-sample"
    """Its training split calibrates, its test split measures."""
    steps: int = 64
    test_samples: int | None = None
    """Measure on so many test samples, none for all."""
