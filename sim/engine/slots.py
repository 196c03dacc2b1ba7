"""What stands in the slots of a core: constants of its neurons, which the kernels of the sweep read."""

from math import lcm

import numpy as np
from numpy.typing import NDArray

from snnc.compiler.ir.program import Core, Tile, TiledProgram
from snnc.compiler.isa.arithmetic import IntArray, state_range
from snnc.sim.engine import records as c


def contents_of(core: Core, program: TiledProgram) -> dict[int, IntArray]:
    """What stands in the slots of a core, by the column that says where: constants, one per slot."""
    lanes, slots = (
        program.target.lanes,
        np.arange(core.tile.words(program.target.lanes) * program.target.lanes),
    )
    per_channel = {
        c.INITIAL_START: (core.initial, 0),
        # Lanes without a neuron never fire, as in the memory image.
        c.THRESHOLD: (core.threshold, state_range(program.target.state_bits)[1]),
        c.BIAS: (core.bias if core.bias.any() else None, 0),
        c.AMOUNT: (core.reset_amount, 0),
        c.LEAKS: (core.leak_numerators, 0),
        c.CURRENT_LEAKS: (core.current_numerators, 0),
    }
    contents = {
        column: _by_slot(core.tile, lanes, values, padding)
        for column, (values, padding) in per_channel.items()
        if values is not None
    }
    contents[c.LOCAL_START] = core.tile.local_slots(slots, lanes)
    if any(entry.to.host for entry in core.destinations):
        contents[c.NUMBERS] = core.tile.neuron_map(lanes)
    return contents


def period_of(tile: Tile, lanes: int) -> int:
    """Slots after which all pixels have passed and a block of a sweep begins, or all of the tile."""
    return min(lcm(tile.pixel_words(lanes) * lanes, c.SWEEP_BLOCK), tile.words(lanes) * lanes)


def _by_slot(tile: Tile, lanes: int, values: IntArray, padding: int) -> IntArray:
    """Values of channels in every slot of a period."""
    pixel = np.full(tile.pixel_words(lanes) * lanes, padding, np.int64)
    pixel[: tile.channels] = values
    return np.resize(pixel, period_of(tile, lanes))


def state_pool(
    words: NDArray[np.int64], records: list[int], contents: list[dict[int, IntArray]], size: int
) -> NDArray[np.int32]:
    pool = np.zeros(size, np.int32)
    for record, content in zip(records, contents, strict=True):
        for column, values in content.items():
            pool[words[record + column] :][: len(values)] = values
    return pool
