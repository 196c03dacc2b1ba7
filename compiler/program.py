"""IR level 2, `TiledProgram`: tiles of layers on the cores of a mesh, and who sends to whom.

What the simulator runs. A core holds one tile: the neurons `first_neuron ...` of one layer, or partial
sums of them over a slice of the fan-in. Fields that the hardware knows carry the names of
`docs/microarchitecture.md`.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import VerificationError
from .arithmetic import Decay, IntArray, ResetMode, state_range
from .network import Input, Readout
from .targets import Target

Emission = Literal["spikes", "values_last", "values_every"]
"""What the emitter sends: spikes of every step, the final membranes, or partial sums of every step."""

ROW_GAP = 4
"""Read-modify-write distance of the state memory, hence the shortest pass over a row, in cycles."""
VALUE_CYCLES = 2 * ROW_GAP - 1
"""Cycles a VALUE occupies the row engine: it keeps clear of words in flight on both sides."""
SWEEP_TAIL = 6
"""Cycles from the last word a sweep reads to the control's next state."""
INIT_TAIL = 2
"""Cycles from the last word INIT writes to the control's next state."""
VALUE_SCAN = 3
"""Cycles the emitter takes to read one state word; a bitmap word takes one."""


@dataclass(frozen=True)
class Address:
    """A core of the mesh, or the host."""

    x: int
    y: int
    host: bool = False

    def __str__(self) -> str:
        return "host" if self.host else f"({self.x},{self.y})"


HOST = Address(0, 0, host=True)


@dataclass(frozen=True)
class Destination:
    """An entry of the destination table: words first_word <= w < last_word go to `to`, as axon
    (or value index) `axon_base + neuron`, modulo 2**16. `sends_end` marks one entry per receiver.

    Towards the host, x and y are the sender's own: routers ignore them and the host tells senders apart.
    """

    to: Address
    axon_base: int
    first_word: int
    last_word: int
    sends_end: bool


