"""Targets: what a mesh of neurocores offers, read from YAML and checked field by field."""

import re
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any

from snnc.base.errors import FileError, TargetError
from snnc.base.files import read_limited
from snnc.base.quoting import printable, quote
from snnc.base.yaml_reader import MAX_BYTES, read_yaml

SCHEMA = 1
MAX_TEXT = 1000
"""Longest text of a target, in characters."""
MAX_RESOURCES = 1 << 30
"""Most of anything that a device has."""

LIMITS: dict[str, tuple[int, int]] = {
    "width": (1, 16),
    "height": (1, 16),
    "lanes": (2, 64),
    "neurons": (2, 1 << 16),
    "parameter_words": (1, (1 << 12) - 1),
    "axon_rows": (1, 256),
    "axon_columns": (1, 256),
    "delay_slots": (1, 16),
    "weight_kibit": (1, 1 << 20),
    "weight_bits": (2, 8),
    "state_bits": (8, 24),
    "destinations": (1, 256),
    "sources": (1, 256),
    "event_fifo": (2, 256),
    "router_fifo": (2, 256),
}
"""Smallest and largest value of every integer a target may state."""

NUMBERS: dict[str, tuple[float, float]] = {"clock_mhz": (1e-3, 1e6), "static_mw": (0, 1e6)}
"""The same of the other numbers."""
TABLE_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""What an energy table may be called: never a path, since targets travel in files from outside."""

MAX_WEIGHT_WORDS = 1 << 16

POWERS_OF_TWO = ("lanes", "neurons", "delay_slots", "event_fifo", "router_fifo")


@dataclass(frozen=True)
class Device:
    """The FPGA behind a target, for the fit check; block RAM in blocks of 18 kbit."""

    family: str
    part: str
    board: str
    luts: int
    block_rams: int
    multipliers: int


@dataclass(frozen=True)
class Target:
    """A mesh of equal neurocores; memory sizes are per core."""

    name: str
    description: str
    width: int
    height: int
    lanes: int
    neurons: int
    parameter_words: int
    """Words of thresholds and biases: one per channel, lanes to a word."""
    axon_rows: int
    axon_columns: int
    delay_slots: int
    """Spike bitmaps kept: one more than the longest delay."""
    cuba: bool
    """Whether cores have a second state memory, for synaptic currents."""
    decay_multiplier: bool
    """Whether a lane multiplies; without, a decay must be a shift, and a payload takes a pass per set bit."""
    weight_kibit: int
    weight_bits: int | None
    """Width of a weight in memory; None: as wide as the model's widest, fixed when the RTL is generated."""
    state_bits: int
    destinations: int
    sources: int
    event_fifo: int
    router_fifo: int
    clock_mhz: float
    energy_table: str
    static_mw: float
    static_source: str
    device: Device | None = None
    """None for a target that exists only in simulation."""

    def verify(self) -> None:
        """Check every field against its limits; raises TargetError naming it."""
        for name in LIMITS:
            if getattr(self, name) is not None:
                _check_integer(name, getattr(self, name), self.name)
        for name in NUMBERS:
            _check_number(name, getattr(self, name), self.name)
        for field in fields(self):
            if field.type is str:
                _check_text(field.name, getattr(self, field.name), self.name)
        if not TABLE_NAME.fullmatch(self.energy_table):
            raise TargetError(
                f"energy_table must be the name of a table, not {quote(self.energy_table)}", where=self.name
            )
        if self.device is not None:
            for name, value in vars(self.device).items():
                _check_device_field(name, value, self.name)
        if self.neurons < 2 * self.lanes:
            raise TargetError(
                f"neurons must be at least two words of lanes, not {self.neurons} < {2 * self.lanes}",
                where=self.name,
            )

    @property
    def core_count(self) -> int:
        return self.width * self.height

    @property
    def weight_bits_per_core(self) -> int:
        return self.weight_kibit * 1024

    @property
    def state_words(self) -> int:
        """Words of the state memory; one word holds one value per lane."""
        return self.neurons // self.lanes

    def weight_words(self, weight_bits: int) -> int:
        """Depth of the weight memory with weights of `weight_bits`; axon offsets have 16 bits."""
        return min(self.weight_bits_per_core // (self.lanes * weight_bits), MAX_WEIGHT_WORDS)

    @property
    def value_indices(self) -> int:
        """Slots or readouts that a VALUE flit can name."""
        return 1 << (32 - self.state_bits)

    def stored_weight_bits(self, model_bits: int) -> int:
        """Width at which weights of at most `model_bits` are stored."""
        return model_bits if self.weight_bits is None else self.weight_bits


def builtin_targets() -> dict[str, Target]:
    """All targets that ship with snnc, by name, in alphabetical order."""
    folder = resources.files(__package__).joinpath("targets")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    return {name[:-5]: _parse(folder.joinpath(name).read_text("utf-8"), name) for name in names}


def load_target(source: str) -> Target:
    """The built-in target `source`, or the one described by the YAML file at that path.

    Raises TargetError for an unknown name and for a file that breaks the schema.
    """
    if source.endswith((".yaml", ".yml")):
        return _parse(_read_file(Path(source)), source)
    targets = builtin_targets()
    if source not in targets:
        raise TargetError(
            f"no target is called {quote(source)}; there are {', '.join(targets)}",
            hint="`snnc targets` lists them; a path ending in .yaml is read as a target of your own",
        )
    return targets[source]


def _read_file(path: Path) -> str:
    try:
        return read_limited(path, MAX_BYTES).decode("utf-8")
    except FileError as error:
        raise TargetError(error.message, where=str(path)) from None
    except UnicodeDecodeError:
        raise TargetError("the target is not UTF-8 text", where=str(path)) from None


def _parse(text: str, where: str) -> Target:
    document = read_yaml(text, where, error=TargetError)
    if not isinstance(document, dict):
        raise TargetError("a target must be a mapping of fields", where=where)
    schema = document.pop("schema", None)
    if schema != SCHEMA:
        raise TargetError(f"schema must be {SCHEMA}, not {quote(schema)}", where=where)
    device = document.pop("device", None)
    values = _check_fields(document, where)
    target = Target(**values, device=None if device is None else _device(device, where))
    target.verify()
    return target


def _check_fields(document: dict[str, Any], where: str) -> dict[str, Any]:
    expected = {f.name: f.type for f in fields(Target) if f.name != "device"}
    _same_keys(document, set(expected), where)
    for name, kind in expected.items():
        value = document[name]
        if kind is float:
            _check_number(name, value, where)
            document[name] = float(value)
        elif kind is bool:
            if not isinstance(value, bool):
                raise TargetError(f"{name} must be true or false, not {quote(value)}", where=where)
        elif kind is int or (name == "weight_bits" and value is not None):
            _check_integer(name, value, where)
        elif name != "weight_bits":
            _check_text(name, value, where)
    return document


def _check_integer(name: str, value: object, where: str) -> None:
    low, high = LIMITS[name]
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise TargetError(f"{name} must be an integer in {low}..{high}, not {quote(value)}", where=where)
    if name in POWERS_OF_TWO and value & (value - 1):
        raise TargetError(f"{name} must be a power of two, not {value}", where=where)


def _check_number(name: str, value: object, where: str) -> None:
    low, high = NUMBERS[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise TargetError(f"{name} must be a number in {low:g}..{high:g}, not {quote(value)}", where=where)


def _check_text(name: str, value: object, where: str) -> None:
    if not isinstance(value, str) or len(value) > MAX_TEXT or not value.isprintable():
        raise TargetError(
            f"{name} must be text of one line and at most {MAX_TEXT} characters, not {quote(value)}",
            where=where,
        )


def _device(document: object, where: str) -> Device:
    if not isinstance(document, dict):
        raise TargetError("device must be a mapping of fields", where=where)
    _same_keys(document, {f.name for f in fields(Device)}, where)
    for name, value in document.items():
        _check_device_field(name, value, where)
    return Device(**document)


def _check_device_field(name: str, value: object, where: str) -> None:
    if {f.name: f.type for f in fields(Device)}[name] is str:
        _check_text(f"device.{name}", value, where)
    elif isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_RESOURCES:
        raise TargetError(
            f"device.{name} must be an integer in 0..{MAX_RESOURCES}, not {quote(value)}", where=where
        )


def _same_keys(document: dict[str, Any], expected: set[str], where: str) -> None:
    missing, unknown = sorted(expected - set(document)), sorted(set(document) - expected)
    if missing:
        raise TargetError(f"fields are missing: {', '.join(missing)}", where=where)
    if unknown:
        raise TargetError(f"unknown fields: {printable(', '.join(unknown))}", where=where)
