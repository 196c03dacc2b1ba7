"""Kernels of the axon tables: what a SPIKE touches, and adding it (microarchitecture, 4.2 and 4.3)."""

from snnc.compiler.isa.flits import (
    CHANNEL_MASK,
    COLUMN_MASK,
    COLUMN_SHIFT,
    COORDINATE_MASK,
    PAYLOAD_SHIFT,
    ROW_SHIFT,
)
from snnc.sim.engine.jit import Pool, inlined, kernel
from snnc.sim.engine.records import (
    AXON_COLUMNS,
    AXON_ROWS,
    BANK,
    CHANNEL_STEP,
    CHANNELS,
    COLUMN_COUNT,
    COLUMN_ENTRY_WORDS,
    COLUMN_STATE,
    COLUMN_STATE_STEP,
    COLUMN_WEIGHT_STEP,
    COLUMN_WEIGHTS,
    DEPTHWISE,
    EVENTS,
    FIRST_CHANNEL,
    FRACTION,
    GAP,
    MULTIPLIED_POSITIONS,
    MULTIPLIES,
    PASS_POSITIONS,
    POSITIONS,
    ROW_COUNT,
    ROW_ENTRY_WORDS,
    ROW_STATE,
    ROW_STATE_STEP,
    ROW_WEIGHT_STEP,
    ROW_WEIGHTS,
    ROW_WORDS,
    RUN,
    STATE_START,
    TALLY,
    WEIGHT_START,
)
from snnc.sim.engine.vectors import LANES, add_rows, add_scaled, count_bits

Window = tuple[int, int, int, int]
"""What the events from one place of the input meet: a bank, rows and columns of positions, the first of their
states."""


@inlined
def _window(words: Pool, core: int, place: int) -> tuple[Window, int]:
    """What a place of the input (y and x of a coordinate) meets, and where its weights begin."""
    row = words[core + AXON_ROWS] + (place >> (ROW_SHIFT - COLUMN_SHIFT)) * ROW_ENTRY_WORDS
    column = words[core + AXON_COLUMNS] + (place & COLUMN_MASK) * COLUMN_ENTRY_WORDS
    state = words[core + STATE_START] + words[row + ROW_STATE] + words[column + COLUMN_STATE]
    weight = words[core + WEIGHT_START] + words[row + ROW_WEIGHTS] + words[column + COLUMN_WEIGHTS]
    return (words[row + BANK], words[row + ROW_COUNT], words[column + COLUMN_COUNT], state), weight


@inlined
def _place(data: int) -> int:
    return (data & COORDINATE_MASK) >> COLUMN_SHIFT


@kernel
def event_cycles(words: Pool, core: int, data: int) -> int:
    """Cycles for which the event in a SPIKE's data field occupies a core's row engine, 0 if it touches
    nothing."""
    (bank, rows, columns, _), _ = _window(words, core, _place(data))
    channel = (data & CHANNEL_MASK) - words[bank + FIRST_CHANNEL]
    positions = rows * columns
    payload = data >> PAYLOAD_SHIFT
    if channel < 0 or channel >= words[bank + CHANNELS] or positions == 0 or payload == 0:
        return 0
    passes = 1 if words[MULTIPLIES] else count_bits(payload)
    return passes * (positions * words[bank + ROW_WORDS] + words[bank + GAP])


@kernel
def accumulate(words: Pool, weights: Pool, states: Pool, core: int, events: int, count: int) -> None:
    """Add `count` events to a core's state; `events` is where the data fields of their SPIKEs begin.
    Neighbours that meet the same neurons go there together, up to four."""
    words[words[core + TALLY] + EVENTS] += count
    place, first, window = -1, 0, (0, 0, 0, 0)
    kept, rows = 0, (0, 0, 0)
    for event in range(events, events + count):
        data = words[event]
        if _place(data) != place:
            place = _place(data)
            met, first = _window(words, core, place)
            if met != window:
                _add_kept(words, weights, states, window, kept, rows)
                kept, window = 0, met
        payload, weight = data >> PAYLOAD_SHIFT, _weight(words, window, first, data)
        if weight < 0:
            continue
        _count(words, window, payload)
        if payload > 1 or _alone(words, core, window):
            _add_scaled(words, weights, states, core, window, weight, data)
        elif kept == 3:
            _add_rows(words, weights, states, window, (rows[0], rows[1], rows[2], weight))
            kept = 0
        else:
            kept, rows = kept + 1, (rows[1], rows[2], weight)
    _add_kept(words, weights, states, window, kept, rows)


