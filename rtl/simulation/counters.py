"""What `harness/snnc_count.sv` and `snnc_cover.sv` printed: actions of every core and router, and what the
phases of the cores have met."""

import re
from collections import Counter
from dataclasses import dataclass, field

Place = tuple[int, int]
"""Column and row of a core or router."""
DIRECTIONS = ("north", "east", "south", "west", "local")
"""Ports of a router, in their order."""

PHASES = ("ACCUMULATE", "CHOSEN", "SWEEP", "DRAIN", "INIT")
HEADS = ("SPIKE", "VALUE", "END", "CREDIT", "no flit")
EMITTER = ("IDLE", "CREDIT", "WAIT or LOAD", "SEGMENT", "SCAN", "SEND", "END")
STALLS = ("packet held up", "event FIFO full")
MEETINGS = (
    *(f"{head} at the head" for head in HEADS),
    *(f"emitter in {state}" for state in EMITTER),
    *STALLS,
)
"""What a phase of the control can meet, in the order of `snnc_cover.sv`."""

_COVERED = re.compile(r"^covered (\d+) (\d+) (\d+)$", re.MULTILINE)
_LINE = re.compile(r"counted snnc_harness\.u_top\.(\S*)\.u_count((?: \w+=\d+)+)")
_PLACE = re.compile(r"u_mesh\.g_y\[(\d+)\]\.g_x\[(\d+)\]\.(.*)")
_MEMORIES = {
    "weights": ("weight_reads", None),
    "state": ("state_reads", "state_writes"),
    "membrane": ("membrane_reads", "membrane_writes"),
    "thresholds": ("threshold_reads", None),
    "reset_amounts": ("reset_amount_reads", None),
    "decays": ("decay_reads", None),
    "current_decays": ("decay_reads", None),
    "bias": ("bias_reads", None),
    "bitmap": ("bitmap_reads", "bitmap_writes"),
}
"""Instance of a memory -> the actions that its reads and writes are; None where no run does it."""


@dataclass
class RtlCounts:
    """Actions that the RTL did in its runs, configuration and the INIT of a reset not among them."""

    actions: dict[str, Counter[Place]] = field(default_factory=dict)
    """By the simulator's name of the action, then by core."""
    links: Counter[tuple[Place, str]] = field(default_factory=Counter)
    """Flits that left a router, by router and direction."""
    events: Counter[tuple[Place, str]] = field(default_factory=Counter)
    """The SPIKEs and VALUEs among them."""
    covered: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Cycles in which a phase met something, over all cores."""

    def add(self, action: str, place: Place, number: int) -> None:
        """Count an action of a core or router."""
        self.actions.setdefault(action, Counter())[place] += number


def read_counts(log: str) -> RtlCounts:
    """The counts in what a simulation printed."""
    counts = RtlCounts()
    for phase, meeting, cycles in _COVERED.findall(log):
        counts.covered[PHASES[int(phase)], MEETINGS[int(meeting)]] += int(cycles)
    for path, text in _LINE.findall(log):
        if (match := _PLACE.fullmatch(path)) is None:
            continue
        place, instance = (int(match[2]), int(match[1])), match[3].rsplit(".", 1)[-1]
        values = {name: int(number) for name, number in (part.split("=") for part in text.split())}
        if instance == "u_router":
            counts.links += Counter({(place, way): values[way] for way in DIRECTIONS})
            counts.events += Counter({(place, way): values[f"{way}_events"] for way in DIRECTIONS})
        elif instance == "u_fifo":
            action = "event_fifo" if ".u_events." in match[3] else "router_fifo"
            counts.add(f"{action}_writes", place, values["pushes"])
            counts.add(f"{action}_reads", place, values["pops"])
        elif (memory := instance.removeprefix("u_")) in _MEMORIES:
            for kind, number in zip(_MEMORIES[memory], values.values(), strict=True):
                counts.add(kind or f"{memory}_writes", place, number)
        else:
            for action, number in values.items():
                counts.add(action, place, number)
    return counts
