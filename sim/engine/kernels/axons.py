"""Kernels of the axon tables: what a SPIKE touches, and adding it (microarchitecture, 4.2 and 4.3)."""

from snnc.compiler.isa.flits import (
    CHANNEL_MASK,
    COLUMN_MASK,
    COLUMN_SHIFT,
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
        passes = _set_bits(payload)
    words[bank + POSITIONS] += positions
    words[bank + PASS_POSITIONS] += passes * positions
    weight = words[core + WEIGHT_START] + words[row + ROW_WEIGHTS] + words[column + COLUMN_WEIGHTS]
    state = words[core + STATE_START] + words[row + ROW_STATE] + words[column + COLUMN_STATE]
    if words[bank + DEPTHWISE]:
        weight += channel
        state += channel
    else:
        weight += channel * words[bank + CHANNEL_STRIDE]
    run, factor = words[bank + RUN], payload << words[core + FRACTION]
    for _ in range(rows):
        first, start = weight, state
        for _ in range(columns):
            _add_run(weights, states, first, start, run, factor)
            first += words[bank + COLUMN_WEIGHT_STEP]
            start += words[bank + COLUMN_STATE_STEP]
        weight += words[bank + ROW_WEIGHT_STEP]
        state += words[bank + ROW_STATE_STEP]
    return passes * (positions * words[bank + ROW_WORDS] + words[bank + GAP])


@kernel
def _set_bits(payload: int) -> int:
    count = 0
    while payload:
        payload &= payload - 1
        count += 1
    return count


@kernel
def _add_run(weights: Pool, states: Pool, first: int, start: int, run: int, factor: int) -> None:
    """Add `factor` times `run` weights to as many neurons; one position of an event."""
    if factor == 1:
        for n in range(run):
            states[start + n] += weights[first + n]
    else:
        for n in range(run):
            states[start + n] += factor * weights[first + n]
