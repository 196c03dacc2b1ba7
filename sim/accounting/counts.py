"""Action counts: the few things both tiers count, and every hardware action that follows from them."""

from dataclasses import dataclass, fields

import numpy as np

from snnc.compiler.ir.packing import bases
from snnc.compiler.ir.program import Bank, Core, TiledProgram
from snnc.compiler.isa.address import HOST, Address
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.isa.contract import FLIT, SPIKE, FlitType
from snnc.compiler.isa.flits import DATA_SHIFT, FlitArray, address_bits, flit_types
from snnc.sim.engine import records as c
from snnc.sim.engine.layout import Layout

Counts = dict[str, IntArray]
"""Action name -> count per core, int64 (cores + 1,); the last entry belongs to the host's port."""


@dataclass(frozen=True)
class Primitives:
    """What was counted while running; all int64. Everything else about actions is a formula on these."""

    events: IntArray
    """(cores,): SPIKE flits received."""
    values: IntArray
    """(cores,): VALUE flits received."""
    fired: IntArray
    """(cores,): spikes found by the sweeps."""
    positions: IntArray
    """(banks,): kernel positions that events touched, in the order of the cores."""
    pass_positions: IntArray
    """(banks,): the same for every pass: one where a lane multiplies, else one per set payload bit."""
    multiplied_positions: IntArray
    """(banks,): the same for the events whose payload a lane multiplied its weight by, being above 1."""
    scans: IntArray
    """(segments,): how often the emitter scanned the tile for each, in the order of the cores."""
    set_lanes: IntArray
    """(segments,): lanes that those scans found, whatever the number of destinations."""
    hits: IntArray
    """(destination entries,): SPIKE and VALUE flits sent by each, in the order of the cores."""
    host_events: IntArray
    """(cores the host feeds,): SPIKE flits the host sent to each."""
    samples: int


def read_primitives(
    program: TiledProgram, layout: Layout, words: IntArray, host_events: IntArray, samples: int
) -> Primitives:
    """What a kernel left in the word pool's tallies."""
    tallies = read_tallies(layout, words)
    banks, segments, entries = [], [], []
    for record, core in zip(layout.cores, program.cores, strict=True):
        banks.append(_records(words, record + c.BANKS, len(core.banks), c.BANK_WORDS))
        segments.append(_records(words, record + c.FIRST_SEGMENT, len(core.segments), c.SEGMENT_WORDS))
        entries.append(_records(words, record + c.FIRST_ENTRY, len(core.destinations), c.ENTRY_WORDS))
    all_banks, all_segments = np.concatenate(banks), np.concatenate(segments)
    return Primitives(
        events=tallies[:, c.EVENTS],
        values=tallies[:, c.VALUES],
        fired=tallies[:, c.FIRED],
        positions=all_banks[:, c.POSITIONS],
        pass_positions=all_banks[:, c.PASS_POSITIONS],
        multiplied_positions=all_banks[:, c.MULTIPLIED_POSITIONS],
        scans=all_segments[:, c.SCANNED_TIMES],
        set_lanes=all_segments[:, c.SET_LANES],
        hits=np.concatenate(entries)[:, c.HITS],
        host_events=host_events,
        samples=samples,
    )


def _records(words: IntArray, link: int, number: int, size: int) -> IntArray:
    """`number` records of `size` words, the first of which words[link] names."""
    return words[words[link] :][: number * size].reshape(number, size)


def read_tallies(layout: Layout, words: IntArray) -> IntArray:
    """(cores, TALLY_WORDS), columns as in `records.py`."""
    return np.array([words[words[core + c.TALLY] :][: c.TALLY_WORDS] for core in layout.cores])


def join_primitives(parts: list[Primitives]) -> Primitives:
    """The sum over batches of samples."""
    sums = {f.name: sum(getattr(part, f.name) for part in parts) for f in fields(Primitives)}
    return Primitives(**sums)


def read_host_events(program: TiledProgram, layout: Layout, words: IntArray) -> IntArray:
    """SPIKE flits from the host at each core that it feeds, as the functional tier counts them."""
    numbers = {core.at: number for number, core in enumerate(program.cores)}
    fed = [numbers[to] for to in program.fed_by_host]
    counts: IntArray = read_tallies(layout, words)[fed, c.FROM_HOST]
    return counts


