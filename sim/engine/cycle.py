"""The cycle tier: runs a flit stream through the mesh, exact to the cycle, at a cost that follows events."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import VerificationError
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.isa.contract import FlitType
from snnc.compiler.isa.flits import FlitArray, flit_types
from snnc.compiler.protocol.streams import Streams, encode_each, encode_samples
from snnc.sim.accounting.counts import (
    Primitives,
    count_stream_events,
    join_primitives,
    read_primitives,
    read_tallies,
)
from snnc.sim.accounting.traces import Traces, empty_trace, join_traces, split_trace
from snnc.sim.engine import records as c
from snnc.sim.engine.jit import Pool, entry, kernel, pointer, source_stamp
from snnc.sim.engine.kernels.contexts import take_turn
from snnc.sim.engine.kernels.neuron import load_initial
from snnc.sim.engine.kernels.queue import take_earliest
from snnc.sim.engine.kernels.router import evaluate, feed
from snnc.sim.engine.layout import Layout, layout_of
from snnc.sim.engine.vectors import aligned_copy

CAUSES = {
    "accumulate": c.ROW_CYCLES,
    "sweep": c.SWEEP_CYCLES,
    "initialise": c.INIT_CYCLES,
    "credit_wait": c.WAITED,
    "mesh_wait": c.BLOCKED,
}
"""What takes a core's cycles, with the column of its tally: the state memory at work on rows and values,
sweeps and v(0), one at a time; beside it the emitter, which waits for CREDITs or for space in the mesh."""
AT_WORK = 3
"""How many of them are the state memory's."""


@dataclass(frozen=True)
class CycleRun:
    """What left the mesh and when, and what happened on the way; one run per stream, each from reset on.

    Cycle 0 of a run is the one in which its first flit enters.
    """

    flits: FlitArray
    """(packets,) uint64: the packets of all runs."""
    stamps: IntArray
    """(packets,): cycle in which each left."""
    offsets: IntArray
    """(runs + 1,): the packets of run i are offsets[i] ... offsets[i + 1] - 1."""
    cycles: IntArray
    """(runs,): cycles until the last packet had left."""
    primitives: Primitives
    hops: IntArray
    """(height, width, 5): flits each router of the box of used cores sent North, East, South, West, Local."""
    causes: IntArray
    """(cores, 5): cycles of each core by cause, as `CAUSES` names them."""
    host_stalled: int
    """Cycles in which the host waited, for CREDITs or for space in the mesh."""
    timeline: IntArray
    """(runs, cores, steps, 4): first cycle of SWEEP (or DRAIN), ACCUMULATE, SEGMENT 0 and IDLE, 0 where a
    step had none; empty unless asked for."""
    arrivals: IntArray
    """(flits, 3): number of a core (of its first tile, if it has several), and the cycles in which a flit was
    pushed into its event FIFO and popped, as they were decided; as many as were asked for."""
    missed_from: int
    """First cycle with an arrival that is not among them, NEVER of `records.py` if all are."""
    trace: Traces | None
    """Per core, with one sample per run."""

    @property
    def busy(self) -> IntArray:
        """(cores,): cycles in which the state memory was at work."""
        at_work: IntArray = self.causes[:, :AT_WORK].sum(axis=1)
        return at_work

    @property
    def stalled(self) -> IntArray:
        """(cores,): cycles in which the emitter waited."""
        waited: IntArray = self.causes[:, AT_WORK:].sum(axis=1)
        return waited


def run_cycles(
    program: TiledProgram, stream: FlitArray, trace: bool = False, event_log: bool = False, arrivals: int = 0
) -> CycleRun:
    """One continuous stream, with up to `arrivals` arrivals; raises VerificationError if the mesh comes to
    rest before it is finished."""
    rounds = _rounds(program, stream)
    sent = Streams(stream, np.array([0, len(stream)]), count_stream_events(program, stream))
    return _run(program, layout_of(program), sent, rounds, trace, event_log, 0, arrivals)


def run_stream(
    program: TiledProgram, payloads: IntArray, trace: bool = False, event_log: bool = False
) -> CycleRun:
    """Samples back to back, (samples, steps, features), as one run."""
    return run_cycles(program, encode_samples(program, payloads), trace, event_log)


def run_isolated(
    program: TiledProgram,
    payloads: IntArray,
    trace: bool = False,
    event_log: bool = False,
    threads: int | None = None,
) -> CycleRun:
    """Each sample of (samples, steps, features) in a run of its own, in parallel threads."""
    layout = layout_of(program)
    workers = max(1, min(threads or os.cpu_count() or 1, len(payloads)))
    bounds = np.linspace(0, len(payloads), workers + 1).astype(int).tolist()

    def run_part(start: int, stop: int) -> CycleRun:
        sent = encode_each(program, payloads[start:stop])
        return _run(program, layout, sent, program.steps, trace, event_log, start)

    if workers == 1:
        return run_part(0, len(payloads))
    with ThreadPoolExecutor(workers) as pool:
        return _join(list(pool.map(run_part, bounds[:-1], bounds[1:])))


