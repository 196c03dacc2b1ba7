"""Reads a tiled program back from an image's bits, for translation validation of `encode`."""

from dataclasses import replace
from typing import cast

import numpy as np

from snnc.base.errors import require
from snnc.compiler.ir.image import CoreImage, Image, MemoryImage
from snnc.compiler.ir.packing import Bases
from snnc.compiler.ir.program import Bank, Core, Destination, Emission, Segment, TiledProgram
from snnc.compiler.isa.address import HOST, Address
from snnc.compiler.isa.arithmetic import Decay, IntArray, ResetMode, state_range
from snnc.compiler.isa.contract import (
    ADDRESS,
    AXON_COLUMN,
    AXON_ROW,
    BANK,
    BANK_REGISTER,
    BANK_STRIDE,
    DECAY_SHIFT,
    DECAY_WIDTH,
    DESTINATION,
    REGISTER,
    SEGMENT,
    SEGMENT_REGISTER,
    SOURCE,
    EmissionCode,
    ResetCode,
)
from snnc.compiler.isa.layout import Word, from_chunks


def decode_image(image: Image) -> TiledProgram:
    """The program that the image's registers, memories and tables mean; raises VerificationError where an
    axon row belongs to another tile."""
    placed = {core.at: _bases(core) for core in image.cores}
    return TiledProgram(
        name=image.name,
        target=image.target,
        steps=image.steps,
        input=image.input,
        input_routes=image.input_routes,
        cores=tuple(_core(core, image, placed) for core in image.cores),
        readout=image.readout,
        outputs=image.outputs,
        weight_bits=image.weight_bits,
    )


def _bases(core: CoreImage) -> Bases:
    """Where the hardware finds what is the tile's."""
    return Bases(
        weight_word=core.weights.first_address,
        state_word=core.register("state_word"),
        parameter_word=core.register("parameter_word"),
        row=core.axon_rows.first_address,
        column=core.axon_columns.first_address,
        destination=core.register("first_destination"),
        source=core.register("first_source"),
    )


def _core(core: CoreImage, image: Image, placed: dict[Address, Bases]) -> Core:
    bits, own = image.target.state_bits, placed[core.at]
    registers = core.registers.words[:, 0].astype(np.int64).tolist()
    plain = REGISTER.unpack(from_chunks(registers[: REGISTER.chunks]))
    sign = 1 << (bits - 1)

    def signed(content: int) -> int:
        return (content ^ sign) - sign

    def per_channel(section: MemoryImage) -> IntArray:
        return section.lanes(bits).reshape(-1)[: core.tile.channels]

    def numerators(section: MemoryImage | None) -> IntArray | None:
        if section is None:
            return None
        return section.lanes(DECAY_WIDTH).reshape(-1)[: core.tile.channels] & REGISTER["decay"].mask

    emission = cast(Emission, EmissionCode(plain["emission"]).name.lower())
    lanes = image.target.lanes

    def relative(entry: Destination) -> Destination:
        if entry.to.host:
            pixels = emission == "values_last" and not core.tile.flat
            first = own.state_word * lanes if pixels else 0
        elif emission == "values_every":
            first = placed[entry.to].state_word * lanes
        else:
            first = placed[entry.to].coordinate(0)
        return replace(entry, base=DESTINATION["base"].read(entry.base - first))

    destinations = tuple(relative(_destination(word)) for word in _integers(core.destinations))
    return Core(
        at=core.at,
        tile=core.tile,
        weights=core.weights.lanes(image.weight_bits).astype(np.int8),
        weight_bits=image.weight_bits,
        axon_rows=_axon_rows(core, own),
        axon_columns=_axons(AXON_COLUMN, ("count", "weights", "state"), core.axon_columns),
        banks=tuple(
            bank
            for first in range(BANK_REGISTER, len(registers), BANK_STRIDE)
            if (bank := _bank(registers[first : first + BANK.chunks])).row_words
        ),
        threshold=per_channel(core.thresholds),
        bias=per_channel(core.bias),
        initial=per_channel(core.initial),
        reset=cast(ResetMode, ResetCode(plain["reset"]).name.lower()),
        reset_value=signed(plain["reset_value"]),
        leak=Decay(plain["decay"], DECAY_SHIFT),
        current_leak=Decay(plain["current_decay"], DECAY_SHIFT) if plain["cuba"] else None,
        state_bits=plain["state_bits"],
        emission=emission,
        sources=tuple(_source(word) for word in _integers(core.sources)[: plain["sources"]]),
        recurrent_sources=plain["recurrent_sources"],
        destinations=destinations[: plain["destinations"]],
        segments=tuple(
            _segment(word, own.destination) for word in registers[SEGMENT_REGISTER:][: plain["segments"]]
        ),
        accumulator=state_range(bits),
        reset_amount=None if core.reset_amounts is None else per_channel(core.reset_amounts),
        leak_numerators=numerators(core.decays),
        current_numerators=numerators(core.current_decays),
        lower_clamp=signed(plain["lower_clamp"]) if image.target.lower_clamp else None,
        fraction_bits=BANK["fraction_bits"].read(
            from_chunks(registers[BANK_REGISTER : BANK_REGISTER + BANK.chunks])
        ),
    )


def _integers(section: MemoryImage) -> list[int]:
    return [int.from_bytes(row.tobytes(), "little") for row in section.words.astype("<u4")]


def _axons(word: Word, names: tuple[str, ...], section: MemoryImage) -> IntArray:
    words = np.array(_integers(section), np.uint64)
    return np.stack([word[name].read_all(words) for name in names], axis=1)


def _axon_rows(core: CoreImage, own: Bases) -> IntArray:
    rows = _axons(AXON_ROW, ("bank", "count", "weights", "state"), core.axon_rows)
    rows[:, 2] = rows[:, 2] - own.weight_word & AXON_ROW["weights"].mask
    rows[:, 3] = rows[:, 3] - own.state_word & AXON_ROW["state"].mask
    contexts = _axons(AXON_ROW, ("context",), core.axon_rows)
    require(bool((contexts == core.at.context).all()), f"core {core.at}", "an axon row is another tile's")
    return rows


def _address(bits: int, context: int) -> Address:
    parts = ADDRESS.unpack(bits)
    return Address(parts["x"], parts["y"], bool(parts["host"]), context)


def _source(word: int) -> Address:
    to = _address(SOURCE["address"].read(word), SOURCE["context"].read(word))
    return HOST if to.host else to


def _bank(chunks: list[int]) -> Bank:
    fields = BANK.unpack(from_chunks(chunks))
    return Bank(
        channel_stride=fields["channel_stride"],
        row_words=fields["row_words"],
        row_weight_step=fields["row_weight_step"],
        column_weight_step=fields["column_weight_step"],
        row_state_step=fields["row_state_step"],
        column_state_step=fields["column_state_step"],
        first_channel=fields["first_channel"],
        channels=fields["channels"],
        spaced=bool(fields["spaced"]),
        depthwise=bool(fields["depthwise"]),
    )


def _segment(word: int, first: int) -> Segment:
    fields = SEGMENT.unpack(word)
    begin, end = fields["first_entry"] - first, fields["end_entry"] - first
    return Segment(begin, end, fields["delay"], bool(fields["recurrent"]))


def _destination(word: int) -> Destination:
    fields = DESTINATION.unpack(word)
    return Destination(
        to=_address(fields["address"], fields["context"]),
        base=fields["base"],
        first_word=fields["first_word"],
        last_word=fields["last_word"],
        sends_end=bool(fields["end"]),
        recurrent=bool(fields["recurrent"]),
    )
