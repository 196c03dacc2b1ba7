"""Hand-made networks for the mesh tests: cores, their CONFIG flits, and what they compute."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.compiler.isa.arithmetic import NO_LEAK, Decay, ResetMode, decay, neuron_step
from snnc.rtl.parameters import RtlParameters
from snnc.rtl.simulation.simulate import RtlRun, build_rtl, run_rtl
from snnc.rtl.simulation.tools import Simulator

SPIKE, VALUE, END, CREDIT, CONFIG_ADDRESS, CONFIG_DATA, SYNC = range(7)
SPIKES, VALUES_LAST, VALUES_EVERY = range(3)
RESET_CODES = {"soft": 0, "hard": 1, "none": 2}
HOST = 1 << 12
PARAMETERS = RtlParameters(
    mesh_width=2,
    mesh_height=1,
    lanes=4,
    weight_words=1024,
    state_words=16,
    bitmap_slots=4,
    cuba=1,
    decay_multiplier=1,
    reset_amount=1,
    channel_leak=1,
    lower_clamp=1,
    fraction_bits=5,
)
MEMORIES = (
    *("registers", "weights", "state", "thresholds", "bias", "destinations", "sources"),
    *("membrane", "axon_rows", "axon_columns", "reset_amounts", "decays", "current_decays"),
)


def flit(kind: int, data: int, x: int = 0, y: int = 0, host: bool = False) -> int:
    """One flit from its fields."""
    return (data & 0xFFFF_FFFF) << 16 | kind << 13 | host << 12 | y << 6 | x


@dataclass
class Bank:
    """One bank of the axon tables."""

    channel_stride: int
    row_weight_step: int
    column_weight_step: int
    row_state_step: int
    column_state_step: int
    row_words: int
    first_channel: int = 0
    channels: int = 256
    spaced: bool = False
    depthwise: bool = False
    fraction_bits: int = 0

    def encode(self) -> list[int]:
        return [
            self.channel_stride | self.row_words << 16,
            self.row_weight_step | self.column_weight_step << 16,
            self.row_state_step & 0xFFFF | (self.column_state_step & 0xFFFF) << 16,
            self.first_channel
            | self.channels << 8
            | self.fraction_bits << 24
            | self.spaced << 30
            | self.depthwise << 31,
        ]


@dataclass
class Segment:
    """One segment of the destination table."""

    first_entry: int
    end_entry: int
    delay: int = 0
    recurrent: bool = False

    def encode(self) -> int:
        return self.first_entry | self.end_entry << 8 | self.delay << 20 | self.recurrent << 24


@dataclass
class Destination:
    """One entry of a destination table."""

    x: int = 0
    y: int = 0
    host: bool = False
    base: int = 0
    first_word: int = 0
    last_word: int = 65535
    end: bool = True
    recurrent: bool = False

    def encode(self) -> int:
        return (
            (self.base & 0xFF_FFFF)
            | self.first_word << 32
            | self.last_word << 48
            | self.x << 64
            | self.y << 70
            | self.host << 76
            | self.end << 77
            | self.recurrent << 78
        )


@dataclass
class Core:
    """One flat core and everything in its registers and tables.

    `weights` holds one array (neurons, axons) per edge; edge e hears coordinates with y = e. Its neurons are
    CUBA where `current_leak` is given. `leaks` and `current_leaks`, of 4096 parts, take the place of `leak`
    and `current_leak`.
    """

    x: int
    y: int
    weights: list[NDArray[np.int64]]
    threshold: NDArray[np.int64]
    destinations: list[Destination]
    sources: list[int]
    bias: NDArray[np.int64] | None = None
    initial: NDArray[np.int64] | None = None
    reset: ResetMode = "soft"
    reset_value: int = 0
    emission: int = SPIKES
    leak: Decay = NO_LEAK
    current_leak: Decay | None = None
    leaks: NDArray[np.int64] | None = None
    current_leaks: NDArray[np.int64] | None = None
    reset_amount: NDArray[np.int64] | None = None
    lower_clamp: int | None = None
    fraction_bits: int = 0
    state_bits: int | None = None
    credits_needed: int = 1
    recurrent_sources: int = 0
    segments: list[Segment] = field(default_factory=list)
    membrane: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    current: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def neurons(self) -> int:
        return len(self.threshold)

    def restart(self) -> None:
        """Begin a sample."""
        zero = np.zeros(self.neurons, np.int64)
        self.membrane = zero if self.initial is None else self.initial
        self.current = zero

    def step(
        self, payloads: list[NDArray[np.int64]], bits: int
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Advance one step with the payloads of each edge; returns the state word read, and the spikes."""
        arriving = sum((w @ p for w, p in zip(self.weights, payloads, strict=True)), np.zeros(1, np.int64))
        arriving = arriving << self.fraction_bits
        if self.current_leak is not None:
            arriving = self.current = decay(self.current, self.current_leak, self.current_leaks) + arriving
        result = neuron_step(
            self.membrane,
            arriving,
            threshold=self.threshold,
            bias=np.zeros(self.neurons, np.int64) if self.bias is None else self.bias,
            reset=self.reset,
            reset_value=self.reset_value,
            state_bits=bits if self.state_bits is None else self.state_bits,
            leak=self.leak,
            reset_amount=self.reset_amount,
            leak_numerators=self.leaks,
            lower_clamp=self.lower_clamp,
        )
        state = arriving if self.current_leak is not None else self.membrane + arriving
        self.membrane = result.after
        return state, result.spikes


