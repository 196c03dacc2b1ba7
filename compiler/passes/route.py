"""route: fill every core's memories and tables, and the host's input map, from a placed tiling."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...errors import DoesNotFit, VerificationError
from ..arithmetic import Decay
from ..bounds import current_bounds, fan_in_weights, max_payloads, state_bounds
from ..network import Layer, Network
from ..program import HOST, Address, Core, Destination, Emission, InputRoute, TiledProgram, core_usage
from ..tiling import Tile, Tiling


@dataclass(frozen=True)
class Route:
    """Needs a placed Tiling. Guarantees a TiledProgram in which every event reaches every tile that has
    its axon exactly once; the path in the mesh is X first, then Y, so it needs no table.

    Refuses with DoesNotFit where a core's tables are too short, naming all of them.
    """

    name: ClassVar[str] = "route"

    def run(self, tiling: Tiling) -> TiledProgram:
        network = tiling.network
        routes = tuple(_input_routes(tiling))
        destinations = [_destinations(tiling, tile) for tile in tiling.tiles]
        sources = _sources(tiling, routes, destinations)
        cores = tuple(
            _core(tiling, tile, table, tuple(sources[_place(tile)]))
            for tile, table in zip(tiling.tiles, destinations, strict=True)
        )
        _check_tables(tiling, cores)
        return TiledProgram(
            name=network.name,
            target=tiling.target,
            steps=network.steps,
            input=network.input,
            input_routes=routes,
            cores=cores,
            readout=network.readout,
            outputs=network.layer(network.readout.layer).neurons.count,
            weight_bits=tiling.weight_bits,
        )


def _place(tile: Tile) -> Address:
    if tile.at is None:
        raise VerificationError("a tile has no place", where=tile.layer)
    return tile.at


def _segments(network: Network, layer: Layer, source: str) -> list[int]:
    """Where the axons of each edge from `source` start in the layer's concatenated fan-in."""
    starts, offset = [], 0
    for edge in layer.edges:
        if edge.source == source:
            starts.append(offset)
        offset += network.size_of(edge.source)
    return starts


def _input_routes(tiling: Tiling) -> list[InputRoute]:
    network = tiling.network
    routes = []
    for tile in tiling.tiles:
        for start in _segments(network, network.layer(tile.layer), network.input.name):
            first = max(tile.first_axon - start, 0)
            last = min(tile.last_axon - start, network.input.features)
            if first < last:
                routes.append(InputRoute(_place(tile), first, last, start - tile.first_axon))
    return routes


def _destinations(tiling: Tiling, tile: Tile) -> tuple[Destination, ...]:
    lanes = tiling.target.lanes
    words = -(-(tile.last_neuron - tile.first_neuron) // lanes)
    if tile.role == "partial":
        return (Destination(_place(tiling.tiles[tile.owner]), 0, 0, words, sends_end=True),)
    entries = [entry for other in tiling.tiles for entry in _entries_to(tiling, tile, other, words)]
    if tile.layer == tiling.network.readout.layer:
        own = _place(tile)
        to_host = Address(own.x, own.y, host=True)
        entries.append(Destination(to_host, tile.first_neuron, 0, words, sends_end=True))
    return tuple(entries)


def _entries_to(tiling: Tiling, tile: Tile, other: Tile, words: int) -> list[Destination]:
    """Entries by which `tile`'s spikes reach the axons of `other`; empty where it has none of them."""
    network, lanes = tiling.network, tiling.target.lanes
    entries: list[Destination] = []
    for start in _segments(network, network.layer(other.layer), tile.layer):
        axon_base = start + tile.first_neuron - other.first_axon
        first_word = -(min(axon_base, 0) // lanes)
        last_word = min(-(-(other.last_axon - start - tile.first_neuron) // lanes), words)
        if first_word < last_word:
            entries.append(
                Destination(_place(other), axon_base, first_word, last_word, sends_end=not entries)
            )
    return entries


def _sources(
    tiling: Tiling, routes: tuple[InputRoute, ...], destinations: list[tuple[Destination, ...]]
) -> dict[Address, list[Address]]:
    """Everyone who sends END to each core: the host first, then cores in tile order."""
    sources: dict[Address, list[Address]] = {_place(tile): [] for tile in tiling.tiles}
    for address in dict.fromkeys(route.to for route in routes):
        sources[address].append(HOST)
    for tile, table in zip(tiling.tiles, destinations, strict=True):
        for entry in table:
            if entry.sends_end and not entry.to.host:
                sources[entry.to].append(_place(tile))
    return sources


def _core(
    tiling: Tiling, tile: Tile, destinations: tuple[Destination, ...], sources: tuple[Address, ...]
) -> Core:
    network = tiling.network
    layer = network.layer(tile.layer)
    neurons = slice(tile.first_neuron, tile.last_neuron)
    axons = slice(tile.first_axon, tile.last_axon)
    weights = fan_in_weights(layer)[neurons, axons]
    partial = tile.role == "partial"
    zeros = np.zeros(tile.last_neuron - tile.first_neuron, np.int64)
    if partial:
        current = current_bounds(weights, max_payloads(network, layer)[axons])
        accumulator = current.extremes
    else:
        current = current_bounds(fan_in_weights(layer), max_payloads(network, layer))
        bounds = state_bounds(layer.neurons, current, network.steps)
        accumulator = int(bounds.low[neurons].min()), int(bounds.high[neurons].max())
    emission: Emission = (
        "values_every" if partial else "values_last" if layer.neurons.reset == "none" else "spikes"
    )
    return Core(
        at=_place(tile),
        layer=tile.layer,
        first_neuron=tile.first_neuron,
        first_axon=tile.first_axon,
        weights=np.ascontiguousarray(weights.T),
        weight_bits=max(edge.synapses.weight_bits for edge in layer.edges),
        threshold=zeros if partial else layer.neurons.threshold[neurons],
        bias=zeros if partial else layer.neurons.bias[neurons],
        initial=zeros if partial else layer.neurons.initial[neurons],
        reset="none" if partial else layer.neurons.reset,
        reset_value=0 if partial else layer.neurons.reset_value,
        leak=Decay() if partial else layer.neurons.leak,
        state_bits=layer.neurons.state_bits,
        emission=emission,
        sources=sources,
        destinations=destinations,
        accumulator=accumulator,
    )


def _check_tables(tiling: Tiling, cores: tuple[Core, ...]) -> None:
    misfits = [
        f"core {core.at} (layer {core.layer!r}): {what} needs {used}, has {limit}"
        for core in cores
        for what, used, limit in core_usage(core, tiling.target, tiling.weight_bits)
        if used > limit
    ]
    if misfits:
        raise DoesNotFit(f"tables do not fit target `{tiling.target.name}`\n" + "\n".join(misfits))
