"""encode: write a tiled program as the bits of the cores' memories."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from snnc.base.errors import VerificationError
from snnc.compiler.ir.image import CoreImage, Image, MemoryImage, pack_lanes, pack_words
from snnc.compiler.ir.levels import Level
from snnc.compiler.ir.packing import Bases, bases, host_index
from snnc.compiler.ir.program import Bank, Core, Destination, Segment, TiledProgram
from snnc.compiler.isa.address import Address
from snnc.compiler.isa.arithmetic import Decay, IntArray, state_range
from snnc.compiler.isa.contract import (
    AXON_COLUMN,
    AXON_ROW,
    BANK,
    BANK_REGISTER,
    BANK_STRIDE,
    DECAY_SHIFT,
    DECAY_WIDTH,
    DESTINATION,
    REGISTER,
    REGISTERS,
    SEGMENT,
    SEGMENT_REGISTER,
    SOURCE,
    EmissionCode,
    ResetCode,
)
from snnc.compiler.isa.flits import address_bits
from snnc.compiler.isa.layout import CHUNK_BITS, Field, Word, to_chunks


@dataclass(frozen=True)
class Encode:
    """Needs a valid TiledProgram. Guarantees an Image whose decoding computes the same; its words are those
    of `compiler/isa/contract.py`. Lanes beyond the last neuron never fire."""

    name: ClassVar[str] = "encode"
    takes: ClassVar[type[Level]] = TiledProgram
    gives: ClassVar[type[Level]] = Image

    def run(self, program: TiledProgram) -> Image:
        placed = bases(program)
        return Image(
            name=program.name,
            target=program.target,
            weight_bits=program.weight_bits,
            steps=program.steps,
            input=program.input,
            input_routes=program.input_routes,
            cores=tuple(_core(core, program, placed) for core in program.cores),
            readout=program.readout,
            outputs=program.outputs,
        )


def _core(core: Core, program: TiledProgram, placed: dict[Address, Bases]) -> CoreImage:
    lanes, bits, own = program.target.lanes, program.target.state_bits, placed[core.at]
    words, first = own.state_word, own.parameter_word
    pixels = core.tile.rows * core.tile.columns
    initial = _by_word(core.initial, lanes, 0)
    start = np.tile(initial, (pixels, 1))
    cuba = core.current_leak is not None
    return CoreImage(
        at=core.at,
        tile=core.tile,
        registers=pack_words(_registers(core, program, own), CHUNK_BITS, REGISTERS * core.at.context),
        weights=pack_lanes(core.weights, program.weight_bits, lanes, own.weight_word),
        state=pack_lanes(np.zeros_like(start) if cuba else start, bits, lanes, words),
        membrane=pack_lanes(start, bits, lanes, words) if cuba else None,
        thresholds=pack_lanes(_by_word(core.threshold, lanes, state_range(bits)[1]), bits, lanes, first),
        initial=pack_lanes(initial, bits, lanes, program.target.parameter_words + first),
        bias=pack_lanes(_by_word(core.bias, lanes, 0), bits, lanes, first),
        destinations=pack_words(
            [_destination(entry, core, placed, lanes) for entry in core.destinations],
            DESTINATION.width,
            own.destination,
        ),
        sources=pack_words([_source(source) for source in core.sources], SOURCE.width, own.source),
        axon_rows=pack_words(_axon_rows(core, own), AXON_ROW.width, own.row),
        axon_columns=pack_words(_axon_columns(core), AXON_COLUMN.width, own.column),
        reset_amounts=None
        if core.reset_amount is None
        else pack_lanes(_by_word(core.reset_amount, lanes, 0), bits, lanes, first),
        decays=_decays(core.leak, core.leak_numerators, core, lanes, first),
        current_decays=_decays(core.current_leak, core.current_numerators, core, lanes, first),
    )


def _decays(
    leak: Decay | None, numerators: IntArray | None, core: Core, lanes: int, first: int
) -> MemoryImage | None:
    """Numerators per channel, of a core in which any have their own."""
    if leak is None or not core.channel_decays:
        return None
    own = np.full(core.tile.channels, leak.numerator) if numerators is None else numerators
    scaled = own << (DECAY_SHIFT - leak.fraction_bits)
    return pack_lanes(_by_word(scaled, lanes, 0), DECAY_WIDTH, lanes, first)


def _by_word(values: IntArray, lanes: int, padding: int) -> IntArray:
    words = -(-len(values) // lanes)
    padded = np.full(words * lanes, padding, np.int64)
    padded[: len(values)] = values
    return padded.reshape(words, lanes)


def _base(entry: Destination, core: Core, placed: dict[Address, Bases], lanes: int) -> int:
    """A base as the hardware adds it, always modulo 2^24: it may be as large as the largest row, or
    negative."""
    item = DESTINATION["base"]
    if abs(entry.base) > item.mask:
        raise VerificationError(f"{entry.base} does not fit a sum of {item.width} bits", where="encode")
    if entry.to.host:
        return item.read(entry.base + host_index(core, placed[core.at], lanes))
    if core.emission == "values_every":
        return item.read(entry.base + placed[entry.to].state_word * lanes)
    return item.read(placed[entry.to].coordinate(entry.base))


def _axon_rows(core: Core, own: Bases) -> list[int]:
    bank, count, weights, state = core.axon_rows.T
    packed: list[int] = AXON_ROW.pack_all(
        bank=bank,
        count=count,
        weights=weights + own.weight_word & AXON_ROW["weights"].mask,
        state=state + own.state_word & AXON_ROW["state"].mask,
        context=core.at.context,
    ).tolist()
    return packed


def _axon_columns(core: Core) -> list[int]:
    count, weights, state = core.axon_columns.T
    packed: list[int] = AXON_COLUMN.pack_all(count=count, weights=weights, state=state).tolist()
    return packed


def _source(to: Address) -> int:
    return SOURCE.pack(address=address_bits(to), context=to.context)


def decay_bits(leak: Decay | None) -> int:
    """The hardware's numerator over 2**DECAY_SHIFT; exact, since the shift floors the same product."""
    return 0 if leak is None else leak.numerator << (DECAY_SHIFT - leak.fraction_bits)


