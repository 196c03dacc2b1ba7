"""What an access of a memory costs: a curve over sizes for compiled SRAM, or a price per block RAM."""

import math
from dataclasses import dataclass
from typing import Annotated

from snnc.base.bounds import Range
from snnc.base.schema import expect
from snnc.sim.accounting.coefficients import Coefficient, Corner, Number


@dataclass(frozen=True)
class SramCurve:
    """Compiled SRAM. A word of `bits` bits of a macro of `kb` kilobytes costs
    read_1kb * kb^capacity_exponent * (1 + width_slope * (bits - 32)) picojoules; words wider than `widest`
    are spread over macros side by side."""

    read_1kb: Coefficient
    capacity_exponent: Coefficient
    """Shape of the curve; the interval stands in `read_1kb` alone."""
    width_slope: Coefficient
    write_ratio: Coefficient
    """A write over a read."""
    second_port: Coefficient
    """An access of a memory that is read and written in one cycle over one of a memory with a single port."""
    leakage_per_kibit: Coefficient
    widest: Annotated[int, Range(32, 1 << 16)]
    points: tuple[tuple[Number, Number, Number], ...]
    """(kilobytes, word bits, picojoules) that the curve was fitted to."""
    largest_residual: Number
    """Largest relative error of the curve at its points."""

    def __post_init__(self) -> None:
        """Raise SchemaError where a read would cost more than any float, or less than nothing."""
        for name, most in (("capacity_exponent", Range(0, 2)), ("width_slope", Range(0, 1 / 32))):
            shape: Coefficient = getattr(self, name)
            expect(most.accepts(shape.value), f"{name}.value", most.describe("a number"), shape.value)
            expect(shape.at("low") == shape.at("high"), name, "without an interval", shape.high)

    def read(self, words: int, bits: int, *, ports: int, corner: Corner) -> float:
        """Picojoules of one read."""
        macros = math.ceil(bits / self.widest)
        kilobytes = words * bits / macros / 8192
        width = 1 + self.width_slope.value * (bits / macros - 32)
        one = self.read_1kb.at(corner) * kilobytes**self.capacity_exponent.value * width
        return float(macros * one * (self.second_port.at(corner) if ports > 1 else 1))

    def write(self, words: int, bits: int, *, ports: int, corner: Corner) -> float:
        """Picojoules of one write."""
        return self.write_ratio.at(corner) * self.read(words, bits, ports=ports, corner=corner)

    def leakage(self, kibit: float, corner: Corner) -> float:
        """Microwatts of memories of this size together."""
        return self.leakage_per_kibit.at(corner) * kibit


@dataclass(frozen=True)
class BlockRam:
    """Block RAM of an FPGA: every block of a memory is accessed with every word. Memories of few words are
    made of look-up tables; large ones that are only read lie in large RAMs of one port, where the device has
    some. What leaks is in the static power of the device."""

    block_bits: Annotated[int, Range(1, 1 << 24)]
    widest: Annotated[int, Range(1, 1 << 10)]
    """Bits of a word of one block."""
    block_read: Coefficient
    block_write: Coefficient
    shallow_words: Annotated[int, Range(0, 1 << 16)]
    """Memories of up to so many words are no block RAM."""
    shallow_bit: Coefficient
    """An access of them, per bit of a word."""
    large_over: Annotated[int, Range(1, 1 << 16)] | None = None
    """Memories of one port are large from more blocks than these; None where the device has no large RAM."""
    large_bits: Annotated[int, Range(1, 1 << 30)] = 1
    large_width: Annotated[int, Range(1, 1 << 10)] = 1
    """Bits of a word of one large RAM."""
    large_read: Coefficient | None = None

    def __post_init__(self) -> None:
        """Raise SchemaError for large RAMs without a price."""
        price = None if self.large_read is None else self.large_read.value
        priced = (self.large_over is None) == (price is None)
        expect(priced, "large_read", "a price where large_over is, and only there", price)

    def read(self, words: int, bits: int, *, ports: int, corner: Corner) -> float:
        """Picojoules of one read."""
        large = self.large_over is not None and ports == 1 and self.blocks(words, bits) > self.large_over
        if large and self.large_read is not None:
            deep = math.ceil(words * self.large_width / self.large_bits)
            return self.large_read.at(corner) * math.ceil(bits / self.large_width) * deep
        return self._access(words, bits, self.block_read, corner)

    def write(self, words: int, bits: int, *, ports: int, corner: Corner) -> float:
        """Picojoules of one write."""
        return self._access(words, bits, self.block_write, corner)

    def leakage(self, kibit: float, corner: Corner) -> float:
        """Microwatts: none beside the device's."""
        return 0.0

    def blocks(self, words: int, bits: int) -> int:
        """Block RAMs of a memory, at the width that needs fewest; 0 for a shallow one."""
        if words <= self.shallow_words:
            return 0
        widths = [width for width in (self.widest >> shift for shift in range(6)) if width]
        depths = [max(1, self.block_bits // width) for width in widths]
        depths = [1 << (depth.bit_length() - 1) for depth in depths]
        return min(
            math.ceil(bits / width) * math.ceil(words / depth)
            for width, depth in zip(widths, depths, strict=True)
        )

    def _access(self, words: int, bits: int, price: Coefficient, corner: Corner) -> float:
        if words <= self.shallow_words:
            return self.shallow_bit.at(corner) * bits
        return price.at(corner) * self.blocks(words, bits)
