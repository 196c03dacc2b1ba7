"""Weights rounded one after the other, each loss made up for by those that are not rounded yet."""

import math

import torch
from torch import Tensor, nn

from snnc.training.conversion.float_graph import FoldedLayer, FoldedNetwork
from snnc.training.conversion.rounding import grid_ends
from snnc.training.model.config import INPUT, EdgeConfig
from snnc.training.model.synapses import window_sums

LARGEST_FAN_IN = 4096
"""Beyond it the matrix of second moments takes too long to invert."""
ROWS = 1 << 14
"""Sums of a layer from which its second moments are taken, at most."""
DAMPING = 0.01
"""Part of the mean second moment that is added to all, as in the source."""


@torch.no_grad()
def second_moments(
    network: FoldedNetwork, thresholds: dict[str, Tensor], images: Tensor
) -> dict[str, Tensor]:
    """Mean products of what the weights of each layer are multiplied with, (fan-in, fan-in), on `images` in
    0..1: clipped activations in units of their thresholds.

    Layers with groups, whose channels hear different things, and those of a fan-in beyond `LARGEST_FAN_IN`
    are left out.
    """
    known = {INPUT: images.double()}

    def clip(name: str, total: Tensor) -> Tensor:
        limit = thresholds[name].reshape(-1, 1, 1)
        activation = total.clamp(min=0).minimum(limit)
        known[name] = (activation / limit).double()
        return activation

    network.run(images, clip)
    return {layer.name: _moments(layer, known) for layer in network.layers if _is_small(layer)}


def compensated(weights: Tensor, levels: int, moments: Tensor, *, shared: bool) -> Tensor:
    """`weights` (channels, fan-in) on grids of `levels` levels of each sign that end where `grid_ends` says.

    Column by column, what rounding takes from the outputs is given to the columns behind it, so that the mean
    square of what is lost grows least: GPTQ (Frantar et al. 2022, arXiv 2210.17323). The largest weight of
    a grid goes to its end, from which the grid is known again.
    """
    scale = (grid_ends(weights, levels, shared=shared) / levels).clamp(min=1e-30).expand(len(weights), 1)
    rows = weights.abs().reshape(1 if shared else len(weights), -1)
    ends = torch.zeros_like(rows).scatter(1, rows.argmax(1, keepdim=True), 1).bool().reshape(weights.shape)
    damped = moments + DAMPING * moments.diagonal().mean().clamp(min=1e-12) * torch.eye(len(moments)).double()
    order = damped.diagonal().argsort(descending=True)
    factor = torch.linalg.cholesky(torch.linalg.inv(damped[order][:, order]), upper=True)
    rest, grid, ends = weights[:, order].clone(), torch.empty_like(weights), ends[:, order]
    for column in range(weights.shape[1]):
        values = rest[:, column : column + 1]
        rounded = (values / scale).round().clamp(-levels, levels)
        rounded = torch.where(ends[:, column : column + 1], values.sign() * levels, rounded) * scale
        grid[:, order[column]] = rounded[:, 0]
        lost = (values - rounded) / factor[column, column]
        rest[:, column + 1 :] -= lost * factor[column, column + 1 :]
    return grid


def _is_small(layer: FoldedLayer) -> bool:
    fan_in = sum(math.prod(edge.weights.shape[1:]) for edge in layer.edges)
    return fan_in <= LARGEST_FAN_IN and all(edge.config.groups == 1 for edge in layer.edges)


def _moments(layer: FoldedLayer, known: dict[str, Tensor]) -> Tensor:
    parts = [_heard(edge.config, known[edge.config.source]) for edge in layer.edges]
    rows = torch.cat(parts, 1)
    rows = rows[:: -(-len(rows) // ROWS)]
    return rows.T @ rows / len(rows)


def _heard(edge: EdgeConfig, maps: Tensor) -> Tensor:
    """What the weights of an edge are multiplied with, (samples x places, fan-in)."""
    if edge.pool != (1, 1):
        maps = window_sums(maps, edge.pool)
    if edge.kind == "linear":
        return maps.flatten(1)
    patches = nn.functional.unfold(maps, edge.kernel, padding=edge.padding, stride=edge.stride)
    return patches.transpose(1, 2).flatten(0, 1)