def _registers(core: Core, program: TiledProgram, own: Bases) -> list[int]:
    lanes, tile = program.target.lanes, core.tile
    state = Word("state", CHUNK_BITS, (Field("value", program.target.state_bits, signed=True),))
    shared = not core.channel_decays
    plain = REGISTER.pack(
        words=tile.words(lanes),
        neurons=core.lanes_read(lanes),
        enable=1,
        reset=ResetCode[core.reset.upper()],
        emission=EmissionCode[core.emission.upper()],
        cuba=core.current_leak is not None,
        flat=tile.flat,
        reset_amounts=core.reset_amount is not None,
        channel_decays=core.channel_decays,
        clears=core.clears,
        state_bits=core.state_bits,
        reset_value=state.pack(value=core.reset_value),
        ends_needed=core.ends_needed,
        credits_needed=core.credits_needed,
        destinations=len(core.destinations),
        first_destination=own.destination,
        sources=len(core.sources),
        first_source=own.source,
        recurrent_sources=core.recurrent_sources,
        recurrent_destinations=core.recurrent_destinations,
        decay=decay_bits(core.leak) if shared else 0,
        current_decay=decay_bits(core.current_leak) if shared else 0,
        pixel_words=tile.pixel_words(lanes),
        columns=tile.columns,
        segments=len(core.segments),
        lower_clamp=state.pack(value=core.lowest) if program.target.lower_clamp else 0,
        state_word=own.state_word,
        parameter_word=own.parameter_word,
    )
    registers = [0] * REGISTERS
    registers[: REGISTER.chunks] = to_chunks(plain, REGISTER.chunks)
    for number, segment in enumerate(core.segments):
        registers[SEGMENT_REGISTER + number] = _segment(segment, own.destination)
    for number, bank in enumerate(core.banks):
        first = BANK_REGISTER + BANK_STRIDE * number
        registers[first : first + BANK.chunks] = to_chunks(_bank(bank, core.fraction_bits), BANK.chunks)
    return registers


def _segment(segment: Segment, first: int) -> int:
    return SEGMENT.pack(
        first_entry=first + segment.first_entry,
        end_entry=first + segment.end_entry,
        delay=segment.delay,
        recurrent=segment.recurrent,
    )


def _bank(bank: Bank, fraction_bits: int) -> int:
    return BANK.pack(
        channel_stride=bank.channel_stride,
        row_words=bank.row_words,
        row_weight_step=bank.row_weight_step,
        column_weight_step=bank.column_weight_step,
        row_state_step=bank.row_state_step,
        column_state_step=bank.column_state_step,
        first_channel=bank.first_channel,
        channels=bank.channels,
        fraction_bits=fraction_bits,
        spaced=bank.spaced,
        depthwise=bank.depthwise,
    )


def _destination(entry: Destination, core: Core, placed: dict[Address, Bases], lanes: int) -> int:
    return DESTINATION.pack(
        base=_base(entry, core, placed, lanes),
        first_word=entry.first_word,
        last_word=entry.last_word,
        address=address_bits(entry.to),
        end=entry.sends_end,
        recurrent=entry.recurrent,
        context=entry.to.context,
    )
