"""One sample's run, kept for looking at: spikes, membranes and cycles of each step, flits on each link."""

from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import UsageError
from snnc.compiler.formats.storage import Build
from snnc.compiler.ir.program import Core
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.isa.contract import FlitType
from snnc.compiler.isa.flits import flit_types
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.protocol.streams import decode_outputs, encode_samples
from snnc.sim.accounting.traces import CoreTrace, Traces
from snnc.sim.engine.cycle import CycleRun, run_cycles

MAX_TRACED = 1 << 25
"""Most state words that a run may keep."""


class Recording:
    """A run of one sample in the cycle tier, from reset on.

    Raises UsageError where the trace of a sample would not be kept in memory.
    """

    def __init__(self, build: Build, x: NDArray[Any]) -> None:
        """Run the sample `x`, (1, ...) as the model takes it."""
        tiled = build.tiled
        words = tiled.steps * sum(core.neurons for core in tiled.cores)
        if words > MAX_TRACED:
            raise UsageError(f"a sample of this network has {words:,} states, more than {MAX_TRACED:,}")
        self.build = build
        self.payloads = encode_inputs(tiled.input, tiled.steps, x)
        self.stream = encode_samples(tiled, self.payloads)
        self.run: CycleRun = run_cycles(tiled, self.stream, trace=True, event_log=True)
        self._hops = lru_cache(maxsize=64)(self._hops_before)

    @property
    def traces(self) -> Traces:
        """The trace of every core, in the program's order, of one sample."""
        assert self.run.trace is not None
        return self.run.trace

    @property
    def cycles(self) -> int:
        """Until the last packet has left."""
        return int(self.run.cycles[0])

    @cached_property
    def outputs(self) -> IntArray:
        """(readout neurons,): what is read of the sample."""
        outputs: IntArray = decode_outputs(self.build.tiled, self.run.flits, 1)[0]
        return outputs

    @cached_property
    def ends(self) -> IntArray:
        """(steps,): how much of the stream of flits makes the steps up to each."""
        ends: IntArray = np.flatnonzero(flit_types(self.stream) == FlitType.SYNC) + 1
        return ends

    def sent_by_host(self, step: int) -> int:
        """Flits that the host sends into the mesh in a step: its events and an END to every core it feeds."""
        start = 0 if step == 0 else int(self.ends[step - 1])
        kinds = flit_types(self.stream[start : self.ends[step]])
        return int(np.count_nonzero(kinds != FlitType.SYNC))

    def hops(self, step: int) -> IntArray:
        """(height, width, 5): flits that each router sends north, east, south, west and to its core because
        of what the host sent in a step: the difference of a run with it and of one that ends before."""
        hops: IntArray = self._hops(step + 1) - self._hops(step)
        return hops

    def _hops_before(self, step: int) -> IntArray:
        tiled = self.build.tiled
        if step == tiled.steps:
            return self.run.hops
        if step == 0:
            return np.zeros_like(self.run.hops)
        return run_cycles(tiled, self.stream[: self.ends[step - 1]]).hops

    def trace(self, core: Core) -> CoreTrace:
        """The trace of one core."""
        return self.traces[self.number(core)]

    def number(self, core: Core) -> int:
        """Its place in the program."""
        return [other.at for other in self.build.tiled.cores].index(core.at)
