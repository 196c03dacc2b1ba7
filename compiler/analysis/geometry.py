"""Axon tables: which weight and state words an event of an edge touches on a tile, as counters and strides.

Mirrors section 4.2 of `docs/microarchitecture.md`: a table entry per source row and source column holds the
first kernel position and the first output pixel; the steps between positions are the same for all events.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnc.compiler.ir.network import Conv2d, Edge, Layer, Linear, Shape, pooled
from snnc.compiler.ir.program import Bank, Tile
from snnc.compiler.ir.tiling import Range, is_depthwise
from snnc.compiler.isa.arithmetic import IntArray

FLAT_COLUMN = 256
"""Neurons of a flat source per column entry: a coordinate's x is neuron >> 8, its channel neuron & 255."""


@dataclass(frozen=True)
class AxonMap:
    """The tables of one edge on one tile, before they are placed among the core's other edges."""

    bank: Bank
    rows: IntArray
    """(rows, 3): count, weights, state; entry 0 is source row `first_row`."""
    columns: IntArray
    """(columns, 3): count, weights, state."""
    weights: NDArray[np.int8]
    """(words, lanes)."""
    first_row: int
    """First source row that the tile needs."""
    first_neuron: int
    """First neuron of a flat source that the tile takes; 0 for others."""


def axon_map(layer: Layer, edge: Edge, source: Shape, tile: Tile, fan_in: Range, lanes: int) -> AxonMap:
    """Tables and weights by which events of `edge` reach `tile`, for the slice `fan_in` of the source."""
    if isinstance(edge.synapses, Linear):
        flat = source[1:] == (1, 1)
        build = _flat_linear if flat else _spatial_linear
        return build(edge.synapses, edge.pool, source, tile, fan_in, lanes)
    return _convolution(layer, edge.synapses, edge, source, tile, fan_in, lanes)


