"""Max pooling of stand-ins: an OR where spikes arrive, rectifiers in a network without spikes."""

import math
from typing import TYPE_CHECKING

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends.float_graph import FloatNeurons, Rectifier
from snnc.compiler.frontends.largest import emitted_by, largest_of_windows
from snnc.compiler.frontends.values import Term, Value

if TYPE_CHECKING:
    from snnc.training.frontends.trace import Trace

Pair = tuple[int, int]
UNITS = Rectifier()


def is_spikes(trace: "Trace", value: Value) -> bool:
    """Whether a value is spikes, or sums of them."""
    return emitted_by(trace.scratch.populations, value, FloatNeurons)


def exceeds(value: Value, limit: float) -> bool:
    """Whether a value that is spikes, or sums of them, may be above a limit."""
    return any(sum(map(_most, part.terms)) > limit for part in value.parts)


def _most(term: Term) -> float:
    """What a term of spikes is at most."""
    return float(term.gain.max()) * (math.prod(term.pool) if term.pooling == "sum" else 1)


def of_windows(trace: "Trace", value: Value, window: Pair, stride: Pair, padding: Pair) -> Value:
    """The largest of every window."""
    sides = ((padding[0], padding[0]), (padding[1], padding[1]))
    if is_spikes(trace, value):
        return trace.largest(value, window, stride, sides)
    if trace.spiking or any(isinstance(site.neurons, FloatNeurons) for site in trace.sites):
        if stride != window or any(padding):
            raise UnsupportedModel(
                f"a max pool of {window} with stride {stride} and padding {padding} stands before neurons",
                hint="pool in windows as wide as the stride, without padding, or after the neurons",
            )
        return trace.largest_before(value, window)
    positive = emitted_by(trace.scratch.populations, value, Rectifier)
    return largest_of_windows(
        lambda difference: trace.rectify(difference, UNITS), value, window, stride, sides, positive=positive
    )
