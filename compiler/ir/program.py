"""IR level 2, `TiledProgram`: tiles of layers on the cores of a mesh, and who sends to whom.

What the simulator runs. Fields that the hardware knows carry the names of `docs/microarchitecture.md`,
which says what they mean cycle by cycle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from snnc.compiler.ir.network import Input, Readout, Shape
from snnc.compiler.isa.address import Address
from snnc.compiler.isa.arithmetic import Decay, IntArray, ResetMode, state_range
from snnc.compiler.isa.contract import MAX_BANKS, MAX_SEGMENTS
from snnc.compiler.isa.flits import coordinates
from snnc.compiler.targets import Target

Emission = Literal["spikes", "values_last", "values_every"]
"""What the emitter sends: spikes of every step, the final membranes, or partial sums of every step."""

HAZARD_DISTANCE = 2
"""Read-modify-write distance of the state memory in cycles: equal words are at least this far apart."""
VALUE_CYCLES = 2 * HAZARD_DISTANCE - 1
"""Cycles a VALUE occupies the row engine: it keeps clear of words in flight on both sides."""
SWEEP_TAIL = 8
"""Cycles of a sweep beyond its words: from the first read for a word to its write."""
INIT_TAIL = 3
"""Cycles of INIT beyond its words, likewise."""
SEGMENT_CYCLES = 2
"""Cycles the emitter takes to begin a segment."""
VALUE_SCAN = 3
"""Cycles the emitter takes to read one state word; a bitmap word takes one."""


@dataclass(frozen=True)
class Tile:
    """Which neurons of a layer a core holds: channels x rows x all columns of the layer.

    A flat tile (one pixel) holds `channels` neurons. Word w = (row * columns + column) * pixel_words + k
    holds the channels k * lanes ... of that pixel.
    """

    layer: str
    layer_shape: Shape
    first_channel: int
    channels: int
    first_row: int
    rows: int

    @property
    def columns(self) -> int:
        return self.layer_shape[2]

    @property
    def flat(self) -> bool:
        """Whether coordinates are neuron numbers in {x, channel} instead of (y, x, channel)."""
        return self.layer_shape[1:] == (1, 1)

    def pixel_words(self, lanes: int) -> int:
        """Words of one pixel."""
        return -(-self.channels // lanes)

    def words(self, lanes: int) -> int:
        """Words of the state memory that the tile occupies."""
        return self.rows * self.columns * self.pixel_words(lanes)

    def neuron_map(self, lanes: int) -> IntArray:
        """Number in the layer of each slot (word, lane), in order, -1 for padding: (words * lanes,)."""
        _, height, width = self.layer_shape
        channel = np.arange(self.pixel_words(lanes) * lanes)
        row = np.arange(self.rows)[:, None, None]
        column = np.arange(width)[None, :, None]
        number = ((self.first_channel + channel) * height + self.first_row + row) * width + column
        slots: IntArray = np.where(channel < self.channels, number, -1).reshape(-1)
        return slots

    def local_slots(self, slots: IntArray, lanes: int) -> IntArray:
        """Local coordinate of slots (word * lanes + lane), as the emitter counts them."""
        if self.flat:
            return slots
        pixel, channel = np.divmod(slots, self.pixel_words(lanes) * lanes)
        row, column = np.divmod(pixel, self.columns)
        return coordinates(row, column, channel)


@dataclass(frozen=True)
class Bank:
    """What one edge of a core has in common for all events: strides in words, the channels it takes."""

    channel_stride: int
    row_weight_step: int
    column_weight_step: int
    row_state_step: int
    column_state_step: int
    row_words: int
    first_channel: int
    channels: int
    spaced: bool
    depthwise: bool


@dataclass(frozen=True)
class Destination:
    """An entry of the destination table: words first_word <= w < last_word (perhaps none) go to `to`, as
    coordinate `base + local` (24 bits), or as value index `base + slot`. `sends_end` marks one entry per
    receiver.

    Towards the host, x, y and context are the sender's own: routers ignore them and the host tells senders
    apart.
    """

    to: Address
    base: int
    first_word: int
    last_word: int
    sends_end: bool
    recurrent: bool


@dataclass(frozen=True)
class Segment:
    """Consecutive destination entries with one delay: in step t they get the spikes of step t - delay."""

    first_entry: int
    end_entry: int
    delay: int
    recurrent: bool


@dataclass(frozen=True)
class Core:
    """A tile on a neurocore: its share of the memories and tables, whose addresses count from its first."""

    at: Address
    tile: Tile
    weights: NDArray[np.int8]
    """(weight words, lanes): the weight memory."""
    weight_bits: int
    axon_rows: IntArray
    """(rows, 4): bank, count, weights, state of each y."""
    axon_columns: IntArray
    """(columns, 3): count, weights, state of each x."""
    banks: tuple[Bank, ...]
    threshold: IntArray
    """(channels,), as bias and initial."""
    bias: IntArray
    initial: IntArray
    reset: ResetMode
    reset_value: int
    leak: Decay
    current_leak: Decay | None
    state_bits: int
    emission: Emission
    sources: tuple[Address, ...]
    """Everyone who sends END to this core, in the order CREDITs are returned."""
    recurrent_sources: int
    """How many of them are on recurrent edges."""
    destinations: tuple[Destination, ...]
    segments: tuple[Segment, ...]
    accumulator: tuple[int, int]
    """Proved smallest and largest value the state word, and every sum in the sweep, can ever hold."""
    reset_amount: IntArray | None = None
    """(channels,): what a soft reset subtracts; None: the threshold."""
    leak_numerators: IntArray | None = None
    """(channels,) in place of that of `leak`; None: all have that."""
    current_numerators: IntArray | None = None
    """The same of `current_leak`."""
    lower_clamp: int | None = None
    """None: membranes reach no lower end of the clamp but that of its width."""
    fraction_bits: int = 0
    """Left shift of what events add."""

    @property
    def layer(self) -> str:
        return self.tile.layer

    @property
    def neurons(self) -> int:
        """Neurons of the tile, without padding."""
        return self.tile.channels * self.tile.rows * self.tile.columns

    def lanes_read(self, lanes: int) -> int:
        """Slots, from the first to that of the last neuron: where the host's membranes are."""
        return self.tile.words(lanes) * lanes - (self.tile.pixel_words(lanes) * lanes - self.tile.channels)

    @property
    def lowest(self) -> int:
        """The lower end of the clamp."""
        bottom = state_range(self.state_bits)[0]
        return bottom if self.lower_clamp is None else max(bottom, self.lower_clamp)

    @property
    def channel_decays(self) -> bool:
        """Whether channels have decays of their own."""
        return self.leak_numerators is not None or self.current_numerators is not None

    @property
    def clears(self) -> bool:
        """Whether the last sweep of a sample writes v(0), which is 0, so that no INIT follows it."""
        return self.emission == "spikes" and not self.initial.any()

    @property
    def ends_needed(self) -> int:
        """ENDs that complete a step."""
        return len(self.sources)

    @property
    def credits_needed(self) -> int:
        """CREDITs owed per emitted step; the host returns none."""
        return sum(entry.sends_end and not entry.to.host for entry in self.destinations)

    @property
    def recurrent_destinations(self) -> int:
        """CREDITs owed before the first step may be emitted."""
        return sum(entry.sends_end and entry.recurrent for entry in self.destinations)

    @property
    def delay_slots(self) -> int:
        """Bitmaps that must be kept."""
        return 1 + max((segment.delay for segment in self.segments), default=0)


