"""One number of an energy table: its value, the interval it lies in, and how far it can be trusted."""

from dataclasses import dataclass
from typing import Annotated, Literal

from snnc.base.bounds import Range, Text
from snnc.base.schema import expect

MAX_TEXT = 4000
"""Longest text of a table, in characters."""
MAX_VALUE = 1e9
"""Largest number of a table; no action of a circuit costs a millijoule."""
Number = Annotated[float, Range(0, MAX_VALUE)]
Line = Annotated[str, Text(MAX_TEXT, least=1)]

Corner = Literal["low", "typical", "high"]
"""Which end of their intervals all coefficients are taken at."""
CORNERS: tuple[Corner, ...] = ("low", "typical", "high")


@dataclass(frozen=True)
class Coefficient:
    """One number: `value` is typical, `low` and `high` are the ends of the interval its source leaves."""

    value: Number
    unit: Line
    basis: Literal["measured", "derived", "assumed"]
    technology: Line
    source: Line
    low: Number | None = None
    """None: as `value`."""
    high: Number | None = None

    def __post_init__(self) -> None:
        """Raise SchemaError for an interval without its value."""
        low, high = self.at("low"), self.at("high")
        expect(low <= self.value, "low", f"at most the value {self.value:g}", low)
        expect(high >= self.value, "high", f"at least the value {self.value:g}", high)

    def at(self, corner: Corner) -> float:
        """The number at an end of its interval."""
        ends = {"low": self.low, "high": self.high, "typical": self.value}
        found = ends[corner]
        return self.value if found is None else found
