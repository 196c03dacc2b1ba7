"""Input encodings: samples to the payload of every input event, before anything is compiled or trained."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import FileError
from snnc.compiler.ir.network import Input
from snnc.compiler.isa.arithmetic import IntArray

RATE_SEED = 0x5EED


def as_samples(x: Any) -> NDArray[Any]:
    """`x` as an array: one already, nested lists, or a tensor of another library in main memory.

    Raises FileError for what is none.
    """
    try:
        return np.asarray(x)
    except (TypeError, ValueError, RuntimeError) as error:
        raise FileError(f"samples must be an array of integers: {' '.join(str(error).split())}") from None


def encode_inputs(node: Input, steps: int, x: NDArray[np.uint8]) -> IntArray:
    """Payload of every input event, (samples, steps, features).

    `x` is (samples, features) with values 0..max_payload, or (samples, steps, features) for `events`. The
    formula of each encoding is in `docs/arithmetic.md`. `rate` draws from a generator that depends on the
    sample's own values alone, so that a sample's events do not depend on its neighbours in the batch.

    Raises FileError for another shape, no samples, or values that are no integers in range: the simulator
    relies on it, and pixels scaled to 0..1 would silently become 0.
    """
    expected = (steps, node.features) if node.encoding == "events" else (node.features,)
    if x.shape[1:] != expected:
        raise FileError(
            f"the model takes inputs of shape (samples, {', '.join(map(str, expected))}), not {x.shape}"
        )
    if len(x) == 0:
        raise FileError("there are no samples")
    if x.dtype.kind not in "biu":
        raise FileError(f"values must be integers 0..{node.max_payload}, not {x.dtype}")
    if not 0 <= int(x.min()) <= int(x.max()) <= node.max_payload:
        raise FileError(f"values must be 0..{node.max_payload}, not {int(x.min())}..{int(x.max())}")
    values = x.astype(np.int64)
    if node.encoding == "events":
        return values
    events = np.zeros((len(values), steps, values.shape[1]), np.int64)
    if node.encoding == "direct":
        events[:] = values[:, None]
    elif node.encoding == "held":
        events[:, 0] = values
    elif node.encoding == "rate":
        for sample, row in enumerate(values):
            generator = np.random.default_rng([RATE_SEED, *row.tolist()])
            events[sample] = generator.integers(0, node.max_payload, (steps, len(row))) < row
    else:
        moment = steps - 1 - ((values - 1) * steps) // node.max_payload
        samples, features = np.nonzero(values)
        events[samples, moment[samples, features], features] = 1
    return events


def entering(node: Input, payloads: NDArray[np.integer]) -> NDArray[np.integer]:
    """What of `payloads` (samples, steps, features) enters the mesh: of a held input the first step alone."""
    if node.encoding != "held":
        return payloads
    first = np.zeros_like(payloads)
    first[:, :1] = payloads[:, :1]
    return first
