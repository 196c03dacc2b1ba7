"""The neurons of a layer: their parameters, and what these must satisfy."""

from dataclasses import dataclass

import numpy as np

from snnc.base.errors import require
from snnc.compiler.isa.arithmetic import NO_LEAK, Decay, IntArray, ResetMode, state_range
from snnc.compiler.isa.contract import MAX_FRACTION_BITS


@dataclass(frozen=True)
class Neurons:
    """Parameters of a population; the arrays have one entry per channel, in accumulator units."""

    threshold: IntArray
    bias: IntArray
    initial: IntArray
    reset: ResetMode
    reset_value: int = 0
    leak: Decay = NO_LEAK
    state_bits: int = 16
    """Width B of the clamp at the end of each step."""
    current_leak: Decay | None = None
    """Decay of the synaptic current (CUBA), or None: the current of a step acts in that step alone."""
    reset_amount: IntArray | None = None
    """What a soft reset subtracts, per channel; None: the threshold."""
    leak_numerators: IntArray | None = None
    """Numerators per channel in place of that of `leak`, which is 0 then, over the same fraction."""
    current_numerators: IntArray | None = None
    """The same of `current_leak`."""
    lower_clamp: int | None = None
    """What no membrane falls below, at most 0; None: the end of the clamp's range alone."""
    fraction_bits: int = 0
    """S: what events add is shifted left by it, so that everything else is in units of 2**-S weights."""

    @property
    def channels(self) -> int:
        return int(self.threshold.shape[0])

    @property
    def reset_amounts(self) -> IntArray:
        """What a soft reset subtracts, (channels,)."""
        return self.threshold if self.reset_amount is None else self.reset_amount

    @property
    def lowest(self) -> int:
        """The lower end of the clamp."""
        bottom = state_range(self.state_bits)[0]
        return bottom if self.lower_clamp is None else max(self.lower_clamp, bottom)

    def decays(self) -> list[tuple[str, Decay]]:
        """Every decay of a channel's membrane or current with what to call it, without repetition."""
        found: dict[tuple[str, Decay], None] = {}
        for label, leak, numerators in (
            ("leak", self.leak, self.leak_numerators),
            ("current leak", self.current_leak, self.current_numerators),
        ):
            if leak is not None:
                values = [leak.numerator] if numerators is None else numerators.tolist()
                found |= {(label, Decay(value, leak.fraction_bits)): None for value in values}
        return list(found)

    @property
    def current_keeps(self) -> bool:
        """Whether a synaptic current stays what it is."""
        still = self.current_numerators is None or not self.current_numerators.any()
        return self.current_leak is not None and self.current_leak.keeps and still


def verify_neurons(neurons: Neurons, where: str, channels: int) -> None:
    """Raise VerificationError, naming `where`, for parameters that no layer of `channels` can have."""
    for label in ("threshold", "bias", "initial", "reset_amount", "leak_numerators", "current_numerators"):
        array = getattr(neurons, label)
        if array is not None:
            shaped = array.dtype == np.int64 and array.shape == (channels,)
            got = f"{array.dtype} {array.shape}"
            require(shaped, where, f"{label} must be int64 of shape ({channels},), not {got}")
    require(neurons.reset in ("soft", "hard", "none"), where, f"unknown reset {neurons.reset!r}")
    soft = neurons.reset == "soft" or neurons.reset_amount is None
    require(soft, where, f"a reset amount belongs to the reset 'soft', not {neurons.reset!r}")
    require(2 <= neurons.state_bits <= 32, where, f"state_bits must be 2..32, not {neurons.state_bits}")
    require(
        0 <= neurons.fraction_bits <= MAX_FRACTION_BITS,
        where,
        f"fraction_bits must be 0..{MAX_FRACTION_BITS}, not {neurons.fraction_bits}",
    )
    _verify_range(neurons, where)
    _verify_leak("leak", neurons.leak, neurons.leak_numerators, where)
    if neurons.current_leak is None:
        without = neurons.current_numerators is None
        require(without, where, "current_numerators belong to a layer with a current_leak")
    _verify_leak("current_leak", neurons.current_leak or NO_LEAK, neurons.current_numerators, where)


def _verify_range(neurons: Neurons, where: str) -> None:
    """What becomes a membrane lies within the clamp."""
    bottom, high = state_range(neurons.state_bits)
    clamp = neurons.lower_clamp
    fits = clamp is None or bottom <= clamp <= 0
    require(fits, where, f"lower_clamp must be {bottom}..0 ({neurons.state_bits} bits), not {clamp}")
    low = neurons.lowest
    for label, values in (("initial", neurons.initial), ("reset_value", np.array([neurons.reset_value]))):
        smallest, largest = int(values.min()), int(values.max())
        require(
            low <= smallest and largest <= high,
            where,
            f"{label} must lie in {low}..{high} ({neurons.state_bits} bits"
            f"{'' if clamp is None else ', lower clamp'}), not {smallest}..{largest}",
        )


def _verify_leak(label: str, leak: Decay, numerators: IntArray | None, where: str) -> None:
    require(
        0 <= leak.fraction_bits <= 16 and 0 <= leak.numerator <= 1 << leak.fraction_bits,
        where,
        f"leak numerator must be 0..2**fraction_bits with fraction_bits 0..16, not {leak}",
    )
    if numerators is None:
        return
    require(leak.keeps, where, f"{label} has a numerator, {leak.numerator}, beside those of channels")
    smallest, largest = int(numerators.min()), int(numerators.max())
    require(
        smallest >= 0 and largest <= 1 << leak.fraction_bits,
        where,
        f"numerators of {label} must be 0..{1 << leak.fraction_bits}, not {smallest}..{largest}",
    )
