"""How often the nodes of a network send events: measured where its notes say so, assumed elsewhere."""

import math
from dataclasses import dataclass

from snnc.base.errors import FileError
from snnc.compiler.analysis.bounds import GRADED
from snnc.compiler.ir.network import Network

NOTE = "activity"
"""The note of a network that holds measured activity, as `Activity.note` writes it."""

ASSUMED_INPUT, ASSUMED_PASSES, ASSUMED_RATE = 0.5, 1.5, 0.15


@dataclass(frozen=True)
class Activity:
    """What the cost model has to know of the data."""

    rates: dict[str, float]
    """Events per neuron and step of the input and of every layer, by name."""
    passes: float
    """Set bits per payload of the input: passes of the row engine per event."""
    measured: bool = True

    def note(self) -> str:
        """`passes 2.71, input 0.1817, hidden 0.1034, ...`."""
        numbers = {"passes": self.passes} | self.rates
        return ", ".join(f"{name} {number:.4g}" for name, number in numbers.items())


def activity_of(network: Network) -> Activity:
    """The activity that the notes of `network` state, or the assumed one; raises FileError for a note that is
    none."""
    nodes = [network.input.name, *(layer.name for layer in network.layers)]
    if NOTE not in network.notes:
        graded = network.input.encoding in GRADED and network.input.max_payload > 1
        rates = dict.fromkeys(nodes, ASSUMED_RATE) | {network.input.name: ASSUMED_INPUT}
        return Activity(rates, ASSUMED_PASSES if graded else 1.0, measured=False)
    try:
        words = [part.split() for part in network.notes[NOTE].split(",")]
        (_, passes), *rest = [(name, float(number)) for name, number in words]
    except ValueError:
        passes, rest = math.nan, []
    rates = dict(rest)
    if set(rates) != set(nodes) or not 1 <= passes <= 8 or not all(0 <= rate <= 1 for rate in rates.values()):
        got = network.notes[NOTE][:60]
        raise FileError(f"is not the activity of this network: {got!r}", where=f"note {NOTE!r}")
    return Activity(rates, passes)
