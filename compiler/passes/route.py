"""route: fill every core's memories and tables, and the host's input map, from a placed tiling."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import DoesNotFit, UsageError, VerificationError
from snnc.compiler.analysis.bounds import Interval, current_bounds, state_bounds
from snnc.compiler.analysis.geometry import AxonMap, axon_map
from snnc.compiler.ir.levels import Level
from snnc.compiler.ir.network import Edge, Layer, Linear, Network, Neurons, Shape
from snnc.compiler.ir.packing import on_core
from snnc.compiler.ir.program import (
    Core,
    Destination,
    Emission,
    InputRoute,
    Segment,
    Tile,
    TiledProgram,
    core_usage,
    host_base,
)
from snnc.compiler.ir.tiling import PlannedTile, Range, Tiling, is_depthwise
from snnc.compiler.isa.address import HOST, Address
from snnc.compiler.isa.arithmetic import NO_LEAK, Decay, IntArray

ROW_SHIFT, COLUMN_SHIFT = 16, 8


@dataclass(frozen=True)
class Route:
    """Needs a placed Tiling. Guarantees a TiledProgram in which every event reaches every tile that has
    its axon exactly once; the path in the mesh is X first, then Y, so it needs no table.

    Refuses with DoesNotFit where a core's tables are too short, naming all of them.
    """

    name: ClassVar[str] = "route"
    takes: ClassVar[type[Level]] = Tiling
    gives: ClassVar[type[Level]] = TiledProgram

    def run(self, tiling: Tiling) -> TiledProgram:
        program = routed(tiling)
        _check_tables(program)
        return program


def routed(tiling: Tiling) -> TiledProgram:
    """The program of a placed tiling, whether its tables fit or not."""
    network = tiling.network
    receivers = [_receiver(tiling, planned) for planned in tiling.tiles]
    routes = tuple(route for receiver in receivers for route in _input_routes(network, receiver))
    hearers = _hearers(receivers)
    tables = [
        _destinations(tiling, number, hearers.get(planned.tile.layer, []))
        for number, planned in enumerate(tiling.tiles)
    ]
    sources = _sources(tiling, routes, tables)
    bounds = _bounds(tiling)
    cores = tuple(
        _core(receiver, table, sources[_place(receiver.planned)], bounds[_sums(receiver.planned)])
        for receiver, table in zip(receivers, tables, strict=True)
    )
    return TiledProgram(
        name=network.name,
        target=tiling.target,
        steps=network.steps,
        input=network.input,
        input_routes=routes,
        cores=cores,
        readout=network.readout,
        outputs=network.layer(network.readout.layer).count,
        weight_bits=tiling.weight_bits,
    )


@dataclass(frozen=True)
class _Receiver:
    """A tile with the axon tables of its edges, placed one behind the other."""

    planned: PlannedTile
    layer: Layer
    edges: tuple[Edge, ...]
    fan_in: tuple[Range, ...]
    maps: tuple[AxonMap, ...]
    row_starts: tuple[int, ...]
    column_starts: tuple[int, ...]
    weight_starts: tuple[int, ...]


@dataclass(frozen=True)
class _Entry:
    """A destination entry before the table is sorted into segments."""

    destination: Destination
    delay: int


def _place(planned: PlannedTile) -> Address:
    if planned.at is None:
        raise UsageError("a tile has no place", where=planned.tile.layer, hint="`place` goes before `route`")
    return planned.at


def _receiver(tiling: Tiling, planned: PlannedTile) -> _Receiver:
    network = tiling.network
    layer = network.layer(planned.tile.layer)
    edges, ranges, maps = [], [], []
    for edge, fan_in in zip(layer.edges, planned.fan_in, strict=True):
        if fan_in[0] < fan_in[1]:
            source = network.shape_of(edge.source)
            edges.append(edge)
            ranges.append(fan_in)
            maps.append(axon_map(layer, edge, source, planned.tile, fan_in, tiling.target.lanes))
    if len({entry.bank.row_words for entry in maps}) > 1:
        maps = [replace(entry, bank=replace(entry.bank, spaced=True)) for entry in maps]
    return _Receiver(
        planned,
        layer,
        tuple(edges),
        tuple(ranges),
        tuple(maps),
        _starts([len(entry.rows) for entry in maps]),
        _starts([len(entry.columns) for entry in maps]),
        _starts([len(entry.weights) for entry in maps]),
    )


def _hearers(receivers: list[_Receiver]) -> dict[str, list[_Receiver]]:
    """Per layer the tiles that take anything from it, in their order."""
    hearers: dict[str, list[_Receiver]] = {}
    for receiver in receivers:
        for source in dict.fromkeys(edge.source for edge in receiver.edges):
            hearers.setdefault(source, []).append(receiver)
    return hearers


def _sums(planned: PlannedTile) -> tuple[str, bool]:
    """What a tile's state words hold: the layer, and whether they are partial sums."""
    return planned.tile.layer, planned.role == "partial"


