"""Energy tables: coefficients with their sources, read from YAML and checked field by field."""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from snnc.base.errors import FileError, TargetError
from snnc.base.files import read_limited
from snnc.base.quoting import printable, quote
from snnc.base.yaml_reader import MAX_BYTES, read_yaml

SCHEMA = 1
MAX_VALUE = 1e9
"""Largest number of a table; no action of a circuit costs a millijoule."""
MAX_OF = {"sram_capacity_exponent": 2.0, "sram_width_slope": 1 / 32}
"""Lower limits: beyond them a read costs more than any float, or less than nothing."""
MAX_TEXT = 4000
"""Longest text of a table, in characters."""
BASES = ("measured", "derived", "assumed")
COEFFICIENTS = (
    "sram_read_1kb",
    "sram_capacity_exponent",
    "sram_width_slope",
    "sram_write_ratio",
    "add_base",
    "add_per_bit",
    "compare_per_add",
    "multiply_per_bit_squared",
    "flit_hop",
    "host_flit",
)
_FIELDS = {"value", "unit", "basis", "technology", "source"}
_SRAM_FIELDS = {"sram_points", "sram_largest_residual"}
_KEYS = {"schema", "name", "description", "not_modelled", "coefficients"} | _SRAM_FIELDS


@dataclass(frozen=True)
class Coefficient:
    """One number and how far it can be trusted; `basis` is measured, derived or assumed."""

    value: float
    unit: str
    basis: str
    technology: str
    source: str


@dataclass(frozen=True)
class EnergyTable:
    """Coefficients by name, and the cost functions built from them, all in picojoules."""

    name: str
    description: str
    not_modelled: tuple[str, ...]
    sram_points: tuple[tuple[float, float, float], ...]
    """(kilobytes, word bits, picojoules) that the SRAM curve was fitted to."""
    sram_largest_residual: float
    """Largest relative error of the curve at its points."""
    coefficients: dict[str, Coefficient]

    def __getitem__(self, name: str) -> float:
        return self.coefficients[name].value

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
    """Check a table field by field; raises TargetError that names what is wrong."""
    document = read_yaml(text, where, error=TargetError)
    _same_keys(document, _KEYS, where)
    if document["schema"] != SCHEMA:
        raise TargetError(f"schema must be {SCHEMA}, not {quote(document['schema'])}", where=where)
    coefficients = document["coefficients"]
    _same_keys(coefficients, set(COEFFICIENTS), where)
    points = document["sram_points"]
    if not isinstance(points, list) or not all(isinstance(p, list) and len(p) == 3 for p in points):
        raise TargetError("sram_points must be a list of [kilobytes, bits, pJ]", where=where)
    missing = document["not_modelled"]
    if not isinstance(missing, list):
        raise TargetError("not_modelled must be a list", where=where)
    return EnergyTable(
        name=_text(document["name"], "name", where),
        description=_text(document["description"], "description", where),
        not_modelled=tuple(_text(item, "not_modelled", where) for item in missing),
        sram_points=tuple((_number(a, where), _number(b, where), _number(e, where)) for a, b, e in points),
        sram_largest_residual=_number(document["sram_largest_residual"], where),
        coefficients={name: _coefficient(name, fields, where) for name, fields in coefficients.items()},
    )


def _coefficient(name: str, fields: Any, where: str) -> Coefficient:
    place = f"{where}: {name}"
    _same_keys(fields, _FIELDS, place)
    if fields["basis"] not in BASES:
        raise TargetError(
            f"basis must be one of {', '.join(BASES)}, not {quote(fields['basis'])}", where=place
        )
    texts = {key: _text(fields[key], key, place) for key in ("unit", "technology", "source")}
    return Coefficient(
        value=_number(fields["value"], place, MAX_OF.get(name, MAX_VALUE)), basis=fields["basis"], **texts
    )


def _number(value: object, where: str, most: float = MAX_VALUE) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= most:
        raise TargetError(f"must be a number in 0..{most:g}, not {quote(value)}", where=where)
    return float(value)


def _text(value: object, label: str, where: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT:
        raise TargetError(
            f"{label} must be text of 1 to {MAX_TEXT} characters, not {quote(value)}", where=where
        )
    return value


def _same_keys(document: object, expected: set[str], where: str) -> None:
    if not isinstance(document, dict):
        raise TargetError("must be a mapping of fields", where=where)
    missing, unknown = sorted(expected - set(document)), sorted(set(document) - expected)
    if missing or unknown:
        lists = f"missing: {', '.join(missing) or 'none'}; unknown: {printable(', '.join(unknown)) or 'none'}"
        raise TargetError(f"fields are {lists}", where=where)
