"""The contract of the UART link, declared once: frames of the host, verdicts, and the words of a reply.

`docs/host.md` says what the bridge does with them; its table and their part of `snnc_pkg.sv` come from here.
"""

from enum import IntEnum

from snnc.compiler.isa.contract import FLIT
from snnc.compiler.isa.layout import Field, Word

VERSION = 3
"""Of the protocol."""
COMMON_BYTES = 16
"""Bytes of a reply that mean the same in every version."""
RUN_PACKETS = 32
"""A reply ends before a packet whose position is a multiple of this."""


class FrameKind(IntEnum):
    """What a frame of the host asks for."""

    FLITS = 0
    HELLO = 1
    CONTROL = 2
    READ = 3
    STATUS = 4


class Verdict(IntEnum):
    """What became of a frame."""

    ACCEPTED = 0
    DAMAGED = 1
    MALFORMED = 2
    SEQUENCE = 3
    OVERRUN = 4


CONTROL = Word(
    "control",
    16,
    (
        Field("restart", 1, "reset the mesh"),
        Field("open", 1, "open the gate"),
    ),
)
"""The argument of HELLO and CONTROL frames."""

REPLY = Word(
    "reply",
    136,
    (
        Field("verdict", 4, "on the last frame"),
        Field("kind", 4, "of that frame"),
        Field("expected", 8, "sequence number of the next frame: everything before it has been accepted"),
        Field("taken", 16, "flits that entered the mesh since its last reset, modulo 2 · `InputDepth`"),
        Field("first", 16, "position of the first packet held, modulo 2 · `OutputDepth`"),
        Field("open", 1, "the gate is open"),
        Field("late", 1, "section 4"),
        Field("stalled", 1, "section 4"),
        Field("version", 4, f"of this protocol: {VERSION}", at=52),
        Field("input_depth", 4, "log2 of `InputDepth`"),
        Field("output_depth", 4, "log2 of `OutputDepth`"),
        *(
            Field(
                f"count_{verdict.name.lower()}",
                8,
                f"frames of verdict {int(verdict)} since power-up, modulo 256",
            )
            for verdict in Verdict
        ),
        Field("identity", 24, "of the hardware"),
        Field("ready", 1, "the mesh takes flits"),
        Field("rest", 1, "the mesh is at rest, and no flit has waited to enter it for 4 cycles"),
        Field("home", 1, "the mesh is as between samples"),
        Field("error", 1, "a core or the host port found an error"),
    ),
)
"""What every reply begins with, lowest byte first."""
PACKET = Word(
    "packet",
    80,
    (
        Field("flit", FLIT.width, "as it left the mesh"),
        Field("cycle", 28, "it left in; stops at the largest"),
    ),
)
"""What follows in the answer to READ, as often as there are packets."""
STATUS_REPLY = Word(
    "status_reply",
    96,
    (
        Field("word", 32, "status word asked for"),
        Field("entered", 32, "signature of the flits that entered the mesh since its last reset"),
        Field("left", 32, "signature of the packets that left it since then, with their cycles"),
    ),
)
"""What follows in the answer to STATUS."""
