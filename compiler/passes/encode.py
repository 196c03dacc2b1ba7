"""encode: write a tiled program as the bits of the cores' memories."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from snnc.base.errors import VerificationError
from snnc.compiler.ir.image import REGISTERS, CoreImage, Image, MemoryImage, pack_lanes, pack_words
from snnc.compiler.ir.levels import Level
from snnc.compiler.ir.program import DECAY_BITS, Bank, Core, Destination, Segment, TiledProgram
from snnc.compiler.isa.arithmetic import Decay, IntArray, state_range

RESET_CODES = {"soft": 0, "hard": 1, "none": 2}
EMISSION_CODES = {"spikes": 0, "values_last": 1, "values_every": 2}
SEGMENT_REGISTER, BANK_REGISTER, BANK_WORDS = 16, 32, 8
HALF = 0xFFFF
COORDINATE_BITS = 24


@dataclass(frozen=True)
class Encode:
    """Needs a valid TiledProgram. Guarantees an Image whose decoding computes the same; the layout is that
    of `docs/microarchitecture.md`, sections 1 and 4.6. Lanes beyond the last neuron never fire."""

    name: ClassVar[str] = "encode"
    takes: ClassVar[type[Level]] = TiledProgram
    gives: ClassVar[type[Level]] = Image

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


def field(value: int, bits: int, shift: int = 0) -> int:
    """`value` at `shift`; raises VerificationError rather than spill into the neighbouring field."""
    if not 0 <= value < 1 << bits:
        raise VerificationError(f"{value} does not fit a field of {bits} bits", where="encode")
    return value << shift


def signed_field(value: int, bits: int, shift: int = 0) -> int:
    """`value` in two's complement at `shift`; raises VerificationError where it does not fit."""
    half = 1 << (bits - 1)
    if not -half <= value < half:
        raise VerificationError(f"{value} does not fit a signed field of {bits} bits", where="encode")
    return field(value & ((1 << bits) - 1), bits, shift)


def _modular_field(value: int, bits: int) -> int:
    """`value` modulo 2^bits, for a field that is only ever added modulo 2^bits: a coordinate's base may be as
    large as the largest row, or negative."""
    if not -(1 << bits) < value < 1 << bits:
        raise VerificationError(f"{value} does not fit a sum of {bits} bits", where="encode")
    return value & ((1 << bits) - 1)


def _axons(entries: list[tuple[int, int, int, int]]) -> MemoryImage:
    words = [
        field(weights, 16) | field(state, 16, 16) | field(count, 4, 32) | field(bank, 2, 36)
        for count, weights, state, bank in entries
    ]
    return pack_words(words, 64)


def decay_bits(leak: Decay | None) -> int:
    """The hardware's numerator over 2**DECAY_BITS; exact, since the shift floors the same product."""
    return 0 if leak is None else leak.numerator << (DECAY_BITS - leak.fraction_bits)


def _registers(core: Core, program: TiledProgram) -> list[int]:
    lanes, width = program.target.lanes, program.target.state_bits
    tile = core.tile
    mode = 1 | field(RESET_CODES[core.reset], 2, 1) | field(EMISSION_CODES[core.emission], 2, 3)
    mode |= field(core.current_leak is not None, 1, 5) | field(tile.flat, 1, 6)
    registers = [0] * REGISTERS
    registers[:13] = [
        field(tile.words(lanes), 32),
        field(core.neurons, 32),
        mode,
        field(core.state_bits, 6),
        signed_field(core.reset_value, width),
        field(core.ends_needed, 16),
        field(core.credits_needed, 16),
        field(len(core.destinations), 9),
        field(len(core.sources), 9),
        field(core.recurrent_sources, 16) | field(core.recurrent_destinations, 16, 16),
        field(decay_bits(core.leak), 13) | field(decay_bits(core.current_leak), 13, 16),
        field(tile.pixel_words(lanes), 12) | field(tile.columns, 12, 16),
        field(len(core.segments), 3),
    ]
    for number, segment in enumerate(core.segments):
        registers[SEGMENT_REGISTER + number] = _segment(segment)
    for number, bank in enumerate(core.banks):
        first = BANK_REGISTER + BANK_WORDS * number
        registers[first : first + 4] = _bank(bank)
    return registers


def _segment(segment: Segment) -> int:
    place = field(segment.first_entry, 8) | field(segment.end_entry, 9, 8)
    return place | field(segment.delay, 4, 20) | field(segment.recurrent, 1, 24)


def _bank(bank: Bank) -> list[int]:
    flags = field(bank.spaced, 1, 30) | field(bank.depthwise, 1, 31)
    return [
        field(bank.channel_stride, 16) | field(bank.row_words, 12, 16),
        field(bank.row_weight_step, 16) | field(bank.column_weight_step, 16, 16),
        signed_field(bank.row_state_step, 16) | signed_field(bank.column_state_step, 16, 16),
        field(bank.first_channel, 8) | field(bank.channels, 9, 8) | flags,
    ]


def _destination(entry: Destination) -> int:
    return (
        _modular_field(entry.base, COORDINATE_BITS)
        | field(entry.first_word, 16, 32)
        | field(entry.last_word, 16, 48)
        | field(entry.to.x, 4, 64)
        | field(entry.to.y, 4, 68)
        | field(entry.to.host, 1, 72)
        | field(entry.sends_end, 1, 73)
        | field(entry.recurrent, 1, 74)
    )
