"""The numeric contract in NumPy: what every execution must compute, bit for bit.

`docs/arithmetic.md` is the same page in prose with worked examples. All values are integers held
in int64, wide enough that nothing here can overflow: the only narrowing is `clamp`.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
ResetMode = Literal["soft", "hard", "none"]


@dataclass(frozen=True)
class Decay:
    """`x - ((x * numerator) >> fraction_bits)` with an arithmetic (flooring) shift.

    `numerator = 0` keeps x unchanged (an IF neuron). A power-of-two numerator is a shift leak:
    `Decay(1, k)` computes `x - (x >> k)` and costs no multiplier.
    """

    numerator: int = 0
    fraction_bits: int = 0

    @property
    def keeps(self) -> bool:
        """Whether it changes nothing, whatever the fraction: `numerator` is 0."""
        return self.numerator == 0

    @property
    def shift(self) -> int | None:
        """k such that the decay is `x - (x >> k)`, or None where it needs a multiplier."""
        if self.numerator <= 0 or self.numerator & (self.numerator - 1):
            return None
        shift = self.fraction_bits - (self.numerator.bit_length() - 1)
        return shift if shift >= 0 else None


NO_LEAK = Decay()


def decay(x: IntArray, parameters: Decay, numerators: IntArray | None = None) -> IntArray:
    """One step of leak; rounds towards minus infinity inside the shift. `numerators`, of the shape of `x`,
    take the place of the one that all share."""
    factors = parameters.numerator if numerators is None else numerators
    return x - ((x * factors) >> parameters.fraction_bits)


def state_range(bits: int) -> tuple[int, int]:
    """Smallest and largest value of a two's-complement number of `bits` bits."""
    return -(1 << (bits - 1)), (1 << (bits - 1)) - 1


def clamp(x: IntArray, bits: int, lowest: int | None = None) -> IntArray:
    """Saturate to `bits` bits, and from below to `lowest`: the one saturation point of the contract."""
    low, high = state_range(bits)
    return np.clip(x, low if lowest is None else max(low, lowest), high)


def accumulate(weights: NDArray[np.int8], payloads: IntArray) -> IntArray:
    """Exact sum over arriving events, `acc[n] = sum_a weights[n, a] * payloads[a]`.

    `weights` is (neurons, axons), `payloads` (axons,) with 0 where no event arrived.
    """
    active = np.flatnonzero(payloads)
    return weights[:, active].astype(np.int64) @ payloads[active]


def synaptic_current(
    previous: IntArray, arriving: IntArray, leak: Decay | None, numerators: IntArray | None = None
) -> IntArray:
    """The current that enters the membrane: what arrives and, with a leak (CUBA), what is left of before."""
    return arriving if leak is None else decay(previous, leak, numerators) + arriving


@dataclass(frozen=True)
class NeuronStep:
    """What one neuron population does in one time step, per neuron and in accumulator units."""

    before: IntArray
    """Membrane the step started from, before input and bias."""
    after: IntArray
    """Membrane the next step starts from."""
    spikes: NDArray[np.bool_]


def neuron_step(
    membrane: IntArray,
    current: IntArray,
    *,
    threshold: IntArray,
    bias: IntArray,
    reset: ResetMode,
    reset_value: int,
    state_bits: int,
    leak: Decay,
    reset_amount: IntArray | None = None,
    leak_numerators: IntArray | None = None,
    lower_clamp: int | None = None,
) -> NeuronStep:
    """Integrate, compare (>=), reset, clamp, decay: in this order, for a whole population.

    All arrays have shape (..., neurons). `reset="none"` is a readout: it never spikes. A soft reset subtracts
    `reset_amount`, without one the threshold.
    """
    integrated = membrane + current + bias
    fires = reset != "none"
    spikes = (integrated >= threshold) if fires else np.zeros(integrated.shape, np.bool_)
    if reset == "soft":
        amount = threshold if reset_amount is None else reset_amount
        settled = np.where(spikes, integrated - amount, integrated)
    elif reset == "hard":
        settled = np.where(spikes, reset_value, integrated)
    else:
        settled = integrated
    clamped = clamp(settled, state_bits, lower_clamp)
    return NeuronStep(membrane, decay(clamped, leak, leak_numerators), spikes)
