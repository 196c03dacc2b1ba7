"""Kernels of a core that tiles share: what it does in one cycle, and when it can do something again
(microarchitecture, section 4.7).

Every decision looks at the registers as they are in the cycle. Whether a SPIKE is popped depends on what the
emitter and the router did, so nothing is decided ahead but what the emitter sends in a job.
"""

from snnc.compiler.ir.program import INIT_TAIL as _INIT_TAIL
from snnc.compiler.ir.program import SWEEP_TAIL as _SWEEP_TAIL
from snnc.compiler.isa.contract import CREDIT as _CREDIT_WORD
from snnc.compiler.isa.contract import END as _END_WORD
from snnc.compiler.isa.contract import FlitType
from snnc.compiler.isa.flits import DATA_SHIFT, ROW_MASK, ROW_SHIFT, TYPE_MASK, TYPE_SHIFT
from snnc.sim.engine.jit import Pool, kernel
from snnc.sim.engine.kernels.core import (
    add_event,
    all_clear,
    begin_sample,
    count_end,
    count_step,
    note_arrival,
    occupy,
    sweep,
)
from snnc.sim.engine.kernels.emitter import emit, start_emission
from snnc.sim.engine.kernels.queue import head_slot, schedule
from snnc.sim.engine.records import (
    ACCUMULATES,
    CHOSEN,
    CLEARS,
    CONTROL,
    CONTROL_END,
    CREDIT,
    CREDIT_JOB,
    CURRENT,
    CURSOR,
    DRAINS,
    EMISSION,
    EMIT_JOB,
    EMITS,
    EMITS_FROM,
    ENDS,
    ENDS_NEEDED,
    EVENT_FIFO,
    FEEDER,
    FIFO_MASK,
    FIRST_SOURCE,
    FLIT,
    IDLE,
    INITIALISES,
    JOB,
    JOBS,
    LAST_STEP,
    LOCAL_FIFO,
    NEVER,
    OWED,
    OWED_ZERO,
    OWNERS,
    PHASE,
    POP,
    POPPED,
    PUSHED,
    SENDS_LAST,
    SENDS_STEP,
    SHARED_EVENTS,
    SLEEPER,
    SLOT_WORDS,
    SLOTS,
    SLOTS_USED,
    SPIKES,
    STATE_BITS,
    STATE_START,
    STEP,
    SWEEPS,
    TABLES_LEFT,
    TALLY,
    TILE_COUNT,
    TILES,
    TIME,
    VALUE_START,
    VALUES_EVERY,
    VISIBLE,
    WAITED,
    WORDS,
)

_SPIKE, _VALUE, _END = int(FlitType.SPIKE), int(FlitType.VALUE), int(FlitType.END)
_END_CONTEXT, _CREDIT_CONTEXT = _END_WORD["context"].at, _CREDIT_WORD["context"].at
_CONTEXT_MASK = _END_WORD["context"].mask


@kernel
def take_turn(
    words: Pool, weights: Pool, states: Pool, log: Pool, trace: Pool, core: int, cycle: int
) -> None:
    """Everything the core does in `cycle`; schedules the next cycle in which it can do something."""
    if words[core + CONTROL_END] == cycle:
        _leave_control(words, states, log, trace, core, cycle)
    control = words[core + CONTROL]
    job = words[core + JOB]
    idle = job == 0 or (words[job + PHASE] == IDLE and words[job + TIME] <= cycle)
    if idle:
        words[core + JOB] = 0
    empty_from = _local_empty_from(words, core)
    ready, goes, holds = _look(words, core, idle and empty_from <= cycle, cycle)
    again = _control(words, core, ready, idle, cycle)
    if idle and goes and (control == DRAINS or not (holds or _begins_to_drain(words, core, control))):
        _start_job(words, states, log, core, goes, cycle)
    if holds and idle and empty_from > cycle:
        again = min(again, empty_from)
    if control == SWEEPS and words[words[core + CURRENT] + EMITS_FROM] > cycle:
        again = min(again, words[words[core + CURRENT] + EMITS_FROM])
    is_open = control == ACCUMULATES and ready == 0
    again = min(again, _dispatch(words, weights, states, log, core, is_open, cycle))
    job = words[core + JOB]
    if job and words[job + PHASE] == IDLE:
        again = min(again, words[job + TIME])
    if again != NEVER:
        schedule(words, core, again)


@kernel
def go_on(words: Pool, states: Pool, log: Pool, core: int, cycle: int) -> None:
    """The router took a flit from the core in `cycle`: a stalled emitter goes on, or a drain may begin."""
    job = words[core + JOB]
    if job and words[job + PHASE] != IDLE:
        if emit(words, states, log, job):
            schedule(words, core, words[job + TIME])
    elif _local_empty_from(words, core) != NEVER:
        schedule(words, core, cycle + 1)


