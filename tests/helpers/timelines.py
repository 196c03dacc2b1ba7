"""Traces for Perfetto, as a reader finds them."""

from collections import defaultdict
from itertools import pairwise

from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace, TrackEvent


class Read:
    """A trace as a reader finds it: tracks by process and name, and their events."""

    def __init__(self, content: bytes) -> None:
        trace = Trace()
        trace.ParseFromString(content)
        processes: dict[int, str] = {}
        self.names: dict[int, tuple[str, str]] = {}
        self.events: dict[tuple[str, str], list[tuple[int, int, str, float]]] = defaultdict(list)
        for packet in trace.packet:
            if packet.HasField("track_descriptor"):
                track = packet.track_descriptor
                assert track.uuid not in {*processes, *self.names}
                if track.HasField("process"):
                    processes[track.uuid] = track.process.process_name
                else:
                    self.names[track.uuid] = (processes[track.parent_uuid], track.name)
            else:
                event = packet.track_event
                entry = (packet.timestamp, event.type, event.name, event.double_counter_value)
                self.events[self.names[event.track_uuid]].append(entry)
        self.processes = list(processes.values())

    def slices(self, process: str, track: str) -> list[tuple[str, int, int]]:
        found = []
        events = self.events[process, track]
        for begin, end in zip(events[::2], events[1::2], strict=True):
            assert (begin[1], end[1]) == (TrackEvent.TYPE_SLICE_BEGIN, TrackEvent.TYPE_SLICE_END)
            found.append((begin[2], begin[0], end[0]))
        assert all(a[2] <= b[1] for a, b in pairwise(found)), "they do not overlap"
        return found
