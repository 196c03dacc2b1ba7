"""How what comes from outside is shown: of bounded length, and nothing in it steers the terminal."""

import reprlib
from typing import Any

MAX_QUOTED = 80
"""Longest quotation of a value, in characters."""
MAX_INTEGER_BITS = 128
"""Of integers that are shown in digits; converting longer ones takes time that grows with their square."""


class _Quotation(reprlib.Repr):
    """Looks at a few items of a few levels, whatever the size of the value."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 2
        self.maxdict = self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = 3
        self.maxstring = self.maxother = 60

    def repr_int(self, x: int, level: int) -> str:
        """The digits, or how long it is."""
        return repr(x) if x.bit_length() <= MAX_INTEGER_BITS else f"an integer of {x.bit_length()} bits"

    def repr_dict(self, x: dict[Any, Any], level: int) -> str:
        """The first entries as they stand; the base class sorts all keys."""
        if level <= 0 and x:
            return "{...}"
        first = list(zip(x, range(self.maxdict), strict=False))
        items = [f"{self.repr1(key, level - 1)}: {self.repr1(x[key], level - 1)}" for key, _ in first]
        return f"{{{', '.join([*items, '...'] if len(x) > len(items) else items)}}}"

    def repr_bytes(self, x: bytes, level: int) -> str:
        """The beginning."""
        return repr(x) if len(x) <= self.maxstring else f"{x[: self.maxstring]!r}..."


def quote(value: object) -> str:
    """`value` as Python writes it, cut short: one line of at most `MAX_QUOTED` characters."""
    return shortened(_Quotation().repr(value), MAX_QUOTED)


def shortened(text: str, most: int) -> str:
    """`text`, or its beginning and end with `...` between them where it has over `most` characters."""
    if len(text) <= most:
        return text
    head = (most - 3) * 2 // 3
    return f"{text[:head]}...{text[len(text) - (most - 3 - head) :]}"


def printable_lines(text: str) -> str:
    """`printable`, line by line."""
    return "\n".join(printable(line) for line in text.split("\n"))


def printable(text: str) -> str:
    """`text` with escape sequences in place of characters that no terminal shows, newlines among them."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