@dataclass(frozen=True)
class InputRoute:
    """Input features of channels first_channel <= c < last_channel and rows first_row <= y < last_row go to
    core `to` as coordinate `base + local` (24 bits), local as for a tile of the input's shape at the
    origin."""

    to: Address
    first_channel: int
    last_channel: int
    first_row: int
    last_row: int
    base: int


@dataclass(frozen=True)
class TiledProgram:
    """A placed and routed network on a target."""

    name: str
    target: Target
    steps: int
    input: Input
    input_routes: tuple[InputRoute, ...]
    cores: tuple[Core, ...]
    readout: Readout
    outputs: int
    """Neurons of the readout layer."""
    weight_bits: int
    """Width of a weight in every core's memory; no core's weights are wider."""

    @property
    def fed_by_host(self) -> tuple[Address, ...]:
        """Tiles the host sends events and ENDs to, in the order of their first route."""
        return tuple(dict.fromkeys(route.to for route in self.input_routes))

    @property
    def readout_cores(self) -> tuple[Core, ...]:
        """Cores that send to the host."""
        return tuple(core for core in self.cores if any(d.to.host for d in core.destinations))

    @property
    def ends_per_sample(self) -> int:
        """END flits that leave the mesh per sample."""
        return sum(1 if core.emission == "values_last" else self.steps for core in self.readout_cores)

    def core_at(self, address: Address) -> Core:
        """The core at `address`; raises KeyError."""
        return self._core_by_place[address]

    @cached_property
    def _core_by_place(self) -> dict[Address, Core]:
        """The first core at each address."""
        return {core.at: core for core in reversed(self.cores)}


