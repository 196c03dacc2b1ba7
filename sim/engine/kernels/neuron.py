"""Kernels of the sweep that ends a core's step, and of what it leaves for the emitter."""

from snnc.sim.engine.jit import Pool, kernel
from snnc.sim.engine.records import (
    AMOUNT,
    BIAS,
    CLAMP_HIGH,
    CLAMP_LOW,
    CUBA,
    CURRENT_LEAKS,
    CURRENT_NUMERATOR,
    CURRENT_SHIFT,
    DELAY,
    EMISSION,
    FIRED,
    INITIAL_START,
    LEAK_NUMERATOR,
    LEAK_SHIFT,
    LEAKS,
    LIST_COUNTS,
    LIST_START,
    MEMBRANE_START,
    NEURONS,
    NEVER_FIRES,
    RECURRENT,
    RESET,
    RESET_VALUE,
    RING,
    SLOTS_USED,
    SOFT,
    SPIKES,
    STATE_START,
    TALLY,
    THRESHOLD,
    TRACE,
    TRACE_ROW,
    TRACE_SECTION,
    VALUES_EVERY,
)

_BLOCK = 32


@kernel
def end_step(words: Pool, states: Pool, trace: Pool, core: int, step: int) -> None:
    """A core's sweep, or for partial sums the look at what is to be sent; lists the slots to send in the ring
    place of `step`."""
    _trace_before(words, states, trace, core)
    place = step % words[core + RING]
    listed = words[core + LIST_START] + place * words[core + SLOTS_USED]
    if words[core + EMISSION] == VALUES_EVERY:
        count = _list_nonzero(words, states, core, listed)
    else:
        count = _sweep(words, states, core, listed)
    words[words[core + LIST_COUNTS] + place] = count
    spikes = count if words[core + EMISSION] == SPIKES else 0
    words[words[core + TALLY] + FIRED] += spikes
    _trace_after(words, states, trace, core, listed, spikes)


@kernel
def _sweep(words: Pool, states: Pool, core: int, listed: int) -> int:
    """One step's end for all neurons of a core; lists the spikes of a core that fires, every neuron of a
    membrane readout. Branchless loops over all slots, which the compiler vectorises."""
    slots, state, membrane = words[core + SLOTS_USED], words[core + STATE_START], words[core + MEMBRANE_START]
    threshold, amount, bias = words[core + THRESHOLD], words[core + AMOUNT], words[core + BIAS]
    low, high, hard_value = words[core + CLAMP_LOW], words[core + CLAMP_HIGH], words[core + RESET_VALUE]
    if words[core + CUBA]:
        for slot in range(slots):
            states[membrane + slot] += states[state + slot]
        shift = words[core + CURRENT_SHIFT]
        _decay(states, state, slots, words[core + CURRENT_LEAKS], words[core + CURRENT_NUMERATOR], shift)
    if words[core + RESET] == NEVER_FIRES:
        for slot in range(slots):
            value = states[membrane + slot] + states[bias + slot]
            states[membrane + slot] = min(max(value, low), high)
    elif words[core + RESET] == SOFT:
        for slot in range(slots):
            value = states[membrane + slot] + states[bias + slot]
            fires = value >= states[threshold + slot]
            value = value - states[amount + slot] if fires else value
            states[membrane + slot] = min(max(value, low), high)
            states[listed + slot] = fires
    else:
        for slot in range(slots):
            value = states[membrane + slot] + states[bias + slot]
            fires = value >= states[threshold + slot]
            value = hard_value if fires else value
            states[membrane + slot] = min(max(value, low), high)
            states[listed + slot] = fires
    shift = words[core + LEAK_SHIFT]
    _decay(states, membrane, slots, words[core + LEAKS], words[core + LEAK_NUMERATOR], shift)
    if words[core + EMISSION] == SPIKES:
        return _list_marked(states, listed, slots)
    for slot in range(words[core + NEURONS]):
        states[listed + slot] = slot
    return words[core + NEURONS]


@kernel
def _decay(states: Pool, start: int, slots: int, own: int, numerator: int, shift: int) -> None:
    """Decay by the numerator of each slot, from `own` on, or by that of all."""
    if own:
        for slot in range(slots):
            states[start + slot] -= (states[start + slot] * states[own + slot]) >> shift
    elif numerator:
        for slot in range(slots):
            value = states[start + slot]
            states[start + slot] = value - ((value * numerator) >> shift)


@kernel
def _list_marked(states: Pool, listed: int, slots: int) -> int:
    """Turn marks, one per slot, into the list of the marked slots, in the same place."""
    count = 0
    for first in range(0, slots, _BLOCK):
        stop = min(first + _BLOCK, slots)
        marks = 0
        for slot in range(first, stop):
            marks |= states[listed + slot]
        if marks:
            for slot in range(first, stop):
                if states[listed + slot]:
                    states[listed + count] = slot
                    count += 1
    return count


@kernel
def _list_nonzero(words: Pool, states: Pool, core: int, listed: int) -> int:
    start = words[core + STATE_START]
    count = 0
    for slot in range(words[core + SLOTS_USED]):
        if states[start + slot] != 0:
            states[listed + count] = slot
            count += 1
    return count


@kernel
def segment_is_open(words: Pool, segment: int, step: int, last: int) -> bool:
    """Whether the emitter scans a segment in this step."""
    return step >= words[segment + DELAY] and not (words[segment + RECURRENT] and last)


@kernel
def segment_place(words: Pool, core: int, segment: int, step: int) -> int:
    """The ring place of the spikes that a segment sends in `step`."""
    return (step - words[segment + DELAY]) % words[core + RING]


@kernel
def load_initial(words: Pool, states: Pool, core: int) -> None:
    """Write v(0) to every neuron of a core; a synaptic current starts at 0."""
    membrane, initial = words[core + MEMBRANE_START], words[core + INITIAL_START]
    for slot in range(words[core + SLOTS_USED]):
        states[membrane + slot] = states[initial + slot]
    if words[core + CUBA]:
        for slot in range(words[core + SLOTS_USED]):
            states[words[core + STATE_START] + slot] = 0


@kernel
def _trace_before(words: Pool, states: Pool, trace: Pool, core: int) -> None:
    """Keep the state of a core before its sweep, if a trace is kept."""
    place, start = words[core + TRACE], words[core + STATE_START]
    if place >= 0:
        for slot in range(words[core + SLOTS_USED]):
            trace[place + slot] = states[start + slot]


@kernel
def _trace_after(words: Pool, states: Pool, trace: Pool, core: int, listed: int, spikes: int) -> None:
    """Keep the membranes after the sweep and the spikes; go to the next step."""
    place, start, section = words[core + TRACE], words[core + MEMBRANE_START], words[TRACE_SECTION]
    if place < 0:
        return
    for slot in range(words[core + SLOTS_USED]):
        trace[section + place + slot] = states[start + slot]
    for k in range(spikes):
        trace[2 * section + place + states[listed + k]] = 1
    words[core + TRACE] = place + words[TRACE_ROW]
