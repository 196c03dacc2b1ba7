"""Flits and the host's protocol: encode samples as a flit stream, decode what leaves the mesh.

The bit layout is that of `docs/microarchitecture.md`, section 1. A stream is an array of uint64 that
the simulator and the RTL take alike.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from .arithmetic import IntArray
from .program import Address, TiledProgram

FlitArray = NDArray[np.uint64]

DATA_SHIFT, TYPE_SHIFT, HOST_SHIFT, Y_SHIFT = 12, 9, 8, 4
PAYLOAD_SHIFT = 24
MEMORY_SHIFT = 28
FLIT_BITS = 44


class FlitType(IntEnum):
    """The `type` field. RESTART exists only in the test harness's stimulus: wait, then reset."""

    SPIKE = 0
    VALUE = 1
    END = 2
    CREDIT = 3
    CONFIG_ADDRESS = 4
    CONFIG_DATA = 5
    SYNC = 6
    RESTART = 7


def flit(kind: FlitType, data: int = 0, to: Address | None = None) -> int:
    """One flit as an integer of 44 bits; without `to` it is addressed to core (0, 0)."""
    head = 0 if to is None else to.x | to.y << Y_SHIFT | int(to.host) << HOST_SHIFT
    return head | int(kind) << TYPE_SHIFT | (data & 0xFFFFFFFF) << DATA_SHIFT


def flit_types(flits: FlitArray) -> NDArray[np.int64]:
    """The type field of each flit."""
    return ((flits >> np.uint64(TYPE_SHIFT)) & np.uint64(7)).astype(np.int64)


def flit_data(flits: FlitArray) -> NDArray[np.int64]:
    """The data field of each flit."""
    return (flits >> np.uint64(DATA_SHIFT)).astype(np.int64)


def encode_samples(program: TiledProgram, payloads: IntArray) -> FlitArray:
    """The host's input stream for samples sent back to back.

    `payloads` is (samples, steps, features) with 0 where no event is: per step the events by feature,
    then by route, END to every core the host feeds, and a SYNC for their CREDITs.
    """
    events = _event_table(program)
    feeds = program.fed_by_host
    ends = {last: [flit(FlitType.END, int(last), to) for to in feeds] for last in (False, True)}
    sync = flit(FlitType.SYNC, len(feeds))
    parts: list[FlitArray] = []
    for sample in payloads:
        for step, row in enumerate(sample):
            parts.append(_step_events(events, row))
            parts.append(np.array([*ends[step == program.steps - 1], sync], np.uint64))
    return np.concatenate(parts) if parts else np.zeros(0, np.uint64)


@dataclass(frozen=True)
class _EventTable:
    """Flits of payload 0 for every (feature, route), grouped by feature."""

    flits: FlitArray
    features: IntArray


def _event_table(program: TiledProgram) -> _EventTable:
    flits, features = [], []
    for route in program.input_routes:
        index = np.arange(route.first, route.last, dtype=np.int64)
        axons = (index + route.axon_base).astype(np.uint64) & np.uint64(0xFFFF)
        flits.append(axons << np.uint64(DATA_SHIFT) | np.uint64(flit(FlitType.SPIKE, 0, route.to)))
        features.append(index)
    all_features = np.concatenate(features)
    order = np.argsort(all_features, kind="stable")
    return _EventTable(np.concatenate(flits)[order], all_features[order])


def _step_events(events: _EventTable, row: IntArray) -> FlitArray:
    payloads = row[events.features]
    hit = payloads > 0
    shifted = payloads[hit].astype(np.uint64) << np.uint64(DATA_SHIFT + PAYLOAD_SHIFT)
    return events.flits[hit] | shifted


def decode_outputs(program: TiledProgram, flits: FlitArray, samples: int) -> IntArray:
    """What the host reads from the packets that left the mesh, in order: (samples, outputs).

    The final membrane of each readout neuron, or its spikes summed over all steps. Packets are attributed
    to samples by counting the END flits of their sender, which follow its packets in order; packets to the
    host carry the sender's x and y.
    """
    results = np.zeros((samples, program.outputs), np.int64)
    ends_per_sample = {
        core.at.x | core.at.y << Y_SHIFT: 1 if core.emission == "values_last" else program.steps
        for core in program.readout_cores
    }
    ends_seen = dict.fromkeys(ends_per_sample, 0)
    bits = program.target.state_bits
    senders = (flits & np.uint64(0xFF)).astype(np.int64)
    columns = (flit_types(flits).tolist(), flit_data(flits).tolist(), senders.tolist())
    for kind, word, sender in zip(*columns, strict=True):
        if kind == FlitType.END:
            ends_seen[sender] += 1
            continue
        index = word & 0xFFFF if kind == FlitType.SPIKE else word >> bits
        sample = ends_seen[sender] // ends_per_sample[sender]
        if kind == FlitType.SPIKE:
            results[sample, index] += 1
        else:
            value = word & ((1 << bits) - 1)
            results[sample, index] = value - (1 << bits) if value >> (bits - 1) else value
    return results
