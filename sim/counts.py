"""Action counts: the few things both tiers count, and every hardware action that follows from them."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ..compiler.arithmetic import IntArray
from ..compiler.flits import FlitArray, FlitType, flit_types
from ..compiler.program import HOST, Address, Core, TiledProgram
from . import columns as c
from .layout import Layout

Counts = dict[str, IntArray]
"""Action name -> count per core, int64 (cores + 1,); the last entry belongs to the host's port."""


@dataclass(frozen=True)
class Primitives:
    """What was counted while running; all int64. Everything else about actions is a formula on these."""

    events: IntArray
    """(cores,): SPIKE flits received."""
    passes: IntArray
    """(cores,): passes over a weight row, one per set payload bit."""
    values: IntArray
    """(cores,): VALUE flits received."""
    items: IntArray
    """(cores,): neurons sent by the emitter, whatever the number of destinations."""
    hits: IntArray
    """(destination entries,): SPIKE and VALUE flits sent by each, in the order of the cores."""
    host_events: IntArray
    """(input routes,): SPIKE flits the host sent along each."""
    samples: int


def read_primitives(
    program: TiledProgram, layout: Layout, words: IntArray, host_events: IntArray, samples: int
) -> Primitives:
    """What a kernel left in the word pool's tallies."""
    tallies = read_tallies(layout, words)
    hits = [
        words[int(words[record + c.FIRST_ENTRY]) + number * c.ENTRY_WORDS + c.HITS]
        for record, core in zip(layout.cores, program.cores, strict=True)
        for number in range(len(core.destinations))
    ]
    events, passes, values, items = tallies[:, [c.EVENTS, c.PASSES, c.VALUES, c.ITEMS_SENT]].T
    return Primitives(events, passes, values, items, np.array(hits, np.int64), host_events, samples)


def read_tallies(layout: Layout, words: IntArray) -> IntArray:
    """(cores, TALLY_WORDS), columns as in `columns.py`."""
    return np.array([words[words[core + c.TALLY] :][: c.TALLY_WORDS] for core in layout.cores])


def join_primitives(parts: list[Primitives]) -> Primitives:
    """The sum over batches of samples."""
    sums = {f.name: sum(getattr(part, f.name) for part in parts) for f in fields(Primitives)}
    return Primitives(**sums)


def count_host_events(program: TiledProgram, payloads: NDArray[np.integer]) -> IntArray:
    """Non-zero payloads along each input route; `payloads` is (samples, steps, features)."""
    per_feature = np.count_nonzero(payloads, axis=(0, 1))
    return np.array([per_feature[r.first : r.last].sum() for r in program.input_routes], np.int64)


def count_stream_events(program: TiledProgram, stream: FlitArray) -> IntArray:
    """The same from a flit stream, where routes to one core are told apart by their axons."""
    spikes = stream[flit_types(stream) == FlitType.SPIKE]
    heads = (spikes & np.uint64(0xFF)).astype(np.int64)
    axons = ((spikes >> np.uint64(12)) & np.uint64(0xFFFF)).astype(np.int64)
    counts = np.zeros(len(program.input_routes), np.int64)
    for number, route in enumerate(program.input_routes):
        inside = (axons >= route.axon_base + route.first) & (axons < route.axon_base + route.last)
        mine = inside & (heads == (route.to.x | route.to.y << 4))
        counts[number] = np.count_nonzero(mine)
        heads = np.where(mine, -1, heads)
    return counts


def count_actions(program: TiledProgram, counted: Primitives) -> Counts:
    """Every action of every core, and of the host's port, for all samples together."""
    lanes, steps = program.target.lanes, counted.samples * program.steps
    rows = []
    entry = 0
    for number, core in enumerate(program.cores):
        hits = counted.hits[entry : entry + len(core.destinations)]
        entry += len(core.destinations)
        rows.append(_core_actions(core, counted, number, hits.tolist(), lanes, steps))
    rows.append(_host_actions(program, counted, steps))
    names = sorted({name for row in rows for name in row})
    return {name: np.array([row.get(name, 0) for row in rows], np.int64) for name in names}


def total(counts: Counts, name: str) -> int:
    """Sum over cores and host."""
    return int(counts[name].sum())


def _core_actions(
    core: Core, counted: Primitives, number: int, hits: list[int], lanes: int, steps: int
) -> dict[str, int]:
    words = core.words(lanes)
    passes, values, items = (int(a[number]) for a in (counted.passes, counted.values, counted.items))
    sweeps = 0 if core.emission == "values_every" else steps
    emissions = counted.samples if core.emission == "values_last" else steps
    inits = counted.samples
    scans = emissions * words
    reads_values = core.emission != "spikes"
    per_sweep_adds = 1 + (core.reset == "soft") + (core.leak.numerator > 0)
    return {
        "sops": int(counted.events[number]) * core.neurons,
        "spikes": 0 if reads_values else items,
        "weight_reads": passes * words,
        "state_reads": passes * words + values + sweeps * words + (scans if reads_values else 0),
        "state_writes": passes * words + values + (sweeps + inits) * words,
        "threshold_reads": (sweeps + inits) * words,
        "bias_reads": sweeps * words,
        "bitmap_reads": 0 if reads_values else scans,
        "bitmap_writes": sweeps * words,
        "lane_adds": passes * words * lanes + values + sweeps * words * lanes * per_sweep_adds,
        "compares": sweeps * words * lanes,
        "table_reads": (items + emissions) * len(core.destinations) + steps * len(core.sources),
        "event_fifo_writes": int(counted.events[number]) + values + _protocol_flits(core, counted, steps),
        "flit_hops": _sent_hops(core, hits, emissions, steps),
        "host_flits": sum(h for d, h in _zip_hits(core, hits) if d.host)
        + emissions * sum(d.to.host for d in core.destinations if d.sends_end)
        + steps * sum(source.host for source in core.sources),
    }


def _zip_hits(core: Core, hits: list[int]) -> Iterable[tuple[Address, int]]:
    return zip((entry.to for entry in core.destinations), hits, strict=True)


def hops_to(sender: Address, receiver: Address) -> int:
    """Routers a flit passes from `sender` to `receiver`, its first and last one included."""
    (x, y), (to_x, to_y) = ((0, 0) if place.host else (place.x, place.y) for place in (sender, receiver))
    return abs(x - to_x) + abs(y - to_y) + 1


def _protocol_flits(core: Core, counted: Primitives, steps: int) -> int:
    """ENDs and CREDITs a core receives. A membrane readout sends END, but to the host only."""
    return steps * (core.ends_needed + core.credits_needed)


def _sent_hops(core: Core, hits: list[int], emissions: int, steps: int) -> int:
    data = sum(count * hops_to(core.at, to) for to, count in _zip_hits(core, hits))
    ends = emissions * sum(hops_to(core.at, d.to) for d in core.destinations if d.sends_end)
    return data + ends + steps * sum(hops_to(core.at, source) for source in core.sources)


def _host_actions(program: TiledProgram, counted: Primitives, steps: int) -> dict[str, int]:
    routes = list(zip(program.input_routes, counted.host_events.tolist(), strict=True))
    data_hops = sum(count * hops_to(HOST, route.to) for route, count in routes)
    end_hops = steps * sum(hops_to(HOST, to) for to in program.fed_by_host)
    flits = sum(count for _, count in routes) + steps * len(program.fed_by_host)
    return {"flit_hops": data_hops + end_hops, "host_flits": flits}
