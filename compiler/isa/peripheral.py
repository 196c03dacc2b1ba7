"""The contract of the peripheral, declared once: registers on AXI4-Lite, words on AXI4-Stream.

`docs/peripheral.md` says what the hardware does with them. Its tables, their part of `snnc_pkg.sv` and the
C header of an IP block come from here.
"""

from dataclasses import dataclass
from enum import StrEnum

from snnc.compiler.isa.contract import ADDRESS, FLIT
from snnc.compiler.isa.layout import Field, Word

VERSION = 2
"""Of the registers."""
MAGIC = int.from_bytes(b"snnc", "big")
ADDRESS_BITS = 8
"""Bits of an address in bytes."""
REGISTER_BITS = 32
STREAM_BITS = 64


class Access(StrEnum):
    """What the bus may do with a register."""

    READ = "read"
    WRITE = "write"
    BOTH = "read, write"
    CLEAR = "read, write 1 to clear"
    TAKE = "read, which takes the packet"


@dataclass(frozen=True)
class Register:
    """A register of 32 bits at a byte `offset`."""

    offset: int
    access: Access
    word: Word

    @property
    def name(self) -> str:
        """Its name; that of the word has `peripheral_` before it."""
        return self.word.name.removeprefix("peripheral_")


def _register(offset: int, access: Access, name: str, *fields: Field) -> Register:
    return Register(offset, access, Word(f"peripheral_{name}", REGISTER_BITS, fields))


def _whole(offset: int, access: Access, name: str, meaning: str) -> Register:
    return _register(offset, access, name, Field(name, REGISTER_BITS, meaning))


_INTERRUPTS = (
    Field("sample", 1, "the last packet of a sample left the mesh"),
    Field("error", 1, "the mesh found an error"),
)
ACTIONS = Word(
    "actions",
    13,
    (
        Field("weight_reads", 1, "words of weights that events were summed up by"),
        Field("swept_words", 1, "words of neurons that sweeps wrote"),
        Field("spikes", 7, "neurons that spiked"),
        Field("arrivals", 1, "flits that came to the cores"),
        Field("hops", 3, "flits that came into the routers"),
    ),
)
"""What a core and its router do in a cycle, as far as the peripheral counts it."""
_COUNTS = tuple(
    _whole(0x64 + 4 * place, Access.READ, item.name, item.meaning)
    for place, item in enumerate(ACTIONS.fields)
)
HIGH_BITS = FLIT.width - REGISTER_BITS
STAMP_BITS = STREAM_BITS - FLIT.width
"""Bits of the cycle beside a packet on the output stream."""
HOST_PORT = 1 << ADDRESS["host"].at
"""What selects the status word of the host port."""
REGISTERS = (
    _whole(0x00, Access.READ, "magic", f"{MAGIC:#010x}, which is `snnc`"),
    _register(
        0x04,
        Access.READ,
        "version",
        Field("version", 8, f"of these registers: {VERSION}"),
        Field("input_depth", 8, "log2 of the flits that the input buffer holds"),
        Field("output_depth", 8, "log2 of the packets that the output buffer holds"),
    ),
    _register(0x08, Access.READ, "identity", Field("identity", 24, "of the hardware, as in `ip.json`")),
    _register(
        0x0C,
        Access.READ,
        "geometry",
        Field("width", ADDRESS["x"].width + 1, "columns of the mesh"),
        Field("height", ADDRESS["y"].width + 1, "rows of the mesh"),
        Field("contexts", 5, "tiles that a core can hold"),
        Field("lanes", 3, "log2 of the neurons per word"),
        Field("state_bits", 5, "of a neuron"),
        Field("weight_bits", 4, "of a weight"),
    ),
    _register(
        0x10,
        Access.BOTH,
        "control",
        Field("restart", 1, "1 resets the mesh, empties the buffers, clears counters; reads as 0"),
        Field(
            "gather",
            1,
            "a sample waits until it is complete and the one before has left",
        ),
        Field("manual", 1, "flits come from and go to registers, not the streams"),
        Field("gate", 1, "the clock of the mesh is wanted only while there is work"),
    ),
    _register(
        0x14,
        Access.READ,
        "state",
        Field("ready", 1, "the mesh takes flits"),
        Field("rest", 1, "the mesh is at rest, and no flit has waited to enter it for some cycles"),
        Field("home", 1, "the mesh is as between samples"),
        Field("error", 1, "a core or the host port found an error"),
        Field("late", 1, "a flit entered behind a cycle without one, so cycles are not the simulator's"),
        Field("stalled", 1, "a packet waited for room, so cycles are not the simulator's"),
        Field("overrun", 1, "a flit written to `input_high` found no room"),
        Field("awake", 1, "the clock of the mesh is wanted"),
    ),
    _register(0x18, Access.CLEAR, "pending", *_INTERRUPTS),
    _register(0x1C, Access.BOTH, "enable", *_INTERRUPTS),
    _register(0x20, Access.BOTH, "senders", Field("senders", 16, "tiles that send to the host")),
    _register(
        0x24,
        Access.BOTH,
        "select",
        Field(
            "select",
            ADDRESS.width,
            f"whose status word and actions: {{0, y, x}} of a core, {HOST_PORT} the host's and all actions",
        ),
    ),
    _whole(0x28, Access.READ, "status", "status word, some cycles behind `select`"),
    _whole(0x2C, Access.WRITE, "input_low", "low bits of the next flit"),
    _register(
        0x30,
        Access.WRITE,
        "input_high",
        Field("high", HIGH_BITS, "high bits of a flit, which is written with those of `input_low`"),
        Field("last", 1, "it is the last of a sample", at=REGISTER_BITS - 1),
    ),
    _register(0x34, Access.READ, "space", Field("space", 16, "flits that the input buffer has room for")),
    _register(0x38, Access.READ, "count", Field("count", 16, "packets that wait to be taken")),
    _whole(0x3C, Access.READ, "output_low", "low bits of the first packet that waits"),
    _register(
        0x40,
        Access.TAKE,
        "output_high",
        Field("high", HIGH_BITS, "its high bits"),
        Field("cycle", STAMP_BITS, "low bits of the cycle in which it left the mesh"),
    ),
    _whole(0x44, Access.READ, "samples", "samples whose last packet has left the mesh"),
    _whole(0x48, Access.READ, "finished", "cycles from the first flit to the last packet of them"),
    _whole(0x4C, Access.READ, "flits", "flits that entered the mesh"),
    _whole(0x50, Access.READ, "packets", "packets that left it"),
    _whole(0x54, Access.READ, "busy", "cycles in which it was not at rest"),
    _whole(0x58, Access.READ, "blocked", "cycles in which a packet waited for room"),
    _whole(0x5C, Access.READ, "entered", "signature of the flits that entered"),
    _whole(0x60, Access.READ, "left", "signature of the packets that left, as on the stream"),
    *_COUNTS,
)
"""Every register, by address."""

STREAM_IN = Word(
    "stream_in", STREAM_BITS, (Field("flit", FLIT.width, "to the mesh; what is above it is ignored"),)
)
STREAM_OUT = Word(
    "stream_out",
    STREAM_BITS,
    (
        Field("flit", FLIT.width, "from the mesh"),
        Field("cycle", STAMP_BITS, "low bits of the cycle it left in; cycle 0 is that of the first flit"),
    ),
)


def register(name: str) -> Register:
    """The register of that name."""
    return next(item for item in REGISTERS if item.name == name)
