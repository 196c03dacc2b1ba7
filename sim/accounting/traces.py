"""Traces: what every neuron of every core held and fired, in arrays that both tiers fill alike."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from snnc.compiler.ir.program import TiledProgram
from snnc.sim.engine import records as c
from snnc.sim.engine.layout import Layout


@dataclass(frozen=True)
class CoreTrace:
    """One core's trace; arrays are (samples, steps, neurons), neurons in the order of their slots."""

    accumulated: NDArray[np.int32]
    """State word at the start of the sweep, before the bias: membrane plus current, or the current (CUBA)."""
    membrane: NDArray[np.int32]
    """Membrane after the sweep; for a partial-sum core, which has none, the sum it sends."""
    spikes: NDArray[np.bool_]


Traces = tuple[CoreTrace, ...]


def empty_trace(layout: Layout, samples: int, steps: int, keep: bool) -> NDArray[np.int32]:
    """Storage (accumulated | membrane | spikes, samples, steps, slots), of size 0 unless kept."""
    return np.zeros((3, samples, steps, layout.slots) if keep else (3, 0, 0, 0), np.int32)


def split_trace(program: TiledProgram, layout: Layout, pool: NDArray[np.int32]) -> Traces:
    """The storage as one trace per core, in the program's order."""
    traces = []
    for core, record in zip(program.cores, layout.cores, strict=True):
        start = int(layout.words[record + c.STATE_START])
        numbers = core.tile.neuron_map(program.target.lanes)
        accumulated, membrane, spikes = pool[:, :, :, start + np.flatnonzero(numbers >= 0)]
        traces.append(CoreTrace(accumulated, membrane, spikes.astype(np.bool_)))
    return tuple(traces)


def join_traces(parts: list[Traces | None]) -> Traces | None:
    """Traces of consecutive samples as one."""
    kept = [part for part in parts if part is not None]
    if not kept:
        return None
    names = [f.name for f in fields(CoreTrace)]
    return tuple(
        CoreTrace(*(np.concatenate([getattr(trace, name) for trace in cores]) for name in names))
        for cores in zip(*kept, strict=True)
    )