@dataclass(frozen=True)
class Core:
    """One neurocore: its tile, memories and tables."""

    at: Address
    layer: str
    first_neuron: int
    """Index in the layer of the tile's neuron 0."""
    first_axon: int
    """Index in the layer's concatenated fan-in of the tile's axon 0."""
    weights: NDArray[np.int8]
    """(axons, neurons): row a is what an event on axon a adds."""
    weight_bits: int
    threshold: IntArray
    bias: IntArray
    initial: IntArray
    reset: ResetMode
    reset_value: int
    leak: Decay
    state_bits: int
    emission: Emission
    sources: tuple[Address, ...]
    """Everyone who sends END to this core, in the order CREDITs are returned."""
    destinations: tuple[Destination, ...]
    accumulator: tuple[int, int]
    """Proved smallest and largest value the state memory can ever hold."""

    @property
    def neurons(self) -> int:
        return int(self.weights.shape[1])

    @property
    def axons(self) -> int:
        return int(self.weights.shape[0])

    def words(self, lanes: int) -> int:
        """Words of the state memory that the tile occupies."""
        return -(-self.neurons // lanes)

    @property
    def ends_needed(self) -> int:
        """ENDs that complete a step."""
        return len(self.sources)

    @property
    def credits_needed(self) -> int:
        """CREDITs owed per emitted step; the host returns none."""
        return sum(entry.sends_end and not entry.to.host for entry in self.destinations)


@dataclass(frozen=True)
class InputRoute:
    """Input features first <= i < last go to core `to` as axon `axon_base + i`."""

    to: Address
    first: int
    last: int
    axon_base: int


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
        """Cores the host sends events and ENDs to, in the order of their first route."""
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
        for core in self.cores:
            if core.at == address:
                return core
        raise KeyError(str(address))

    def verify(self) -> None:
        """Check every invariant of this level; raises VerificationError naming the core."""
        self.target.verify()
        places = Counter(core.at for core in self.cores)
        for address, uses in places.items():
            _require(uses == 1, f"core {address}", f"holds {uses} tiles")
        for core in self.cores:
            _verify_core(core, self)
            _verify_destinations(core, self, places)
        _verify_sources(self)
        _verify_inputs(self)
        _verify_outputs(self)


def _require(condition: bool, where: str, message: str) -> None:
    if not condition:
        raise VerificationError(message, where=where)


def _verify_core(core: Core, program: TiledProgram) -> None:
    where, target = f"core {core.at}", program.target
    _require(core.weight_bits <= program.weight_bits, where, f"{core.weight_bits}-bit weights are too wide")
    _require(not core.at.host, where, "a core cannot be the host")
    inside = 0 <= core.at.x < target.width and 0 <= core.at.y < target.height
    _require(inside, where, f"lies outside the {target.width} x {target.height} mesh")
    _require(core.weights.dtype == np.int8 and core.weights.ndim == 2, where, "weights must be int8, 2-D")
    for label in ("threshold", "bias", "initial"):
        array = getattr(core, label)
        shaped = array.dtype == np.int64 and array.shape == (core.neurons,)
        _require(shaped, where, f"{label} must be int64 of shape ({core.neurons},)")
    low, high = state_range(target.state_bits)
    _require(
        low <= core.accumulator[0] and core.accumulator[1] <= high,
        where,
        f"accumulator {core.accumulator} leaves {low}..{high}",
    )
    for label, used, limit in core_usage(core, target, program.weight_bits):
        _require(used <= limit, where, f"{label}: needs {used}, has {limit}")
    _require(
        (core.reset == "none") == (core.emission != "spikes"), where, "only a core that fires emits spikes"
    )


def core_usage(core: Core, target: Target, weight_bits: int) -> list[tuple[str, int, int]]:
    """(what, used, available) for everything a core has a limited number of; weights are stored at
    `weight_bits`."""
    words = core.words(target.lanes)
    return [
        ("neurons", core.neurons, target.neurons),
        ("axons", core.axons, target.axons),
        ("weight memory words", core.axons * words, target.weight_words(weight_bits)),
        ("sources", len(core.sources), target.sources),
        ("destinations", len(core.destinations), target.destinations),
    ]


def _verify_destinations(core: Core, program: TiledProgram, places: Counter[Address]) -> None:
    where = f"core {core.at}"
    words = core.words(program.target.lanes)
    ends = Counter(entry.to for entry in core.destinations if entry.sends_end)
    _require(bool(core.destinations), where, "sends to nobody")
    for entry in core.destinations:
        _require(ends[entry.to] == 1, where, f"must send one END per step to {entry.to}")
        _require(0 <= entry.first_word < entry.last_word <= words, where, f"bad word range {entry}")
        if entry.to.host:
            continue
        _require(entry.to in places, where, f"sends to {entry.to}, where no tile is")
        receiver = program.core_at(entry.to)
        limit = receiver.neurons if core.emission == "values_every" else receiver.axons
        first = entry.axon_base + entry.first_word * program.target.lanes
        last = entry.axon_base + min(entry.last_word * program.target.lanes, core.neurons)
        _require(
            first >= 0 and last <= limit, where, f"reaches axons {first}..{last - 1} of {limit} at {entry.to}"
        )


def _verify_sources(program: TiledProgram) -> None:
    senders: dict[Address, list[Address]] = {core.at: [] for core in program.cores}
    for core in program.cores:
        for entry in core.destinations:
            if entry.sends_end and not entry.to.host:
                senders[entry.to].append(core.at)
    for address in program.fed_by_host:
        _require(address in senders, f"core {address}", "is fed by the host but holds no tile")
        senders[address].append(HOST)
    for core in program.cores:
        expected = sorted(map(str, senders[core.at]))
        listed = sorted(map(str, core.sources))
        _require(expected == listed, f"core {core.at}", f"lists sources {listed}, is sent to by {expected}")
        _require(bool(listed), f"core {core.at}", "nobody sends to it")


def _verify_inputs(program: TiledProgram) -> None:
    for route in program.input_routes:
        where = f"input route to {route.to}"
        _require(0 <= route.first < route.last <= program.input.features, where, f"bad range {route}")
        axons = program.core_at(route.to).axons
        fits = route.axon_base + route.first >= 0 and route.axon_base + route.last <= axons
        _require(fits, where, f"reaches axons outside 0..{axons - 1}")


def _verify_outputs(program: TiledProgram) -> None:
    covered = np.zeros(program.outputs, np.int64)
    for core in program.readout_cores:
        for entry in core.destinations:
            if entry.to.host:
                first = entry.axon_base + entry.first_word * program.target.lanes
                last = entry.axon_base + min(entry.last_word * program.target.lanes, core.neurons)
                _require(first >= 0 and last <= program.outputs, f"core {core.at}", "reads out of range")
                covered[first:last] += 1
    _require(bool((covered == 1).all()), program.name, "every readout neuron must reach the host once")
    index_bits = 32 - program.target.state_bits
    _require(program.outputs <= 1 << index_bits, program.name, f"at most {1 << index_bits} readout neurons")
