"""What a field may hold, said once, in its annotation: `lanes: Annotated[int, Range(2, 64), POWER_OF_TWO]`.

What says nothing of its own keeps to the usual bounds of its type.
"""

import sys
import types
import typing
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Protocol

MAX_TEXT = 1 << 12
"""Longest text, in characters."""
MAX_BITS = 62
"""Of an integer, so that a few of them can be added in 64."""


class Rule(Protocol):
    """A bound of a field, as it stands in its annotation."""

    def accepts(self, value: Any) -> bool:
        """Whether a value of the field's type keeps to it."""

    def describe(self, noun: str) -> str:
        """What a value must be, where `noun` is what its type says."""


@dataclass(frozen=True)
class Range:
    """Smallest and largest number; with `below`, the largest itself is none."""

    low: float
    high: float
    below: bool = False

    def accepts(self, value: Any) -> bool:
        return bool(self.low <= value < self.high if self.below else self.low <= value <= self.high)

    def describe(self, noun: str) -> str:
        return f"{noun} in {self}"

    def __str__(self) -> str:
        low, high = (_number(end) for end in (self.low, self.high))
        return f"[{low}, {high})" if self.below else f"{low}..{high}"


def _number(value: float) -> str:
    """The same text for 1000000 and 1e6, which are equal, so that either may stand for both in a cache."""
    return str(int(value)) if value == int(value) else f"{value:g}"


@dataclass(frozen=True)
class Text:
    """One line that steers no terminal, of so many characters."""

    most: int = MAX_TEXT
    least: int = 0

    def accepts(self, value: Any) -> bool:
        return len(value) <= self.most and value.isprintable() and len(value.strip()) >= self.least

    def describe(self, noun: str) -> str:
        size = f"{self.least} to" if self.least else "at most"
        return f"{noun} of one line and {size} {self.most} characters"


@dataclass(frozen=True)
class Items:
    """How many a list or a mapping holds."""

    least: int
    most: int

    def accepts(self, value: Any) -> bool:
        return self.least <= len(value) <= self.most

    def describe(self, noun: str) -> str:
        return f"{noun} of {self.least}..{self.most} items"


@dataclass(frozen=True)
class Where:
    """Any other bound, in words."""

    holds: Callable[[Any], object]
    meaning: str

    def accepts(self, value: Any) -> bool:
        return bool(self.holds(value))

    def describe(self, noun: str) -> str:
        return self.meaning


@dataclass(frozen=True)
class Unit:
    """No bound: what a number counts."""

    name: str


POWER_OF_TWO = Where(lambda value: value & (value - 1) == 0, "a power of two")
IDENTIFIER = Where(
    lambda value: len(value) <= 64 and value.isidentifier(), "an identifier of at most 64 characters"
)
NOUNS: dict[Any, str] = {int: "an integer", float: "a number", str: "text", bool: "true or false"}
_USUAL: dict[Any, tuple[Rule, ...]] = {
    int: (Where(lambda value: value.bit_length() <= MAX_BITS, f"an integer of at most {MAX_BITS} bits"),),
    float: (Where(lambda value: abs(value) <= sys.float_info.max, "a finite number"),),
    str: (Text(),),
    bool: (Where(lambda value: True, "true or false"),),
}


def annotations(kind: Any) -> dict[str, Any]:
    """The type of every field of a dataclass, with its bounds."""
    return _annotations(kind)


@cache
def _annotations(kind: Any) -> dict[str, Any]:
    hints = typing.get_type_hints(kind, include_extras=True)
    return {field.name: hints[field.name] for field in fields(kind)}


def unannotated(kind: Any) -> tuple[Any, tuple[Any, ...]]:
    """A type without its bounds, and those."""
    if typing.get_origin(kind) is not typing.Annotated:
        return kind, ()
    plain, *extras = typing.get_args(kind)
    return plain, tuple(extras)


def alternatives(kind: Any) -> tuple[tuple[Any, ...], bool]:
    """The types of a union other than None, and whether None is one; of anything else itself."""
    if typing.get_origin(kind) not in (typing.Union, types.UnionType):
        return (kind,), False
    kinds = typing.get_args(kind)
    return tuple(part for part in kinds if part is not types.NoneType), types.NoneType in kinds


def limits(kind: Any, name: str) -> Range:
    """The range that the field `name` of a dataclass declares."""
    (plain, *_), _ = alternatives(annotations(kind)[name])
    return next(rule for rule in unannotated(plain)[1] if isinstance(rule, Range))


def described(kind: Any) -> str:
    """What a value of the annotated type must be, in words."""
    (inner, *_), optional = alternatives(kind)
    plain, extras = unannotated(inner)
    if typing.get_origin(plain) is typing.Literal:
        words = f"one of {', '.join(map(str, typing.get_args(plain)))}"
    elif plain in NOUNS:
        words = ", ".join(rule.describe(NOUNS[plain]) for rule in rules_of(plain, extras))
    else:
        words = "a list" if typing.get_origin(plain) is tuple else "a mapping of fields"
    return f"{words} or none" if optional else words


def rules_of(kind: Any, extras: Iterable[Any]) -> tuple[Rule, ...]:
    """Those of a field, or the usual ones of its type."""
    declared = tuple(extra for extra in extras if not isinstance(extra, Unit))
    return declared or _USUAL[kind]