@kernel
def _local_empty_from(words: Pool, core: int) -> int:
    """First cycle in which the router's Local input FIFO is empty, NEVER while flits are in it."""
    fifo = words[core + LOCAL_FIFO]
    popped = words[fifo + POPPED]
    if words[fifo + PUSHED] != popped:
        return NEVER
    return words[fifo + SLOTS + ((popped - 1) & words[fifo + FIFO_MASK]) * SLOT_WORDS + POP] + 1


@kernel
def _drains(words: Pool, tile: int) -> bool:
    emission = words[tile + EMISSION]
    return emission == VALUES_EVERY or (emission != SPIKES and words[tile + LAST_STEP] != 0)


@kernel
def _begins_to_drain(words: Pool, core: int, control: int) -> bool:
    tile = words[core + CURRENT]
    return control in (CHOSEN, SWEEPS) and _ends_in_drain(words, tile)


@kernel
def _ends_in_drain(words: Pool, tile: int) -> bool:
    """Whether the step that a tile is chosen or swept for ends in DRAIN."""
    return words[tile + EMISSION] == VALUES_EVERY or (
        words[tile + EMISSION] != SPIKES and words[tile + SENDS_LAST] != 0
    )


@kernel
def _look(words: Pool, core: int, may_drain: bool, cycle: int) -> tuple[int, int, bool]:
    """The lowest tile that is ready and the lowest with a job that can go, 0 for none; whether one holds."""
    ready, goes, holds = 0, 0, False
    job, own = words[core + JOB], words[core + CURRENT] if words[core + CONTROL] == DRAINS else 0
    for place in range(words[core + TILES], words[core + TILES] + words[core + TILE_COUNT]):
        tile = words[place]
        if words[tile + JOBS]:
            can_go = words[tile + JOBS] & CREDIT_JOB or (
                words[tile + OWED] == 0 and words[tile + EMITS_FROM] <= cycle
            )
            if goes == 0 and can_go and (own == 0 or own == tile):
                goes = tile
        elif words[tile + ENDS] == words[tile + ENDS_NEEDED] and tile != job:
            drains = _drains(words, tile)
            holds |= drains
            if ready == 0 and (may_drain or not drains):
                ready = tile
    return ready, goes, holds


@kernel
def _control(words: Pool, core: int, ready: int, idle: bool, cycle: int) -> int:
    """Leave ACCUMULATE or DRAIN if that is due; returns when control has to be looked at again."""
    if words[core + CONTROL] == ACCUMULATES and ready:
        clear = all_clear(words, core + SHARED_EVENTS)
        if clear > cycle:
            return clear
        words[core + CONTROL], words[core + CURRENT] = CHOSEN, ready
        words[ready + ENDS] = 0
        words[ready + SENDS_LAST], words[ready + SENDS_STEP] = words[ready + LAST_STEP], words[ready + STEP]
        words[core + CONTROL_END] = cycle + 2
    elif words[core + CONTROL] == DRAINS and idle and words[words[core + CURRENT] + JOBS] == 0:
        words[core + CONTROL_END] = cycle + 1
    return words[core + CONTROL_END] if words[core + CONTROL_END] > cycle else NEVER


@kernel
def _leave_control(words: Pool, states: Pool, log: Pool, trace: Pool, core: int, cycle: int) -> None:
    """The control state that `cycle` is the first of, and the commands that come with it."""
    control, tile = words[core + CONTROL], words[core + CURRENT]
    fires = words[tile + EMISSION] == SPIKES
    if control == CHOSEN:
        duration = sweep(words, states, log, trace, tile, cycle)
        words[core + CONTROL], words[core + CONTROL_END] = SWEEPS, cycle + duration
        if words[tile + EMISSION] == VALUES_EVERY:
            _drain(words, core, tile, cycle)
        elif not _ends_in_drain(words, tile):
            words[tile + EMITS_FROM] = cycle + _SWEEP_TAIL
            _command(words, tile, CREDIT_JOB | EMIT_JOB if fires else CREDIT_JOB, cycle)
            if words[tile + LAST_STEP] and not words[tile + CLEARS]:
                duration += words[tile + WORDS] + _INIT_TAIL
            count_step(words, log, tile, cycle + duration)
    elif control == DRAINS or (control == SWEEPS and fires and words[tile + SENDS_LAST]):
        duration = begin_sample(words, states, tile)
        words[core + CONTROL] = INITIALISES if duration else ACCUMULATES
        words[core + CONTROL_END] = cycle + duration
    elif control == SWEEPS and words[tile + SENDS_LAST]:
        _drain(words, core, tile, cycle)
    else:
        words[core + CONTROL] = ACCUMULATES
        if control == INITIALISES and not fires:
            _command(words, tile, CREDIT_JOB, cycle)
            count_step(words, log, tile, cycle)


