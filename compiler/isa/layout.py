"""Words of hardware as named fields: where each lies, packing and unpacking of integers and arrays."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import VerificationError

CHUNK_BITS = 32
"""Bits of a memory word that one CONFIG_DATA flit carries."""


@dataclass(frozen=True)
class Field:
    """A number within a word; it lies `at` a bit, or right above the field before it."""

    name: str
    width: int
    meaning: str = ""
    at: int = -1
    signed: bool = False
    parts: "Word | None" = None
    """What an unsigned field is made of, where it has fields of its own."""

    @property
    def end(self) -> int:
        """The bit above it."""
        return self.at + self.width

    @property
    def mask(self) -> int:
        """Its largest unsigned content."""
        return (1 << self.width) - 1

    @property
    def range(self) -> tuple[int, int]:
        """Smallest and largest value."""
        half = 1 << self.width - 1
        return (-half, half - 1) if self.signed else (0, self.mask)

    def read(self, word: int) -> int:
        """Its value in a word."""
        content = word >> self.at & self.mask
        return content - (1 << self.width) if self.signed and content >> self.width - 1 else content

    def read_all(self, words: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Its value in each of many words of up to 64 bits."""
        content = (words >> np.uint64(self.at) & np.uint64(self.mask)).astype(np.int64)
        return content - (content >> self.width - 1 << self.width) if self.signed else content


@dataclass(frozen=True)
class Word:
    """A word of `width` bits with `fields` from the lowest on; bits of no field are reserved, and 0."""

    name: str
    width: int
    fields: tuple[Field, ...]
    _by_name: dict[str, Field] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        placed: list[Field] = []
        end = 0
        for item in self.fields:
            at = end if item.at < 0 else item.at
            if at < end or at + item.width > self.width:
                raise ValueError(f"{self.name}.{item.name}: bits {at} to {at + item.width - 1} are not free")
            placed.append(replace(item, at=at))
            end = at + item.width
        object.__setattr__(self, "fields", tuple(placed))
        object.__setattr__(self, "_by_name", {item.name: item for item in placed})

    def __getitem__(self, name: str) -> Field:
        return self._by_name[name]

    @property
    def bits(self) -> int:
        """Bits up to its last field: what hardware keeps of it."""
        return self.fields[-1].end

    @property
    def chunks(self) -> int:
        """Chunks that carry it."""
        return -(-self.width // CHUNK_BITS)

    def leaves(self) -> Iterator[Field]:
        """Its fields, in place of those that have parts these, at their bits of this word."""
        for item in self.fields:
            if item.parts is None:
                yield item
            else:
                yield from (replace(part, at=item.at + part.at) for part in item.parts.leaves())

    def pack(self, **values: int) -> int:
        """The word with these values, 0 elsewhere; raises VerificationError where one does not fit."""
        word = 0
        for name, value in values.items():
            item = self._by_name[name]
            low, high = item.range
            if not low <= value <= high:
                raise self._misfit(item, value)
            word |= (int(value) & item.mask) << item.at
        return word

    def pack_all(self, **values: NDArray[Any] | int) -> NDArray[np.uint64]:
        """Words of up to 64 bits from arrays of values, which broadcast; raises like `pack`."""
        word: NDArray[np.uint64] = np.zeros((), np.uint64)
        for name, given in values.items():
            item, array = self._by_name[name], np.asarray(given).astype(np.int64)
            low, high = item.range
            if (wrong := (array < low) | (array > high)).any():
                raise self._misfit(item, int(array[wrong][0]))
            word = word | (array.astype(np.uint64) & np.uint64(item.mask)) << np.uint64(item.at)
        return word

    def unpack(self, word: int) -> dict[str, int]:
        """The value of every field."""
        return {item.name: item.read(word) for item in self.fields}

    def with_widths(self, **widths: int) -> "Word":
        """The same fields without gaps, those named in other widths."""
        fields = (replace(item, at=-1, width=widths.get(item.name, item.width)) for item in self.fields)
        return Word(self.name, self.width, tuple(fields))

    def _misfit(self, item: Field, value: int) -> VerificationError:
        kind = "signed " if item.signed else ""
        return VerificationError(
            f"{item.name} = {value} does not fit its {kind}{item.width} bits", where=f"{self.name} word"
        )


def to_chunks(word: int, count: int) -> list[int]:
    """A word as `count` chunks, lowest first."""
    return [word >> CHUNK_BITS * place & (1 << CHUNK_BITS) - 1 for place in range(count)]


def from_chunks(chunks: list[int]) -> int:
    """The word that `chunks` make."""
    return sum(chunk << CHUNK_BITS * place for place, chunk in enumerate(chunks))
