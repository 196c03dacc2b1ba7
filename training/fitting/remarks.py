"""What a training or a conversion says unasked: layers that tell nothing, inputs far below their range."""

import math
import warnings
from collections.abc import Callable, Sequence

Warn = Callable[[str], None]
"""Shows one line to the user."""

NEVER = 5e-5
"""Firing rate below which a layer counts as silent: it is shown as 0.00 %."""
ALWAYS = 0.99
FALL, DEVIATIONS = 0.02, 5
"""By how much training accuracy falls in a remark at least: as a part, and in standard deviations."""
USED_PART = 4
"""Inputs are remarked on that reach no more than one part of so many of the payload range."""


def warn(message: str) -> None:
    """As a Python warning, where nothing else shows it."""
    warnings.warn(message, stacklevel=3)


def about_layers(names: Sequence[str], rates: Sequence[float], remedy: str) -> list[str]:
    """A line for every hidden layer that fires never or always, on which no class can depend."""
    lines = []
    for name, rate in zip(names, rates, strict=False):
        if rate < NEVER or rate > ALWAYS:
            kind = "never" if rate < NEVER else "always"
            lines.append(f"layer {name} {kind} fires (rate {rate:.2%}), so nothing passes it: {remedy}")
    return lines


def about_course(accuracies: Sequence[float], samples: int) -> list[str]:
    """A line where training, epoch by epoch, lost more than chance on so many samples explains: what it
    ends with may depend on where that was."""
    for number, now in enumerate(accuracies[1:], 1):
        best = max(accuracies[:number])
        chance = math.sqrt(2 * best * (1 - best) / samples)
        if best - now > max(FALL, DEVIATIONS * chance):
            epoch = accuracies.index(best) + 1
            return [
                f"training accuracy fell from {best:.2%} in epoch {epoch} to {now:.2%} in epoch "
                f"{number + 1}: lower learning_rate, or set gradient_limit=1"
            ]
    return []


def about_inputs(largest: int, max_payload: int, data: str) -> list[str]:
    """A line where the values of `data` reach no further than `largest`, far below `max_payload`."""
    if largest * USED_PART > max_payload:
        return []
    if largest == 0:
        return [f"all values of {data} are 0"]
    return [
        f"values of {data} reach {largest}, max_payload is {max_payload}: currents are "
        f"{max_payload // largest} times smaller than the network is made for; set max_payload={largest}"
    ]
