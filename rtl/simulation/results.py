"""What the harness writes while it runs: the packets that left the mesh, and the trace of the sweeps."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import SnncError
from snnc.rtl.parameters import RtlParameters

OUTPUT_TYPE = np.dtype([("run", np.int64), ("cycle", np.int64), ("flit", np.uint64)])


@dataclass(frozen=True)
class RtlTrace:
    """One entry per state word written by a sweep, in the order of writing."""

    run: NDArray[np.int64]
    cycle: NDArray[np.int64]
    x: NDArray[np.int64]
    y: NDArray[np.int64]
    context: NDArray[np.int64]
    step: NDArray[np.int64]
    """Time step within the sample."""
    word: NDArray[np.int64]
    spikes: NDArray[np.bool_]
    """(entries, lanes)."""
    before: NDArray[np.int64]
    """(entries, lanes): the state word read, before bias: membrane plus current, or the current (CUBA)."""
    after: NDArray[np.int64]
    """(entries, lanes): membrane the next step starts from."""
    last: NDArray[np.bool_]
    """The step is the last of its sample."""


def read_outputs(path: Path) -> NDArray[np.void]:
    """Packets that left the mesh, as fields of OUTPUT_TYPE."""
    rows = [line.split() for line in path.read_text().splitlines()]
    packets = [(int(run), int(cycle), int(flit, 16)) for run, cycle, flit in rows]
    return np.array(packets, OUTPUT_TYPE)


def read_trace(path: Path, parameters: RtlParameters) -> RtlTrace:
    """The state words that the sweeps wrote."""
    rows = [line.split() for line in path.read_text().splitlines()]
    columns: list[list[str]] = [list(column) for column in zip(*rows, strict=True)] or [[]] * 11
    run, cycle, x, y, context, step, word = (np.array(column, np.int64) for column in columns[:7])
    lanes, bits = parameters.lanes, parameters.state_bits
    return RtlTrace(
        run=run,
        cycle=cycle,
        x=x,
        y=y,
        context=context,
        step=step,
        word=word,
        spikes=_lanes(columns[7], lanes, 1) != 0,
        before=_lanes(columns[8], lanes, bits),
        after=_lanes(columns[9], lanes, bits),
        last=np.array(columns[10], np.int64) != 0,
    )


def _lanes(words: list[str], lanes: int, bits: int) -> NDArray[np.int64]:
    """Split hexadecimal memory words into signed numbers, lane 0 in the lowest bits."""
    digits = -(-lanes * bits // 8) * 2
    try:
        data = bytes.fromhex("".join(word.rjust(digits, "0")[-digits:] for word in words))
    except ValueError:
        raise SnncError("a sweep read memory that was never written", where="RTL trace") from None
    flat: NDArray[Any] = np.unpackbits(np.frombuffer(data, np.uint8)).reshape(len(words), digits * 4)
    fields = flat[:, digits * 4 - lanes * bits :].reshape(len(words), lanes, bits)[:, ::-1]
    weights = 1 << np.arange(bits - 1, -1, -1, dtype=np.int64)
    weights[0] = -weights[0]
    values: NDArray[np.int64] = fields.astype(np.int64) @ weights
    return values