Kernel = Callable[..., tuple[int, int]]


def _make_kernel(stamp: int) -> Kernel:
    @entry
    def run_streams(
        reset: NDArray[np.int64],
        word_pool: NDArray[np.int64],
        weight_pool: NDArray[np.int8],
        state_pool: NDArray[np.int32],
        log_pool: NDArray[np.int64],
        trace_pool: NDArray[np.int32],
        stream_pool: NDArray[np.int64],
        bounds: NDArray[np.int64],
        offsets: NDArray[np.int64],
    ) -> tuple[int, int]:
        """Run stream[bounds[i] : bounds[i + 1]] for each i, from reset on; returns how many finished."""
        words, weights, states = pointer(word_pool), pointer(weight_pool), pointer(state_pool)
        log, trace, stream = pointer(log_pool), pointer(trace_pool), pointer(stream_pool)
        for run in range(bounds.shape[0] - 1):
            _reset(reset, words, states, run)
            words[c.HOST_CURSOR], words[c.HOST_STOP] = bounds[run], bounds[run + 1]
            feed(words, stream)
            record = take_earliest(words)
            while record:
                if record < words[c.ROUTERS]:
                    take_turn(words, weights, states, log, trace, record, words[c.NOW])
                else:
                    evaluate(words, weights, states, log, trace, stream, record, words[c.NOW])
                record = take_earliest(words)
            offsets[run + 1] = words[words[c.HOST_TALLY] + c.PACKETS]
            if not _finished(words):
                return run, stamp
        return bounds.shape[0] - 1, stamp

    return run_streams


@kernel
def _reset(reset: NDArray[np.int64], words: Pool, states: Pool, run: int) -> None:
    """Synchronous reset of all registers, v(0) in every state memory, and where this run is written down."""
    for place in range(reset.shape[0]):
        words[place] = reset[place]
    record = words[c.CORES]
    for core in range(words[c.CORE_COUNT]):
        load_initial(words, states, record)
        if words[c.TRACE_SECTION] > 0:
            steps = run * words[c.ROUNDS]
            words[record + c.TRACE] = steps * words[c.TRACE_ROW] + words[record + c.STATE_START]
        if words[c.TIMELINE_START] > 0:
            steps = (run * words[c.CORE_COUNT] + core) * words[c.ROUNDS] - 1
            words[record + c.TIMELINE] = words[c.TIMELINE_START] + steps * c.TIMELINE_COLUMNS
        record += c.EVENT_POPS + words[c.EVENT_MASK] + 1


@kernel
def _finished(words: Pool) -> bool:
    """Whether the mesh is at rest because nothing is left to do."""
    if words[c.HOST_CURSOR] < words[c.HOST_STOP]:
        return False
    record = words[c.CORES]
    for _ in range(words[c.CORE_COUNT]):
        if words[record + c.PHASE] != c.IDLE or words[record + c.JOBS] != 0:
            return False
        record += c.EVENT_POPS + words[c.EVENT_MASK] + 1
    for number in range(words[c.ROUTER_COUNT]):
        router = words[c.ROUTERS] + number * c.ROUTER_WORDS
        for port in range(c.PORTS):
            fifo = words[router + c.INPUT + port]
            if words[fifo + c.PUSHED] != words[fifo + c.POPPED]:
                return False
    for number in range(words[c.SHARED_COUNT]):
        core = words[c.SHARED] + number * c.SHARED_WORDS
        fifo = words[core + c.EVENT_FIFO]
        if words[core + c.CONTROL] != c.ACCUMULATES or words[fifo + c.PUSHED] != words[fifo + c.POPPED]:
            return False
    return True


_run_streams = _make_kernel(source_stamp())


