"""Flat layout: a tiled program as a pool of words, a pool of weights and a pool of states for the kernels."""

from functools import lru_cache
from typing import NamedTuple
from weakref import ref

import numpy as np
from numpy.typing import NDArray

from snnc.compiler.ir.dataflow import dataflow_order
from snnc.compiler.ir.network import count
from snnc.compiler.ir.packing import bases, host_index, on_core
from snnc.compiler.ir.program import (
    HAZARD_DISTANCE,
    Bank,
    Core,
    Destination,
    InputRoute,
    TiledProgram,
    local_coordinates,
)
from snnc.compiler.isa.address import Address
from snnc.compiler.isa.arithmetic import NO_LEAK, IntArray, state_range
from snnc.compiler.isa.contract import CREDIT, END, FlitType
from snnc.compiler.isa.flits import DATA_SHIFT, ROW_MASK, flit
from snnc.sim.engine import records as c
from snnc.sim.engine.slots import contents_of, period_of, state_pool
from snnc.sim.engine.vectors import MARKS

ALIGNMENT = 16
"""State slices of cores start at multiples of this many slots (one SIMD register)."""

_RESETS = {"soft": c.SOFT, "hard": c.HARD, "none": c.NEVER_FIRES}
_EMISSIONS = {"spikes": c.SPIKES, "values_last": c.VALUES_LAST, "values_every": c.VALUES_EVERY}


class Layout(NamedTuple):
    """The arrays that kernels share (weights) or copy per thread (words, states)."""

    words: NDArray[np.int64]
    """Records of `records.py`; the first words[RESET_WORDS] of them hold registers in their reset state."""
    weights: NDArray[np.int8]
    """The weight memories of all cores, lane by lane."""
    states: NDArray[np.int32]
    """Sections of TRACE_ROW slots: state, and membrane where a core has CUBA; then for each core what stands
    in its slots or in a period of them, and its emitter's lists."""
    cores: tuple[int, ...]
    """Record of each core of the program, in its order."""
    routers: tuple[int, ...]
    """Record of each router inside the box that the cores span, row by row."""
    width: int
    """Width of that box; no flit ever leaves it."""

    @property
    def slots(self) -> int:
        """Slots of all cores with the gaps between them, the length of one trace row."""
        return int(self.words[c.TRACE_ROW])


_KEPT: dict[int, tuple["ref[TiledProgram]", Layout]] = {}
"""Layouts of the programs that are in use, by the identity of each."""


def layout_of(program: TiledProgram) -> Layout:
    """The layout of `program`, built once and kept for as long as the program is."""
    known = _KEPT.get(id(program))
    if known is not None and known[0]() is program:
        return known[1]
    layout, identity = build_layout(program), id(program)
    _KEPT[identity] = ref(program, lambda _: _KEPT.pop(identity, None)), layout
    return layout


def build_layout(program: TiledProgram) -> Layout:
    """The pools of `program`, whose `verify` the kernels rely on for every index they follow."""
    places = _Places(program)
    words = np.zeros(places.size, np.int64)
    _fill_header(words, program, places)
    _fill_mesh(words, program, places)
    _fill_shared(words, program, places)
    lanes = program.target.lanes
    state = weight = 0
    for core, record in zip(program.cores, places.cores, strict=True):
        words[record + c.WEIGHT_START], words[record + c.STATE_START] = weight, state
        _fill_core(words, core, record, program, places)
        words[record + c.VALUE_START] = state - places.bases[core.at].state_word * lanes
        _fill_tables(words, core, record, program, places)
        weight += core.weights.size
        state += _aligned(core.tile.words(lanes) * lanes)
    words[c.TRACE_ROW] = state
    contents = [contents_of(core, program) for core in program.cores]
    free = state * (1 + any(_has_membrane(core) for core in program.cores))
    for core, record, content in zip(program.cores, places.cores, contents, strict=True):
        words[record + c.MEMBRANE_START] = int(words[record + c.STATE_START]) + state * _has_membrane(core)
        for column, values in content.items():
            words[record + column] = free
            free += _aligned(len(values))
        words[record + c.AMOUNT] = words[record + (c.AMOUNT if c.AMOUNT in content else c.THRESHOLD)]
        words[record + c.LIST_START] = free
        free += _aligned(core.delay_slots * core.tile.words(lanes) * lanes)
    order = dataflow_order(program)
    words[places.order : places.order + len(order)] = [
        places.cores[places.core_at[core.at]] for core in order
    ]
    return Layout(
        words,
        np.concatenate([core.weights.reshape(-1) for core in program.cores]),
        state_pool(words, places.cores, contents, free + MARKS),
        tuple(places.cores),
        tuple(places.routers),
        places.width,
    )