def _bounds(tiling: Tiling) -> dict[tuple[str, bool], Interval]:
    """Bounds of what the tiles sum, once for each layer."""
    network = tiling.network
    layers = {layer.name: layer for layer in network.layers}
    return {
        (name, partial): (current_bounds if partial else state_bounds)(network, layers[name])
        for name, partial in dict.fromkeys(_sums(planned) for planned in tiling.tiles)
    }


def _starts(sizes: list[int]) -> tuple[int, ...]:
    return tuple(np.cumsum([0, *sizes])[:-1].tolist())


def _base(receiver: _Receiver, edge: int, source: Shape, first_channel: int, first_row: int) -> int:
    """What a sender whose tile starts at (first_channel, first_row) adds to its local coordinates."""
    entry = receiver.maps[edge]
    row = receiver.row_starts[edge] + first_row - entry.first_row
    channel = first_channel - entry.first_neuron
    return (row << ROW_SHIFT) + (receiver.column_starts[edge] << COLUMN_SHIFT) + channel


def _input_routes(network: Network, receiver: _Receiver) -> list[InputRoute]:
    routes = []
    for number, (edge, entry) in enumerate(zip(receiver.edges, receiver.maps, strict=True)):
        if edge.source != network.input.name:
            continue
        shape = network.input.shape
        first, last = _source_channels(receiver, number, shape)
        base = _base(receiver, number, shape, 0, 0)
        rows = entry.first_row, entry.first_row + len(entry.rows)
        routes.append(InputRoute(_place(receiver.planned), first, last, *rows, base))
    return routes


def _source_channels(receiver: _Receiver, number: int, source: Shape) -> tuple[int, int]:
    """Channels (neurons of a flat source) that the edge's slice takes."""
    if is_depthwise(receiver.edges[number], source):
        bank = receiver.maps[number].bank
        return bank.first_channel, bank.first_channel + bank.channels
    return receiver.fan_in[number]


def _destinations(
    tiling: Tiling, number: int, hearers: list[_Receiver]
) -> tuple[tuple[Destination, ...], tuple[Segment, ...]]:
    """The destination table of a tile whose layer these tiles hear, and its segments, forward edges first, by
    delay."""
    planned = tiling.tiles[number]
    words = planned.tile.words(tiling.target.lanes)
    if planned.role == "partial":
        owner = _place(tiling.tiles[planned.owner])
        return (Destination(owner, 0, 0, words, sends_end=True, recurrent=False),), (Segment(0, 1, 0, False),)
    entries: list[_Entry] = []
    for receiver in hearers:
        entries += _entries_to(tiling, planned.tile, receiver)
    if planned.tile.layer == tiling.network.readout.layer:
        own = _place(planned)
        to_host, base = replace(own, host=True), host_base(planned.tile, tiling.network.readout)
        entries.append(_Entry(Destination(to_host, base, 0, words, True, False), 0))
    if not entries:
        entries.append(_silent_entry(tiling, planned.tile, hearers))
    entries.sort(key=lambda entry: (entry.destination.recurrent, entry.delay))
    return tuple(entry.destination for entry in entries), _segments(entries)


def _silent_entry(tiling: Tiling, tile: Tile, hearers: list[_Receiver]) -> _Entry:
    """END alone, for a tile whose rows every receiver's stride or pooling drops: somebody must give it
    CREDIT."""
    for receiver in hearers:
        for edge in receiver.edges:
            if edge.source == tile.layer:
                recurrent = tiling.network.is_recurrent(receiver.layer, edge)
                to = _place(receiver.planned)
                destination = Destination(to, 0, 0, 0, sends_end=True, recurrent=recurrent)
                return _Entry(destination, edge.delay - int(recurrent))
    raise VerificationError("nobody reads this tile", where=tile.layer)