@kernel
def _drain(words: Pool, core: int, tile: int, cycle: int) -> None:
    words[core + CONTROL] = DRAINS
    _command(words, tile, EMIT_JOB, cycle)


@kernel
def _command(words: Pool, tile: int, jobs: int, cycle: int) -> None:
    """Jobs are pending from `cycle` on, for the step that the tile was chosen for."""
    words[tile + JOBS], words[tile + TIME] = jobs, cycle


@kernel
def _start_job(words: Pool, states: Pool, log: Pool, core: int, tile: int, cycle: int) -> None:
    """The emitter takes a job of a tile in `cycle`; behind LOAD it sends as far as is decided."""
    words[core + JOB] = tile
    if words[tile + JOBS] & CREDIT_JOB:
        words[tile + JOBS] -= CREDIT_JOB
        words[tile + PHASE], words[tile + EMITS], words[tile + TIME] = CREDIT, 0, cycle + 2
        words[tile + CURSOR] = words[tile + FIRST_SOURCE]
    else:
        words[tile + JOBS] = 0
        words[words[tile + TALLY] + WAITED] += max(words[tile + OWED_ZERO] - words[tile + TIME], 0)
        start_emission(words, log, tile, cycle + 2)
    emit(words, states, log, tile)


@kernel
def _dispatch(
    words: Pool, weights: Pool, states: Pool, log: Pool, core: int, is_open: bool, cycle: int
) -> int:
    """Pop a flit if that is due, SPIKEs and VALUEs only if the core `is_open` to them; returns when to look
    again."""
    fifo = words[core + EVENT_FIFO]
    due = _event_due(words, core, fifo, is_open)
    if due > cycle:
        return due
    slot = head_slot(words, fifo)
    words[slot + POP] = cycle
    words[fifo + POPPED] += 1
    if words[fifo + SLEEPER]:
        words[fifo + SLEEPER] = 0
        schedule(words, words[fifo + FEEDER], cycle + 1)
    note_arrival(words, log, words[words[core + TILES]], words[slot + VISIBLE] - 1, cycle)
    kind = (words[slot + FLIT] >> TYPE_SHIFT) & TYPE_MASK
    _obey(words, weights, states, core, kind, words[slot + FLIT] >> DATA_SHIFT, cycle)
    if kind in (_SPIKE, _VALUE):
        return max(_event_due(words, core, fifo, is_open), cycle + 1)
    return cycle + 1


@kernel
def _event_due(words: Pool, core: int, fifo: int, is_open: bool) -> int:
    """First cycle in which the oldest flit can be popped; NEVER if something else must come before."""
    if words[fifo + PUSHED] == words[fifo + POPPED]:
        return NEVER
    slot = head_slot(words, fifo)
    if (words[slot + FLIT] >> TYPE_SHIFT) & TYPE_MASK not in (_SPIKE, _VALUE):
        return words[slot + VISIBLE]
    return max(words[slot + VISIBLE], words[core + SHARED_EVENTS + TABLES_LEFT]) if is_open else NEVER


@kernel
def _obey(words: Pool, weights: Pool, states: Pool, core: int, kind: int, data: int, cycle: int) -> None:
    """What a flit that is popped in `cycle` does to the tile that it is for."""
    if kind == _END:
        count_end(words, words[words[core + TILES] + ((data >> _END_CONTEXT) & _CONTEXT_MASK)], data)
    elif kind in (_SPIKE, _VALUE):
        tile = words[words[core + OWNERS] + ((data >> ROW_SHIFT) & ROW_MASK)]
        if kind == _VALUE:
            tile = _holder(words, core, data >> words[STATE_BITS])
        duration = add_event(words, weights, states, tile, kind, data)
        occupy(words, core + SHARED_EVENTS, duration, cycle)
    else:
        tile = words[words[core + TILES] + ((data >> _CREDIT_CONTEXT) & _CONTEXT_MASK)]
        words[tile + OWED] -= 1
        words[tile + OWED_ZERO] = cycle + 1


@kernel
def _holder(words: Pool, core: int, index: int) -> int:
    """The tile that neuron `index` of the whole state memory belongs to."""
    place = words[core + TILES]
    while True:
        tile = words[place]
        slot = words[tile + VALUE_START] + index - words[tile + STATE_START]
        if slot < words[tile + SLOTS_USED]:
            return tile
        place += 1
