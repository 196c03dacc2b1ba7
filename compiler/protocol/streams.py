"""Streams of flits: samples encoded for the mesh, and what leaves the mesh decoded."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from snnc.base.jit import entry
from snnc.base.kept import kept
from snnc.compiler.ir.packing import bases, host_index
from snnc.compiler.ir.program import Core, TiledProgram, local_coordinates
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.isa.contract import END, FlitType
from snnc.compiler.isa.flits import (
    COORDINATE_MASK,
    DATA_SHIFT,
    PAYLOAD_SHIFT,
    SENDER_MASK,
    FlitArray,
    address_bits,
    flit,
    flit_data,
    flit_types,
)
from snnc.compiler.protocol.input_encoding import entering


def encode_samples(program: TiledProgram, payloads: NDArray[np.integer]) -> FlitArray:
    """The host's input stream for samples sent back to back.

    `payloads` is (samples, steps, features) with 0 where no event is, of a held input only the first step is
    sent: per step the events by feature, then by route, END to every tile the host feeds, and a SYNC for
    their CREDITs.
    """
    return encode_each(program, payloads).flits


@dataclass(frozen=True)
class Streams:
    """What the host sends for some samples."""

    flits: FlitArray
    starts: IntArray
    """(samples + 1,): where in it the stream of each sample begins, the end behind the last."""
    events: IntArray
    """(tiles that the host feeds,): SPIKEs to each."""


def encode_each(program: TiledProgram, payloads: NDArray[np.integer]) -> Streams:
    """The same, and what of it is whose."""
    entered = np.ascontiguousarray(entering(program.input, payloads), np.uint8)
    events, closing = event_table(program), step_closings(program)
    fired = _count_events(entered).reshape(program.input.shape)
    sent = dict.fromkeys(program.fed_by_host, 0)
    for route in program.input_routes:
        taken = fired[route.first_channel : route.last_channel, route.first_row : route.last_row]
        sent[route.to] += int(taken.sum())
    # One more than there are: what is not sent is written, too, and then written over.
    length = sum(sent.values()) + len(entered) * entered.shape[1] * closing.shape[1]
    stream = np.empty(length + 1, np.uint64)
    starts = np.zeros(len(entered) + 1, np.int64)
    payload_at = np.uint64(DATA_SHIFT + PAYLOAD_SHIFT)
    _fill_stream(
        entered, events.flits, events.features, payload_at, closing, program.steps - 1, stream, starts
    )
    return Streams(stream[:-1], starts, np.array(list(sent.values()), np.int64))


@entry
def _count_events(payloads: NDArray[np.uint8]) -> NDArray[np.int64]:
    """How often the payload of each feature is not 0."""
    samples, steps, features = payloads.shape
    counts = np.zeros(features, np.int64)
    for sample in range(samples):
        for step in range(steps):
            for feature in range(features):
                counts[feature] += payloads[sample, step, feature] > 0
    return counts


@entry
def _fill_stream(
    payloads: NDArray[np.uint8],
    flits: FlitArray,
    features: NDArray[np.int32],
    payload_at: np.uint64,
    closing: FlitArray,
    last_step: int,
    stream: FlitArray,
    starts: IntArray,
) -> None:
    """Write what `encode_each` says: a payload begins at the bit `payload_at` of a flit, `closing` is what
    ends a step and what ends the last."""
    place = 0
    samples, steps, _ = payloads.shape
    for sample in range(samples):
        for step in range(steps):
            for event in range(len(flits)):
                payload = payloads[sample, step, features[event]]
                stream[place] = flits[event] | np.uint64(payload) << payload_at
                place += payload > 0
            for part in closing[int(step == last_step)]:
                stream[place] = part
                place += 1
        starts[sample + 1] = place


@kept
def step_closings(program: TiledProgram) -> FlitArray:
    """What ends a step, and what ends the last: END to every tile that the host feeds, a SYNC for them."""
    feeds = program.fed_by_host
    ends = [
        [flit(FlitType.END, END.pack(last=last, context=to.context), to) for to in feeds] for last in (0, 1)
    ]
    return np.array([[*row, flit(FlitType.SYNC, len(feeds))] for row in ends], np.uint64)


@dataclass(frozen=True)
class EventTable:
    """Flits of payload 0 for every (feature, route), grouped by feature."""

    flits: FlitArray
    features: NDArray[np.int32]


@kept
def event_table(program: TiledProgram) -> EventTable:
    """What the host sends for every feature of the input."""
    shape = program.input.shape
    numbers = np.arange(program.input.features, dtype=np.int64)
    channels, pixels = np.divmod(numbers, shape[1] * shape[2])
    rows = pixels // shape[2]
    local, placed = local_coordinates(shape, numbers), bases(program)
    flits, features = [], []
    for route in program.input_routes:
        taken = (channels >= route.first_channel) & (channels < route.last_channel)
        taken &= (rows >= route.first_row) & (rows < route.last_row)
        named = local[taken] + placed[route.to].coordinate(route.base)
        coordinates = named.astype(np.uint64) & np.uint64(COORDINATE_MASK)
        flits.append(coordinates << np.uint64(DATA_SHIFT) | np.uint64(flit(FlitType.SPIKE, 0, route.to)))
        features.append(numbers[taken].astype(np.int32))
    all_features = np.concatenate(features)
    order = np.argsort(all_features, kind="stable")
    return EventTable(np.concatenate(flits)[order], all_features[order])


def named_neurons(core: Core, program: TiledProgram) -> dict[int, int]:
    """By what a readout tile may name to the host, in its order: which neuron of the layer it is, -1 for
    padding, which is sent between the pixels of a tile. Tiles of one core name nothing alike."""
    lanes, (entry,) = program.target.lanes, (entry for entry in core.destinations if entry.to.host)
    base = entry.base + host_index(core, bases(program)[core.at], lanes)
    neurons = core.tile.neuron_map(lanes)
    sent = np.arange(entry.first_word * lanes, min(entry.last_word * lanes, core.lanes_read(lanes)))
    if core.emission == "spikes":
        sent = sent[neurons[sent] >= 0]
        local = core.tile.local_slots(sent, lanes)
    else:
        local = sent
    return dict(zip((local + base & COORDINATE_MASK).tolist(), neurons[sent].tolist(), strict=True))


def decode_outputs(program: TiledProgram, flits: FlitArray, samples: int) -> IntArray:
    """What the host reads from the packets that left the mesh, in order: (samples, outputs).

    Per readout neuron the final membrane, its spikes in the readout's window, or its first spike there (as
    `network.Readout` counts it). Packets are attributed to samples and steps by counting the END flits of
    their sender, which follow its packets in order. Packets to the host carry the sender's x and y, an END
    its context, too, and what the others name belongs to one tile of the core.
    """
    results = np.zeros((samples, program.outputs), np.int64)
    numbers: dict[int, dict[int, tuple[int, int]]] = {}
    per_sample = 1 if program.readout.kind == "membrane" else program.steps
    for core in program.readout_cores:
        named = named_neurons(core, program).items()
        known = numbers.setdefault(address_bits(core.at), {})
        known.update((name, (core.at.context, neuron)) for name, neuron in named)
    ends_seen: Counter[tuple[int, int]] = Counter()
    bits, readout = program.target.state_bits, program.readout
    senders = (flits & np.uint64(SENDER_MASK)).astype(np.int64)
    columns = (flit_types(flits).tolist(), flit_data(flits).tolist(), senders.tolist())
    for kind, word, sender in zip(*columns, strict=True):
        if kind == FlitType.END:
            ends_seen[sender, END["context"].read(word)] += 1
            continue
        name = word >> bits if kind == FlitType.VALUE else word & COORDINATE_MASK
        context, index = numbers[sender][name]
        sample, step = divmod(ends_seen[sender, context], per_sample)
        if kind == FlitType.VALUE:
            value = word & ((1 << bits) - 1)
            if index >= 0:
                results[sample, index] = value - (1 << bits) if value >> (bits - 1) else value
        elif step >= readout.first_step:
            if readout.kind == "spike_count":
                results[sample, index] += 1
            else:
                results[sample, index] = max(results[sample, index], program.steps - step)
    return results