def _padded(weights: NDArray[np.int8], lanes: int) -> NDArray[np.int8]:
    """(..., channels) as (..., words, lanes), zeros behind the last channel."""
    words = -(-weights.shape[-1] // lanes)
    padded = np.zeros((*weights.shape[:-1], words * lanes), np.int8)
    padded[..., : weights.shape[-1]] = weights
    return padded.reshape(*weights.shape[:-1], words, lanes)


def _bank(words: int, **changes: int | bool) -> Bank:
    """A bank without steps for rows of `words`; keyword arguments replace fields."""
    fields: dict[str, int | bool] = {
        "channel_stride": words,
        "row_weight_step": 0,
        "column_weight_step": 0,
        "row_state_step": 0,
        "column_state_step": 0,
        "row_words": words,
        "first_channel": 0,
        "channels": FLAT_COLUMN,
        "spaced": False,
        "depthwise": False,
    }
    return Bank(**(fields | changes))  # type: ignore[arg-type]


def _flat_linear(
    synapses: Linear, pool: tuple[int, int], source: Shape, tile: Tile, fan_in: Range, lanes: int
) -> AxonMap:
    words = tile.pixel_words(lanes)
    own = synapses.weights[tile.first_channel : tile.first_channel + tile.channels, fan_in[0] : fan_in[1]]
    columns = [(1, x * FLAT_COLUMN * words, 0) for x in range(-(-(fan_in[1] - fan_in[0]) // FLAT_COLUMN))]
    return AxonMap(
        bank=_bank(words),
        rows=np.array([(1, 0, 0)], np.int64),
        columns=np.array(columns, np.int64),
        weights=_padded(own.T, lanes).reshape(-1, lanes),
        first_row=0,
        first_neuron=fan_in[0],
    )


def _spatial_linear(
    synapses: Linear, pool: tuple[int, int], source: Shape, tile: Tile, fan_in: Range, lanes: int
) -> AxonMap:
    """Flatten: the axon of (y, x, channel) is found by row and column entries; pooling repeats them."""
    words = tile.pixel_words(lanes)
    _, height, width = pooled(source, pool)
    taken = fan_in[1] - fan_in[0]
    own = synapses.weights[tile.first_channel : tile.first_channel + tile.channels]
    by_channel = own.reshape(tile.channels, -1, height, width)[:, fan_in[0] : fan_in[1]]
    weights = _padded(by_channel.transpose(2, 3, 1, 0), lanes)
    row_words, column_words = width * taken * words, taken * words
    rows = [(int(y // pool[0] < height), y // pool[0] * row_words, 0) for y in range(source[1])]
    columns = [(int(x // pool[1] < width), x // pool[1] * column_words, 0) for x in range(source[2])]
    return AxonMap(
        bank=_bank(words, first_channel=fan_in[0], channels=taken),
        rows=_clear_unused(rows),
        columns=_clear_unused(columns),
        weights=weights.reshape(-1, lanes),
        first_row=0,
        first_neuron=0,
    )


def _clear_unused(entries: list[tuple[int, int, int]]) -> IntArray:
    return np.array([entry if entry[0] else (0, 0, 0) for entry in entries], np.int64)


def _convolution(
    layer: Layer, synapses: Conv2d, edge: Edge, source: Shape, tile: Tile, fan_in: Range, lanes: int
) -> AxonMap:
    kernel_height, kernel_width = synapses.weights.shape[2:]
    pixel_words = tile.pixel_words(lanes)
    depthwise = is_depthwise(edge, source)
    words = pixel_words
    own = slice(tile.first_channel, tile.first_channel + tile.channels)
    if depthwise:
        weights = _padded(synapses.weights[own, 0].transpose(1, 2, 0), lanes)
        taken = (tile.first_channel, tile.first_channel + tile.channels)
    else:
        dense = ungrouped(synapses, source[0])[own, fan_in[0] : fan_in[1]]
        weights = _padded(dense.transpose(1, 2, 3, 0), lanes)
        taken = fan_in
    row_pixels = tile.columns * pixel_words
    rows = _positions(edge, synapses, source, 0, tile.first_row, tile.rows)
    columns = _positions(edge, synapses, source, 1, 0, tile.columns)
    needed = [y for y, entry in enumerate(rows) if entry[0]] or [0]
    return AxonMap(
        bank=_bank(
            words,
            channel_stride=0 if depthwise else kernel_height * kernel_width * words,
            row_weight_step=_step(synapses.stride[0], kernel_height) * kernel_width * words,
            column_weight_step=_step(synapses.stride[1], kernel_width) * words,
            row_state_step=-row_pixels,
            column_state_step=-pixel_words,
            row_words=1 if depthwise else words,
            first_channel=taken[0],
            channels=taken[1] - taken[0],
            depthwise=depthwise,
        ),
        rows=_scaled(rows[needed[0] : needed[-1] + 1], kernel_width * words, row_pixels),
        columns=_scaled(columns, words, pixel_words),
        weights=weights.reshape(-1, lanes),
        first_row=needed[0],
        first_neuron=0,
    )


def _step(stride: int, kernel: int) -> int:
    """Kernel positions between two that one source row or column hits; 0 where it hits one at most."""
    return stride if stride < kernel else 0


def _positions(
    edge: Edge, synapses: Conv2d, source: Shape, axis: int, first: int, outputs: int
) -> list[tuple[int, int, int]]:
    """(count, first kernel position, its output counted from `first`) of each source row (axis 0) or column
    (1).

    Output o sees kernel position p of the pooled source s where o * stride + p = s + padding; p rises by the
    stride as o falls by one.
    """
    stride, padding, pool = synapses.stride[axis], synapses.padding[axis], edge.pool[axis]
    entries = []
    for position in range(source[1 + axis]):
        shifted = position // pool + padding
        hits = [
            (p, (shifted - p) // stride - first)
            for p in range(synapses.weights.shape[2 + axis])
            if (shifted - p) % stride == 0 and first <= (shifted - p) // stride < first + outputs
        ]
        whole_window = position // pool < source[1 + axis] // pool
        entries.append((len(hits), *hits[0]) if hits and whole_window else (0, 0, 0))
    return entries


def _scaled(entries: list[tuple[int, int, int]], weight_words: int, state_words: int) -> IntArray:
    table = np.array(entries, np.int64).reshape(-1, 3)
    scaled: IntArray = table * np.array([1, weight_words, state_words])
    return scaled


def ungrouped(synapses: Conv2d, source_channels: int) -> NDArray[np.int8]:
    """The weights as those of one group, zeros between groups: (channels, source channels, height, width)."""
    weights = synapses.weights
    if synapses.groups == 1:
        return weights
    channels, per_group = weights.shape[:2]
    dense = np.zeros((channels, source_channels, *weights.shape[2:]), np.int8)
    for channel in range(channels):
        first = channel // (channels // synapses.groups) * per_group
        dense[channel, first : first + per_group] = weights[channel]
    return dense
