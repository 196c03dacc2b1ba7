"""Weights on an integer grid with little harm: clipped where that rounds better, losses put in the bias."""

from collections.abc import Mapping

import torch
from torch import Tensor

from snnc.training.model.layers import SpikingLayer
from snnc.training.model.synapses import transform

PARTS = tuple(part / 40 for part in range(40, 15, -1))
"""Parts of the largest weight that are tried as the end of the grid."""


def clipped(weights: Tensor, levels: int, *, shared: bool) -> Tensor:
    """`weights` (channels, fan-in) limited to where `grid_ends` says."""
    ends = grid_ends(weights, levels, shared=shared)
    return weights.clamp(-ends, ends)


def grid_ends(weights: Tensor, levels: int, *, shared: bool) -> Tensor:
    """Where grids of `levels` levels of each sign end for rounding `weights` (channels, fan-in) to err least:
    (channels, 1), or (1, 1) for one grid.

    The largest weight decides the grid of its channel, or of all channels if `shared`; a few clipped outliers
    give a finer grid to all others. The squared error is least among `PARTS`, the largest part for equals.
    """
    rows = weights.reshape(1, -1) if shared else weights
    largest = rows.abs().amax(1, keepdim=True)
    limit, least = largest, torch.full_like(largest, torch.inf)
    for part in PARTS:
        end = largest * part
        scale = end / levels
        rounded = torch.where(scale > 0, (rows / scale).round().clamp(-levels, levels) * scale, 0)
        error = (rows - rounded).square().sum(1, keepdim=True)
        limit, least = torch.where(error < least, end, limit), torch.minimum(error, least)
    return limit


def mean_loss(layer: SpikingLayer, weights: Tensor, means: Mapping[str, Tensor]) -> Tensor:
    """What the quantised weights of `layer` give less than `weights` on average, (channels,).

    `means` are the mean activations (channels, height, width) of the sources. As a bias this takes away the
    part of the rounding error that all samples share (Nagel et al. 2019, arXiv 1906.04721).
    """
    lost = weights - layer.synapses.quant_weight().value.double()
    edges = zip(layer.config.edges, layer.per_edge(lost), strict=True)
    parts = [transform(edge, part, means[edge.source].double()[None, None]) for edge, part in edges]
    return sum(parts[1:], parts[0]).mean((0, 1, 3, 4))