@inlined
def _weight(words: Pool, window: Window, first: int, data: int) -> int:
    """Where the weights of an event begin, -1 if it touches nothing."""
    bank, rows, columns, _ = window
    channel = (data & CHANNEL_MASK) - words[bank + FIRST_CHANNEL]
    if channel < 0 or channel >= words[bank + CHANNELS] or rows * columns == 0 or data >> PAYLOAD_SHIFT == 0:
        return -1
    return first + channel * words[bank + CHANNEL_STEP]


@inlined
def _count(words: Pool, window: Window, payload: int) -> None:
    """What an event does to the tallies of its bank."""
    bank, rows, columns, _ = window
    positions = rows * columns
    words[bank + POSITIONS] += positions
    if payload == 1 or words[MULTIPLIES]:
        words[bank + PASS_POSITIONS] += positions
        words[bank + MULTIPLIED_POSITIONS] += positions if payload > 1 else 0
    else:
        words[bank + PASS_POSITIONS] += positions * count_bits(payload)


@inlined
def _alone(words: Pool, core: int, window: Window) -> bool:
    """Whether the events of a window are added one by one: those of other than whole vectors, or shifted."""
    return (words[window[0] + RUN] & (LANES - 1) | words[core + FRACTION]) != 0


@kernel
def _add_scaled(
    words: Pool, weights: Pool, states: Pool, core: int, window: Window, weight: int, data: int
) -> None:
    """Add an event's weights, which begin at `weight`, times its payload at all positions that it meets."""
    bank, rows, columns, state = window
    factor = (data >> PAYLOAD_SHIFT) << words[core + FRACTION]
    if words[bank + DEPTHWISE]:
        state += (data & CHANNEL_MASK) - words[bank + FIRST_CHANNEL]
    run = words[bank + RUN]
    whole = run & -LANES
    for i in range(rows):
        for j in range(columns):
            first = weight + i * words[bank + ROW_WEIGHT_STEP] + j * words[bank + COLUMN_WEIGHT_STEP]
            start = state + i * words[bank + ROW_STATE_STEP] + j * words[bank + COLUMN_STATE_STEP]
            for n in range(0, whole, LANES):
                add_scaled(states, start + n, weights, first + n, factor)
            for n in range(whole, run):
                states[start + n] += factor * weights[first + n]


@kernel
def _add_rows(words: Pool, weights: Pool, states: Pool, window: Window, firsts: tuple[int, ...]) -> None:
    """Add the weights of some events that meet the same window, whole vectors of them at each position;
    `firsts` says where those of each begin."""
    bank, rows, columns, state = window
    run = words[bank + RUN]
    row_weight_step, row_state_step = words[bank + ROW_WEIGHT_STEP], words[bank + ROW_STATE_STEP]
    weight_step, state_step = words[bank + COLUMN_WEIGHT_STEP], words[bank + COLUMN_STATE_STEP]
    weight = 0
    for _ in range(rows):
        offset, start = weight, state
        for _ in range(columns):
            for n in range(0, run, LANES):
                add_rows(states, start + n, weights, firsts, offset + n)
            offset += weight_step
            start += state_step
        weight += row_weight_step
        state += row_state_step


@inlined
def _add_kept(
    words: Pool, weights: Pool, states: Pool, window: Window, kept: int, rows: tuple[int, int, int]
) -> None:
    """Add the last `kept` of three events."""
    if kept == 1:
        _add_rows(words, weights, states, window, rows[2:])
    elif kept == 2:
        _add_rows(words, weights, states, window, rows[1:])
    elif kept == 3:
        _add_rows(words, weights, states, window, rows)