def count_stream_events(program: TiledProgram, stream: FlitArray) -> IntArray:
    """The same in a flit stream."""
    spikes = stream[flit_types(stream) == FlitType.SPIKE]
    row_bits = SPIKE["y"].width
    fed = np.unique([address_bits(to) for to in program.fed_by_host])
    heads = np.searchsorted(fed, FLIT["address"].read_all(spikes))
    rows = SPIKE["y"].read_all(spikes >> np.uint64(DATA_SHIFT))
    per_row = np.bincount(heads << row_bits | rows, minlength=len(fed) << row_bits)
    placed, counts = bases(program), []
    for to in program.fed_by_host:
        first = (int(np.searchsorted(fed, address_bits(to))) << row_bits) + placed[to].row
        counts.append(per_row[first : first + len(program.core_at(to).axon_rows)].sum())
    return np.array(counts, np.int64)


def count_actions(program: TiledProgram, counted: Primitives) -> Counts:
    """Every action of every core, and of the host's port, for all samples together."""
    rows = []
    bank = segment = entry = 0
    for number, core in enumerate(program.cores):
        banks = slice(bank, bank := bank + len(core.banks))
        segments = slice(segment, segment := segment + len(core.segments))
        entries = slice(entry, entry := entry + len(core.destinations))
        own = _CoreCounts(
            events=int(counted.events[number]),
            values=int(counted.values[number]),
            fired=int(counted.fired[number]),
            positions=counted.positions[banks].tolist(),
            pass_positions=counted.pass_positions[banks].tolist(),
            multiplied_positions=counted.multiplied_positions[banks].tolist(),
            scans=counted.scans[segments].tolist(),
            set_lanes=counted.set_lanes[segments].tolist(),
            hits=counted.hits[entries].tolist(),
        )
        rows.append(_core_actions(core, own, program, counted.samples))
    rows.append(_host_actions(program, counted))
    names = sorted({name for row in rows for name in row})
    return {name: np.array([row.get(name, 0) for row in rows], np.int64) for name in names}


@dataclass(frozen=True)
class _CoreCounts:
    """One core's part of the primitives."""

    events: int
    values: int
    fired: int
    positions: list[int]
    pass_positions: list[int]
    multiplied_positions: list[int]
    scans: list[int]
    set_lanes: list[int]
    hits: list[int]


def total(counts: Counts, name: str) -> int:
    """Sum over cores and host."""
    return int(counts[name].sum())


