"""Reads a tiled program back from an image's bits, for translation validation of `encode`."""

from typing import cast

import numpy as np

from snnc.compiler.ir.image import CoreImage, Image, MemoryImage
from snnc.compiler.ir.program import DECAY_BITS, Bank, Core, Destination, Emission, Segment, TiledProgram
from snnc.compiler.isa.address import HOST, Address
from snnc.compiler.isa.arithmetic import Decay, IntArray, ResetMode, state_range
from snnc.compiler.passes.encode import (
    BANK_REGISTER,
    BANK_WORDS,
    EMISSION_CODES,
    HALF,
    RESET_CODES,
    SEGMENT_REGISTER,
)

_RESETS = {code: name for name, code in RESET_CODES.items()}
_EMISSIONS = {code: name for name, code in EMISSION_CODES.items()}


def decode_image(image: Image) -> TiledProgram:
    """The program that the image's registers, memories and tables mean."""
    return TiledProgram(
        name=image.name,
        target=image.target,
        steps=image.steps,
        input=image.input,
        input_routes=image.input_routes,
        cores=tuple(_core(core, image) for core in image.cores),
        readout=image.readout,
        outputs=image.outputs,
        weight_bits=image.weight_bits,
    )


def _core(core: CoreImage, image: Image) -> Core:
    bits = image.target.state_bits
    registers = core.registers.words[:, 0].astype(np.int64).tolist()
    mode, sign = registers[2], 1 << (bits - 1)
    cuba = bool(mode >> 5 & 1)

    def per_channel(section: MemoryImage) -> IntArray:
        return section.lanes(bits).reshape(-1)[: core.tile.channels]

    destinations = tuple(_destination(word) for word in _integers(core.destinations))
    return Core(
        at=core.at,
        tile=core.tile,
        weights=core.weights.lanes(image.weight_bits).astype(np.int8),
        weight_bits=image.weight_bits,
        axon_rows=np.array([_axon(word) for word in _integers(core.axon_rows)], np.int64),
        axon_columns=np.array([_axon(word)[1:] for word in _integers(core.axon_columns)], np.int64),
        banks=tuple(
            _bank(registers[first : first + 4])
            for first in range(BANK_REGISTER, len(registers), BANK_WORDS)
            if registers[first] >> 16
        ),
        threshold=per_channel(core.thresholds),
        bias=per_channel(core.bias),
        initial=per_channel(core.initial),
        reset=cast(ResetMode, _RESETS[mode >> 1 & 3]),
        reset_value=(registers[4] ^ sign) - sign,
        leak=Decay(registers[10] & HALF, DECAY_BITS),
        current_leak=Decay(registers[10] >> 16, DECAY_BITS) if cuba else None,
        state_bits=registers[3],
        emission=cast(Emission, _EMISSIONS[mode >> 3 & 3]),
        sources=tuple(_source(word) for word in _integers(core.sources)[: registers[8]]),
        recurrent_sources=registers[9] & HALF,
        destinations=destinations[: registers[7]],
        segments=tuple(_segment(word) for word in registers[SEGMENT_REGISTER:][: registers[12]]),
        accumulator=state_range(bits),
    )


def _integers(section: MemoryImage) -> list[int]:
    return [int.from_bytes(row.tobytes(), "little") for row in section.words.astype("<u4")]


def _source(word: int) -> Address:
    return HOST if word >> 8 & 1 else Address(word & 15, word >> 4 & 15)


def _signed(value: int, bits: int) -> int:
    return (value & ((1 << bits) - 1) ^ 1 << (bits - 1)) - (1 << (bits - 1))


def _axon(word: int) -> tuple[int, int, int, int]:
    return word >> 36 & 3, word >> 32 & 15, word & HALF, word >> 16 & HALF


def _bank(words: list[int]) -> Bank:
    return Bank(
        channel_stride=words[0] & HALF,
        row_words=words[0] >> 16 & 0xFFF,
        row_weight_step=words[1] & HALF,
        column_weight_step=words[1] >> 16,
        row_state_step=_signed(words[2], 16),
        column_state_step=_signed(words[2] >> 16, 16),
        first_channel=words[3] & 0xFF,
        channels=words[3] >> 8 & 0x1FF,
        spaced=bool(words[3] >> 30 & 1),
        depthwise=bool(words[3] >> 31),
    )


def _segment(word: int) -> Segment:
    return Segment(word & 0xFF, word >> 8 & 0x1FF, word >> 20 & 15, bool(word >> 24 & 1))


def _destination(word: int) -> Destination:
    return Destination(
        to=Address(word >> 64 & 15, word >> 68 & 15, bool(word >> 72 & 1)),
        base=_signed(word, 24),
        first_word=word >> 32 & HALF,
        last_word=word >> 48 & HALF,
        sends_end=bool(word >> 73 & 1),
        recurrent=bool(word >> 74 & 1),
    )
