"""Energy tables: coefficients with their sources, read from YAML and checked field by field."""

from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal

from snnc.base.errors import FileError, TargetError
from snnc.base.files import read_limited
from snnc.base.quoting import quote
from snnc.base.schema import decode, expect, reported, versioned
from snnc.base.yaml_reader import MAX_BYTES, read_yaml
from snnc.sim.accounting.coefficients import Coefficient, Corner, Line
from snnc.sim.accounting.memory_cost import BlockRam, SramCurve

SCHEMA = 2

MemoryAction = Literal[
    "weight_reads",
    "state_reads",
    "state_writes",
    "membrane_reads",
    "membrane_writes",
    "threshold_reads",
    "reset_amount_reads",
    "decay_reads",
    "bias_reads",
    "bitmap_reads",
    "bitmap_writes",
    "axon_reads",
    "table_reads",
]
"""Reads and writes of a core's memories."""
Action = Literal[
    "sops",
    "spikes",
    "neuron_updates",
    MemoryAction,
    "lane_adds",
    "compares",
    "multiplies",
    "payload_multiplies",
    "event_fifo_writes",
    "event_flits",
    "east_west_links",
    "north_south_links",
    "flit_hops",
    "host_flits",
]
"""What the simulator counts, and a table may price."""


@dataclass(frozen=True)
class Logic:
    """Arithmetic and the mesh, in picojoules."""

    add_base: Coefficient
    add_per_bit: Coefficient
    compare_per_add: Coefficient
    multiply_per_bit_squared: Coefficient
    flit_hop: Coefficient
    host_flit: Coefficient

    def add(self, bits: int, corner: Corner) -> float:
        """One integer addition."""
        return self.add_base.at(corner) + self.add_per_bit.at(corner) * bits

    def multiply(self, bits: int, other_bits: int, corner: Corner) -> float:
        """One integer multiplication of two widths."""
        return self.multiply_per_bit_squared.at(corner) * bits * other_bits


@dataclass(frozen=True)
class Power:
    """What flows whatever happens, and what only the page of `snnc power` prices."""

    clock_per_register: Coefficient
    """Picojoules per register and clock cycle, its share of the clock tree included."""
    clock_base: Coefficient | None = None
    """Picojoules per clock cycle of the tree's trunk and the oscillator."""
    device_static: dict[str, Coefficient] = field(default_factory=dict)
    """Milliwatts by the beginning of a part's name; an empty one is that of every other part."""
    toggle: Coefficient | None = None
    """Picojoules per register that changes, with the net it drives."""
    pad_toggle: Coefficient | None = None
    """Picojoules per change of an output pad and its trace."""

    def static_of(self, part: str) -> Coefficient | None:
        """Static power of a device; None where the table does not know it."""
        known = [prefix for prefix in self.device_static if part.startswith(prefix)]
        return self.device_static[max(known, key=len)] if known else None


@dataclass(frozen=True)
class EnergyTable:
    """Prices of actions: those of `prices` as they stand, the others by the memories and the logic; what has
    neither costs nothing."""

    name: Line
    description: Line
    not_modelled: tuple[Line, ...]
    memory: SramCurve | BlockRam | None = None
    logic: Logic | None = None
    power: Power | None = None
    prices: dict[str, Coefficient] = field(default_factory=dict)
    """Picojoules per action."""

    def __post_init__(self) -> None:
        """Raise SchemaError for a price of what nobody counts."""
        known = Action.__args__  # type: ignore[attr-defined]
        for name in self.prices:
            expect(name in known, "prices", f"prices of {', '.join(known)}", name)

    def coefficients(self) -> dict[str, Coefficient]:
        """Every number of the table by its place in it."""
        found = {f"prices.{name}": price for name, price in self.prices.items()}
        for part, group in (("memory", self.memory), ("logic", self.logic), ("power", self.power)):
            for name, item in ({} if group is None else vars(group)).items():
                if isinstance(item, Coefficient):
                    found[f"{part}.{name}"] = item
        if self.power is not None:
            for device, item in self.power.device_static.items():
                found[f"power.device_static.{device}"] = item
        return found


def load_energy_table(source: str) -> EnergyTable:
    """The built-in table `source`, or the one in the YAML file at that path; raises TargetError."""
    if source.endswith((".yaml", ".yml")):
        try:
            return parse_energy_table(read_limited(Path(source), MAX_BYTES).decode("utf-8"), source)
        except FileError as error:
            raise TargetError(f"the energy table {error.message}", where=source) from None
        except UnicodeDecodeError:
            raise TargetError("the energy table is not UTF-8 text", where=source) from None
    if source not in (names := energy_tables()):
        raise TargetError(f"no energy table is called {quote(source)}; there are {', '.join(names)}")
    folder = resources.files(__package__).joinpath("energy_tables")
    return parse_energy_table(folder.joinpath(f"{source}.yaml").read_text("utf-8"), source)


def energy_tables() -> list[str]:
    """Names of the tables that ship with snnc."""
    folder = resources.files(__package__).joinpath("energy_tables")
    return sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".yaml"))


@cache
def parse_energy_table(text: str, where: str) -> EnergyTable:
    """The table that the text describes; raises TargetError that names what is wrong."""
    document = read_yaml(text, where, error=TargetError)
    with reported(TargetError, where):
        table: EnergyTable = decode(EnergyTable, versioned(document, SCHEMA))
    return table
