"""Flat layout: a tiled program as a pool of words, a pool of weights and a pool of states for the kernels."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..compiler.arithmetic import state_range
from ..compiler.flits import DATA_SHIFT, FlitType, flit
from ..compiler.program import Address, Core, TiledProgram
from ..errors import VerificationError
from . import columns as c

ROW_ALIGNMENT = 16
"""Weight rows and state slices are padded to a multiple of this many neurons (one SIMD register)."""

_RESETS = {"soft": c.SOFT, "hard": c.HARD, "none": c.NEVER_FIRES}
_EMISSIONS = {"spikes": c.SPIKES, "values_last": c.VALUES_LAST, "values_every": c.VALUES_EVERY}


class Layout(NamedTuple):
    """The arrays that kernels share (weights) or copy per thread (words, states)."""

    words: NDArray[np.int64]
    """Records of `columns.py`; the first words[RESET_WORDS] of them hold registers in their reset state."""
    weights: NDArray[np.int8]
    """Rows of all cores: axon a of a core starts at WEIGHT_START + a * STRIDE."""
    states: NDArray[np.int32]
    """Per core three slices: membranes, the emitter's list of neurons, v(0)."""
    cores: tuple[int, ...]
    """Record of each core of the program, in its order."""
    routers: tuple[int, ...]
    """Record of each router inside the box that the cores span, row by row."""
    width: int
    """Width of that box; no flit ever leaves it."""

    @property
    def neurons(self) -> int:
        """Padded neurons of all cores, the length of one trace row."""
        return int(self.words[c.TRACE_ROW])


def build_layout(program: TiledProgram) -> Layout:
    """The pools of `program`; raises VerificationError if its cores send to each other in a circle."""
    places = _Places(program)
    words = np.zeros(places.size, np.int64)
    _fill_header(words, program, places)
    _fill_mesh(words, program, places)
    neurons = weight = 0
    for core, record in zip(program.cores, places.cores, strict=True):
        words[record + c.WEIGHT_START], words[record + c.STATE_START] = weight, neurons
        _fill_core(words, core, record, program, places)
        weight += int(words[record + c.STRIDE]) * core.axons
        neurons += int(words[record + c.STRIDE])
    words[c.TRACE_ROW] = neurons
    for record in places.cores:
        words[record + c.SEND_START] = words[record + c.STATE_START] + neurons
        words[record + c.INITIAL_START] = words[record + c.STATE_START] + 2 * neurons
    order = _topological_order(program)
    words[places.order : places.order + len(order)] = [places.cores[core] for core in order]
    return Layout(
        words,
        _weight_pool(program, words, places.cores, weight),
        _state_pool(program, words, places.cores),
        tuple(places.cores),
        tuple(places.routers),
        places.width,
    )


class _Places:
    """Hands out the word pool: first what a reset restores, then tallies and tables that it leaves alone."""

    def __init__(self, program: TiledProgram) -> None:
        target = program.target
        self.size = c.HEADER_WORDS
        self.width = 1 + max(core.at.x for core in program.cores)
        self.height = 1 + max(core.at.y for core in program.cores)
        routers = self.width * self.height
        fifo_words = c.SLOTS + c.SLOT_WORDS * target.router_fifo
        self.cores = [self._take(c.EVENT_POPS + target.event_fifo) for _ in program.cores]
        self.routers = [self._take(c.ROUTER_WORDS) for _ in range(routers)]
        self.fifos = [[self._take(fifo_words) for _ in range(c.PORTS)] for _ in range(routers)]
        self.queue = self._take(routers)
        self.reset_words = self.size
        self.core_tallies = [self._take(c.TALLY_WORDS) for _ in program.cores]
        self.hops = [self._take(c.PORTS) for _ in range(routers)]
        self.host_tally = self._take(2)
        self.parameters = [(self._take(core.neurons), self._take(core.neurons)) for core in program.cores]
        self.entries = [self._take(c.ENTRY_WORDS * len(core.destinations)) for core in program.cores]
        self.sources = [self._take(len(core.sources)) for core in program.cores]
        self.routes = self._take(c.ROUTE_WORDS * len(program.input_routes))
        self.order = self._take(len(program.cores))
        self.core_at = {core.at: number for number, core in enumerate(program.cores)}

    def _take(self, count: int) -> int:
        start = self.size
        self.size += count
        return start


