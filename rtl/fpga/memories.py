"""Memories of a build on the ECP5: which are block RAM, distributed RAM or logic, and how many cells."""

from dataclasses import dataclass

import numpy as np

from snnc.compiler.ir.image import CoreImage, Image, MemoryImage
from snnc.compiler.isa.contract import (
    ADDRESS,
    AXON_COLUMN,
    AXON_ROW,
    BANK,
    DECAY_WIDTH,
    DESTINATION,
    FLIT,
    MAX_BANKS,
    MAX_SEGMENTS,
    REGISTER,
    SEGMENT,
    SOURCE,
    Memory,
    kept_axon,
)
from snnc.compiler.isa.layout import Word
from snnc.rtl.export import address_bits
from snnc.rtl.parameters import WEIGHTS_ALONE, RtlParameters

BLOCK_SHAPES = ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384))
"""Bits and words of a DP16KD (Lattice FPGA-TN-02204, memory usage guide)."""
DISTRIBUTED_BITS, DISTRIBUTED_WORDS = 4, 16
"""Shape of a TRELLIS_DPR16X4; `snnc_memory` makes memories up to this depth of them."""
BLOCK_COST, DISTRIBUTED_COST, MULTIPLEXER_COST, TABLE_BIT_COST = 128, 4, 1, 1 / 64
"""What Yosys weighs where no style is asked for (its share/lattice and synth_lattice): a DP16KD, a
TRELLIS_DPR16X4, a bit of a multiplexer between two of these, a bit of a constant table in logic."""
REGISTERS = 2
"""Entries up to which a FIFO is flip-flops."""
EVENT_BITS, PORTS = FLIT.width - ADDRESS.width, 5
"""Bits of a flit behind its address, which an event FIFO keeps; and outputs of a router, of which a bit each
says where a packet leads."""


@dataclass(frozen=True)
class MemoryCells:
    """Cells of memories."""

    block: int = 0
    """DP16KD."""
    distributed: int = 0
    """TRELLIS_DPR16X4."""
    table_bits: int = 0
    """Bits of constant tables in logic."""

    def __add__(self, other: "MemoryCells") -> "MemoryCells":
        return MemoryCells(
            self.block + other.block,
            self.distributed + other.distributed,
            self.table_bits + other.table_bits,
        )

    def __mul__(self, count: int) -> "MemoryCells":
        return MemoryCells(self.block * count, self.distributed * count, self.table_bits * count)


def memory_cells(image: Image, parameters: RtlParameters) -> MemoryCells:
    """The memories of a mesh and its FIFOs, without a board's UART.

    In hardware for one network tables, thresholds and biases are constants, of which only the bits that
    differ between words take room; cores that send no spikes have no bitmap, and cores without a tile
    nothing.
    """
    p = parameters
    if p.loadable & ~WEIGHTS_ALONE:
        cores = (written_memories(p, bitmap=True) + _loaded_tables(p)) * (p.mesh_width * p.mesh_height)
    else:
        cores = MemoryCells()
        for tiles in image.on_core().values():
            cores += written_memories(p, bitmap=any(tile.emits_spikes for tile in tiles)) + _constant_tables(
                p, tiles
            )
    return cores + _fifos(p)


def _fifos(p: RtlParameters) -> MemoryCells:
    return sum(
        (_distributed(bits, depth) * number for bits, depth, number in _fifo_shapes(p) if depth > REGISTERS),
        MemoryCells(),
    )


def fifo_register_bits(p: RtlParameters) -> int:
    """Flip-flops of the FIFOs that are no RAM."""
    return sum(bits * depth * number for bits, depth, number in _fifo_shapes(p) if depth <= REGISTERS)


def _fifo_shapes(p: RtlParameters) -> list[tuple[int, int, int]]:
    """Bits, entries and number: one of events per core; one of packets for each core, the host and each
    direction of a link."""
    cores = p.mesh_width * p.mesh_height
    links = 2 * (2 * cores - p.mesh_width - p.mesh_height)
    packet = EVENT_BITS + _kept_address(p) + PORTS
    return [(EVENT_BITS, p.event_fifo_depth, cores), (packet, p.router_fifo_depth, cores + links + 1)]


def _kept_address(p: RtlParameters) -> int:
    """Bits that a mesh keeps of an address: to tell its places from one beyond them, and the host's."""
    axes = (p.mesh_width, ADDRESS["x"]), (p.mesh_height, ADDRESS["y"])
    return ADDRESS["host"].width + sum(min(places.bit_length(), item.width) for places, item in axes)