def _segments(entries: list[_Entry]) -> tuple[Segment, ...]:
    segments: list[Segment] = []
    for number, entry in enumerate(entries):
        kind = entry.delay, entry.destination.recurrent
        if segments and (segments[-1].delay, segments[-1].recurrent) == kind:
            segments[-1] = replace(segments[-1], end_entry=number + 1)
        else:
            segments.append(Segment(number, number + 1, *kind))
    return tuple(segments)


def _entries_to(tiling: Tiling, tile: Tile, receiver: _Receiver) -> list[_Entry]:
    """Entries by which `tile`'s spikes reach the axons of `receiver`; empty where it has none of them."""
    network, lanes = tiling.network, tiling.target.lanes
    entries: list[_Entry] = []
    for number, edge in enumerate(receiver.edges):
        if edge.source != tile.layer:
            continue
        first, last = _needed_words(receiver, number, tile, lanes)
        if first < last:
            recurrent = network.is_recurrent(receiver.layer, edge)
            base = _base(receiver, number, tile.layer_shape, tile.first_channel, tile.first_row)
            to = _place(receiver.planned)
            destination = Destination(to, base, first, last, sends_end=not entries, recurrent=recurrent)
            entries.append(_Entry(destination, edge.delay - int(recurrent)))
    return entries


