"""The functional tier: outputs, spikes and action counts of whole test sets, without timing."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.isa.flits import COORDINATE_MASK, PAYLOAD_SHIFT
from snnc.compiler.protocol.input_encoding import entering
from snnc.sim.accounting.counts import Primitives, count_host_events, join_primitives, read_primitives
from snnc.sim.accounting.traces import Traces, empty_trace, join_traces, split_trace
from snnc.sim.engine import records as c
from snnc.sim.engine.jit import Pool, entry, kernel, pointer, source_stamp
from snnc.sim.engine.kernels.axons import accumulate
from snnc.sim.engine.kernels.neuron import end_step, load_initial, segment_is_open, segment_place
from snnc.sim.engine.layout import Layout, build_layout


@dataclass(frozen=True)
class FunctionalRun:
    """What a set of samples computed."""

    outputs: IntArray
    """(samples, outputs): as the host reads them (`network.Readout`)."""
    primitives: Primitives
    """Action counts; identical to the cycle tier's."""
    trace: Traces | None
    """Per core in the program's order."""


def run_functional(
    program: TiledProgram, payloads: NDArray[np.integer], trace: bool = False, threads: int | None = None
) -> FunctionalRun:
    """Run samples (samples, steps, features) with payloads 0..255, in parallel threads; of a held input the
    first step enters."""
    layout, payloads = build_layout(program), entering(program.input, payloads)
    workers = max(1, min(threads or os.cpu_count() or 1, len(payloads)))
    bounds = np.linspace(0, len(payloads), workers + 1).astype(int).tolist()

    def run_part(start: int, stop: int) -> FunctionalRun:
        return _run(program, layout, payloads[start:stop], trace)

    if workers == 1:
        return run_part(0, len(payloads))
    with ThreadPoolExecutor(workers) as pool:
        parts = list(pool.map(run_part, bounds[:-1], bounds[1:]))
    return FunctionalRun(
        outputs=np.concatenate([part.outputs for part in parts]),
        primitives=join_primitives([part.primitives for part in parts]),
        trace=join_traces([part.trace for part in parts]),
    )


def _run(program: TiledProgram, layout: Layout, payloads: NDArray[np.integer], keep: bool) -> FunctionalRun:
    samples, steps = len(payloads), program.steps
    words, states = layout.words.copy(), layout.states.copy()
    trace = empty_trace(layout, samples, steps, keep)
    words[c.TRACE_SECTION], words[c.ROUNDS] = trace[0].size, steps
    for record in layout.cores:
        words[record + c.TRACE] = words[record + c.STATE_START] if keep else -1
    outputs = np.zeros((samples, program.outputs), np.int64)
    events = np.ascontiguousarray(payloads, np.int64)
    _run_samples(words, layout.weights, states, trace.reshape(-1), events, outputs)
    return FunctionalRun(
        outputs=outputs,
        primitives=read_primitives(program, layout, words, count_host_events(program, payloads), samples),
        trace=split_trace(program, layout, trace) if keep else None,
    )


@kernel
def _send(words: Pool, weights: Pool, states: Pool, output: Pool, core: int, segment: int, step: int) -> None:
    """Hand the spikes or values that a segment sends in `step` to every receiver."""
    place = segment_place(words, core, segment, step)
    count = words[words[core + c.LIST_COUNTS] + place]
    listed = words[core + c.LIST_START] + place * words[core + c.SLOTS_USED]
    words[segment + c.SCANNED_TIMES] += 1
    words[segment + c.SET_LANES] += count
    values = words[core + c.EMISSION] != c.SPIKES
    membrane = words[core + c.MEMBRANE_START]
    entry_record = words[segment + c.ENTRIES_FROM]
    while entry_record < words[segment + c.ENTRIES_TO]:
        receiver, base = words[entry_record + c.RECEIVER], words[entry_record + c.BASE]
        first = words[entry_record + c.FIRST_WORD] << words[c.LANE_SHIFT]
        last = words[entry_record + c.LAST_WORD] << words[c.LANE_SHIFT]
        for k in range(count):
            slot = states[listed + k]
            if slot < first or slot >= last:
                continue
            words[entry_record + c.HITS] += 1
            if receiver == 0:
                _read(words, states, output, core, slot, step)
            elif values:
                _deliver_value(words, states, receiver, base + slot, states[membrane + slot])
            else:
                coordinate = (base + states[words[core + c.LOCAL_START] + slot]) & COORDINATE_MASK
                accumulate(words, weights, states, receiver, (1 << PAYLOAD_SHIFT) | coordinate)
        entry_record += c.ENTRY_WORDS


