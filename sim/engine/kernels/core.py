"""Kernels of a core's dispatcher, event registers, row engine and control (microarchitecture, 4.1 to 4.4)."""

from snnc.compiler.ir.program import INIT_TAIL as _INIT_TAIL
from snnc.compiler.ir.program import SWEEP_TAIL as _SWEEP_TAIL
from snnc.compiler.ir.program import VALUE_CYCLES as _VALUE_CYCLES
from snnc.compiler.isa.contract import FlitType
from snnc.compiler.isa.flits import DATA_SHIFT, TYPE_MASK, TYPE_SHIFT
from snnc.sim.engine.jit import Pool, kernel
from snnc.sim.engine.kernels.axons import accumulate
from snnc.sim.engine.kernels.emitter import emit, start_emitter
from snnc.sim.engine.kernels.neuron import end_step, load_initial
from snnc.sim.engine.records import (
    ACCUMULATE_AT,
    ACCUMULATES_FROM,
    ARRIVAL_COLUMNS,
    ARRIVALS_AT,
    ARRIVALS_STOP,
    ARRIVED,
    ARRIVED_AT_CORE,
    BUSY_UNTIL,
    CLEARS,
    CREDIT,
    DECODE_FREE,
    DECODED,
    DRAINING,
    EMISSION,
    EMITS_FROM,
    ENDS,
    ENDS_NEEDED,
    ENDS_VISIBLE,
    ENTRY_LEFT,
    EVENT_MASK,
    EVENT_POPS,
    EVENT_PUSHED,
    EVENT_REGISTERS,
    IDLE,
    INIT_CYCLES,
    LAST_POP,
    LAST_STEP,
    OWED,
    OWED_ZERO,
    PHASE,
    POPPED_AGAIN,
    ROW_CYCLES,
    SPIKES,
    STATE_BITS,
    STEP,
    SWEEP_AT,
    SWEEP_CYCLES,
    TABLES_LEFT,
    TALLY,
    TIME,
    TIMELINE,
    TIMELINE_COLUMNS,
    VALUE_START,
    VALUES,
    VALUES_EVERY,
    WAIT,
    WORDS,
)

_SPIKE, _VALUE, _END = int(FlitType.SPIKE), int(FlitType.VALUE), int(FlitType.END)


@kernel
def event_space_from(words: Pool, core: int) -> int:
    """First cycle in which the core's event FIFO takes another flit; always decided."""
    return words[core + EVENT_POPS + (words[core + EVENT_PUSHED] & words[EVENT_MASK])] + 1


@kernel
def receive(words: Pool, weights: Pool, states: Pool, log: Pool, core: int, flit: int, cycle: int) -> bool:
    """Push a flit into the event FIFO in `cycle`, and do at once what it will do when it is popped.

    The cycle of the pop is decided already, for it depends on earlier flits only; and nothing reads the
    state memory between the two, since a sweep waits for the flit and the next step's flits for the sweep.
    Returns True if control or emitter may have waited for this flit.
    """
    pop = max(cycle, words[core + LAST_POP]) + 1
    kind = (flit >> TYPE_SHIFT) & TYPE_MASK
    data = flit >> DATA_SHIFT
    if kind in (_SPIKE, _VALUE):
        pop = max(pop, words[core + EVENT_REGISTERS + TABLES_LEFT], words[core + ACCUMULATES_FROM])
    pushed = words[core + EVENT_PUSHED]
    words[core + EVENT_POPS + (pushed & words[EVENT_MASK])] = pop
    words[core + EVENT_PUSHED] = pushed + 1
    words[core + LAST_POP] = pop
    note_arrival(words, log, core, cycle, pop)
    if kind in (_SPIKE, _VALUE):
        duration = add_event(words, weights, states, core, kind, data)
        occupy(words, core + EVENT_REGISTERS, duration, pop)
        return False
    if kind == _END:
        count_end(words, core, data)
        words[core + ENDS_VISIBLE] = pop + 1
        return words[core + ENDS] == words[core + ENDS_NEEDED]
    words[core + OWED] -= 1
    words[core + OWED_ZERO] = pop + 1
    return words[core + OWED] == 0 and words[core + PHASE] == WAIT


@kernel
def add_event(words: Pool, weights: Pool, states: Pool, core: int, kind: int, data: int) -> int:
    """What a SPIKE or VALUE does to the state of a tile; returns the cycles it occupies the row engine."""
    duration = _VALUE_CYCLES
    if kind == _SPIKE:
        duration = accumulate(words, weights, states, core, data)
    else:
        _add_value(words, states, core, data)
    words[words[core + TALLY] + ROW_CYCLES] += duration
    return duration


@kernel
def count_end(words: Pool, core: int, data: int) -> None:
    """An END that a tile waits for."""
    words[core + ENDS] += 1
    words[core + LAST_STEP] |= data & 1


@kernel
def note_arrival(words: Pool, log: Pool, core: int, cycle: int, pop: int) -> None:
    """Write down a flit that was pushed into the event FIFO in `cycle` and popped in `pop`, if asked to."""
    arrival = words[ARRIVALS_AT]
    if arrival == words[ARRIVALS_STOP]:
        return
    log[arrival + ARRIVED_AT_CORE], log[arrival + ARRIVED], log[arrival + POPPED_AGAIN] = core, cycle, pop
    words[ARRIVALS_AT] = arrival + ARRIVAL_COLUMNS


