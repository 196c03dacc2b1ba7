"""Targets: what a mesh of neurocores offers, read from YAML and checked field by field."""

from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from ..errors import TargetError

SCHEMA = 1
MAX_FILE_BYTES = 1 << 16

LIMITS: dict[str, tuple[int, int]] = {
    "width": (1, 16),
    "height": (1, 16),
    "lanes": (2, 64),
    "neurons": (2, 1 << 16),
    "axons": (1, 1 << 15),
    "weight_kibit": (1, 1 << 20),
    "weight_bits": (2, 8),
    "state_bits": (8, 24),
    "destinations": (1, 256),
    "sources": (1, 256),
    "event_fifo": (2, 256),
    "router_fifo": (2, 256),
}
"""Smallest and largest value of every integer a target may state."""

POWERS_OF_TWO = ("lanes", "neurons", "event_fifo", "router_fifo")


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
    axons: int
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
        """Check every number against its limits; raises TargetError naming the field."""
        for name in LIMITS:
            if getattr(self, name) is not None:
                _check_integer(name, getattr(self, name), self.name)
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
        """Depth of the weight memory when each lane's weight has `weight_bits` bits."""
        return self.weight_bits_per_core // (self.lanes * weight_bits)

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
            f"no target is called {source!r}; there are {', '.join(targets)}",
            hint="`snnc targets` lists them; a path ending in .yaml is read as a target of your own",
        )
    return targets[source]


def _read_file(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise TargetError(f"a target file has at most {MAX_FILE_BYTES} bytes", where=str(path))
        return data.decode("utf-8")
    except OSError as error:
        raise TargetError(f"cannot read the target: {error.strerror}", where=str(path)) from None
    except UnicodeDecodeError:
        raise TargetError("the target is not UTF-8 text", where=str(path)) from None


def _parse(text: str, where: str) -> Target:
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise TargetError(f"not valid YAML: {' '.join(str(error).split())}", where=where) from None
    except RecursionError:
        raise TargetError("not valid YAML: nested too deeply", where=where) from None
    if not isinstance(document, dict):
        raise TargetError("a target must be a mapping of fields", where=where)
    schema = document.pop("schema", None)
    if schema != SCHEMA:
        raise TargetError(f"schema must be {SCHEMA}, not {schema!r}", where=where)
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
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1e6:
                raise TargetError(f"{name} must be a number in 0..1000000, not {value!r}", where=where)
            document[name] = float(value)
        elif kind is int or (name == "weight_bits" and value is not None):
            _check_integer(name, value, where)
        elif name == "weight_bits":
            continue
        elif not isinstance(value, str):
            raise TargetError(f"{name} must be text, not {value!r}", where=where)
    if not document["clock_mhz"]:
        raise TargetError("clock_mhz must be greater than 0", where=where)
    return document


def _check_integer(name: str, value: object, where: str) -> None:
    low, high = LIMITS[name]
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise TargetError(f"{name} must be an integer in {low}..{high}, not {value!r}", where=where)
    if name in POWERS_OF_TWO and value & (value - 1):
        raise TargetError(f"{name} must be a power of two, not {value}", where=where)


def _device(document: object, where: str) -> Device:
    if not isinstance(document, dict):
        raise TargetError("device must be a mapping of fields", where=where)
    kinds = {f.name: f.type for f in fields(Device)}
    _same_keys(document, set(kinds), where)
    for name, kind in kinds.items():
        if not isinstance(document[name], kind if isinstance(kind, type) else object):
            raise TargetError(f"device.{name} must be {kind}, not {document[name]!r}", where=where)
    return Device(**document)


def _same_keys(document: dict[str, Any], expected: set[str], where: str) -> None:
    missing, unknown = sorted(expected - set(document)), sorted(map(str, set(document) - expected))
    if missing:
        raise TargetError(f"fields are missing: {', '.join(missing)}", where=where)
    if unknown:
        raise TargetError(f"unknown fields: {', '.join(unknown)}", where=where)