@kernel
def _deliver_value(words: Pool, states: Pool, receiver: int, index: int, value: int) -> None:
    states[words[receiver + c.VALUE_START] + index] += value
    words[words[receiver + c.TALLY] + c.VALUES] += 1


@kernel
def _read(words: Pool, states: Pool, output: Pool, core: int, slot: int, step: int) -> None:
    """Keep what a slot of the readout tells the host: its membrane, unless it is padding between pixels; or
    count a spike of the window, or keep the first."""
    index = states[words[core + c.NUMBERS] + slot]
    if words[core + c.EMISSION] != c.SPIKES:
        if index >= 0:
            output[index] = states[words[core + c.MEMBRANE_START] + slot]
        return
    if step < words[c.READS_FROM]:
        return
    if words[c.READS_FIRST_SPIKE]:
        output[index] = max(output[index], words[c.ROUNDS] - step)
    else:
        output[index] += 1


@kernel
def _end_step(
    words: Pool, weights: Pool, states: Pool, trace: Pool, output: Pool, core: int, step: int
) -> None:
    """Sweep one core, or read its partial sums, and deliver what it sends now; its senders are done."""
    last = step + 1 == words[c.ROUNDS]
    end_step(words, states, trace, core, step)
    if words[core + c.EMISSION] != c.VALUES_LAST or last:
        _emit(words, weights, states, output, core, step, 0)
    if last or words[core + c.EMISSION] == c.VALUES_EVERY:
        load_initial(words, states, core)


@kernel
def _emit(
    words: Pool, weights: Pool, states: Pool, output: Pool, core: int, step: int, recurrent: int
) -> None:
    """Send the core's forward segments, or its recurrent ones."""
    last = step + 1 == words[c.ROUNDS]
    segment = words[core + c.FIRST_SEGMENT]
    while segment < words[core + c.LAST_SEGMENT]:
        if words[segment + c.RECURRENT] == recurrent and segment_is_open(words, segment, step, last):
            _send(words, weights, states, output, core, segment, step)
        segment += c.SEGMENT_WORDS


@kernel
def _receive_inputs(words: Pool, weights: Pool, states: Pool, payloads: Pool) -> None:
    event = words[c.INPUTS]
    for _ in range(words[c.INPUT_COUNT]):
        payload = payloads[words[event + c.INPUT_FEATURE]]
        if payload:
            data = (payload << PAYLOAD_SHIFT) | words[event + c.INPUT_COORDINATE]
            accumulate(words, weights, states, words[event + c.INPUT_CORE], data)
        event += c.INPUT_WORDS


def _make_kernel(stamp: int) -> Callable[..., int]:
    @entry
    def run_samples(
        word_pool: NDArray[np.int64],
        weight_pool: NDArray[np.int8],
        state_pool: NDArray[np.int32],
        trace_pool: NDArray[np.int32],
        payload_pool: NDArray[np.int64],
        output_pool: NDArray[np.int64],
    ) -> int:
        """Run every sample from v(0) on, cores in the order of the layers; what recurrent edges carry arrives
        when all cores have ended the step."""
        words, weights, states = pointer(word_pool), pointer(weight_pool), pointer(state_pool)
        trace, order = pointer(trace_pool), words[c.ORDER]
        for number in range(words[c.CORE_COUNT]):
            load_initial(words, states, words[order + number])
        for sample in range(payload_pool.shape[0]):
            output = pointer(output_pool[sample])
            for step in range(payload_pool.shape[1]):
                _receive_inputs(words, weights, states, pointer(payload_pool[sample, step]))
                for number in range(words[c.CORE_COUNT]):
                    _end_step(words, weights, states, trace, output, words[order + number], step)
                for number in range(words[c.CORE_COUNT]):
                    _emit(words, weights, states, output, words[order + number], step, 1)
        return stamp

    return run_samples


_run_samples = _make_kernel(source_stamp())
