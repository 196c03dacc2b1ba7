"""IR level 3, `Image`: the bits of every memory of every core, and the hardware they are for.

A memory word wider than 32 bits is a row of 32-bit chunks, lowest first, as CONFIG_DATA flits carry them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import VerificationError, require
from snnc.compiler.ir.network import Input, Readout
from snnc.compiler.ir.program import InputRoute, Tile
from snnc.compiler.isa.address import Address
from snnc.compiler.isa.contract import (
    CONFIG_ADDRESS,
    FLIT,
    MODE_REGISTER,
    REGISTER,
    REGISTERS,
    EmissionCode,
    FlitType,
    Memory,
)
from snnc.compiler.isa.flits import FlitArray, address_bits, flit
from snnc.compiler.isa.layout import CHUNK_BITS, from_chunks, to_chunks
from snnc.compiler.targets import Target

BLOCK_WORDS = 1 << 12
"""Words of a memory that are packed together."""


@dataclass(frozen=True)
class MemoryImage:
    """Content of one memory from `first_address` on: `words` (words, chunks), each word of `width` bits."""

    width: int
    first_address: int
    words: NDArray[np.uint32]

    def lanes(self, bits: int) -> NDArray[np.int64]:
        """The words cut into signed fields of `bits`, lowest first: (words, width // bits)."""
        count = self.width // bits
        single = np.unpackbits(self.words.astype("<u4").view(np.uint8), axis=1, bitorder="little")
        fields = single[:, : count * bits].reshape(len(self.words), count, bits).astype(np.int64)
        unsigned = fields @ (1 << np.arange(bits, dtype=np.int64))
        sign = 1 << (bits - 1)
        values: NDArray[np.int64] = (unsigned ^ sign) - sign
        return values


@dataclass(frozen=True)
class CoreImage:
    """One tile's share of all memories of its core; v(0) stands ParameterWords behind the bias."""

    at: Address
    tile: Tile
    """Not in the hardware: which neurons the bits are about."""
    registers: MemoryImage
    weights: MemoryImage
    state: MemoryImage
    thresholds: MemoryImage
    initial: MemoryImage
    bias: MemoryImage
    destinations: MemoryImage
    sources: MemoryImage
    membrane: MemoryImage | None
    """None where the core has no synaptic current."""
    axon_rows: MemoryImage
    axon_columns: MemoryImage
    reset_amounts: MemoryImage | None
    """None where soft resets subtract the thresholds."""
    decays: MemoryImage | None
    """None where the decays stand in registers."""
    current_decays: MemoryImage | None

    @property
    def emits_spikes(self) -> bool:
        """Whether the core sends spikes, not values."""
        return self.register("emission") == EmissionCode.SPIKES

    def register(self, name: str) -> int:
        """The value of a field of the plain registers."""
        chunks = self.registers.words[: REGISTER.chunks, 0].tolist()
        return REGISTER[name].read(from_chunks(chunks))

    def sections(self) -> Iterator[tuple[Memory, MemoryImage]]:
        """Every memory section with the memory it belongs to."""
        yield Memory.WEIGHTS, self.weights
        yield Memory.STATE, self.state
        yield Memory.THRESHOLDS, self.thresholds
        yield Memory.BIAS, self.bias
        yield Memory.BIAS, self.initial
        yield Memory.DESTINATIONS, self.destinations
        yield Memory.SOURCES, self.sources
        yield Memory.AXON_ROWS, self.axon_rows
        yield Memory.AXON_COLUMNS, self.axon_columns
        for memory, section in (
            (Memory.MEMBRANE, self.membrane),
            (Memory.RESET_AMOUNTS, self.reset_amounts),
            (Memory.DECAYS, self.decays),
            (Memory.CURRENT_DECAYS, self.current_decays),
        ):
            if section is not None:
                yield memory, section
        yield Memory.REGISTERS, self.registers


@dataclass(frozen=True)
class Image:
    """A program as bits, for hardware of `target` with weight memories of `weight_bits` per lane."""

    name: str
    target: Target
    weight_bits: int
    steps: int
    input: Input
    input_routes: tuple[InputRoute, ...]
    cores: tuple[CoreImage, ...]
    readout: Readout
    outputs: int

    def verify(self) -> None:
        """Every word fits its width and every section its memory; raises VerificationError."""
        self.target.verify()
        for core in self.cores:
            for memory, section in core.sections():
                where = f"core {core.at} {memory.name.lower()}"
                chunks = -(-section.width // CHUNK_BITS)
                require(section.width >= 1 and section.first_address >= 0, where, "no width or place")
                if section.words.ndim != 2 or section.words.shape[1] != chunks:
                    raise VerificationError(f"words must have {chunks} chunks", where=where)
                spare = chunks * CHUNK_BITS - section.width
                if spare and (section.words[:, -1] >> (CHUNK_BITS - spare)).any():
                    raise VerificationError(f"a word has more than {section.width} bits", where=where)
                depth = self.depth(memory)
                if section.first_address + len(section.words) > depth:
                    raise VerificationError(
                        f"needs {section.first_address + len(section.words)} words, has {depth}", where=where
                    )

    def depth(self, memory: Memory) -> int:
        """Words of a memory in this hardware."""
        return {
            Memory.REGISTERS: REGISTERS * self.target.contexts,
            Memory.WEIGHTS: self.target.weight_words(self.weight_bits),
            Memory.STATE: self.target.state_words,
            Memory.MEMBRANE: self.target.state_words,
            Memory.THRESHOLDS: self.target.parameter_words,
            Memory.RESET_AMOUNTS: self.target.parameter_words,
            Memory.DECAYS: self.target.parameter_words,
            Memory.CURRENT_DECAYS: self.target.parameter_words,
            Memory.BIAS: 2 * self.target.parameter_words,
            Memory.AXON_ROWS: self.target.axon_rows,
            Memory.AXON_COLUMNS: self.target.axon_columns,
            Memory.DESTINATIONS: self.target.destinations,
            Memory.SOURCES: self.target.sources,
        }[memory]

    def config_flits(self) -> FlitArray:
        """The CONFIG flits that load this image, core by core: all contexts are disabled first, those of
        tiles enabled last."""
        flits = [np.zeros(0, np.uint64)]
        for tiles in self.on_core().values():
            flits += [write_mode(tiles[0].at, context) for context in range(self.target.contexts)]
            for core in tiles:
                for memory, section in core.sections():
                    words = section.words.copy()
                    if memory is Memory.REGISTERS:
                        words[MODE_REGISTER] = 0
                    flits.append(write_words(core.at, memory, section.first_address, words.ravel()))
            for core in tiles:
                mode = int(core.registers.words[MODE_REGISTER, 0])
                flits.append(write_mode(core.at, core.at.context, mode))
        return np.concatenate(flits)

    def on_core(self) -> dict[tuple[int, int], list[CoreImage]]:
        """The tiles of every core that has any, by context."""
        places: dict[tuple[int, int], list[CoreImage]] = {}
        for core in sorted(self.cores, key=lambda core: core.at.context):
            places.setdefault((core.at.x, core.at.y), []).append(core)
        return places


def write_mode(to: Address, context: int, mode: int = 0) -> FlitArray:
    """Flits that write the register that enables a context of the core at `to`, or disables it."""
    chunks = np.array([mode], np.uint32)
    return write_words(to, Memory.REGISTERS, REGISTERS * context + MODE_REGISTER, chunks)


def write_words(to: Address, memory: Memory, address: int, chunks: NDArray[np.uint32]) -> FlitArray:
    """Flits that write `chunks` from `address` on."""
    select = CONFIG_ADDRESS.pack(memory=memory, address=address)
    data = FLIT.pack_all(address=address_bits(to), type=FlitType.CONFIG_DATA, data=chunks)
    return np.insert(data, 0, flit(FlitType.CONFIG_ADDRESS, select, to))


def pack_lanes(values: NDArray[Any], bits: int, lanes: int, first_address: int = 0) -> MemoryImage:
    """Signed `values` (words, lanes) of up to 32 `bits` as memory words, lane 0 in the lowest bits."""
    width = bits * lanes
    words = np.empty((len(values), -(-width // CHUNK_BITS)), np.uint32)
    for first in range(0, len(values), BLOCK_WORDS):
        block = slice(first, first + BLOCK_WORDS)
        words[block] = _packed(values[block], bits)
    return MemoryImage(width, first_address, words)


def _packed(values: NDArray[Any], bits: int) -> NDArray[np.uint32]:
    """Chunks of words whose lanes are these values; every bit is a byte on the way."""
    whole = np.ascontiguousarray(values.astype("<i4" if bits > 8 else "i1"))
    fields = whole.view(np.uint8).reshape(*values.shape, whole.itemsize)
    single = np.unpackbits(fields, axis=2, bitorder="little")[:, :, :bits].reshape(len(values), -1)
    padding = -single.shape[1] % CHUNK_BITS
    padded = np.pad(single, ((0, 0), (0, padding))) if padding else single
    return np.packbits(padded, axis=1, bitorder="little").view("<u4").astype(np.uint32)


def pack_words(values: list[int], width: int, first_address: int = 0) -> MemoryImage:
    """Unsigned integers as memory words of `width` bits."""
    chunks = -(-width // CHUNK_BITS)
    rows = [to_chunks(value, chunks) for value in values]
    words = np.array(rows, np.uint32).reshape(len(values), chunks)
    return MemoryImage(width, first_address, words)
