"""The verifier of a core's axon tables: well formed, and no event leaves the core's memories."""

import numpy as np

from snnc.base.errors import require
from snnc.compiler.ir.program import Bank, Core
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.isa.flits import CHANNEL_MASK, COLUMN_MASK, COLUMN_SHIFT, ROW_SHIFT

HALF = 1 << 16


def verify_banks(core: Core) -> None:
    """The tables are well formed and fit their bit fields; their reach is checked with the senders."""
    where, rows, columns = f"core {core.at}", core.axon_rows, core.axon_columns
    require(rows.dtype == np.int64 and rows.ndim == 2 and rows.shape[1:] == (4,), where, "axon rows (n, 4)")
    shaped = columns.dtype == np.int64 and columns.ndim == 2 and columns.shape[1:] == (3,)
    require(shaped, where, "axon columns (n, 3)")
    require(len(rows) > 0 and len(columns) > 0 and len(core.banks) > 0, where, "has no axons")
    require(bool((rows >= 0).all() and (columns >= 0).all()), where, "negative axon entry")
    require(bool((rows < HALF).all() and (columns < HALF).all()), where, "an axon entry exceeds 16 bits")
    require(bool((rows[:, 1] <= 15).all() and (columns[:, 0] <= 15).all()), where, "a count exceeds 15")
    require(bool((rows[:, 0] < len(core.banks)).all()), where, "an axon row names a bank that is not there")
    mixed = len({bank.row_words for bank in core.banks}) > 1
    require(not mixed or all(bank.spaced for bank in core.banks), where, "unequal banks must be spaced")
    for bank in core.banks:
        weight_steps = (bank.channel_stride, bank.row_weight_step, bank.column_weight_step)
        require(all(0 <= step < HALF for step in weight_steps), where, "a weight step exceeds 16 bits")
        steps = (bank.row_state_step, bank.column_state_step)
        require(max(map(abs, steps)) < HALF // 2, where, "a state step exceeds 16 bits")
        sized = 1 <= bank.row_words < 1 << 12 and 1 <= bank.channels <= 256 and 0 <= bank.first_channel <= 255
        require(sized, where, f"malformed bank {bank}")
        require(not bank.depthwise or bank.row_words == 1, where, "a depthwise bank has rows of one word")


def verify_padding(core: Core, lanes: int) -> None:
    """Lanes beyond a pixel's last channel get no weights, so they stay at 0 and never fire."""
    words = core.tile.pixel_words(lanes)
    used = core.tile.channels - (words - 1) * lanes
    if used == lanes:
        return
    where = f"core {core.at}"
    for bank in core.banks:
        steps = (bank.channel_stride, bank.row_weight_step, bank.column_weight_step)
        whole = bank.depthwise or (bank.row_words == words and not any(step % words for step in steps))
        states = (bank.row_state_step, bank.column_state_step)
        require(whole and not any(step % words for step in states), where, "rows are not whole pixels")
        lowest = core.tile.first_channel
        depthwise = not bank.depthwise or (
            bank.first_channel == lowest and bank.channels <= core.tile.channels
        )
        require(depthwise, where, "a depthwise bank reaches other channels")
    offsets = [core.axon_rows[:, 2:], core.axon_columns[:, 1:]]
    require(not any((table % words).any() for table in offsets), where, "entries are not whole pixels")
    require(len(core.weights) % words == 0, where, "weights are not whole pixels")
    padding = core.weights.reshape(-1, words, lanes)[:, -1, used:]
    require(not padding.any(), where, "padding lanes have weights")


def require_axons(where: str, coordinates: IntArray, receiver: Core) -> None:
    """Every coordinate names an axon row and column of `receiver`; its event stays inside the memories."""
    y, x, channel = (
        coordinates >> ROW_SHIFT,
        coordinates >> COLUMN_SHIFT & COLUMN_MASK,
        coordinates & CHANNEL_MASK,
    )
    inside = (coordinates >= 0) & (y < len(receiver.axon_rows)) & (x < len(receiver.axon_columns))
    require(bool(inside.all()), where, f"reaches axons that {receiver.at} does not have")
    row, column = receiver.axon_rows[y], receiver.axon_columns[x]
    for number, bank in enumerate(receiver.banks):
        local = channel - bank.first_channel
        taken = (row[:, 0] == number) & (row[:, 1] > 0) & (column[:, 0] > 0)
        taken &= (local >= 0) & (local < bank.channels)
        if taken.any():
            kept = _stays_inside(receiver, bank, row[taken], column[taken], local[taken])
            require(kept, where, f"an event leaves the memories of {receiver.at}")


def _stays_inside(receiver: Core, bank: Bank, row: IntArray, column: IntArray, channel: IntArray) -> bool:
    """Whether all positions of these events lie inside the weight and the state memory: all four corners."""
    lanes = receiver.weights.shape[1]
    offset = channel // lanes if bank.depthwise else np.zeros_like(channel)
    weights = row[:, 2] + column[:, 1] + (offset if bank.depthwise else channel * bank.channel_stride)
    state = row[:, 3] + column[:, 2] + offset
    last_row, last_column = row[:, 1] - 1, column[:, 0] - 1
    farthest = weights + last_row * bank.row_weight_step + last_column * bank.column_weight_step
    down, along = last_row * bank.row_state_step, last_column * bank.column_state_step
    low = state + np.minimum(down, 0) + np.minimum(along, 0)
    high = state + np.maximum(down, 0) + np.maximum(along, 0)
    return bool(
        farthest.max() + bank.row_words <= len(receiver.weights)
        and low.min() >= 0
        and high.max() + bank.row_words <= receiver.tile.words(lanes)
    )
