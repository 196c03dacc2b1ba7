"""Targets: what a mesh of neurocores offers, read from YAML and checked field by field."""

import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated

from snnc.base.bounds import POWER_OF_TWO, Range, Text, Where
from snnc.base.errors import FileError, TargetError
from snnc.base.files import read_limited
from snnc.base.quoting import quote
from snnc.base.schema import check, decode, reported, versioned
from snnc.base.yaml_reader import MAX_BYTES, read_yaml
from snnc.compiler.isa.contract import ADDRESS, MAX_CONTEXTS, MAX_FRACTION_BITS

SCHEMA = 1
TABLE_NAME = Where(re.compile(r"[a-zA-Z0-9_-]{1,64}").fullmatch, "the name of a table")
"""What an energy table may be called: never a path, since targets travel in files from outside."""

Line = Annotated[str, Text(1000)]
Count = Annotated[int, Range(0, 1 << 30)]
"""Of anything that a device has."""

MAX_WEIGHT_WORDS = 1 << 16
SINGLE_PORT_WORDS, SINGLE_PORT_BITS = 1 << 14, 16
"""Shape of a large RAM of one port (Lattice FPGA-TN-02022, SB_SPRAM256KA)."""


@dataclass(frozen=True)
class Device:
    """The FPGA behind a target, for the fit check."""

    family: Line
    """Of the FPGA, as the place-and-route tool calls it."""
    part: Line
    """Device and package."""
    board: Line
    """Board on which the part sits."""
    luts: Count
    """Look-up tables of four inputs."""
    block_rams: Count
    """Block RAMs, of 18 kbit in an ECP5, of 4 kbit in an iCE40."""
    multipliers: Count
    """Multipliers, of 18 x 18 bits in an ECP5, of 16 x 16 in an iCE40."""
    single_port_rams: Count = 0
    """Large RAMs of one port, of 16,384 words of 16 bits; where there are any, weights lie in them."""


@dataclass(frozen=True)
class Target:
    """A mesh of equal neurocores; memory sizes are per core."""

    name: Line
    """What `--target` calls it."""
    description: Line
    """One line, as `snnc targets` lists it."""
    width: Annotated[int, Range(1, ADDRESS["x"].mask + 1)]
    """Columns of the mesh."""
    height: Annotated[int, Range(1, ADDRESS["y"].mask + 1)]
    """Rows of the mesh."""
    lanes: Annotated[int, Range(2, 64), POWER_OF_TWO]
    """Neurons that a core updates in one cycle."""
    neurons: Annotated[int, Range(2, 1 << 16), POWER_OF_TWO]
    """Neurons that a core can hold; at least two words of `lanes`."""
    parameter_words: Annotated[int, Range(1, (1 << 12) - 1)]
    """Words of thresholds and biases: one per channel, lanes to a word."""
    axon_rows: Annotated[int, Range(1, 256)]
    """Entries of the axon table of rows, for all edges of a core together."""
    axon_columns: Annotated[int, Range(1, 256)]
    """The same of columns."""
    delay_slots: Annotated[int, Range(1, 16), POWER_OF_TWO]
    """Spike bitmaps kept: one more than the longest delay."""
    cuba: bool
    """Whether cores have a second state memory, for synaptic currents."""
    decay_multiplier: bool
    """Whether a lane multiplies; without, a decay must be a shift, and a payload takes a pass per set bit."""
    weight_kibit: Annotated[int, Range(1, 1 << 20)]
    """Size of the weight memory, in units of 1024 bits."""
    weight_bits: Annotated[int, Range(2, 8)] | None
    """Width of a weight in memory; None: as wide as the model's widest, fixed when the RTL is generated."""
    state_bits: Annotated[int, Range(8, 24)]
    """Width of a state word, threshold and bias."""
    destinations: Annotated[int, Range(1, 256)]
    """Entries of the destination table."""
    sources: Annotated[int, Range(1, 256)]
    """Cores and the host that may send to one core."""
    event_fifo: Annotated[int, Range(2, 256), POWER_OF_TWO]
    """Flits that wait in front of a core."""
    router_fifo: Annotated[int, Range(2, 256), POWER_OF_TWO]
    """Flits that wait at each input of a router."""
    clock_mhz: Annotated[float, Range(1e-3, 1e6)]
    """Clock, in MHz."""
    energy_table: Annotated[str, TABLE_NAME]
    """Name of the table that prices its actions."""
    static_mw: Annotated[float, Range(0, 1e6)]
    """Power without any event, in mW."""
    static_source: Line
    """Where that power is from."""
    reset_amount: bool = False
    """Whether cores have a memory for what a soft reset subtracts, apart from thresholds."""
    channel_leak: bool = False
    """Whether cores have memories for decays, one per channel."""
    lower_clamp: bool = False
    """Whether a membrane may be kept from falling below a number."""
    fraction_bits: Annotated[int, Range(0, MAX_FRACTION_BITS)] = 0
    """Most bits by which weights may be shifted left, into a finer unit of the membrane."""
    contexts: Annotated[int, Range(1, MAX_CONTEXTS)] = 1
    """Tiles that may share a core."""
    device: Device | None = None
    """None for a target that exists only in simulation."""

    def verify(self) -> None:
        """Check every field against its bounds; raises TargetError naming it."""
        with reported(TargetError, self.name):
            check(self)
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
        width = self.lanes * weight_bits
        words = min(self.weight_bits_per_core // width, MAX_WEIGHT_WORDS)
        if self.device is None or not self.device.single_port_rams:
            return words
        rams = self.device.single_port_rams // self.core_count
        return min(words, rams // -(-width // SINGLE_PORT_BITS) * SINGLE_PORT_WORDS)

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
    with reported(TargetError, where):
        target: Target = decode(Target, versioned(document, SCHEMA))
    target.verify()
    return target
