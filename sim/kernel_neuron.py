"""Kernels of one neurocore's arithmetic: adding a weight row, and the sweep at the end of a step."""

from .columns import (
    BIAS,
    CLAMP_HIGH,
    CLAMP_LOW,
    EMISSION,
    INITIAL_START,
    LEAK_NUMERATOR,
    LEAK_SHIFT,
    NEURONS,
    NEVER_FIRES,
    RESET,
    RESET_VALUE,
    SEND_START,
    SOFT,
    SPIKES,
    STATE_START,
    STRIDE,
    THRESHOLD,
    TRACE,
    TRACE_ROW,
    TRACE_SECTION,
    VALUES_LAST,
    WEIGHT_START,
)
from .jit import Pool, kernel


@kernel
def add_row(words: Pool, weights: Pool, states: Pool, core: int, axon: int, payload: int) -> None:
    """Add `payload` times the weight row of `axon` to the membranes of a core."""
    stride = words[core + STRIDE]
    first = words[core + WEIGHT_START] + axon * stride
    start = words[core + STATE_START]
    if payload == 1:
        for n in range(stride):
            states[start + n] += weights[first + n]
    else:
        for n in range(stride):
            states[start + n] += payload * weights[first + n]


@kernel
def sweep(words: Pool, states: Pool, core: int) -> int:
    """One step's end for all neurons of a core; lists the neurons it will send and returns their number.

    Those are the spikes of a core that fires, and every neuron of a membrane readout.
    """
    neurons, reset = words[core + NEURONS], words[core + RESET]
    start, listed = words[core + STATE_START], words[core + SEND_START]
    threshold, bias = words[core + THRESHOLD], words[core + BIAS]
    low, high, hard_value = words[core + CLAMP_LOW], words[core + CLAMP_HIGH], words[core + RESET_VALUE]
    numerator, shift = words[core + LEAK_NUMERATOR], words[core + LEAK_SHIFT]
    sends_all = words[core + EMISSION] == VALUES_LAST
    count = 0
    for n in range(neurons):
        value = states[start + n] + words[bias + n]
        fires = reset != NEVER_FIRES and value >= words[threshold + n]
        if fires:
            value = value - words[threshold + n] if reset == SOFT else hard_value
        value = min(max(value, low), high)
        states[start + n] = value - ((value * numerator) >> shift)
        if fires or sends_all:
            states[listed + count] = n
            count += 1
    return count


@kernel
def list_nonzero(words: Pool, states: Pool, core: int) -> int:
    """List the neurons of a partial-sum core whose value is not 0; returns their number."""
    start, listed = words[core + STATE_START], words[core + SEND_START]
    count = 0
    for n in range(words[core + NEURONS]):
        if states[start + n] != 0:
            states[listed + count] = n
            count += 1
    return count


@kernel
def load_initial(words: Pool, states: Pool, core: int) -> None:
    """Write v(0) to every neuron of a core."""
    start, initial = words[core + STATE_START], words[core + INITIAL_START]
    for n in range(words[core + STRIDE]):
        states[start + n] = states[initial + n]


@kernel
def trace_before(words: Pool, states: Pool, trace: Pool, core: int) -> None:
    """Keep the state of a core before its sweep, if a trace is kept."""
    place, start = words[core + TRACE], words[core + STATE_START]
    if place >= 0:
        for n in range(words[core + NEURONS]):
            trace[place + n] = states[start + n]


@kernel
def trace_after(words: Pool, states: Pool, trace: Pool, core: int, count: int) -> None:
    """Keep the state after the sweep and the spikes, the first `count` of the list; go to the next step."""
    place, start, section = words[core + TRACE], words[core + STATE_START], words[TRACE_SECTION]
    if place < 0:
        return
    for n in range(words[core + NEURONS]):
        trace[section + place + n] = states[start + n]
    if words[core + EMISSION] == SPIKES:
        for k in range(count):
            trace[2 * section + place + states[words[core + SEND_START] + k]] = 1
    words[core + TRACE] = place + words[TRACE_ROW]
