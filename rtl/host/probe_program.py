"""The program of a probe as flits: one tile that hears the host alone and sends it all its membranes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from snnc.compiler.ir.image import MemoryImage, pack_lanes, pack_words, write_mode, write_words
from snnc.compiler.isa.address import Address
from snnc.compiler.isa.arithmetic import IntArray, state_range
from snnc.compiler.isa.contract import (
    AXON_COLUMN,
    AXON_ROW,
    BANK,
    BANK_REGISTER,
    DECAY_WIDTH,
    DESTINATION,
    END,
    FLIT,
    MODE_REGISTER,
    REGISTER,
    REGISTERS,
    SEGMENT,
    SEGMENT_REGISTER,
    SOURCE,
    SPIKE,
    SYNC,
    EmissionCode,
    FlitType,
    Memory,
    value_word,
)
from snnc.compiler.isa.flits import FlitArray, address_bits, flit, flit_data, flit_types
from snnc.compiler.isa.layout import CHUNK_BITS, to_chunks
from snnc.compiler.targets import Target
from snnc.rtl.host.loading import LoadFlits

CHANNELS = 1 << SPIKE["channel"].width
"""Channels that a SPIKE can name."""


@dataclass(frozen=True)
class ProbeProgram:
    """A flat tile of `words` words on the core at `at`; it sends `window`, the first and behind the last."""

    target: Target
    at: Address
    words: int
    window: tuple[int, int]
    mode: Mapping[str, int]
    """Fields of the registers that differ from probe to probe."""
    rows: Sequence[int] = (0,)
    """First weight word of each axon row; channels follow `words` words apart."""

    @property
    def neurons(self) -> int:
        """Those that are sent."""
        return (self.window[1] - self.window[0]) * self.target.lanes

    def load(self, content: Sequence[FlitArray]) -> LoadFlits:
        """What loads it, and `content` into other memories; every other core is disabled."""
        target, registers = self.target, self._registers()
        everybody = [
            write_mode(Address(x, y), context)
            for y in range(target.height)
            for x in range(target.width)
            for context in range(target.contexts)
        ]
        mode, registers[MODE_REGISTER] = registers[MODE_REGISTER], 0
        tables = {
            Memory.AXON_ROWS: pack_words(
                [AXON_ROW.pack(weights=first, count=1) for first in self.rows], AXON_ROW.width
            ),
            Memory.AXON_COLUMNS: pack_words([AXON_COLUMN.pack(count=1)], AXON_COLUMN.width),
            Memory.DESTINATIONS: pack_words([self._destination()], DESTINATION.width),
            Memory.SOURCES: pack_words([SOURCE.pack(address=self._host)], SOURCE.width),
            Memory.REGISTERS: pack_words(registers, CHUNK_BITS),
        }
        own = [written(self.at, memory, section) for memory, section in tables.items()]
        return LoadFlits(np.concatenate([*everybody, *own, *content]), write_mode(self.at, 0, mode))

    def step(self, *, last: bool) -> FlitArray:
        """The end of a step, and the wait for its CREDIT."""
        end = flit(FlitType.END, END.pack(last=last), self.at)
        return np.array([end, flit(FlitType.SYNC, SYNC.pack(count=1))], np.uint64)

    def spike(self, row: int, channel: int) -> FlitArray:
        """An event that adds the weights of a channel."""
        data = SPIKE.pack(payload=1, y=row, channel=channel)
        return np.array([flit(FlitType.SPIKE, data, self.at)], np.uint64)

    def addition(self, value: int) -> FlitArray:
        """Events that add `value` to every neuron."""
        data = value_word(self.target.state_bits).pack_all(
            value=value, index=np.arange(self.words * self.target.lanes)
        )
        return FLIT.pack_all(address=address_bits(self.at), type=FlitType.VALUE, data=data)

    def membranes(self, packets: FlitArray) -> IntArray:
        """(words of the window, lanes) of those that it sent in a sample."""
        values = flit_data(packets[flit_types(packets) == FlitType.VALUE]).astype(np.uint64)
        word = value_word(self.target.state_bits)
        found = np.zeros(self.neurons, np.int64)
        index = word["index"].read_all(values)
        kept = index < self.neurons
        found[index[kept]] = word["value"].read_all(values)[kept]
        return found.reshape(-1, self.target.lanes)

    @property
    def _host(self) -> int:
        """The host, with the core's own column and row."""
        return address_bits(Address(self.at.x, self.at.y, host=True))

    def _destination(self) -> int:
        first, last = self.window
        return DESTINATION.pack(
            base=-first * self.target.lanes, first_word=first, last_word=last, address=self._host, end=1
        )

    def _registers(self) -> list[int]:
        target = self.target
        pixel_words = min(self.words, target.parameter_words)
        lowest = state_range(target.state_bits)[0] & (1 << target.state_bits) - 1
        plain = REGISTER.pack(
            words=self.words,
            neurons=self.words * target.lanes,
            enable=1,
            flat=1,
            state_bits=target.state_bits,
            ends_needed=1,
            destinations=1,
            sources=1,
            pixel_words=pixel_words,
            columns=-(-self.words // pixel_words),
            segments=1,
            lower_clamp=lowest if target.lower_clamp else 0,
            **{"emission": EmissionCode.VALUES_LAST, **self.mode},
        )
        bank = BANK.pack(channel_stride=self.words, row_words=self.words, channels=CHANNELS)
        registers = [0] * REGISTERS
        registers[: REGISTER.chunks] = to_chunks(plain, REGISTER.chunks)
        registers[SEGMENT_REGISTER] = SEGMENT.pack(end_entry=1)
        registers[BANK_REGISTER : BANK_REGISTER + BANK.chunks] = to_chunks(bank, BANK.chunks)
        return registers


def written(at: Address, memory: Memory, section: MemoryImage) -> FlitArray:
    """Flits that write a section of a memory of the core at `at`."""
    return write_words(at, memory, section.first_address, section.words.ravel())


def filled(target: Target, at: Address, memory: Memory, first: int, words: int, value: int) -> FlitArray:
    """Flits that write one number into every lane of `words` words."""
    bits = DECAY_WIDTH if memory in (Memory.DECAYS, Memory.CURRENT_DECAYS) else target.state_bits
    values = np.full((words, target.lanes), value)
    return written(at, memory, pack_lanes(values, bits, target.lanes, first))
