"""In which order the layers of a graph run: most over all steps at once, loops step by step."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from snnc.training.model.config import INPUT, ModelConfig
from snnc.training.model.layers import Grid, SpikingLayer
from snnc.training.model.neurons import leaking_currents
from snnc.training.model.synapses import delayed


@dataclass(frozen=True)
class LayerRun:
    """What a layer did, as (steps, samples, channels, height, width)."""

    membranes: Tensor
    """After each step."""
    spikes: Tensor
    unit: Tensor
    """Accumulator unit of the membranes in float."""


def blocks(config: ModelConfig) -> tuple[tuple[int, ...], ...]:
    """The layers by number, in order, in groups that run together.

    A recurrent edge ties its layer to its source and to all layers between them; other layers stand alone.
    """
    order = {layer.name: number for number, layer in enumerate(config.layers)}
    groups: list[list[int]] = []
    last = -1
    for number, layer in enumerate(config.layers):
        if number > last:
            groups.append([])
        groups[-1].append(number)
        sources = [order[edge.source] for edge in layer.edges if edge.source != INPUT]
        last = max(last, number, *sources)
    return tuple(tuple(group) for group in groups)


def run_block(
    layers: Mapping[str, SpikingLayer], known: Mapping[str, Tensor], steps: int
) -> dict[str, LayerRun]:
    """Run the layers of one block; `known` has the payloads of all that ran before."""
    grids = {name: layer.grid() for name, layer in layers.items()}
    if len(layers) == 1:
        ((name, layer),) = layers.items()
        if all(edge.source != name for edge in layer.config.edges):
            return {name: _run_whole(layer, grids[name], known, steps)}
    return _run_stepwise(layers, grids, known, steps)


def _run_whole(layer: SpikingLayer, grid: Grid, known: Mapping[str, Tensor], steps: int) -> LayerRun:
    """A layer without a loop: every transform and the population run once for all steps."""
    currents = _outer_currents(layer, grid, known, steps)
    assert currents is not None  # The layer's edges all come from outside.
    leak = layer.population.current_leak
    if leak is not None:
        currents = torch.stack(
            leaking_currents(_in_every_step(currents, steps), None, leak, grid.current_leak)
        )
    grid = layer.normalised(grid, currents)
    membranes, spikes = layer.advance(grid, currents, layer.start(grid, currents.shape[1]), steps)
    return LayerRun(membranes, spikes, grid.unit)


def _run_stepwise(
    layers: Mapping[str, SpikingLayer], grids: Mapping[str, Grid], known: Mapping[str, Tensor], steps: int
) -> dict[str, LayerRun]:
    """Layers in a loop: what comes from outside once, then step after step.

    Batch normalisation sees what comes from outside alone, since the rest is not known before it runs.
    """
    outer = {name: _outer_currents(layer, grids[name], known, steps) for name, layer in layers.items()}
    grids = {
        name: grids[name] if current is None else layers[name].normalised(grids[name], current)
        for name, current in outer.items()
    }
    samples = known[INPUT].shape[1]
    membranes: dict[str, list[Tensor]] = {name: [] for name in layers}
    spikes: dict[str, list[Tensor]] = {name: [] for name in layers}
    synaptic: dict[str, Tensor | None] = dict.fromkeys(layers)
    for step in range(steps):
        for name, layer in layers.items():
            grid, arriving = grids[name], outer[name]
            current = None if arriving is None else _in_every_step(arriving, steps)[step : step + 1]
            for number, edge in enumerate(layer.config.edges):
                if edge.source in layers and edge.delay <= step:
                    inner = layer.current(grid, number, spikes[edge.source][step - edge.delay])
                    current = inner if current is None else current + inner
            if current is None:
                current = grid.initial.new_zeros(1, samples, *layer.shape)
            leak = layer.population.current_leak
            if leak is not None:
                (current,) = leaking_currents([current], synaptic[name], leak, grid.current_leak)
                synaptic[name] = current
            before = membranes[name][-1][0] if step else layer.start(grid, samples)
            after, fired = layer.advance(grid, current, before, 1)
            membranes[name].append(after)
            spikes[name].append(fired)
    return {
        name: LayerRun(torch.cat(membranes[name]), torch.cat(spikes[name]), grids[name].unit)
        for name in layers
    }


def _outer_currents(
    layer: SpikingLayer, grid: Grid, known: Mapping[str, Tensor], steps: int
) -> Tensor | None:
    """Sum of the currents of all edges from `known`, (steps, samples, ...), or None without such an edge.

    Payloads with one step stand for the same payloads in every step; where all do and no edge is delayed,
    so do the currents.
    """
    parts = []
    for number, edge in enumerate(layer.config.edges):
        if edge.source in known:
            current = layer.current(grid, number, known[edge.source])
            parts.append(delayed(_in_every_step(current, steps), edge.delay) if edge.delay else current)
    return sum(parts[1:], parts[0]) if parts else None


def _in_every_step(currents: Tensor, steps: int) -> Tensor:
    """`currents` (steps or 1, ...) as (steps, ...)."""
    return currents.expand(steps, *currents.shape[1:])