@kernel
def occupy(words: Pool, events: int, duration: int, pop: int) -> None:
    """An event popped in cycle `pop` goes through the registers `events` to the row engine, or is dropped."""
    words[events + TABLES_LEFT] = max(pop + 1, words[events + ENTRY_LEFT])
    words[events + ENTRY_LEFT] = max(words[events + TABLES_LEFT] + 1, words[events + DECODE_FREE])
    decoded = words[events + ENTRY_LEFT] + 1
    words[events + DECODE_FREE] = decoded
    if duration > 0:
        decoded = max(decoded, words[events + BUSY_UNTIL])
        words[events + BUSY_UNTIL] = decoded + duration
        words[events + DECODE_FREE] = decoded + 1
    words[events + DECODED] = decoded


@kernel
def all_clear(words: Pool, events: int) -> int:
    """First cycle in which the registers `events` are empty and the row engine is free."""
    return max(words[events + BUSY_UNTIL], words[events + DECODED]) + 1


@kernel
def _add_value(words: Pool, states: Pool, core: int, data: int) -> None:
    bits = words[STATE_BITS]
    value = data & ((1 << bits) - 1)
    value -= (value >> (bits - 1)) << bits
    states[words[core + VALUE_START] + (data >> bits)] += value
    words[words[core + TALLY] + VALUES] += 1


@kernel
def progress(words: Pool, states: Pool, log: Pool, trace: Pool, core: int) -> None:
    """Let emitter and control run as far as is decided; called whenever something they wait for came."""
    while True:
        if words[core + PHASE] != IDLE:
            if not emit(words, states, log, core):
                return
            if words[core + DRAINING]:
                _leave_drain(words, states, log, core)
                continue
        if words[core + ENDS] != words[core + ENDS_NEEDED]:
            return
        words[core + ENDS] = 0
        ready = max(words[core + ENDS_VISIBLE], all_clear(words, core + EVENT_REGISTERS))
        ready = max(ready, words[core + ACCUMULATES_FROM])
        _leave_accumulate(words, states, log, trace, core, max(ready, words[core + TIME]) + 1)


@kernel
def _leave_accumulate(words: Pool, states: Pool, log: Pool, trace: Pool, core: int, start: int) -> None:
    """SWEEP, or DRAIN for partial sums, from cycle `start` on, and the commands that come with it."""
    emission, last = words[core + EMISSION], words[core + LAST_STEP]
    done = start + sweep(words, states, log, trace, core, start)
    if emission == VALUES_EVERY or (emission != SPIKES and last):
        words[core + DRAINING] = 1
        start_emitter(words, core, WAIT, 1, done)
        return
    start_emitter(words, core, CREDIT, 1 if emission == SPIKES else 0, start)
    words[core + EMITS_FROM] = start + _SWEEP_TAIL
    if last:
        done += begin_sample(words, states, core)
    words[core + ACCUMULATES_FROM] = done
    count_step(words, log, core, done)


@kernel
def sweep(words: Pool, states: Pool, log: Pool, trace: Pool, core: int, start: int) -> int:
    """What ends a step from cycle `start` on; returns the duration of SWEEP, 0 for partial sums."""
    if words[core + TIMELINE] >= 0:
        words[core + TIMELINE] += TIMELINE_COLUMNS
        log[words[core + TIMELINE] + SWEEP_AT] = start
    end_step(words, states, trace, core, words[core + STEP])
    if words[core + EMISSION] == VALUES_EVERY:
        return 0
    duration = words[core + WORDS] + _SWEEP_TAIL
    words[words[core + TALLY] + SWEEP_CYCLES] += duration
    return duration


@kernel
def _leave_drain(words: Pool, states: Pool, log: Pool, core: int) -> None:
    """The emitter is IDLE from cycle TIME on, which is the last of DRAIN; then INIT."""
    words[core + DRAINING] = 0
    done = words[core + TIME] + 1 + initialise(words, states, core)
    start_emitter(words, core, CREDIT, 0, done)
    words[core + ACCUMULATES_FROM] = done
    count_step(words, log, core, done)


@kernel
def begin_sample(words: Pool, states: Pool, core: int) -> int:
    """What begins a sample behind the last sweep, and how long it takes: INIT, or nothing where the sweep
    writes v(0)."""
    if words[core + CLEARS]:
        load_initial(words, states, core)
        return 0
    return initialise(words, states, core)


@kernel
def initialise(words: Pool, states: Pool, core: int) -> int:
    """INIT; returns its duration."""
    load_initial(words, states, core)
    duration = words[core + WORDS] + _INIT_TAIL
    words[words[core + TALLY] + INIT_CYCLES] += duration
    return duration


@kernel
def count_step(words: Pool, log: Pool, core: int, cycle: int) -> None:
    """A tile accumulates again from `cycle` on."""
    words[core + STEP] = 0 if words[core + LAST_STEP] else words[core + STEP] + 1
    words[core + LAST_STEP] = 0
    if words[core + TIMELINE] >= 0:
        log[words[core + TIMELINE] + ACCUMULATE_AT] = cycle