def _fill_header(words: NDArray[np.int64], program: TiledProgram, places: _Places) -> None:
    target = program.target
    fields = {
        c.LANE_SHIFT: target.lanes.bit_length() - 1,
        c.STATE_BITS: target.state_bits,
        c.ROUTER_MASK: target.router_fifo - 1,
        c.EVENT_MASK: target.event_fifo - 1,
        c.CORES: places.cores[0],
        c.CORE_COUNT: len(places.cores),
        c.ROUTERS: places.routers[0],
        c.ROUTER_COUNT: len(places.routers),
        c.QUEUE: places.queue,
        c.RESET_WORDS: places.reset_words,
        c.ROUTES: places.routes,
        c.ROUTE_COUNT: len(program.input_routes),
        c.ORDER: places.order,
        c.HOST_FIFO: places.fifos[0][c.WEST],
        c.HOST_TALLY: places.host_tally,
    }
    for place, value in fields.items():
        words[place] = value
    for number, route in enumerate(program.input_routes):
        core = places.cores[places.core_at[route.to]]
        start = places.routes + number * c.ROUTE_WORDS
        words[start : start + c.ROUTE_WORDS] = (core, route.first, route.last, route.axon_base)


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
            words[fifo + c.FIFO_ROUTER] = router
            for slot in range(program.target.router_fifo):
                words[fifo + c.SLOTS + slot * c.SLOT_WORDS + c.POP] = -1


def _fill_core(
    words: NDArray[np.int64], core: Core, record: int, program: TiledProgram, places: _Places
) -> None:
    number = places.core_at[core.at]
    threshold, bias = places.parameters[number]
    low, high = state_range(core.state_bits)
    entries, sources = places.entries[number], places.sources[number]
    fields = {
        c.ROUTER: places.routers[core.at.y * places.width + core.at.x],
        c.WORDS: core.words(program.target.lanes),
        c.NEURONS: core.neurons,
        c.STRIDE: -(-core.neurons // ROW_ALIGNMENT) * ROW_ALIGNMENT,
        c.THRESHOLD: threshold,
        c.BIAS: bias,
        c.RESET: _RESETS[core.reset],
        c.RESET_VALUE: core.reset_value,
        c.CLAMP_LOW: low,
        c.CLAMP_HIGH: high,
        c.LEAK_NUMERATOR: core.leak.numerator,
        c.LEAK_SHIFT: core.leak.fraction_bits,
        c.EMISSION: _EMISSIONS[core.emission],
        c.ENDS_NEEDED: core.ends_needed,
        c.CREDITS_NEEDED: core.credits_needed,
        c.FIRST_ENTRY: entries,
        c.LAST_ENTRY: entries + c.ENTRY_WORDS * len(core.destinations),
        c.FIRST_SOURCE: sources,
        c.LAST_SOURCE: sources + len(core.sources),
        c.TALLY: places.core_tallies[number],
        c.LAST_POP: -1,
        c.BUSY_UNTIL: -1,
        c.TRACE: -1,
        c.TIMELINE: -1,
    }
    for column, value in fields.items():
        words[record + column] = value
    words[record + c.EVENT_POPS : record + c.EVENT_POPS + program.target.event_fifo] = -1
    words[threshold : threshold + core.neurons] = core.threshold
    words[bias : bias + core.neurons] = core.bias
    words[sources : sources + len(core.sources)] = [flit(FlitType.CREDIT, 0, to) for to in core.sources]
    for place, entry in enumerate(core.destinations):
        start = entries + place * c.ENTRY_WORDS
        receiver = 0 if entry.to.host else places.cores[places.core_at[entry.to]]
        head = flit(FlitType.SPIKE, 0, entry.to) & ((1 << DATA_SHIFT) - 1)
        words[start : start + c.HITS] = (
            head, entry.axon_base, entry.first_word, entry.last_word, int(entry.sends_end), receiver
        )  # fmt: skip


def _weight_pool(
    program: TiledProgram, words: NDArray[np.int64], records: list[int], size: int
) -> NDArray[np.int8]:
    pool = np.zeros(size, np.int8)
    for record, core in zip(records, program.cores, strict=True):
        start, stride = int(words[record + c.WEIGHT_START]), int(words[record + c.STRIDE])
        rows = pool[start : start + stride * core.axons].reshape(core.axons, stride)
        rows[:, : core.neurons] = core.weights
    return pool


def _state_pool(program: TiledProgram, words: NDArray[np.int64], records: list[int]) -> NDArray[np.int32]:
    pool = np.zeros(3 * int(words[c.TRACE_ROW]), np.int32)
    for record, core in zip(records, program.cores, strict=True):
        start = int(words[record + c.INITIAL_START])
        pool[start : start + core.neurons] = core.initial
    return pool


def _topological_order(program: TiledProgram) -> list[int]:
    """Core numbers, senders before receivers."""
    number = {core.at: index for index, core in enumerate(program.cores)}
    receivers = [sorted({number[d.to] for d in core.destinations if not d.to.host}) for core in program.cores]
    waiting = [0] * len(receivers)
    for group in receivers:
        for receiver in group:
            waiting[receiver] += 1
    order = [core for core, count in enumerate(waiting) if count == 0]
    for core in order:
        for receiver in receivers[core]:
            waiting[receiver] -= 1
            if waiting[receiver] == 0:
                order.append(receiver)
    if len(order) != len(receivers):
        raise VerificationError("cores send to each other in a circle", where="layout")
    return order
