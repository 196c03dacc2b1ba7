"""Kernels of a core's emitter: CREDITs, segments, spikes or values, ENDs (microarchitecture, section 4.5)."""

from snnc.compiler.ir.program import SEGMENT_CYCLES as _SEGMENT_CYCLES
from snnc.compiler.ir.program import VALUE_SCAN as _VALUE_SCAN
from snnc.compiler.isa.contract import FlitType
from snnc.compiler.isa.flits import COORDINATE_MASK, DATA_MASK, DATA_SHIFT, PAYLOAD_SHIFT, TYPE_SHIFT
from snnc.sim.engine.jit import Pool, kernel
from snnc.sim.engine.kernels.neuron import segment_is_open, segment_place
from snnc.sim.engine.kernels.queue import push, space_from
from snnc.sim.engine.records import (
    BACKWARD,
    BASE,
    BLOCKED,
    CREDIT,
    CREDITS_NEEDED,
    CURSOR,
    EMISSION,
    EMIT_AT,
    EMITS,
    EMITS_FROM,
    END,
    END_FLIT,
    ENTRIES_FROM,
    ENTRIES_TO,
    ENTRY_WORDS,
    FIRST_ENTRY,
    FIRST_SEGMENT,
    FIRST_SOURCE,
    FIRST_WORD,
    HEAD,
    HITS,
    IDLE,
    IDLE_AT,
    INPUT,
    ITEM,
    ITEMS,
    LANE_SHIFT,
    LAST_ENTRY,
    LAST_SEGMENT,
    LAST_SOURCE,
    LAST_STEP,
    LAST_WORD,
    LIST_COUNTS,
    LIST_START,
    LISTED,
    LOCAL,
    LOCAL_START,
    MEMBRANE_START,
    OWED,
    OWED_ZERO,
    PHASE,
    ROUTER,
    SCANNED,
    SCANNED_TIMES,
    SCANS,
    SEGMENT,
    SEGMENT_WORDS,
    SEND,
    SENDS_END,
    SENDS_LAST,
    SENDS_STEP,
    SET_LANES,
    SLOTS_USED,
    SPIKES,
    STATE_BITS,
    STEP,
    TALLY,
    TIME,
    TIMELINE,
    WAIT,
    WAITED,
    WORDS,
)

_SPIKE_DATA = 1 << PAYLOAD_SHIFT
_VALUE_TYPE = int(FlitType.VALUE) << TYPE_SHIFT


@kernel
def start_emitter(words: Pool, core: int, first: int, emits: int, cycle: int) -> None:
    """Give the emitter its command: state `first` (CREDIT or WAIT) from `cycle` on, then EMIT if `emits`."""
    words[core + PHASE], words[core + TIME], words[core + EMITS] = first, cycle, emits
    words[core + SENDS_LAST], words[core + SENDS_STEP] = words[core + LAST_STEP], words[core + STEP]
    words[core + CURSOR] = words[core + FIRST_SOURCE]


@kernel
def start_emission(words: Pool, log: Pool, core: int, cycle: int) -> None:
    """SEGMENT 0 from `cycle` on."""
    words[core + OWED] = words[core + CREDITS_NEEDED]
    words[core + TIME] = cycle
    words[core + SEGMENT], words[core + SCANS] = words[core + FIRST_SEGMENT], 0
    words[core + PHASE] = SEND
    if words[core + TIMELINE] >= 0:
        log[words[core + TIMELINE] + EMIT_AT] = cycle


@kernel
def emit(words: Pool, states: Pool, log: Pool, core: int) -> bool:
    """Advance as far as is decided; True once the emitter is IDLE, from cycle TIME on."""
    if words[core + PHASE] == CREDIT and not _send_credits(words, core):
        return False
    if words[core + PHASE] == WAIT:
        if words[core + OWED] != 0:
            return False
        waits, paid = words[core + TIME], words[core + OWED_ZERO]
        words[words[core + TALLY] + WAITED] += max(paid - waits, 0)
        start_emission(words, log, core, max(waits, paid, words[core + EMITS_FROM]) + 1)
    if words[core + PHASE] == SEND and not _send_segments(words, states, core):
        return False
    if words[core + PHASE] == END:
        if not _send_ends(words, core):
            return False
        if words[core + TIMELINE] >= 0:
            log[words[core + TIMELINE] + IDLE_AT] = words[core + TIME]
    return True


