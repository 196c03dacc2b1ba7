"""A file of budgets: builds or models of a repository, each with its data and what it must keep to."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from snnc.base.bounds import Range, Text
from snnc.base.errors import FileError
from snnc.base.files import read_limited
from snnc.base.quoting import quote
from snnc.base.schema import SchemaError, decode, expect, reported, versioned
from snnc.commands.budgets import Budgets, EnergyBudget, Tier, positive_quantity
from snnc.models import Selection

SCHEMA = 1
MAX_BYTES = 1 << 20
Word = Annotated[str, Text(1000, least=1)]


@dataclass(frozen=True)
class Entry:
    """One network that has to keep to budgets."""

    data: Word
    """Data set by name, or an `.npz` file beside the file of budgets."""
    build: Word | None = None
    """A build directory; paths are relative to the file of budgets."""
    model: Word | None = None
    """A model file, which is compiled for `target`; instead of a build."""
    target: Word = "fpga"
    split: Literal["train", "test"] = "test"
    samples: Annotated[int, Range(1, 2**31 - 1)] | None = None
    tier: Tier = "cycle"
    energy_table: Word | None = None
    """A table by name instead of the target's."""
    max_energy: Word | None = None
    """Of a sample: `5uJ`, or `high:5uJ` for the high value of its interval."""
    max_latency: Word | None = None
    min_accuracy: Annotated[float, Range(0, 1)] | None = None
    max_layer_energy: dict[str, Word] = field(default_factory=dict)
    """The same by layer."""

    def __post_init__(self) -> None:
        """Raise SchemaError for an entry without a network, with two, or without a budget."""
        expect(
            (self.build is None) != (self.model is None),
            "",
            "an entry with a build or a model",
            "both or none",
        )
        limits = (self.max_energy, self.max_latency, self.min_accuracy, self.max_layer_energy or None)
        expect(any(limit is not None for limit in limits), "", "an entry with a budget", "none")

    @property
    def name(self) -> str:
        """What is checked."""
        return self.build or f"{self.model} on {self.target}"

    def budgets(self) -> Budgets:
        """Its limits; raises UsageError for one that is no quantity."""
        texts = [] if self.max_energy is None else [self.max_energy]
        energies = [EnergyBudget.read(text, "max_energy") for text in texts]
        for layer, text in self.max_layer_energy.items():
            energies.append(EnergyBudget.read(text, f"max_layer_energy of {quote(layer)}", layer))
        latency = None
        if self.max_latency is not None:
            latency = positive_quantity(self.max_latency, "s", "max_latency")
        budgets = Budgets(tuple(energies), latency, self.min_accuracy)
        budgets.require_time(self.tier)
        return budgets

    def selection(self, folder: Path, data_dir: Path | None) -> Selection:
        """Its samples; a file of data lies beside the budgets in `folder`."""
        data = str(folder / self.data) if self.data.endswith(".npz") else self.data
        return Selection(data, data_dir, self.split, self.samples)


@dataclass(frozen=True)
class BudgetFile:
    """All budgets of a repository."""

    network: tuple[Entry, ...]


def read_budgets(path: Path) -> tuple[Entry, ...]:
    """The entries of a file of budgets; raises FileError that names what is wrong."""
    try:
        document: dict[str, Any] = tomllib.loads(read_limited(path, MAX_BYTES).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FileError(f"not valid TOML: {str(error).splitlines()[0]}", where=str(path)) from None
    with reported(FileError, str(path)):
        found: BudgetFile = decode(BudgetFile, versioned(document, SCHEMA))
        if not found.network:
            raise SchemaError("network must be a list of entries, not empty")
    return found.network