def _aligned(slots: int) -> int:
    """So many slots up to the next place where a core's may begin."""
    return -(-slots // ALIGNMENT) * ALIGNMENT


def _has_membrane(core: Core) -> bool:
    """Whether the membranes have a memory of their own: the state memory holds the synaptic current."""
    return core.current_leak is not None and core.emission != "values_every"


class _Places:
    """Hands out the word pool: first what a reset restores, then tallies and tables that it leaves alone."""

    def __init__(self, program: TiledProgram) -> None:
        target, cores = program.target, program.cores
        self.size = c.HEADER_WORDS
        self.width = 1 + max(core.at.x for core in cores)
        self.height = 1 + max(core.at.y for core in cores)
        routers = self.width * self.height
        self.bases = bases(program)
        shared = on_core(program) if target.contexts > 1 else {}
        fifo_words, event_fifo_words = (
            c.SLOTS + c.SLOT_WORDS * depth for depth in (target.router_fifo, target.event_fifo)
        )
        self.cores = [self._take(c.EVENT_POPS + target.event_fifo) for _ in cores]
        self.shared = {place: self._take(c.SHARED_WORDS) for place in shared}
        self.routers = [self._take(c.ROUTER_WORDS) for _ in range(routers)]
        self.fifos = [[self._take(fifo_words) for _ in range(c.PORTS)] for _ in range(routers)]
        self.event_fifos = {place: self._take(event_fifo_words) for place in shared}
        self.queue = self._take(routers + len(shared))
        self.reset_words = self.size
        self.core_tallies = [self._take(c.TALLY_WORDS) for _ in cores]
        self.hops = [self._take(c.PORTS) for _ in range(routers)]
        self.host_tally = self._take(2)
        self.entries = [self._take(c.ENTRY_WORDS * len(core.destinations)) for core in cores]
        self.segments = [self._take(c.SEGMENT_WORDS * len(core.segments)) for core in cores]
        self.sources = [self._take(len(core.sources)) for core in cores]
        self.lists = [self._take(core.delay_slots) for core in cores]
        self.banks = [self._take(c.BANK_WORDS * len(core.banks)) for core in cores]
        self.axon_rows = [self._take(c.ROW_ENTRY_WORDS * len(core.axon_rows)) for core in cores]
        self.axon_columns = [self._take(c.COLUMN_ENTRY_WORDS * len(core.axon_columns)) for core in cores]
        self.tiles = {place: self._take(len(tiles)) for place, tiles in shared.items()}
        self.owners = {place: self._take(ROW_MASK + 1) for place in shared}
        self.core_at = {core.at: number for number, core in enumerate(cores)}
        self.input_runs = _input_runs(program, self)
        self.inputs = self._take(self.input_runs.size)
        self.order = self._take(len(cores))
        self.arriving = self._take(_most_arriving(program, self))

    def _take(self, count: int) -> int:
        start = self.size
        self.size += count
        return start


def route_features(program: TiledProgram, route: InputRoute) -> IntArray:
    """The input features that go along a route, in ascending order."""
    shape = program.input.shape
    numbers = np.arange(count(shape)).reshape(shape)
    taken: IntArray = numbers[
        route.first_channel : route.last_channel, route.first_row : route.last_row
    ].reshape(-1)
    return taken


def _input_runs(program: TiledProgram, places: _Places) -> IntArray:
    """(runs, INPUT_WORDS): what neighbouring features send along every route, a row of pixels or all of
    a flat input."""
    shape = program.input.shape
    parts = [np.zeros((0, c.INPUT_WORDS), np.int64)]
    for route in program.input_routes:
        features = route_features(program, route)
        rows = features.reshape(-1, len(features) if shape[1:] == (1, 1) else shape[2])
        local = local_coordinates(shape, features).reshape(rows.shape)
        runs = np.zeros((len(rows), c.INPUT_WORDS), np.int64)
        runs[:, c.INPUT_FEATURE], runs[:, c.INPUT_LENGTH] = rows[:, 0], rows.shape[1]
        runs[:, c.INPUT_CORE] = places.cores[places.core_at[route.to]]
        runs[:, c.INPUT_COORDINATE] = local[:, 0] + places.bases[route.to].coordinate(route.base)
        runs[:, c.INPUT_STEP] = local[0, -1] - local[0, -2] if rows.shape[1] > 1 else 0
        parts.append(runs)
    return np.concatenate(parts)


def _most_arriving(program: TiledProgram, places: _Places) -> int:
    """Most events that are listed for a core at once: from the host, or the slots of a core that sends."""
    runs, lanes = places.input_runs, program.target.lanes
    from_host = np.bincount(runs[:, c.INPUT_CORE], runs[:, c.INPUT_LENGTH], 1)
    return max(int(from_host.max()), *(core.tile.words(lanes) * lanes for core in program.cores))


def _fill_header(words: NDArray[np.int64], program: TiledProgram, places: _Places) -> None:
    target, readout = program.target, program.readout
    fields = {
        c.LANE_SHIFT: target.lanes.bit_length() - 1,
        c.STATE_BITS: target.state_bits,
        c.EVENT_MASK: target.event_fifo - 1,
        c.CORES: places.cores[0],
        c.CORE_COUNT: len(places.cores),
        c.SHARED: min(places.shared.values(), default=0),
        c.SHARED_COUNT: len(places.shared),
        c.ROUTERS: places.routers[0],
        c.ROUTER_COUNT: len(places.routers),
        c.QUEUE: places.queue,
        c.RESET_WORDS: places.reset_words,
        c.INPUTS: places.inputs,
        c.INPUT_COUNT: len(places.input_runs),
        c.ORDER: places.order,
        c.ARRIVING: places.arriving,
        c.HOST_FIFO: places.fifos[0][c.WEST],
        c.HOST_TALLY: places.host_tally,
        c.READS_FIRST_SPIKE: int(readout.kind == "first_spike"),
        c.READS_FROM: readout.first_step,
        c.MULTIPLIES: int(program.target.decay_multiplier),
    }
    for place, value in fields.items():
        words[place] = value
    runs = places.input_runs.reshape(-1)
    words[places.inputs : places.inputs + len(runs)] = runs


def _fill_mesh(words: NDArray[np.int64], program: TiledProgram, places: _Places) -> None:
    """Routers with their links; a link to outside the box is 0 and never asked for."""
    width, height = places.width, places.height
    for number, router in enumerate(places.routers):
        x, y = number % width, number // width
        words[router + c.ROUTER_X], words[router + c.ROUTER_Y] = x, y
        words[router + c.ROUTER_HOPS], words[router + c.PLACE] = places.hops[number], -1
        if Address(x, y) in places.core_at:
            words[router + c.ROUTER_CORE] = places.cores[places.core_at[Address(x, y)]]
        words[router + c.HELD : router + c.HELD + c.PORTS] = -1
        words[router + c.INPUT : router + c.INPUT + c.PORTS] = places.fifos[number]
        links = ((c.NORTH, x, y - 1, c.SOUTH), (c.EAST, x + 1, y, c.WEST),
                 (c.SOUTH, x, y + 1, c.NORTH), (c.WEST, x - 1, y, c.EAST))  # fmt: skip
        for output, to_x, to_y, entry in links:
            if 0 <= to_x < width and 0 <= to_y < height:
                fifo = places.fifos[to_y * width + to_x][entry]
                words[router + c.DRIVES + output] = fifo
                words[fifo + c.FEEDER] = router
        for fifo in places.fifos[number]:
            _fill_fifo(words, fifo, router, program.target.router_fifo)


def _fill_fifo(words: NDArray[np.int64], fifo: int, reader: int, depth: int) -> None:
    words[fifo + c.READER], words[fifo + c.FIFO_MASK] = reader, depth - 1
    words[fifo + c.SLOTS + c.POP :][: depth * c.SLOT_WORDS : c.SLOT_WORDS] = -1


def _fill_shared(words: NDArray[np.int64], program: TiledProgram, places: _Places) -> None:
    """What tiles on one core have in common, where cores have contexts."""
    for place, tiles in on_core(program).items() if places.shared else ():
        core, fifo, owners = places.shared[place], places.event_fifos[place], places.owners[place]
        router = places.routers[place[1] * places.width + place[0]]
        records = [places.cores[places.core_at[tile.at]] for tile in tiles]
        words[core + c.TILES], words[core + c.TILE_COUNT] = places.tiles[place], len(tiles)
        words[core + c.OWNERS], words[core + c.EVENT_FIFO] = owners, fifo
        words[core + c.LOCAL_FIFO] = words[router + c.INPUT + c.LOCAL]
        words[core + c.PLACE] = words[core + c.CONTROL_END] = -1
        words[core + c.SHARED_EVENTS :][: c.EVENT_REGISTER_WORDS] = -1
        words[places.tiles[place] :][: len(tiles)] = records
        for tile, record in zip(tiles, records, strict=True):
            first = owners + places.bases[tile.at].row
            words[first : first + len(tile.axon_rows)] = record
        _fill_fifo(words, fifo, core, program.target.event_fifo)
        words[fifo + c.FEEDER], words[router + c.ROUTER_SHARED] = router, core


def _fill_core(
    words: NDArray[np.int64], core: Core, record: int, program: TiledProgram, places: _Places
) -> None:
    number, target, tile = places.core_at[core.at], program.target, core.tile
    place = places.bases[core.at]
    high = state_range(core.state_bits)[1]
    current_leak = core.current_leak or NO_LEAK
    entries, sources, segments = places.entries[number], places.sources[number], places.segments[number]
    fields = {
        c.ROUTER: places.routers[core.at.y * places.width + core.at.x],
        c.WORDS: tile.words(target.lanes),
        c.PERIOD: period_of(tile, target.lanes),
        c.SLOTS_USED: tile.words(target.lanes) * target.lanes,
        c.NEURONS: core.lanes_read(target.lanes),
        c.LIST_COUNTS: places.lists[number],
        c.RING: core.delay_slots,
        c.RESET: _RESETS[core.reset],
        c.RESET_VALUE: core.reset_value,
        c.CLAMP_LOW: core.lowest,
        c.CLAMP_HIGH: high,
        c.FRACTION: core.fraction_bits,
        c.LEAK_NUMERATOR: core.leak.numerator,
        c.LEAK_SHIFT: core.leak.fraction_bits,
        c.CUBA: int(_has_membrane(core)),
        c.CLEARS: int(core.clears),
        c.CURRENT_NUMERATOR: current_leak.numerator,
        c.CURRENT_SHIFT: current_leak.fraction_bits,
        c.EMISSION: _EMISSIONS[core.emission],
        c.ENDS_NEEDED: core.ends_needed,
        c.CREDITS_NEEDED: core.credits_needed,
        c.FIRST_ENTRY: entries,
        c.LAST_ENTRY: entries + c.ENTRY_WORDS * len(core.destinations),
        c.FIRST_SOURCE: sources,
        c.LAST_SOURCE: sources + len(core.sources),
        c.FIRST_SEGMENT: segments,
        c.LAST_SEGMENT: segments + c.SEGMENT_WORDS * len(core.segments),
        # Coordinates count those of the whole core.
        c.AXON_ROWS: places.axon_rows[number] - place.row * c.ROW_ENTRY_WORDS,
        c.AXON_COLUMNS: places.axon_columns[number] - place.column * c.COLUMN_ENTRY_WORDS,
        c.BANKS: places.banks[number],
        c.TALLY: places.core_tallies[number],
        c.LAST_POP: -1,
        c.ENDS: core.recurrent_sources,
        c.OWED: core.recurrent_destinations,
        c.TRACE: -1,
        c.TIMELINE: -1,
    }
    for column, value in fields.items():
        words[record + column] = value
    words[record + c.EVENT_REGISTERS :][: c.EVENT_REGISTER_WORDS] = -1
    words[record + c.EVENT_POPS : record + c.EVENT_POPS + target.event_fifo] = -1


def _fill_tables(
    words: NDArray[np.int64], core: Core, record: int, program: TiledProgram, places: _Places
) -> None:
    """Sources, destinations, segments, banks and axons of a core; offsets and steps in slots."""
    number, lanes = places.core_at[core.at], program.target.lanes
    entries, sources, segments = (
        int(words[record + f]) for f in (c.FIRST_ENTRY, c.FIRST_SOURCE, c.FIRST_SEGMENT)
    )
    words[sources : sources + len(core.sources)] = [_flits_to(to)[2] for to in core.sources]
    for place, entry in enumerate(core.destinations):
        start = entries + place * c.ENTRY_WORDS
        receiver = 0 if entry.to.host else places.cores[places.core_at[entry.to]]
        head, end, _ = _flits_to(entry.to)
        base = _absolute_base(entry, core, places, lanes)
        ends, backward = int(entry.sends_end), int(entry.recurrent)
        words[start : start + c.HITS] = (
            head, end, base, entry.first_word, entry.last_word, ends, backward, receiver
        )  # fmt: skip
    for place, segment in enumerate(core.segments):
        start = segments + place * c.SEGMENT_WORDS
        bounds = (entries + entry * c.ENTRY_WORDS for entry in (segment.first_entry, segment.end_entry))
        words[start : start + c.SCANNED_TIMES] = (*bounds, segment.delay, int(segment.recurrent))
    banks = places.banks[number]
    for place, bank in enumerate(core.banks):
        start = banks + place * c.BANK_WORDS
        words[start : start + c.POSITIONS] = _bank_record(bank, lanes)
    rows = core.axon_rows[:, [1, 2, 3, 0]] * (1, lanes, lanes, c.BANK_WORDS) + (0, 0, 0, banks)
    words[places.axon_rows[number] :][: rows.size] = rows.reshape(-1)
    columns = core.axon_columns * (1, lanes, lanes)
    words[places.axon_columns[number] :][: columns.size] = columns.reshape(-1)


@lru_cache(1 << 16)
def _flits_to(to: Address) -> tuple[int, int, int]:
    """The address bits of a SPIKE, an END and a CREDIT for a tile."""
    head = flit(FlitType.SPIKE, 0, to) & ((1 << DATA_SHIFT) - 1)
    end, credit = END.pack(context=to.context), CREDIT.pack(context=to.context)
    return head, flit(FlitType.END, end, to), flit(FlitType.CREDIT, credit, to)


def _absolute_base(entry: Destination, core: Core, places: _Places, lanes: int) -> int:
    """What the receiver's memories or tables, and not the tile's part of them, know a neuron by."""
    if entry.to.host:
        return entry.base + host_index(core, places.bases[core.at], lanes)
    if core.emission == "spikes":
        return places.bases[entry.to].coordinate(entry.base)
    return entry.base + places.bases[entry.to].state_word * lanes


def pass_gap(bank: Bank) -> int:
    """Idle cycles that end a pass of the row engine."""
    return HAZARD_DISTANCE - 1 if bank.spaced else max(HAZARD_DISTANCE - bank.row_words, 0)


def _bank_record(bank: Bank, lanes: int) -> list[int]:
    run = 1 if bank.depthwise else bank.row_words * lanes
    steps = (bank.row_weight_step, bank.column_weight_step, bank.row_state_step, bank.column_state_step)
    return [
        bank.first_channel,
        bank.channels,
        bank.channel_stride * lanes,
        bank.row_words,
        run,
        pass_gap(bank),
        int(bank.depthwise),
        *(step * lanes for step in steps),
    ]
