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
    PERIOD,
    RECURRENT,
    RESET,
    RESET_VALUE,
    RING,
    SLOTS_USED,
    SOFT,
    SPIKES,
    STATE_START,
    SWEEP_BLOCK,
    TALLY,
    THRESHOLD,
    TRACE,
    TRACE_ROW,
    TRACE_SECTION,
    VALUES_EVERY,
)
from snnc.sim.engine.vectors import MARKS, count_bits, int32, lowest_bit, set_marks

_FEW = 4
"""Spikes of so many slots that are listed without asking how many there are."""


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
    membrane readout. Blocks are small enough to stay in the nearest cache meanwhile."""
    slots, count = words[core + SLOTS_USED], 0
    for first in range(0, slots, SWEEP_BLOCK):
        size = min(SWEEP_BLOCK, slots - first)
        _integrate(words, states, core, first, size, listed + count)
        if words[core + EMISSION] == SPIKES:
            count += _list_marked(states, listed + count, first, size)
    if words[core + EMISSION] == SPIKES:
        return count
    for slot in range(words[core + NEURONS]):
        states[listed + slot] = slot
    return words[core + NEURONS]


@kernel
def _integrate(words: Pool, states: Pool, core: int, first: int, size: int, marks: int) -> None:
    """One step's end for the block of slots from `first` on, and from `marks` on which of them fire."""
    membrane, own = words[core + MEMBRANE_START] + first, first % words[core + PERIOD]
    if words[core + CUBA]:
        current = words[core + STATE_START] + first
        for slot in range(size):
            states[membrane + slot] += states[current + slot]
        leaks, numerator = words[core + CURRENT_LEAKS], words[core + CURRENT_NUMERATOR]
        _decay(states, current, size, leaks and leaks + own, numerator, words[core + CURRENT_SHIFT])
    if words[core + BIAS]:
        bias = words[core + BIAS] + own
        for slot in range(size):
            states[membrane + slot] += states[bias + slot]
    _fire(words, states, core, membrane, own, size, marks)
    leaks, numerator = words[core + LEAKS], words[core + LEAK_NUMERATOR]
    _decay(states, membrane, size, leaks and leaks + own, numerator, words[core + LEAK_SHIFT])


@kernel
def _fire(words: Pool, states: Pool, core: int, membrane: int, own: int, size: int, marks: int) -> None:
    """Threshold, reset and clamp. Branchless loops, which the compiler vectorises; numbers of 32 bits, into
    which all of them have been proved to fit."""
    threshold, amount = words[core + THRESHOLD] + own, words[core + AMOUNT] + own
    low, high = int32(words[core + CLAMP_LOW]), int32(words[core + CLAMP_HIGH])
    hard_value = int32(words[core + RESET_VALUE])
    if words[core + RESET] == NEVER_FIRES:
        for slot in range(size):
            states[membrane + slot] = min(max(states[membrane + slot], low), high)
    elif words[core + RESET] == SOFT:
        for slot in range(size):
            value = states[membrane + slot]
            fires = value >= states[threshold + slot]
            settled = int32(value - states[amount + slot]) if fires else value
            states[membrane + slot] = min(max(settled, low), high)
            states[marks + slot] = fires
    else:
        for slot in range(size):
            value = states[membrane + slot]
            fires = value >= states[threshold + slot]
            settled = hard_value if fires else value
            states[membrane + slot] = min(max(settled, low), high)
            states[marks + slot] = fires


@kernel
def _decay(states: Pool, start: int, size: int, own: int, numerator: int, shift: int) -> None:
    """Decay by the numerator of each slot, from `own` on, or by that of all."""
    if own:
        for slot in range(size):
            states[start + slot] -= (states[start + slot] * states[own + slot]) >> shift
    elif numerator:
        for slot in range(size):
            value = states[start + slot]
            states[start + slot] = value - ((value * numerator) >> shift)


@kernel
def _list_marked(states: Pool, marks: int, first: int, slots: int) -> int:
    """Turn marks of the slots from `first` on into the list of the marked ones, in the same place."""
    count = 0
    for number in range(0, slots, MARKS):
        bits = set_marks(states, marks + number)
        found, listed = 0, marks + count
        if number + MARKS <= slots:
            found = count_bits(bits)
            if bits:
                # Most often there are few: so many are listed without asking how many there are.
                for place in range(_FEW):
                    states[listed + place] = first + number + lowest_bit(bits)
                    bits &= bits - 1
                listed += _FEW
        else:
            bits &= (1 << slots - number) - 1
            found = count_bits(bits)
        while bits:
            states[listed] = first + number + lowest_bit(bits)
            bits &= bits - 1
            listed += 1
        count += found
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
    slots, period = words[core + SLOTS_USED], words[core + PERIOD]
    for first in range(0, slots, period):
        for slot in range(min(period, slots - first)):
            states[membrane + first + slot] = states[initial + slot]
    if words[core + CUBA]:
        for slot in range(slots):
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
