"""Tiles of a layer's cut: all of it, and none two words of channels or two rows larger than another."""

from dataclasses import replace

import pytest
from builders import layer

from snnc.compiler.analysis.cuts import TileSize

LANES = 16


@pytest.mark.parametrize(
    ("channels", "words", "counts"),
    [
        (160, 3, [48, 48, 32, 32]),
        (192, 3, [48, 48, 48, 48]),
        (150, 3, [48, 48, 32, 22]),
        (90, 4, [48, 42]),
        (5, 1, [5]),
    ],
)
def test_channels_are_cut_evenly(channels: int, words: int, counts: list[int]) -> None:
    size = TileSize(layer("a", "input", 1, channels), LANES, words, 1)
    ranges = size.channel_ranges
    assert [last - first for first, last in ranges] == counts
    assert [first for first, _ in ranges] == [sum(counts[:tile]) for tile in range(len(counts))]


@pytest.mark.parametrize(
    ("rows", "largest", "counts"), [(14, 4, [4, 4, 3, 3]), (28, 10, [10, 9, 9]), (7, 7, [7])]
)
def test_rows_are_cut_evenly(rows: int, largest: int, counts: list[int]) -> None:
    image = replace(layer("a", "input", 1, 8), shape=(8, rows, 3))
    assert [last - first for first, last in TileSize(image, LANES, 1, largest).row_ranges] == counts