def _core_actions(core: Core, own: _CoreCounts, program: TiledProgram, samples: int) -> dict[str, int]:
    lanes, words = program.target.lanes, core.tile.words(program.target.lanes)
    steps = samples * program.steps
    sweeps = 0 if core.emission == "values_every" else steps
    emissions = samples if core.emission == "values_last" else steps
    # The sweep that writes v(0) makes INIT needless.
    inits = 0 if core.clears else steps if core.emission == "values_every" else samples
    scanned = sum(own.scans) * words
    # The first word of a segment is read before it is known whether the segment is silent.
    silent = emissions * len(core.segments) - sum(own.scans)
    row_words = sum(n * bank.row_words for bank, n in zip(core.banks, own.pass_positions, strict=True))
    row_lanes, payload_lanes = (
        sum(
            n * (1 if bank.depthwise else bank.row_words * lanes)
            for bank, n in zip(core.banks, positions, strict=True)
        )
        for positions in (own.pass_positions, own.multiplied_positions)
    )
    cuba = core.current_leak is not None and core.emission != "values_every"
    reads_state = core.emission == "values_every" or (core.emission == "values_last" and not cuba)
    swept, initialised = sweeps * words, (sweeps + inits) * words
    decays = [leak for leak in (core.leak, core.current_leak) if leak is not None]
    # Decays of channels are taken to be any number.
    every = core.channel_decays
    sweep_adds = 1 + cuba + (core.reset == "soft") + sum(every or not leak.keeps for leak in decays)
    multiplied = sum(every or (not leak.keeps and leak.shift is None) for leak in decays)
    visits = zip(core.segments, own.set_lanes, strict=True)
    streams = _sent(core, own.hits, emissions, steps)
    events = list(zip((entry.to for entry in core.destinations), own.hits, strict=True))
    return {
        "sops": sum(
            n * fan_out(core, bank, lanes) for bank, n in zip(core.banks, own.positions, strict=True)
        ),
        "spikes": own.fired,
        "weight_reads": row_words,
        "state_reads": row_words + own.values + swept + scanned * reads_state,
        "state_writes": row_words + own.values + initialised,
        "membrane_reads": cuba * (swept + scanned * (core.emission == "values_last")),
        "membrane_writes": cuba * initialised,
        "threshold_reads": swept,
        "reset_amount_reads": swept * (core.reset_amount is not None),
        "decay_reads": swept * len(decays) * core.channel_decays,
        "bias_reads": initialised,
        "bitmap_reads": (scanned + silent) * (core.emission == "spikes"),
        "bitmap_writes": swept,
        "lane_adds": row_lanes + own.values + swept * lanes * sweep_adds,
        "compares": swept * lanes,
        "multiplies": swept * lanes * multiplied if program.target.decay_multiplier else 0,
        "payload_multiplies": payload_lanes,
        "neuron_updates": sweeps * core.neurons,
        "axon_reads": 2 * (own.events + own.values),
        "table_reads": sum(n * (s.end_entry - s.first_entry) for s, n in visits)
        + emissions * len(core.destinations)
        + steps * len(core.sources),
        "event_fifo_writes": own.events + own.values + _protocol_flits(core, steps),
        "event_flits": sum(own.hits),
        "flit_hops": _hops(core.at, streams),
        **_links(core.at, events),
        "host_flits": sum(number for to, number in streams if to.host),
    }


def fan_out(core: Core, bank: Bank, lanes: int) -> int:
    """Real neurons, not padding, that an event of `bank` reaches at one position."""
    return 1 if bank.depthwise else min(core.tile.channels, bank.row_words * lanes)


def hops_to(sender: Address, receiver: Address) -> int:
    """Routers a flit passes from `sender` to `receiver`, its first and last one included."""
    (x, y), (to_x, to_y) = place_of(sender), place_of(receiver)
    return abs(x - to_x) + abs(y - to_y) + 1


def place_of(address: Address) -> tuple[int, int]:
    """Column and row of its router; the host's flits enter and leave at (0, 0)."""
    return (0, 0) if address.host else (address.x, address.y)


def _protocol_flits(core: Core, steps: int) -> int:
    """ENDs and CREDITs a core receives. A membrane readout sends END, but to the host only."""
    return steps * (core.ends_needed + core.credits_needed)


def _sent(core: Core, hits: list[int], emissions: int, steps: int) -> list[tuple[Address, int]]:
    """Flits of all kinds by where they go: spikes and values, ENDs, and CREDITs."""
    entries = zip(core.destinations, hits, strict=True)
    sent = [(entry.to, number + emissions * entry.sends_end) for entry, number in entries]
    return sent + [(source, steps) for source in core.sources]


def _hops(sender: Address, streams: list[tuple[Address, int]]) -> int:
    return sum(number * hops_to(sender, to) for to, number in streams)


def _links(sender: Address, events: list[tuple[Address, int]]) -> dict[str, int]:
    """Links between routers that SPIKEs and VALUEs cross, by direction."""
    x, y = place_of(sender)
    ways = [(number, *place_of(to)) for to, number in events]
    return {
        "east_west_links": sum(number * abs(x - to_x) for number, to_x, _ in ways),
        "north_south_links": sum(number * abs(y - to_y) for number, _, to_y in ways),
    }


def _host_actions(program: TiledProgram, counted: Primitives) -> dict[str, int]:
    steps, feeds = counted.samples * program.steps, program.fed_by_host
    events = list(zip(feeds, counted.host_events.tolist(), strict=True))
    streams = [(to, number + steps) for to, number in events]
    return {
        "event_flits": sum(number for _, number in events),
        "flit_hops": _hops(HOST, streams),
        **_links(HOST, events),
        "host_flits": sum(number for _, number in streams),
    }
