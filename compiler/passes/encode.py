"""encode: write a tiled program as the bits of the cores' memories."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..arithmetic import Decay, IntArray, state_range
from ..image import REGISTERS, CoreImage, Image, MemoryImage, pack_lanes, pack_words
from ..program import DECAY_BITS, Bank, Core, Destination, Segment, TiledProgram

RESET_CODES = {"soft": 0, "hard": 1, "none": 2}
EMISSION_CODES = {"spikes": 0, "values_last": 1, "values_every": 2}
SEGMENT_REGISTER, BANK_REGISTER, BANK_WORDS = 16, 32, 8
HALF = 0xFFFF


@dataclass(frozen=True)
class Encode:
    """Needs a valid TiledProgram. Guarantees an Image whose decoding computes the same; the layout is that
    of `docs/microarchitecture.md`, sections 1 and 4.6. Lanes beyond the last neuron never fire."""

    name: ClassVar[str] = "encode"

    def run(self, program: TiledProgram) -> Image:
        return Image(
            name=program.name,
            target=program.target,
            weight_bits=program.weight_bits,
            steps=program.steps,
            input=program.input,
            input_routes=program.input_routes,
            cores=tuple(_core(core, program) for core in program.cores),
            readout=program.readout,
            outputs=program.outputs,
        )


def _core(core: Core, program: TiledProgram) -> CoreImage:
    lanes, bits = program.target.lanes, program.target.state_bits
    pixels = core.tile.rows * core.tile.columns
    initial = _by_word(core.initial, lanes, 0)
    start = np.tile(initial, (pixels, 1))
    cuba = core.current_leak is not None
    return CoreImage(
        at=core.at,
        tile=core.tile,
        registers=pack_words(_registers(core, program), 32),
        weights=pack_lanes(core.weights, program.weight_bits, lanes),
        state=pack_lanes(np.zeros_like(start) if cuba else start, bits, lanes),
        membrane=pack_lanes(start, bits, lanes) if cuba else None,
        thresholds=pack_lanes(_by_word(core.threshold, lanes, state_range(bits)[1]), bits, lanes),
        initial=pack_lanes(initial, bits, lanes, first_address=program.target.parameter_words),
        bias=pack_lanes(_by_word(core.bias, lanes, 0), bits, lanes),
        destinations=pack_words([_destination(entry) for entry in core.destinations], 96),
        sources=pack_words([s.x | s.y << 4 | int(s.host) << 8 for s in core.sources], 32),
        axon_rows=_axons(
            [(count, weights, state, bank) for bank, count, weights, state in core.axon_rows.tolist()]
        ),
        axon_columns=_axons([(*entry, 0) for entry in core.axon_columns.tolist()]),
    )


def _by_word(values: IntArray, lanes: int, padding: int) -> IntArray:
    words = -(-len(values) // lanes)
    padded = np.full(words * lanes, padding, np.int64)
    padded[: len(values)] = values
    return padded.reshape(words, lanes)


def _axons(entries: list[tuple[int, int, int, int]]) -> MemoryImage:
    return pack_words(
        [
            weights | (state & HALF) << 16 | count << 32 | bank << 36
            for count, weights, state, bank in entries
        ],
        64,
    )


def decay_bits(leak: Decay | None) -> int:
    """The hardware's numerator over 2**DECAY_BITS; exact, since the shift floors the same product."""
    return 0 if leak is None else leak.numerator << (DECAY_BITS - leak.fraction_bits)


def _registers(core: Core, program: TiledProgram) -> list[int]:
    lanes, width = program.target.lanes, program.target.state_bits
    tile = core.tile
    mode = 1 | RESET_CODES[core.reset] << 1 | EMISSION_CODES[core.emission] << 3
    mode |= int(core.current_leak is not None) << 5 | int(tile.flat) << 6
    registers = [0] * REGISTERS
    registers[:13] = [
        tile.words(lanes),
        core.neurons,
        mode,
        core.state_bits,
        core.reset_value & ((1 << width) - 1),
        core.ends_needed,
        core.credits_needed,
        len(core.destinations),
        len(core.sources),
        core.recurrent_sources | core.recurrent_destinations << 16,
        decay_bits(core.leak) | decay_bits(core.current_leak) << 16,
        tile.pixel_words(lanes) | tile.columns << 16,
        len(core.segments),
    ]
    for number, segment in enumerate(core.segments):
        registers[SEGMENT_REGISTER + number] = _segment(segment)
    for number, bank in enumerate(core.banks):
        first = BANK_REGISTER + BANK_WORDS * number
        registers[first : first + 4] = _bank(bank)
    return registers


def _segment(segment: Segment) -> int:
    place = segment.first_entry | segment.end_entry << 8
    return place | segment.delay << 20 | int(segment.recurrent) << 24


def _bank(bank: Bank) -> list[int]:
    flags = int(bank.spaced) << 30 | int(bank.depthwise) << 31
    return [
        bank.channel_stride | bank.row_words << 16,
        bank.row_weight_step | bank.column_weight_step << 16,
        bank.row_state_step & HALF | (bank.column_state_step & HALF) << 16,
        bank.first_channel | bank.channels << 8 | flags,
    ]


def _destination(entry: Destination) -> int:
    return (
        (entry.base & 0xFFFFFF)
        | entry.first_word << 32
        | entry.last_word << 48
        | entry.to.x << 64
        | entry.to.y << 68
        | int(entry.to.host) << 72
        | int(entry.sends_end) << 73
        | int(entry.recurrent) << 74
    )
