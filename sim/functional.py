"""The functional tier: outputs, spikes and action counts of whole test sets, without timing."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..compiler.arithmetic import IntArray
from ..compiler.program import TiledProgram
from . import columns as c
from .counts import Primitives, count_host_events, join_primitives, read_primitives
from .jit import Pool, entry, kernel, pointer, source_stamp
from .kernel_neuron import (
    add_row,
    list_nonzero,
    load_initial,
    sweep,
    trace_after,
    trace_before,
)
from .layout import Layout, build_layout
from .traces import Traces, empty_trace, join_traces, split_trace


@dataclass(frozen=True)
class FunctionalRun:
    """What a set of samples computed."""

    outputs: IntArray
    """(samples, outputs): last membranes, or spikes summed over the steps."""
    primitives: Primitives
    """Action counts; identical to the cycle tier's."""
    trace: Traces | None
    """Per core in the program's order."""


def run_functional(
    program: TiledProgram, payloads: NDArray[np.integer], trace: bool = False, threads: int | None = None
) -> FunctionalRun:
    """Run samples (samples, steps, features) with payloads 0..255, in parallel threads."""
    layout = build_layout(program)
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
    words[c.TRACE_SECTION] = trace[0].size
    for record in layout.cores:
        words[record + c.TRACE] = words[record + c.STATE_START] if keep else -1
    outputs = np.zeros((samples, program.outputs), np.int64)
    events = np.ascontiguousarray(payloads, np.uint8)
    _run_samples(words, layout.weights, states, trace.reshape(-1), events, outputs)
    return FunctionalRun(
        outputs=outputs,
        primitives=read_primitives(program, layout, words, count_host_events(program, payloads), samples),
        trace=split_trace(program, layout, trace) if keep else None,
    )


@kernel
def _receive(words: Pool, weights: Pool, states: Pool, core: int, axon: int, payload: int) -> None:
    tally = words[core + c.TALLY]
    words[tally + c.EVENTS] += 1
    rest = payload
    while rest:
        rest &= rest - 1
        words[tally + c.PASSES] += 1
    add_row(words, weights, states, core, axon, payload)


@kernel
def _send(words: Pool, weights: Pool, states: Pool, output: Pool, core: int, count: int) -> None:
    """Hand the first `count` neurons of a core's list to every receiver."""
    start, listed = words[core + c.STATE_START], words[core + c.SEND_START]
    spikes = words[core + c.EMISSION] == c.SPIKES
    words[words[core + c.TALLY] + c.ITEMS_SENT] += count
    entry_record = words[core + c.FIRST_ENTRY]
    while entry_record < words[core + c.LAST_ENTRY]:
        receiver, base = words[entry_record + c.RECEIVER], words[entry_record + c.AXON_BASE]
        first = words[entry_record + c.FIRST_WORD] << words[c.LANE_SHIFT]
        last = words[entry_record + c.LAST_WORD] << words[c.LANE_SHIFT]
        for k in range(count):
            neuron = states[listed + k]
            if neuron < first or neuron >= last:
                continue
            words[entry_record + c.HITS] += 1
            index = (base + neuron) & c.AXON_MASK
            if receiver == 0:
                output[index] += 1 if spikes else states[start + neuron]
            elif spikes:
                _receive(words, weights, states, receiver, index, 1)
            else:
                states[words[receiver + c.STATE_START] + index] += states[start + neuron]
                words[words[receiver + c.TALLY] + c.VALUES] += 1
        entry_record += c.ENTRY_WORDS


@kernel
def _end_step(
    words: Pool, weights: Pool, states: Pool, trace: Pool, output: Pool, core: int, last: bool
) -> None:
    """Sweep one core, or read its partial sums, and deliver what it sends; all its senders are done."""
    emission = words[core + c.EMISSION]
    trace_before(words, states, trace, core)
    partial = emission == c.VALUES_EVERY
    count = list_nonzero(words, states, core) if partial else sweep(words, states, core)
    trace_after(words, states, trace, core, count)
    if emission != c.VALUES_LAST or last:
        _send(words, weights, states, output, core, count)
    if last or partial:
        load_initial(words, states, core)


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
        """Run every sample from v(0) on, cores in the order of the layers."""
        words, weights, states = pointer(word_pool), pointer(weight_pool), pointer(state_pool)
        trace, order = pointer(trace_pool), words[c.ORDER]
        for number in range(words[c.CORE_COUNT]):
            load_initial(words, states, words[order + number])
        for sample in range(payload_pool.shape[0]):
            output = pointer(output_pool[sample])
            for step in range(payload_pool.shape[1]):
                payloads = pointer(payload_pool[sample, step])
                for number in range(words[c.ROUTE_COUNT]):
                    route = words[c.ROUTES] + number * c.ROUTE_WORDS
                    core, base = words[route + c.ROUTE_CORE], words[route + c.ROUTE_BASE]
                    for feature in range(words[route + c.ROUTE_FIRST], words[route + c.ROUTE_LAST]):
                        if payloads[feature]:
                            axon = (base + feature) & c.AXON_MASK
                            _receive(words, weights, states, core, axon, payloads[feature])
                last = step + 1 == payload_pool.shape[1]
                for number in range(words[c.CORE_COUNT]):
                    _end_step(words, weights, states, trace, output, words[order + number], last)
        return stamp

    return run_samples


_run_samples = _make_kernel(source_stamp())
