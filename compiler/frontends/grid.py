"""Weights on a grid of integers: one scale per channel, chosen for the least error, and what it costs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnc.compiler.frontends.synapses import FloatArray

CLIPS = np.linspace(0.3, 1.0, 36)
"""Parts of the largest weight at which outliers are cut off, that are tried."""


@dataclass(frozen=True)
class GridWeights:
    """Integers (channels, fan-in), and what one of them stands for, (channels,)."""

    values: NDArray[np.int8]
    scale: FloatArray

    @property
    def restored(self) -> FloatArray:
        """The weights that the integers stand for."""
        return self.values * self.scale[:, None]


def on_grid(weights: FloatArray, importance: FloatArray, bits: int, *, shared: bool) -> GridWeights:
    """`weights` (channels, fan-in) as integers of `bits`, symmetric around 0.

    Each channel (with `shared`, all of them together) gets the scale for which the squared error, weighted by
    `importance` (fan-in,), is least: outliers may be cut off so that the rest is finer. Source: the
    clipping of Banner et al. 2019, arXiv 1810.05723, by search in place of a formula.
    """
    levels = (1 << (bits - 1)) - 1
    rows = weights.reshape(1, -1) if shared else weights
    columns = np.tile(importance, len(weights)) if shared else importance
    largest = np.abs(rows).max(1)
    least = np.where(largest > 0, np.inf, 0.0)
    best = np.where(largest > 0, largest / levels, 1.0)
    for clip in CLIPS:
        scale = np.where(largest > 0, clip * largest / levels, 1.0)
        error = ((_rounded(rows, scale, levels) * scale[:, None] - rows) ** 2 * columns).sum(1)
        better = error < least
        best, least = np.where(better, scale, best), np.where(better, error, least)
    scale = np.broadcast_to(best, (len(weights),)).copy()
    return GridWeights(_rounded(weights, scale, levels).astype(np.int8), scale)


def _rounded(rows: FloatArray, scale: FloatArray, levels: int) -> FloatArray:
    return np.clip(np.rint(rows / scale[:, None]), -levels, levels)
