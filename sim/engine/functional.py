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
from snnc.sim.accounting.counts import Primitives, join_primitives, read_host_events, read_primitives
from snnc.sim.accounting.traces import Traces, empty_trace, join_traces, split_trace
from snnc.sim.engine import records as c
from snnc.sim.engine.jit import Pool, entry, kernel, pointer, source_stamp
from snnc.sim.engine.kernels.axons import accumulate
from snnc.sim.engine.kernels.neuron import end_step, load_initial, segment_is_open, segment_place
from snnc.sim.engine.layout import Layout, layout_of
from snnc.sim.engine.vectors import MARKS, aligned_copy, lowest_bit, padded_copy, set_marks


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
    layout, payloads = layout_of(program), entering(program.input, payloads)
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
    words, states = layout.words.copy(), aligned_copy(layout.states)
    trace = empty_trace(layout, samples, steps, keep)
    words[c.TRACE_SECTION], words[c.ROUNDS] = trace[0].size, steps
    for record in layout.cores:
        words[record + c.TRACE] = words[record + c.STATE_START] if keep else -1
    outputs = np.zeros((samples, program.outputs), np.int64)
    _run_samples(words, layout.weights, states, trace.reshape(-1), padded_copy(payloads), outputs)
    return FunctionalRun(
        outputs=outputs,
        primitives=read_primitives(program, layout, words, read_host_events(program, layout, words), samples),
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
        start = _first_from(states, listed, count, first)
        stop = _first_from(states, listed, count, last)
        words[entry_record + c.HITS] += stop - start
        if receiver == 0:
            for k in range(start, stop):
                _read(words, states, output, core, states[listed + k], step)
        elif values:
            for k in range(start, stop):
                slot = states[listed + k]
                _deliver_value(words, states, receiver, base + slot, states[membrane + slot])
        else:
            _list_spikes(words, states, base, words[core + c.LOCAL_START], listed + start, stop - start)
            accumulate(words, weights, states, receiver, words[c.ARRIVING], stop - start)
        entry_record += c.ENTRY_WORDS


@kernel
def _list_spikes(words: Pool, states: Pool, base: int, local: int, listed: int, count: int) -> None:
    """Write down the data of the SPIKEs of some listed slots."""
    arriving = words[c.ARRIVING]
    for k in range(count):
        coordinate = (base + states[local + states[listed + k]]) & COORDINATE_MASK
        words[arriving + k] = (1 << PAYLOAD_SHIFT) | coordinate


@kernel
def _first_from(states: Pool, listed: int, count: int, slot: int) -> int:
    """How many of the listed slots, which ascend, lie before `slot`."""
    low, high = 0, count
    while low < high:
        middle = (low + high) >> 1
        if states[listed + middle] < slot:
            low = middle + 1
        else:
            high = middle
    return low


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
    """Hand the events of a step to every core that the host feeds."""
    run, last = words[c.INPUTS], words[c.INPUTS] + words[c.INPUT_COUNT] * c.INPUT_WORDS
    while run < last:
        core, listed = words[run + c.INPUT_CORE], words[c.ARRIVING]
        while run < last and words[run + c.INPUT_CORE] == core:
            listed = _list_inputs(words, run, payloads, listed)
            run += c.INPUT_WORDS
        count = listed - words[c.ARRIVING]
        words[words[core + c.TALLY] + c.FROM_HOST] += count
        accumulate(words, weights, states, core, words[c.ARRIVING], count)


@kernel
def _list_inputs(words: Pool, run: int, payloads: Pool, listed: int) -> int:
    """Write down from `listed` on the data of the events of a run; returns where they end."""
    feature, length = words[run + c.INPUT_FEATURE], words[run + c.INPUT_LENGTH]
    for first in range(0, length, MARKS):
        bits = set_marks(payloads, feature + first)
        if first + MARKS > length:
            bits &= (1 << length - first) - 1
        while bits:
            place = first + lowest_bit(bits)
            coordinate = words[run + c.INPUT_COORDINATE] + place * words[run + c.INPUT_STEP]
            words[listed] = payloads[feature + place] << PAYLOAD_SHIFT | coordinate & COORDINATE_MASK
            listed += 1
            bits &= bits - 1
    return listed


def _make_kernel(stamp: int) -> Callable[..., int]:
    @entry
    def run_samples(
        word_pool: NDArray[np.int64],
        weight_pool: NDArray[np.int8],
        state_pool: NDArray[np.int32],
        trace_pool: NDArray[np.int32],
        payload_pool: NDArray[np.uint8],
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
