"""Hand-made networks for the mesh tests: cores, their CONFIG flits, and what they compute."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from snnc.compiler.arithmetic import Decay, ResetMode, neuron_step
from snnc.rtl.simulate import RtlParameters

SPIKE, VALUE, END, CREDIT, CONFIG_ADDRESS, CONFIG_DATA, SYNC = range(7)
SPIKES, VALUES_LAST, VALUES_EVERY = range(3)
RESET_CODES = {"soft": 0, "hard": 1, "none": 2}
HOST = 1 << 8


def flit(kind: int, data: int, x: int = 0, y: int = 0, host: bool = False) -> int:
    """One flit from its fields."""
    return (data & 0xFFFF_FFFF) << 12 | kind << 9 | host << 8 | y << 4 | x


@dataclass
class Destination:
    """One entry of a destination table."""

    x: int = 0
    y: int = 0
    host: bool = False
    axon_base: int = 0
    first_word: int = 0
    last_word: int = 4095
    end: bool = True

    def encode(self) -> int:
        return (
            (self.axon_base & 0xFFFF)
            | self.first_word << 16
            | self.last_word << 28
            | self.x << 44
            | self.y << 48
            | self.host << 52
            | self.end << 53
        )


@dataclass
class Core:
    """One core: weights[neuron, axon] and everything in its registers and tables."""

    x: int
    y: int
    weights: NDArray[np.int64]
    threshold: NDArray[np.int64]
    destinations: list[Destination]
    sources: list[int]
    bias: NDArray[np.int64] | None = None
    initial: NDArray[np.int64] | None = None
    reset: ResetMode = "soft"
    reset_value: int = 0
    emission: int = SPIKES
    leak: int = 0
    state_bits: int | None = None
    ends_needed: int = 1
    credits_needed: int = 1
    membrane: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def neurons(self) -> int:
        return len(self.weights)

    def start(self) -> NDArray[np.int64]:
        return np.zeros(self.neurons, np.int64) if self.initial is None else self.initial

    def step(self, payloads: NDArray[np.int64], bits: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Advance one step; returns the membrane with the input, before bias, and the spikes."""
        before = self.membrane + self.weights @ payloads
        result = neuron_step(
            self.membrane,
            self.weights @ payloads,
            threshold=self.threshold,
            bias=np.zeros(self.neurons, np.int64) if self.bias is None else self.bias,
            reset=self.reset,
            reset_value=self.reset_value,
            state_bits=bits if self.state_bits is None else self.state_bits,
            leak=Decay(1, self.leak) if self.leak else Decay(),
        )
        self.membrane = result.after
        return before, result.spikes


def pack(values: NDArray[np.int64], lanes: int, bits: int, padding: int = 0) -> list[int]:
    """Numbers into memory words, lane 0 in the lowest bits; `padding` fills the last word."""
    words = -(-len(values) // lanes)
    padded = np.full(words * lanes, padding)
    padded[: len(values)] = values
    mask = (1 << bits) - 1
    rows = padded.reshape(words, lanes)
    return [sum((int(v) & mask) << (lane * bits) for lane, v in enumerate(row)) for row in rows]


def memories(core: Core, p: RtlParameters) -> list[tuple[int, int, int, list[int]]]:
    """(memory code, first address, bits of a word, words), the enabling register last."""
    lanes, bits, n = p.lanes, p.state_bits, core.neurons
    zero = np.zeros(n, np.int64)
    start = core.start()
    weights = [w for column in core.weights.T for w in pack(column, lanes, p.weight_bits)]
    clamp = bits if core.state_bits is None else core.state_bits
    control = 1 | RESET_CODES[core.reset] << 1 | core.emission << 3 | core.leak << 8
    registers = [-(-n // lanes), n, control, clamp, core.reset_value & 0xFFFF_FFFF]
    registers += [core.ends_needed, core.credits_needed]
    registers += [len(core.destinations), len(core.sources)]
    return [
        (1, 0, lanes * p.weight_bits, weights),
        (2, 0, lanes * bits, pack(start, lanes, bits)),
        (3, 0, lanes * bits, pack(core.threshold, lanes, bits, (1 << (bits - 1)) - 1)),
        (3, p.state_words, lanes * bits, pack(start, lanes, bits)),
        (4, 0, lanes * bits, pack(zero if core.bias is None else core.bias, lanes, bits)),
        (5, 0, 54, [d.encode() for d in core.destinations]),
        (6, 0, 9, core.sources),
        (0, 3, 32, registers[3:]),
        (0, 0, 32, registers[:3]),
    ]


def configuration(cores: list[Core], p: RtlParameters) -> list[int]:
    """The CONFIG flits of all cores."""
    flits = []
    for core in cores:
        for memory, address, bits, words in memories(core, p):
            flits.append(flit(CONFIG_ADDRESS, memory << 28 | address, core.x, core.y))
            for word in words:
                for chunk in range(-(-bits // 32)):
                    flits.append(flit(CONFIG_DATA, word >> (32 * chunk), core.x, core.y))
    return flits


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