def core_usage(tiles: Sequence[Core], target: Target, weight_bits: int) -> list[tuple[str, int, int]]:
    """(what, used, available) for all that the core with these `tiles` has a limited number of; weights are
    stored at `weight_bits`. Tiles have banks, segments and delays of their own and share all else."""
    lanes = target.lanes
    return [
        ("state words", sum(core.tile.words(lanes) for core in tiles), target.state_words),
        ("parameter words", sum(core.tile.pixel_words(lanes) for core in tiles), target.parameter_words),
        ("weight words", sum(len(core.weights) for core in tiles), target.weight_words(weight_bits)),
        ("axon rows", sum(len(core.axon_rows) for core in tiles), target.axon_rows),
        ("axon columns", sum(len(core.axon_columns) for core in tiles), target.axon_columns),
        ("banks", max(len(core.banks) for core in tiles), MAX_BANKS),
        ("sources", sum(len(core.sources) for core in tiles), target.sources),
        ("destinations", sum(len(core.destinations) for core in tiles), target.destinations),
        ("delay segments", max(len(core.segments) for core in tiles), MAX_SEGMENTS),
        ("delay slots", max(core.delay_slots for core in tiles), target.delay_slots),
        ("tiles", len(tiles), target.contexts),
    ]


def host_base(tile: Tile, readout: Readout) -> int:
    """What a tile of the readout adds to what it names neurons by to the host: the coordinate of its first
    neuron in the layer. Membranes of a tile with pixels are named by their slots alone."""
    if tile.flat:
        return tile.first_channel
    if readout.kind == "membrane":
        return 0
    return int(coordinates(np.array(tile.first_row), np.array(0), np.array(tile.first_channel)))


def state_memory_bits(core: Core, target: Target) -> int:
    """Bits of state that a tile occupies: a word per neuron and padding lane, two with CUBA neurons."""
    memories = 2 if core.current_leak is not None and core.emission != "values_every" else 1
    return core.tile.words(target.lanes) * target.lanes * target.state_bits * memories


def local_coordinates(shape: Shape, numbers: IntArray) -> IntArray:
    """24-bit coordinate of each neuron number of a population of `shape`: {y, x, channel}, or the number
    itself where the population is flat."""
    _, height, width = shape
    if (height, width) == (1, 1):
        return numbers
    channel, pixel = np.divmod(numbers, height * width)
    row, column = np.divmod(pixel, width)
    return coordinates(row, column, channel)