def written_memories(p: RtlParameters, *, bitmap: bool) -> MemoryCells:
    """Weights, states, currents and spikes of a core, with `bitmap` where it sends any."""
    memories = [(p.lanes * p.weight_bits, p.weight_words)]
    memories += [(p.lanes * p.state_bits, p.state_words)] * (1 + p.cuba)
    memories += [(p.lanes, p.bitmap_slots * p.state_words)] * bitmap
    return sum((_memory(*memory) for memory in memories), MemoryCells())


def _loaded_tables(p: RtlParameters) -> MemoryCells:
    """Tables that CONFIG flits write, registers aside."""
    addresses = address_bits(p.weight_words), address_bits(p.state_words)
    cells = _memory(p.lanes * p.state_bits, p.parameter_words)
    cells += _memory(p.lanes * p.state_bits, 2 * p.parameter_words)
    cells += _memory(p.lanes * p.state_bits, p.parameter_words) * p.reset_amount
    cells += _memory(p.lanes * DECAY_WIDTH, p.parameter_words) * (p.channel_leak * (1 + p.cuba))
    cells += _cheapest(_context_bits(kept_axon(AXON_ROW, *addresses), p), p.axon_rows)
    cells += _cheapest(kept_axon(AXON_COLUMN, *addresses).bits, p.axon_columns)
    cells += _cheapest(_context_bits(DESTINATION, p), p.destinations)
    if p.contexts > 1:
        # Three contexts are read at once, and nearly every bit for one of them alone.
        cells += _distributed(_field_bits(REGISTER), p.contexts)
        cells += _distributed(_field_bits(SEGMENT), p.contexts * MAX_SEGMENTS)
        cells += _cheapest(_field_bits(BANK), p.contexts * MAX_BANKS)
    return cells + _distributed(_context_bits(SOURCE, p), p.sources)


def _field_bits(word: Word) -> int:
    """Bits of a word that mean something."""
    return sum(item.width for item in word.fields)


def _context_bits(word: Word, p: RtlParameters) -> int:
    """Bits of a word whose last field names a context, of which hardware keeps as many as it needs."""
    return word["context"].at + (p.contexts - 1).bit_length()


def _constant_tables(p: RtlParameters, tiles: list[CoreImage]) -> MemoryCells:
    """Tables of a core that nothing writes: block RAM where that is cheaper than logic."""
    cells = MemoryCells()
    words = {
        Memory.THRESHOLDS: p.parameter_words,
        Memory.BIAS: 2 * p.parameter_words,
        Memory.AXON_ROWS: p.axon_rows,
        Memory.AXON_COLUMNS: p.axon_columns,
        Memory.RESET_AMOUNTS: p.parameter_words,
        Memory.DECAYS: p.parameter_words,
        Memory.CURRENT_DECAYS: p.parameter_words,
    }
    contents: dict[Memory, list[MemoryImage]] = {}
    for memory, section in (found for tile in tiles for found in tile.sections()):
        contents.setdefault(memory, []).append(section)
    for memory, depth in words.items():
        if memory in contents:
            cells += _constant(_varying_bits(contents[memory]), depth)
    return cells


def _constant(bits: int, words: int) -> MemoryCells:
    blocks = _blocks(bits, words)
    is_block = BLOCK_COST * blocks < TABLE_BIT_COST * bits * words
    return MemoryCells(block=blocks) if is_block else MemoryCells(table_bits=bits * words)


def _memory(bits: int, words: int) -> MemoryCells:
    """What `snnc_memory` asks for."""
    if words <= DISTRIBUTED_WORDS:
        return _distributed(bits, words)
    return MemoryCells(block=_blocks(bits, words))


def _cheapest(bits: int, words: int) -> MemoryCells:
    """A written memory of no particular style."""
    distributed, block = _distributed(bits, words), MemoryCells(block=_blocks(bits, words))
    multiplexers = bits * (-(-words // DISTRIBUTED_WORDS) - 1)
    cost = DISTRIBUTED_COST * distributed.distributed + MULTIPLEXER_COST * multiplexers
    return block if BLOCK_COST * block.block < cost else distributed


def _distributed(bits: int, words: int) -> MemoryCells:
    return MemoryCells(distributed=-(-bits // DISTRIBUTED_BITS) * -(-words // DISTRIBUTED_WORDS))


def _blocks(bits: int, words: int) -> int:
    return min(-(-bits // width) * -(-words // depth) for width, depth in BLOCK_SHAPES)


def _varying_bits(sections: list[MemoryImage]) -> int:
    """Bits of a word that are not the same in all words."""
    words = np.concatenate([section.words for section in sections])
    ones, zeros = np.bitwise_or.reduce(words), np.bitwise_or.reduce(~words)
    return sum(int(chunk).bit_count() for chunk in ones & zeros)
