"""Where one is in the view: sample, step, core, neuron, memory and word, as its address says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from snnc.base.errors import UsageError
from snnc.base.quoting import quote

NUMBER = re.compile(r"[0-9]{1,9}")
PLACE = re.compile(r"[0-9]{1,2},[0-9]{1,2}(,[0-9]{1,3})?")
MEMORY = re.compile(r"[a-z_]{1,20}")


@dataclass(frozen=True)
class Location:
    """What is looked at; None for the first one there is."""

    sample: int = 0
    step: int = 0
    core: tuple[int, int, int] | None = None
    """Column, row and context: a tile on a core."""
    neuron: int | None = None
    """Number in its layer."""
    memory: str | None = None
    word: int = 0
    """First word that is shown."""

    @staticmethod
    def parse(query: Mapping[str, str]) -> "Location":
        """The location in the query of an address; raises UsageError for one that is malformed."""
        place = _matched(PLACE, "core", query, "x,y or x,y,context")
        neuron = _matched(NUMBER, "neuron", query, "a number")
        memory = _matched(MEMORY, "memory", query, "a name")
        x, y, context, *_ = [*map(int, (place or "0,0").split(",")), 0]
        return Location(
            sample=int(_matched(NUMBER, "sample", query, "a number") or 0),
            step=int(_matched(NUMBER, "step", query, "a number") or 0),
            core=None if place is None else (x, y, context),
            neuron=None if neuron is None else int(neuron),
            memory=memory,
            word=int(_matched(NUMBER, "word", query, "a number") or 0),
        )

    @property
    def query(self) -> dict[str, int | str]:
        """All that is chosen, as an address or a form has it."""
        place = None
        if self.core is not None:
            place = ",".join(map(str, self.core if self.core[2] else self.core[:2]))
        chosen = {
            "sample": self.sample,
            "step": self.step,
            "core": place,
            "neuron": self.neuron,
            "memory": self.memory,
            "word": self.word or None,
        }
        return {name: value for name, value in chosen.items() if value is not None}

    @property
    def url(self) -> str:
        """Its address."""
        return "/?" + urlencode(self.query, safe=",")

    def at(self, **changes: Any) -> str:
        """The address of another location; what belongs to a core or memory that is left is left too."""
        left: dict[str, Any] = {}
        if "core" in changes:
            left = {"neuron": None, "word": 0}
        if "memory" in changes:
            left = {"word": 0}
        return replace(self, **left | changes).url


def _matched(pattern: re.Pattern[str], name: str, query: Mapping[str, str], kind: str) -> str | None:
    """A part of the query, None where it is not there."""
    text = query.get(name)
    if text is not None and pattern.fullmatch(text) is None:
        raise UsageError(f"{name} must be {kind}, not {quote(text)}")
    return text
