"""Kernels of a core's emitter: CREDITs, the scan, spikes or values, ENDs (microarchitecture, section 4.4)."""

from ..compiler.flits import DATA_SHIFT, PAYLOAD_SHIFT, TYPE_SHIFT, FlitType
from ..compiler.program import VALUE_SCAN as _VALUE_SCAN
from .columns import (
    AXON_BASE,
    AXON_MASK,
    BLOCKED,
    CREDIT,
    CREDITS_NEEDED,
    CURSOR,
    EMISSION,
    EMIT_AT,
    EMITS,
    END,
    ENTRY_WORDS,
    FIRST_ENTRY,
    FIRST_SOURCE,
    FIRST_WORD,
    HEAD,
    HITS,
    IDLE,
    IDLE_AT,
    INPUT,
    ITEM,
    ITEMS,
    ITEMS_SENT,
    LANE_SHIFT,
    LAST_ENTRY,
    LAST_SOURCE,
    LAST_WORD,
    LOCAL,
    OWED,
    OWED_ZERO,
    PHASE,
    ROUTER,
    SCANNED,
    SEND,
    SEND_START,
    SENDS_END,
    SENDS_LAST,
    SPIKES,
    STATE_BITS,
    STATE_START,
    TALLY,
    TIME,
    TIMELINE,
    WAIT,
    WAITED,
    WORDS,
)
from .jit import Pool, kernel
from .kernel_queue import push, space_from

_SPIKE_DATA = 1 << PAYLOAD_SHIFT
_END_TYPE = int(FlitType.END) << TYPE_SHIFT
_VALUE_TYPE = int(FlitType.VALUE) << TYPE_SHIFT
_DATA_MASK = 0xFFFFFFFF


@kernel
def start_emitter(words: Pool, core: int, first: int, emits: int, last: int, cycle: int) -> None:
    """Give the emitter its command: state `first` (CREDIT or WAIT) from `cycle` on, then EMIT if `emits`."""
    words[core + PHASE], words[core + TIME] = first, cycle
    words[core + EMITS], words[core + SENDS_LAST] = emits, last
    words[core + CURSOR] = words[core + FIRST_SOURCE] if first == CREDIT else words[core + FIRST_ENTRY]


@kernel
def emit(words: Pool, states: Pool, log: Pool, core: int) -> bool:
    """Advance as far as is decided; True once the emitter is IDLE, from cycle TIME on."""
    if words[core + PHASE] == CREDIT and not _send_credits(words, core):
        return False
    if words[core + PHASE] == WAIT:
        if words[core + OWED] != 0:
            return False
        leave = max(words[core + TIME], words[core + OWED_ZERO])
        words[words[core + TALLY] + WAITED] += leave - words[core + TIME]
        words[core + OWED] = words[core + CREDITS_NEEDED]
        words[core + TIME] = leave + 1
        words[core + ITEM], words[core + SCANNED], words[core + PHASE] = 0, 0, SEND
        if words[core + TIMELINE] >= 0:
            log[words[core + TIMELINE] + EMIT_AT] = leave + 1
    if words[core + PHASE] == SEND and not _send_items(words, states, core):
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
    words[core + CURSOR] = words[core + FIRST_ENTRY]
    words[core + PHASE] = WAIT if words[core + EMITS] else IDLE
    return True


@kernel
def _send_items(words: Pool, states: Pool, core: int) -> bool:
    scan = 1 if words[core + EMISSION] == SPIKES else _VALUE_SCAN
    listed, stop = words[core + SEND_START], words[core + LAST_ENTRY]
    while words[core + ITEM] < words[core + ITEMS]:
        neuron = states[listed + words[core + ITEM]]
        word = neuron >> words[LANE_SHIFT]
        if words[core + SCANNED] <= word:
            words[core + TIME] += scan * (word + 1 - words[core + SCANNED])
            words[core + SCANNED] = word + 1
        while words[core + CURSOR] < stop:
            entry = words[core + CURSOR]
            if words[entry + FIRST_WORD] <= word and word < words[entry + LAST_WORD]:
                if not _offer(words, core, _item_flit(words, states, core, entry, neuron)):
                    return False
                words[entry + HITS] += 1
            else:
                words[core + TIME] += 1
            words[core + CURSOR] = entry + ENTRY_WORDS
        words[core + CURSOR] = words[core + FIRST_ENTRY]
        words[core + ITEM] += 1
    words[words[core + TALLY] + ITEMS_SENT] += words[core + ITEMS]
    words[core + TIME] += scan * (words[core + WORDS] - words[core + SCANNED])
    words[core + PHASE] = END
    return True


@kernel
def _item_flit(words: Pool, states: Pool, core: int, entry: int, neuron: int) -> int:
    axon = (words[entry + AXON_BASE] + neuron) & AXON_MASK
    if words[core + EMISSION] == SPIKES:
        return words[entry + HEAD] | ((_SPIKE_DATA | axon) << DATA_SHIFT)
    bits = words[STATE_BITS]
    value = states[words[core + STATE_START] + neuron] & ((1 << bits) - 1)
    data = ((axon << bits) | value) & _DATA_MASK
    return words[entry + HEAD] | _VALUE_TYPE | (data << DATA_SHIFT)


@kernel
def _send_ends(words: Pool, core: int) -> bool:
    while words[core + CURSOR] < words[core + LAST_ENTRY]:
        entry = words[core + CURSOR]
        if words[entry + SENDS_END]:
            end = words[entry + HEAD] | _END_TYPE | (words[core + SENDS_LAST] << DATA_SHIFT)
            if not _offer(words, core, end):
                return False
        else:
            words[core + TIME] += 1
        words[core + CURSOR] = entry + ENTRY_WORDS
    words[core + PHASE] = IDLE
    return True