def pack(values: NDArray[np.int64], lanes: int, bits: int, padding: int = 0) -> list[int]:
    """Numbers into memory words, lane 0 in the lowest bits; `padding` fills the last word."""
    words = -(-len(values) // lanes)
    padded = np.full(words * lanes, padding)
    padded[: len(values)] = values
    mask = (1 << bits) - 1
    return [
        sum((int(v) & mask) << (lane * bits) for lane, v in enumerate(row))
        for row in padded.reshape(words, lanes)
    ]


def decay_bits(leak: Decay | None) -> int:
    """The register's number for a decay."""
    return 0 if leak is None else leak.numerator << 12 - leak.fraction_bits


def registers(core: Core, p: RtlParameters) -> list[int]:
    """All 64 registers."""
    words = -(-core.neurons // p.lanes)
    control = 1 | RESET_CODES[core.reset] << 1 | core.emission << 3
    control |= (core.current_leak is not None) << 5 | 1 << 6
    control |= (core.reset_amount is not None) << 7 | (core.leaks is not None) << 8
    state_bits = p.state_bits if core.state_bits is None else core.state_bits
    lowest = -1 << state_bits - 1 if core.lower_clamp is None else core.lower_clamp
    segments = core.segments or [Segment(0, len(core.destinations))]
    recurrent = sum(d.end and d.recurrent for d in core.destinations)
    content = [words, core.neurons, control, state_bits]
    content += [core.reset_value & 0xFFFF_FFFF, len(core.sources), core.credits_needed]
    content += [len(core.destinations), len(core.sources), core.recurrent_sources | recurrent << 16]
    content += [decay_bits(core.leak) | decay_bits(core.current_leak) << 16, words | 1 << 16, len(segments)]
    content += [lowest & 0xFFFF_FFFF]
    content += [0] * (16 - len(content)) + [s.encode() for s in segments]
    bank = Bank(words, 0, 0, 0, 0, words, fraction_bits=core.fraction_bits)
    content += [0] * (32 - len(content)) + bank.encode()
    return content + [0] * (64 - len(content))


def memories(core: Core, p: RtlParameters) -> list[tuple[int, int, int, list[int]]]:
    """(memory code, first address, bits of a word, words), the enabling register last."""
    lanes, bits, n = p.lanes, p.state_bits, core.neurons
    zero = np.zeros(n, np.int64)
    start = zero if core.initial is None else core.initial
    columns = [column for edge in core.weights for column in edge.T]
    first = np.cumsum([0, *(edge.shape[1] for edge in core.weights)]).tolist()
    words = -(-n // lanes)
    content = registers(core, p)
    cuba = core.current_leak is not None
    return [
        (1, 0, lanes * p.weight_bits, [w for column in columns for w in pack(column, lanes, p.weight_bits)]),
        (2, 0, lanes * bits, pack(zero if cuba else start, lanes, bits)),
        *([(7, 0, lanes * bits, pack(start, lanes, bits))] if cuba else []),
        (3, 0, lanes * bits, pack(core.threshold, lanes, bits, (1 << (bits - 1)) - 1)),
        (4, p.parameter_words, lanes * bits, pack(start, lanes, bits)),
        (4, 0, lanes * bits, pack(zero if core.bias is None else core.bias, lanes, bits)),
        *(
            [(10, 0, lanes * bits, pack(core.reset_amount, lanes, bits))]
            if core.reset_amount is not None
            else []
        ),
        *([(11, 0, lanes * 13, pack(core.leaks, lanes, 13))] if core.leaks is not None else []),
        *(
            [(12, 0, lanes * 13, pack(core.current_leaks, lanes, 13))]
            if core.current_leaks is not None
            else []
        ),
        (5, 0, 96, [d.encode() for d in core.destinations]),
        (6, 0, 9, core.sources),
        (8, 0, 64, [first[e] * words | 1 << 32 for e in range(len(core.weights))]),
        (9, 0, 64, [256 * x * words | 1 << 32 for x in range(p.axon_columns)]),
        (0, 3, 32, content[3:]),
        (0, 0, 32, content[:3]),
    ]


def kept_entry(entry: int, p: RtlParameters) -> int:
    """An axon entry as the table keeps it: no more bits of an address than the memory has."""
    weight_bits, state_bits = ((words - 1).bit_length() for words in (p.weight_words, p.state_words))
    weights, state = entry & (1 << weight_bits) - 1, entry >> 16 & (1 << state_bits) - 1
    return weights | state << weight_bits | entry >> 32 << (weight_bits + state_bits)


def configuration(cores: list[Core], p: RtlParameters) -> list[int]:
    """The CONFIG flits of all cores."""
    flits = []
    for core in cores:
        for memory, address, bits, words in memories(core, p):
            flits += config_flits(memory, address, bits, words, core.x, core.y)
    return flits


def config_flits(memory: int, address: int, bits: int, words: list[int], x: int = 0, y: int = 0) -> list[int]:
    """The CONFIG flits that write `words` of `bits` to a memory."""
    chunks = range(-(-bits // 32))
    data = [flit(CONFIG_DATA, word >> (32 * chunk), x, y) for word in words for chunk in chunks]
    return [flit(CONFIG_ADDRESS, memory << 28 | address, x, y), *data]


def sample(inputs: NDArray[np.int64], targets: list[tuple[int, int]], base: int = 0) -> list[int]:
    """SPIKE, END and SYNC flits of one sample; inputs is (steps, axons)."""
    flits = []
    for step, row in enumerate(inputs):
        for axon in np.flatnonzero(row):
            for x, y in targets:
                flits.append(flit(SPIKE, int(row[axon]) << 24 | int(axon) + base, x, y))
        for x, y in targets:
            flits.append(flit(END, int(step == len(inputs) - 1), x, y))
        flits.append(flit(SYNC, len(targets)))
    return flits


def inputs(rng: np.random.Generator, samples: int, steps: int) -> np.ndarray:
    """(samples, steps, 20) payloads, most of them 0."""
    shape = (samples, steps, 20)
    return rng.integers(1, 4, shape) * (rng.random(shape) < 0.3)


def run_cores(
    cores: list[Core],
    x: np.ndarray,
    cache: Path,
    simulator: Simulator = "verilator",
    *,
    parameters: RtlParameters = PARAMETERS,
    **options: Any,
) -> RtlRun:
    """Configure a mesh with these cores and feed it payloads x (samples, steps, axons)."""
    stall_hooks = options.pop("stall_hooks", False)
    built = build_rtl(parameters, cache, simulator, stall_hooks=stall_hooks)
    setup = configuration(cores, parameters)
    flits = setup + [f for rows in x for f in sample(rows, [(0, 0)])]
    ends = x.shape[0] * x.shape[1]
    return run_rtl(built, np.array(flits, np.uint64), ends, config_flits=len(setup), **options)
