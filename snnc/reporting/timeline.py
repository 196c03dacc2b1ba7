"""A sample's run as a trace for Perfetto: a process per core, a track per engine, counters beside them.

A nanosecond of the trace is a cycle, so that its numbers are those of the simulator and of the RTL.
Format: https://perfetto.dev/docs/reference/synthetic-track-event
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import TracePacket, TrackDescriptor, TrackEvent
from perfetto.trace_builder.proto_builder import TraceProtoBuilder

from snnc.compiler.formats.storage import Build
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.isa.contract import FlitType
from snnc.compiler.isa.flits import FlitArray, flit_types
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.protocol.streams import encode_samples
from snnc.sim.accounting.counts import count_actions
from snnc.sim.accounting.energy import price
from snnc.sim.accounting.energy_table import load_energy_table
from snnc.sim.engine.cycle import CycleRun, run_cycles
from snnc.sim.engine.records import ACCUMULATE_AT, EMIT_AT, IDLE_AT, NEVER, SWEEP_AT

PRICED_STEPS = 64
"""Most steps whose energy is priced one by one, since each takes a run from the first step on."""
SEQUENCE = 1
TRACKS = 8
"""Room for the tracks of a process in their numbers."""
PROCESS, CONTROL, EMITTER, SPIKES, DEPTH, ENERGY = range(6)


@dataclass(frozen=True)
class Timeline:
    """A trace as bytes, what is in it, and what was left out."""

    content: bytes
    cycles: int
    events: int
    cut: tuple[str, ...]


def record_timeline(build: Build, x: NDArray[np.uint8], most: int) -> Timeline:
    """Run one sample, (1, ...) as the model takes it, and write down at most `most` events of each kind."""
    tiled = build.tiled
    stream = encode_samples(tiled, encode_inputs(tiled.input, tiled.steps, x))
    run = run_cycles(tiled, stream, trace=True, event_log=True, arrivals=most)
    steps = min(tiled.steps, max(1, most // len(tiled.cores)))
    cut = []
    if steps < tiled.steps:
        cut.append(f"steps from {steps} on")
    if run.missed_from < NEVER:
        cut.append(f"depths of event FIFOs from cycle {run.missed_from} on")
    if len(run.flits) > most:
        cut.append(f"packets from cycle {int(run.stamps[most])} on")
    if tiled.steps > PRICED_STEPS:
        cut.append(f"energy, which is priced for at most {PRICED_STEPS} steps")
    writer = _Writer()
    energy = _energy(build, stream) if tiled.steps <= PRICED_STEPS else None
    for number in range(len(tiled.cores)):
        _write_core(writer, build, run, number, steps, energy)
    _write_packets(writer, run, most)
    return Timeline(writer.builder.serialize(), int(run.cycles[0]), writer.events, tuple(cut))


def _energy(build: Build, stream: FlitArray) -> NDArray[np.float64]:
    """(steps, cores): joules of each core up to the end of each step, estimated, from runs up to there."""
    syncs = np.flatnonzero(flit_types(stream) == FlitType.SYNC) + 1
    tiled = build.tiled
    table = load_energy_table(tiled.target.energy_table)
    runs = (run_cycles(tiled, stream[:end]) for end in syncs.tolist())
    counted = (count_actions(tiled, run.primitives) for run in runs)
    priced = [price(counts, tiled, None, table).typical.per_core for counts in counted]
    return np.array(priced)[:, :-1]


class _Writer:
    """Packets of a trace, counted."""

    def __init__(self) -> None:
        self.builder = TraceProtoBuilder()
        self.events = 0

    def process(self, number: int, name: str) -> int:
        """A process; gives the number of the first of its tracks."""
        track = self._track(number * TRACKS + 1, None)
        track.process.pid = number + 1
        track.process.process_name = name
        return number * TRACKS + 1

    def track(self, process: int, place: int, name: str, unit: str | None = None) -> int:
        """A track of a process: of slices, or with a unit of a counter."""
        track = self._track(process + place, process)
        track.name = name
        if unit is not None:
            track.counter.unit_name = unit
        return process + place

    def slice(self, track: int, name: str, start: int, end: int) -> None:
        """Something that takes the cycles from `start` up to, not including, `end`."""
        if end > start:
            self._event(track, TrackEvent.TYPE_SLICE_BEGIN, start).name = name
            self._event(track, TrackEvent.TYPE_SLICE_END, end)

    def instant(self, track: int, name: str, cycle: int) -> None:
        """Something that happens in a cycle."""
        self._event(track, TrackEvent.TYPE_INSTANT, cycle).name = name

    def counter(self, track: int, values: Iterable[tuple[int, float]]) -> None:
        """A number that changes in these cycles."""
        for cycle, value in values:
            self._event(track, TrackEvent.TYPE_COUNTER, cycle).double_counter_value = value

    def _packet(self) -> TracePacket:
        packet = self.builder.add_packet()
        packet.trusted_packet_sequence_id = SEQUENCE
        return packet

    def _track(self, uuid: int, parent: int | None) -> TrackDescriptor:
        track = self._packet().track_descriptor
        track.uuid = uuid
        if parent is not None:
            track.parent_uuid = parent
        return track

    def _event(self, track: int, kind: "TrackEvent.Type", cycle: int) -> TrackEvent:
        packet = self._packet()
        packet.timestamp = cycle
        packet.track_event.type = kind
        packet.track_event.track_uuid = track
        self.events += 1
        return packet.track_event


def _write_core(
    writer: _Writer,
    build: Build,
    run: CycleRun,
    number: int,
    steps: int,
    energy: NDArray[np.float64] | None,
) -> None:
    core, times = build.tiled.cores[number], run.timeline[0, number, :steps]
    process = writer.process(number, f"core {core.at} {core.layer}")
    control = writer.track(process, CONTROL, "control")
    emitter = writer.track(process, EMITTER, "emitter")
    before = 0
    for step, row in enumerate(times.tolist()):
        writer.slice(control, f"accumulate {step}", before, row[SWEEP_AT])
        writer.slice(control, f"sweep {step}", row[SWEEP_AT], row[ACCUMULATE_AT])
        # A core that sends during DRAIN waits from the end of its sweep on, before ACCUMULATE.
        waits = row[ACCUMULATE_AT] if row[ACCUMULATE_AT] <= row[EMIT_AT] else row[SWEEP_AT]
        writer.slice(emitter, f"wait {step}", waits, row[EMIT_AT])
        writer.slice(emitter, f"send {step}", row[EMIT_AT], row[IDLE_AT])
        before = row[ACCUMULATE_AT]
    ends = times[:, ACCUMULATE_AT].tolist()
    assert run.trace is not None
    spikes = run.trace[number].spikes[0, :steps].sum(axis=1).tolist()
    writer.counter(
        writer.track(process, SPIKES, "spikes of a step", "spikes"), zip(ends, spikes, strict=True)
    )
    if core.at.context == 0:  # Tiles of one core share its FIFO.
        arrivals = run.arrivals[run.arrivals[:, 0] == number]
        writer.counter(writer.track(process, DEPTH, "event FIFO", "flits"), depths(arrivals))
    if energy is not None:
        joules = (energy[:steps, number] * 1e12).tolist()
        track = writer.track(process, ENERGY, "energy so far (estimated)", "pJ")
        writer.counter(track, zip(ends, joules, strict=True))


def depths(arrivals: IntArray) -> Iterator[tuple[int, float]]:
    """How many flits an event FIFO holds, in the cycles in which that changes: visible after the push, gone
    after the pop."""
    changes = np.concatenate([arrivals[:, 1] + 1, arrivals[:, 2] + 1])
    signs = np.repeat([1, -1], len(arrivals))
    cycles, places = np.unique(changes, return_inverse=True)
    moved = np.bincount(places, signs, len(cycles)) if len(cycles) else np.zeros(0)
    yield from zip(cycles.tolist(), np.cumsum(moved).tolist(), strict=True)


def _write_packets(writer: _Writer, run: CycleRun, most: int) -> None:
    process = writer.process(run.timeline.shape[1], "host")
    track = writer.track(process, CONTROL, "packets out of the mesh")
    kinds = flit_types(run.flits[:most]).tolist()
    for kind, cycle in zip(kinds, run.stamps[:most].tolist(), strict=True):
        writer.instant(track, FlitType(kind).name, cycle)
