"""Energy tables: coefficients with their sources, read from YAML and checked field by field."""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from snnc.base.bounds import Range, Text
from snnc.base.errors import FileError, TargetError
from snnc.base.files import read_limited
from snnc.base.quoting import quote
from snnc.base.schema import decode, expect, reported, versioned
from snnc.base.yaml_reader import MAX_BYTES, read_yaml

SCHEMA = 1
MAX_TEXT = 4000
"""Longest text of a table, in characters."""
MAX_VALUE = 1e9
"""Largest number of a table; no action of a circuit costs a millijoule."""
Number = Annotated[float, Range(0, MAX_VALUE)]
Line = Annotated[str, Text(MAX_TEXT, least=1)]


@dataclass(frozen=True)
class Coefficient:
    """One number and how far it can be trusted."""

    value: Number
    unit: Line
    basis: Literal["measured", "derived", "assumed"]
    technology: Line
    source: Line


@dataclass(frozen=True)
class Coefficients:
    """All that the cost functions need."""

    sram_read_1kb: Coefficient
    sram_capacity_exponent: Coefficient
    sram_width_slope: Coefficient
    sram_write_ratio: Coefficient
    add_base: Coefficient
    add_per_bit: Coefficient
    compare_per_add: Coefficient
    multiply_per_bit_squared: Coefficient
    flit_hop: Coefficient
    host_flit: Coefficient

    def __post_init__(self) -> None:
        """Raise SchemaError where a read would cost more than any float, or less than nothing."""
        for name, most in (("sram_capacity_exponent", Range(0, 2)), ("sram_width_slope", Range(0, 1 / 32))):
            value = getattr(self, name).value
            expect(most.accepts(value), f"{name}.value", most.describe("a number"), value)


@dataclass(frozen=True)
class EnergyTable:
    """Coefficients by name, and the cost functions built from them, all in picojoules."""

    name: Line
    description: Line
    not_modelled: tuple[Line, ...]
    sram_points: tuple[tuple[Number, Number, Number], ...]
    """(kilobytes, word bits, picojoules) that the SRAM curve was fitted to."""
    sram_largest_residual: Number
    """Largest relative error of the curve at its points."""
    coefficients: Coefficients

    def __getitem__(self, name: str) -> float:
        coefficient: Coefficient = getattr(self.coefficients, name)
        return coefficient.value

    def sram_read(self, capacity_bits: int, word_bits: int) -> float:
        """One read of a word from a memory of this size."""
        kilobytes = capacity_bits / 8192
        width = 1 + self["sram_width_slope"] * (word_bits - 32)
        return float(self["sram_read_1kb"] * kilobytes ** self["sram_capacity_exponent"] * width)

    def sram_write(self, capacity_bits: int, word_bits: int) -> float:
        """One write of a word."""
        return self["sram_write_ratio"] * self.sram_read(capacity_bits, word_bits)

    def add(self, bits: int) -> float:
        """One integer addition."""
        return self["add_base"] + self["add_per_bit"] * bits

    def multiply(self, bits: int, other_bits: int) -> float:
        """One integer multiplication of two widths."""
        return self["multiply_per_bit_squared"] * bits * other_bits


def load_energy_table(source: str) -> EnergyTable:
    """The built-in table `source`, or the one in the YAML file at that path; raises TargetError."""
    if source.endswith((".yaml", ".yml")):
        try:
            return parse_energy_table(read_limited(Path(source), MAX_BYTES).decode("utf-8"), source)
        except FileError as error:
            raise TargetError(f"the energy table {error.message}", where=source) from None
        except UnicodeDecodeError:
            raise TargetError("the energy table is not UTF-8 text", where=source) from None
    folder = resources.files(__package__).joinpath("energy_tables")
    names = sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    if source not in names:
        raise TargetError(f"no energy table is called {quote(source)}; there are {', '.join(names)}")
    return parse_energy_table(folder.joinpath(f"{source}.yaml").read_text("utf-8"), source)


@cache
def parse_energy_table(text: str, where: str) -> EnergyTable:
    """The table that the text describes; raises TargetError that names what is wrong."""
    document = read_yaml(text, where, error=TargetError)
    with reported(TargetError, where):
        table: EnergyTable = decode(EnergyTable, versioned(document, SCHEMA))
    return table
