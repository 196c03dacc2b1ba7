"""Kernels of the axon tables: what a SPIKE touches, and adding it (microarchitecture, 4.2 and 4.3)."""

from snnc.compiler.isa.flits import (
    CHANNEL_MASK,
    COLUMN_MASK,
    COLUMN_SHIFT,
    COORDINATE_MASK,
    PAYLOAD_SHIFT,
    ROW_MASK,
    ROW_SHIFT,
)
from snnc.sim.engine.jit import Pool, kernel
from snnc.sim.engine.records import (
    AXON_COLUMNS,
    AXON_ROWS,
    BANK,
    CHANNEL_STRIDE,
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


@kernel
def accumulate(words: Pool, weights: Pool, states: Pool, core: int, data: int) -> int:
    """Add the event in a SPIKE's data field to a core's state; returns the cycles it occupies the row engine,
    0 if it touches nothing."""
    words[words[core + TALLY] + EVENTS] += 1
    row = words[core + AXON_ROWS] + ((data >> ROW_SHIFT) & ROW_MASK) * ROW_ENTRY_WORDS
    column = words[core + AXON_COLUMNS] + ((data >> COLUMN_SHIFT) & COLUMN_MASK) * COLUMN_ENTRY_WORDS
    bank = words[row + BANK]
    channel = (data & CHANNEL_MASK) - words[bank + FIRST_CHANNEL]
    rows, columns = words[row + ROW_COUNT], words[column + COLUMN_COUNT]
    positions = rows * columns
    if channel < 0 or channel >= words[bank + CHANNELS] or positions == 0:
        return 0
    payload = data >> PAYLOAD_SHIFT
    passes = 1
    if words[MULTIPLIES]:
        words[bank + MULTIPLIED_POSITIONS] += positions if payload > 1 else 0
    else:
        passes = count_bits(payload)
    words[bank + POSITIONS] += positions
    words[bank + PASS_POSITIONS] += passes * positions
    weight = words[core + WEIGHT_START] + words[row + ROW_WEIGHTS] + words[column + COLUMN_WEIGHTS]
    state = words[core + STATE_START] + words[row + ROW_STATE] + words[column + COLUMN_STATE]
    if words[bank + DEPTHWISE]:
        weight += channel
        state += channel
    else:
        weight += channel * words[bank + CHANNEL_STRIDE]
    factor = payload << words[core + FRACTION]
    _add_window(words, weights, states, bank, weight, state, rows, columns, factor)
    return passes * (positions * words[bank + ROW_WORDS] + words[bank + GAP])


@kernel
def _add_window(
    words: Pool,
    weights: Pool,
    states: Pool,
    bank: int,
    weight: int,
    state: int,
    rows: int,
    columns: int,
    factor: int,
) -> None:
    """Add `factor` times an event's weights at all positions that it meets, the first of which begin at
    `weight` and `state`."""
    run = words[bank + RUN]
    if factor == 1 and run & (LANES - 1) == 0:
        _add_windows(words, weights, states, bank, (weight,), state, rows, columns)
        return
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
def _add_windows(
    words: Pool,
    weights: Pool,
    states: Pool,
    bank: int,
    firsts: tuple[int, ...],
    state: int,
    rows: int,
    columns: int,
) -> None:
    """Add the weights of some events that meet the same positions, whole vectors of them at each; `firsts`
    says where those of each begin."""
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


@kernel
def accumulate_all(words: Pool, weights: Pool, states: Pool, core: int, events: int, count: int) -> None:
    """Add `count` events to a core's state as `accumulate` does each; `events` is where their data begin.
    Neighbours that meet the same neurons go there together, up to four."""
    words[words[core + TALLY] + EVENTS] += count
    row_table, column_table = words[core + AXON_ROWS], words[core + AXON_COLUMNS]
    fraction = words[core + FRACTION]
    place = -1
    bank = rows = columns = positions = weight_start = state = 0
    first_channel = channels = stride = alone = counted = passed = 0
    kept = a = b = c = 0
    for event in range(events, events + count):
        data = words[event]
        if (data & COORDINATE_MASK) >> COLUMN_SHIFT != place:
            place = (data & COORDINATE_MASK) >> COLUMN_SHIFT
            row = row_table + (place >> (ROW_SHIFT - COLUMN_SHIFT)) * ROW_ENTRY_WORDS
            column = column_table + (place & COLUMN_MASK) * COLUMN_ENTRY_WORDS
            start = words[core + STATE_START] + words[row + ROW_STATE] + words[column + COLUMN_STATE]
            new_rows, new_columns = words[row + ROW_COUNT], words[column + COLUMN_COUNT]
            if start != state or words[row + BANK] != bank or new_rows != rows or new_columns != columns:
                _add_kept(words, weights, states, bank, kept, (a, b, c), state, rows, columns)
                kept = 0
            if words[row + BANK] != bank:
                if bank:
                    _count(words, bank, counted, passed)
                bank, counted, passed = words[row + BANK], 0, 0
                first_channel, channels = words[bank + FIRST_CHANNEL], words[bank + CHANNELS]
                alone = words[bank + DEPTHWISE] | (words[bank + RUN] & (LANES - 1)) | fraction
                stride = 1 if words[bank + DEPTHWISE] else words[bank + CHANNEL_STRIDE]
            state, rows, columns, positions = start, new_rows, new_columns, new_rows * new_columns
            weight_start = (
                words[core + WEIGHT_START] + words[row + ROW_WEIGHTS] + words[column + COLUMN_WEIGHTS]
            )
        channel = (data & CHANNEL_MASK) - first_channel
        if channel < 0 or channel >= channels or positions == 0:
            continue
        payload, weight = data >> PAYLOAD_SHIFT, weight_start + channel * stride
        counted += positions
        passed += positions
        if payload > 1:
            if words[MULTIPLIES]:
                words[bank + MULTIPLIED_POSITIONS] += positions
            else:
                passed += positions * (count_bits(payload) - 1)
        if payload > 1 or alone:
            start = state + channel if words[bank + DEPTHWISE] else state
            factor = payload << fraction
            _add_window(words, weights, states, bank, weight, start, rows, columns, factor)
        elif kept == 3:
            _add_windows(words, weights, states, bank, (a, b, c, weight), state, rows, columns)
            kept = 0
        else:
            a, b, c = b, c, weight
            kept += 1
    if bank:
        _add_kept(words, weights, states, bank, kept, (a, b, c), state, rows, columns)
        _count(words, bank, counted, passed)


@kernel
def _count(words: Pool, bank: int, positions: int, passed: int) -> None:
    words[bank + POSITIONS] += positions
    words[bank + PASS_POSITIONS] += passed


@kernel
def _add_kept(
    words: Pool,
    weights: Pool,
    states: Pool,
    bank: int,
    kept: int,
    firsts: tuple[int, int, int],
    state: int,
    rows: int,
    columns: int,
) -> None:
    """Add the last `kept` of three events."""
    if kept == 1:
        _add_windows(words, weights, states, bank, firsts[2:], state, rows, columns)
    elif kept == 2:
        _add_windows(words, weights, states, bank, firsts[1:], state, rows, columns)
    elif kept == 3:
        _add_windows(words, weights, states, bank, firsts, state, rows, columns)