def _run(
    program: TiledProgram,
    layout: Layout,
    streams: Streams,
    rounds: int,
    keep: bool,
    event_log: bool,
    first: int,
    arrivals: int = 0,
) -> CycleRun:
    """Each of the streams, of `rounds` steps, in a run of its own; `first` is the number of the first."""
    runs = len(streams.starts) - 1
    words, states = layout.words.copy(), aligned_copy(layout.states)
    trace = empty_trace(layout, runs, rounds, keep)
    sent = sum(core.lanes_read(program.target.lanes) for core in program.readout_cores)
    packets = runs * rounds * (sent + len(program.readout_cores))
    timeline_start = 2 * packets + c.TIMELINE_COLUMNS
    timeline_words = runs * len(program.cores) * rounds * c.TIMELINE_COLUMNS if event_log else 0
    # Room for the most packets that can leave; pages that no packet reaches are never really taken.
    arrivals_start = timeline_start + timeline_words
    log = np.zeros(arrivals_start + c.ARRIVAL_COLUMNS * arrivals, np.int64)
    words[c.ARRIVALS_AT], words[c.ARRIVALS_STOP] = arrivals_start, len(log)
    words[c.ARRIVALS_MISSED] = c.NEVER
    words[c.TRACE_SECTION], words[c.ROUNDS] = trace[0].size, rounds
    words[c.TIMELINE_START] = timeline_start if event_log else 0
    offsets = np.zeros(runs + 1, np.int64)
    reset = words[: words[c.RESET_WORDS]].copy()
    done, _ = _run_streams(
        reset,
        words,
        layout.weights,
        states,
        log,
        trace.reshape(-1),
        np.ascontiguousarray(streams.flits).view(np.int64),
        streams.starts,
        offsets,
    )
    if done < runs:
        raise _stuck(program, layout, words, first + done)
    samples = runs * rounds // program.steps
    tally = read_tallies(layout, words)
    hops = words[words[layout.routers[0] + c.ROUTER_HOPS] :][: c.PORTS * len(layout.routers)]
    flits, stamps = log[: 2 * offsets[-1]].reshape(-1, 2).T.copy()
    ends = np.concatenate([[0], stamps + 1])[offsets[1:]]
    return CycleRun(
        flits=flits.astype(np.uint64),
        stamps=stamps,
        offsets=offsets,
        cycles=np.where(offsets[1:] > offsets[:-1], ends, 0),
        primitives=read_primitives(program, layout, words, streams.events, samples),
        hops=hops.reshape(-1, layout.width, c.PORTS).copy(),
        causes=tally[:, list(CAUSES.values())],
        host_stalled=int(words[words[c.HOST_TALLY] + c.HOST_STALLED]),
        timeline=log[timeline_start:arrivals_start].reshape(
            -1, len(program.cores), max(rounds, 1), c.TIMELINE_COLUMNS
        ),
        arrivals=_arrivals(layout, log[arrivals_start : words[c.ARRIVALS_AT]]),
        missed_from=int(words[c.ARRIVALS_MISSED]),
        trace=split_trace(program, layout, trace) if keep else None,
    )


def _arrivals(layout: Layout, written: IntArray) -> IntArray:
    """What is written of arrivals, with numbers of cores in place of their records."""
    rows = written.reshape(-1, c.ARRIVAL_COLUMNS).copy()
    order = np.argsort(layout.cores)
    places = np.searchsorted(np.asarray(layout.cores)[order], rows[:, c.ARRIVED_AT_CORE])
    rows[:, c.ARRIVED_AT_CORE] = order[places]
    return rows


def _rounds(program: TiledProgram, stream: FlitArray) -> int:
    """Steps in a stream: the host closes each with one END to every core it feeds."""
    ends = int(np.count_nonzero(flit_types(stream) == FlitType.END))
    return -(-ends // max(1, len(program.fed_by_host)))


def _stuck(program: TiledProgram, layout: Layout, words: IntArray, run: int) -> VerificationError:
    """Where things stand once nothing can happen any more although work is left."""
    phases = ("IDLE", "CREDIT", "WAIT", "SEND", "END")
    # A tile whose job is pending has not begun with it, so what it waits for is CREDITs.
    at_work = [c.WAIT if words[record + c.JOBS] else int(words[record + c.PHASE]) for record in layout.cores]
    emitters = [
        f"{core.at} {phases[phase]}"
        for core, phase in zip(program.cores, at_work, strict=True)
        if phase != c.IDLE
    ]
    routers = [
        f"({words[router + c.ROUTER_X]},{words[router + c.ROUTER_Y]})"
        for router in layout.routers
        if any(words[f + c.PUSHED] != words[f + c.POPPED] for f in words[router + c.INPUT :][: c.PORTS])
    ]
    return VerificationError(
        f"the mesh came to rest in run {run} with {words[c.HOST_STOP] - words[c.HOST_CURSOR]} flits of the "
        f"stream left and {words[c.HOST_CREDITS]} credits held; "
        f"emitters at work: {', '.join(emitters) or 'none'}; "
        f"flits left in routers: {', '.join(routers) or 'none'}",
        where="cycle tier",
    )


def _join(parts: list[CycleRun]) -> CycleRun:
    starts = np.cumsum([0] + [int(part.offsets[-1]) for part in parts])
    return CycleRun(
        flits=np.concatenate([part.flits for part in parts]),
        stamps=np.concatenate([part.stamps for part in parts]),
        offsets=np.concatenate([[0], *(p.offsets[1:] + s for p, s in zip(parts, starts, strict=False))]),
        cycles=np.concatenate([part.cycles for part in parts]),
        primitives=join_primitives([part.primitives for part in parts]),
        hops=np.sum([part.hops for part in parts], axis=0),
        causes=np.sum([part.causes for part in parts], axis=0),
        host_stalled=sum(part.host_stalled for part in parts),
        timeline=np.concatenate([part.timeline for part in parts]),
        arrivals=np.concatenate([part.arrivals for part in parts]),
        missed_from=min(part.missed_from for part in parts),
        trace=join_traces([part.trace for part in parts]),
    )