def _needed_words(receiver: _Receiver, number: int, tile: Tile, lanes: int) -> tuple[int, int]:
    """Words of the sender's tile that hold anything the edge takes: rows of a spatial tile, neurons of a flat
    one.

    The first and the last of these words may also hold neurons that the slice leaves out. Their spikes are
    sent too, and the receiver's bank drops them.
    """
    entry = receiver.maps[number]
    first, last = _source_channels(receiver, number, tile.layer_shape)
    if last <= tile.first_channel or tile.first_channel + tile.channels <= first:
        return 0, 0
    if tile.flat:
        first_word = max(first - tile.first_channel, 0) // lanes
        last_word = min(-(-(last - tile.first_channel) // lanes), tile.words(lanes))
        _require_whole_words(receiver, number, tile, (first_word * lanes, last_word * lanes))
        return first_word, last_word
    row_words = tile.columns * tile.pixel_words(lanes)
    first_row = max(entry.first_row - tile.first_row, 0)
    last_row = min(entry.first_row + len(entry.rows) - tile.first_row, tile.rows)
    return first_row * row_words, max(last_row, 0) * row_words


def _require_whole_words(receiver: _Receiver, number: int, tile: Tile, sent: Range) -> None:
    """Of the neurons `sent`, counted from the tile's first, none may lie outside a linear edge's slice: its
    bank cannot drop them, for a channel is only part of a neuron's number."""
    if isinstance(receiver.edges[number].synapses, Linear):
        first, last = receiver.fan_in[number]
        lowest, highest = tile.first_channel + sent[0], tile.first_channel + min(sent[1], tile.channels)
        if lowest < first or highest > last:
            raise VerificationError(
                f"neurons {lowest}..{highest - 1} of {tile.layer!r} reach a slice of {first}..{last - 1}",
                where=receiver.layer.name,
            )


def _sources(
    tiling: Tiling,
    routes: tuple[InputRoute, ...],
    tables: list[tuple[tuple[Destination, ...], tuple[Segment, ...]]],
) -> dict[Address, tuple[list[Address], int]]:
    """Who sends END to each core, the host first, then cores in tile order; and how many are recurrent."""
    sources: dict[Address, list[Address]] = {_place(planned): [] for planned in tiling.tiles}
    recurrent = dict.fromkeys(sources, 0)
    for address in dict.fromkeys(route.to for route in routes):
        sources[address].append(HOST)
    for planned, (table, _) in zip(tiling.tiles, tables, strict=True):
        for entry in table:
            if entry.sends_end and not entry.to.host:
                sources[entry.to].append(_place(planned))
                recurrent[entry.to] += entry.recurrent
    return {address: (senders, recurrent[address]) for address, senders in sources.items()}


def _core(
    receiver: _Receiver,
    table: tuple[tuple[Destination, ...], tuple[Segment, ...]],
    sources: tuple[list[Address], int],
    bounds: Interval,
) -> Core:
    planned, layer = receiver.planned, receiver.layer
    tile, neurons = planned.tile, receiver.layer.neurons
    partial = planned.role == "partial"
    channels = slice(tile.first_channel, tile.first_channel + tile.channels)
    zeros = np.zeros(tile.channels, np.int64)
    lowest = int(bounds.low[channels].min())
    leak, leak_numerators = _decay(neurons.leak, neurons.leak_numerators, channels)
    current_leak, current_numerators = _decay(neurons.current_leak, neurons.current_numerators, channels)
    emission: Emission = "values_every" if partial else "values_last" if neurons.reset == "none" else "spikes"
    rows, columns = _axon_tables(receiver)
    return Core(
        at=_place(planned),
        tile=tile,
        weights=_joined([entry.weights for entry in receiver.maps]),
        weight_bits=max(edge.synapses.weight_bits for edge in layer.edges),
        axon_rows=rows,
        axon_columns=columns,
        banks=tuple(entry.bank for entry in receiver.maps),
        threshold=zeros if emission != "spikes" else neurons.threshold[channels],
        bias=zeros if partial else neurons.bias[channels],
        initial=zeros if partial else neurons.initial[channels],
        reset="none" if partial else neurons.reset,
        reset_value=0 if partial else neurons.reset_value,
        leak=NO_LEAK if partial or leak is None else leak,
        current_leak=None if partial else current_leak,
        state_bits=neurons.state_bits,
        emission=emission,
        sources=tuple(sources[0]),
        recurrent_sources=sources[1],
        destinations=table[0],
        segments=table[1],
        accumulator=(lowest, int(bounds.high[channels].max())),
        reset_amount=None if partial else _reset_amount(neurons, channels),
        leak_numerators=None if partial else leak_numerators,
        current_numerators=None if partial else current_numerators,
        # What lies below every sum clamps nothing.
        lower_clamp=None if partial or neurons.lowest <= lowest else neurons.lower_clamp,
        fraction_bits=neurons.fraction_bits,
    )


def _joined(parts: list[NDArray[np.int8]]) -> NDArray[np.int8]:
    """The parts one behind the other; one alone is large and not copied."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _reset_amount(neurons: Neurons, channels: slice) -> IntArray | None:
    """What soft resets of these channels subtract, or None where it is the threshold."""
    amounts = neurons.reset_amounts[channels]
    return None if np.array_equal(amounts, neurons.threshold[channels]) else amounts


def _decay(
    leak: Decay | None, numerators: IntArray | None, channels: slice
) -> tuple[Decay | None, IntArray | None]:
    """The decay that all these channels have, or the fraction that they share and their numerators. One that
    changes nothing stands in its only form that every fraction's width can hold."""
    if leak is None or numerators is None:
        return (NO_LEAK if leak is not None and leak.keeps else leak), None
    own = numerators[channels]
    if (own == own[0]).all():
        return _decay(Decay(int(own[0]), leak.fraction_bits), None, channels)
    return leak, own


def _axon_tables(receiver: _Receiver) -> tuple[IntArray, IntArray]:
    rows, columns = [], []
    for bank, (entry, start) in enumerate(zip(receiver.maps, receiver.weight_starts, strict=True)):
        own = np.concatenate([np.full((len(entry.rows), 1), bank), entry.rows], axis=1)
        own[:, 2] += start
        rows.append(own)
        columns.append(entry.columns)
    return np.concatenate(rows).astype(np.int64), np.concatenate(columns).astype(np.int64)


def _check_tables(program: TiledProgram) -> None:
    target = program.target
    misfits = [
        f"core {Address(*place)} (layer {', '.join(dict.fromkeys(repr(core.layer) for core in tiles))}): "
        f"{what} needs {used}, has {limit}"
        for place, tiles in on_core(program).items()
        for what, used, limit in core_usage(tiles, target, program.weight_bits)
        if used > limit
    ]
    if misfits:
        raise DoesNotFit(f"tables do not fit target `{target.name}`\n" + "\n".join(misfits))