@kernel
def _offer(words: Pool, core: int, flit: int) -> bool:
    """Send in the first cycle, from TIME on, that the router has space; False if that is not decided yet."""
    fifo = words[words[core + ROUTER] + INPUT + LOCAL]
    space = space_from(words, fifo)
    if space < 0:
        return False
    wanted = words[core + TIME]
    cycle = max(wanted, space)
    words[words[core + TALLY] + BLOCKED] += cycle - wanted
    words[core + TIME] = cycle + 1
    push(words, fifo, flit, cycle)
    return True


@kernel
def _send_credits(words: Pool, core: int) -> bool:
    while words[core + CURSOR] < words[core + LAST_SOURCE]:
        if not _offer(words, core, words[words[core + CURSOR]]):
            return False
        words[core + CURSOR] += 1
    words[core + PHASE] = WAIT if words[core + EMITS] else IDLE
    return True


@kernel
def _send_segments(words: Pool, states: Pool, core: int) -> bool:
    while words[core + SEGMENT] < words[core + LAST_SEGMENT]:
        segment = words[core + SEGMENT]
        if not words[core + SCANS]:
            words[core + TIME] += _SEGMENT_CYCLES
            if segment_is_open(words, segment, words[core + SENDS_STEP], words[core + SENDS_LAST]):
                _open_segment(words, core, segment)
        if words[core + SCANS]:
            if not _send_items(words, states, core, segment):
                return False
            words[core + SCANS] = 0
        words[core + SEGMENT] = segment + SEGMENT_WORDS
    words[core + CURSOR], words[core + PHASE] = words[core + FIRST_ENTRY], END
    return True


@kernel
def _open_segment(words: Pool, core: int, segment: int) -> None:
    place = segment_place(words, core, segment, words[core + SENDS_STEP])
    words[core + LISTED] = words[core + LIST_START] + place * words[core + SLOTS_USED]
    words[core + ITEMS] = words[words[core + LIST_COUNTS] + place]
    words[core + ITEM], words[core + SCANNED], words[core + SCANS] = 0, 0, 1
    words[core + CURSOR] = words[segment + ENTRIES_FROM]
    words[segment + SCANNED_TIMES] += 1
    words[segment + SET_LANES] += words[core + ITEMS]


@kernel
def _send_items(words: Pool, states: Pool, core: int, segment: int) -> bool:
    scan = 1 if words[core + EMISSION] == SPIKES else _VALUE_SCAN
    stop = words[segment + ENTRIES_TO]
    while words[core + ITEM] < words[core + ITEMS]:
        slot = states[words[core + LISTED] + words[core + ITEM]]
        word = slot >> words[LANE_SHIFT]
        if words[core + SCANNED] <= word:
            words[core + TIME] += scan * (word + 1 - words[core + SCANNED])
            words[core + SCANNED] = word + 1
        while words[core + CURSOR] < stop:
            entry = words[core + CURSOR]
            if words[entry + FIRST_WORD] <= word and word < words[entry + LAST_WORD]:
                if not _offer(words, core, _item_flit(words, states, core, entry, slot)):
                    return False
                words[entry + HITS] += 1
            else:
                words[core + TIME] += 1
            words[core + CURSOR] = entry + ENTRY_WORDS
        words[core + CURSOR] = words[segment + ENTRIES_FROM]
        words[core + ITEM] += 1
    words[core + TIME] += scan * (words[core + WORDS] - words[core + SCANNED])
    return True


@kernel
def _item_flit(words: Pool, states: Pool, core: int, entry: int, slot: int) -> int:
    if words[core + EMISSION] == SPIKES:
        local = states[words[core + LOCAL_START] + slot]
        coordinate = (words[entry + BASE] + local) & COORDINATE_MASK
        return words[entry + HEAD] | ((_SPIKE_DATA | coordinate) << DATA_SHIFT)
    bits = words[STATE_BITS]
    value = states[words[core + MEMBRANE_START] + slot] & ((1 << bits) - 1)
    data = (((words[entry + BASE] + slot) << bits) | value) & DATA_MASK
    return words[entry + HEAD] | _VALUE_TYPE | (data << DATA_SHIFT)


@kernel
def _send_ends(words: Pool, core: int) -> bool:
    while words[core + CURSOR] < words[core + LAST_ENTRY]:
        entry = words[core + CURSOR]
        if words[entry + SENDS_END]:
            last = 0 if words[entry + BACKWARD] else words[core + SENDS_LAST]
            if not _offer(words, core, words[entry + END_FLIT] | (last << DATA_SHIFT)):
                return False
        else:
            words[core + TIME] += 1
        words[core + CURSOR] = entry + ENTRY_WORDS
    words[core + PHASE] = IDLE
    return True
