"""What `make formal` proves: properties of the RTL, each with its checker and how far it is proved."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Property:
    """A checker module with its parameters, and how far it is proved."""

    name: str
    top: str
    """Checker module, in `properties/<top>.sv`."""
    claim: str
    """What is proved, in words."""
    depth: int
    """Cycles of a bounded proof, and of the search for what a mutation breaks."""
    induction: int = 0
    """k of the proof by k-induction; 0 where the proof is bounded."""
    parameters: Mapping[str, int] = field(default_factory=dict)
    defines: tuple[str, ...] = ()
    skip: int = 0
    """Cycles of the reset, in which assertions are not checked yet."""
    free: str = ""
    """Registers, a pattern of their names, that lose their initial value: anything may be in them."""


PROPERTIES = (
    Property(
        "fifo",
        "formal_fifo",
        "a FIFO loses, duplicates, reorders and changes nothing; valid and ready say empty and full",
        depth=10,
        induction=3,
        parameters={"Width": 48, "Depth": 4},
    ),
    Property(
        "fifo-2",
        "formal_fifo",
        "the same for the smallest depth",
        depth=12,
        parameters={"Width": 4, "Depth": 2},
    ),
    Property(
        "fifo-16",
        "formal_fifo",
        "the same for the depth of an event FIFO, long enough to fill and to wrap",
        depth=20,
        parameters={"Width": 4, "Depth": 16},
    ),
    Property(
        "arbiter",
        "formal_arbiter",
        "the arbiter is the documented one, holds its choice, and serves a request within 5 grants",
        depth=10,
        induction=3,
    ),
    Property(
        "router",
        "formal_router",
        "per input and output a router loses, duplicates, reorders and changes nothing; routes as documented",
        depth=8,
        induction=3,
        parameters={"FifoDepth": 2},
    ),
    Property(
        "router-narrow",
        "formal_router",
        "the same where flits keep 2 bits of x and 1 of y, as in a mesh of 3 x 1",
        depth=8,
        induction=3,
        parameters={"FifoDepth": 2, "XBits": 2, "YBits": 1},
    ),
    Property(
        "router-delivery",
        "formal_router",
        "a flit leaves within 5 x FIFO depth cycles once the receivers are ready",
        depth=14,
        induction=3,
        parameters={"FifoDepth": 2, "Delivery": 1},
    ),
    Property(
        "host-port",
        "formal_host_port",
        "SYNC waits for its credits, every CREDIT counts once, all else passes unchanged; stream rules",
        depth=8,
        induction=3,
    ),
    Property(
        "frame-buffer",
        "formal_frame_buffer",
        "flits of committed frames leave once, in order and unchanged, those of dropped ones never",
        depth=10,
        induction=4,
        defines=("SNNC_ASSERT",),
    ),
    Property(
        "lane",
        "formal_lane",
        "the accumulator stays inside its proved bound: state words and sweeps are the exact integers",
        depth=14,
        induction=9,
    ),
    Property(
        "lane-amounts",
        "formal_lane",
        "the same with reset amounts, a lower end of the clamp and fraction bits",
        depth=14,
        induction=9,
        defines=("AMOUNTS",),
    ),
    Property(
        "counters",
        "formal_counters",
        "END and CREDIT counters neither over- nor underflow; neither flit is sent twice",
        depth=14,
        induction=4,
        defines=("SNNC_ASSERT",),
    ),
    Property(
        "counters-surplus",
        "formal_counters",
        "ENDs and CREDITs that nobody waits for change no counter, put off no step, and are told",
        depth=14,
        induction=4,
        parameters={"Surplus": 1},
        defines=("SNNC_ASSERT",),
    ),
    Property(
        "contexts",
        "formal_contexts",
        "contexts are counted for, chosen and served as documented: none lost, doubled, early or out of turn",
        depth=14,
        induction=3,
        parameters={"Contexts": 2},
    ),
    Property(
        "waiting",
        "formal_waiting",
        "an event at the head of a core waits for a turn of each context at most, whatever the emitter does",
        depth=14,
        induction=3,
        parameters={"Contexts": 2},
    ),
    Property(
        "reset",
        "formal_reset",
        "a reset leads from any state to v(0) in every word, ready, at rest and at home; nothing is sent",
        depth=22,
        skip=8,
        free="dut.u_configuration.u_registers.registers*",
    ),
    Property(
        "reset-cuba",
        "formal_reset",
        "the same with membranes in a memory of their own: currents are 0",
        depth=22,
        parameters={"Cuba": 1},
        skip=8,
        free="dut.u_configuration.u_registers.registers*",
    ),
    Property(
        "core",
        "formal_core",
        "no word is read while or before it is written back, no two writes meet, events only when due",
        depth=39,
        defines=("SNNC_ASSERT",),
        skip=6,
        free="dut.u_configuration.u_registers.registers*",
    ),
    Property(
        "core-cuba",
        "formal_core",
        "the same with membranes in a memory of their own",
        depth=39,
        parameters={"Cuba": 1},
        defines=("SNNC_ASSERT",),
        skip=6,
        free="dut.u_configuration.u_registers.registers*",
    ),
)
