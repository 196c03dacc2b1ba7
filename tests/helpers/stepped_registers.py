"""Registers of one core of the stepped model, without FIFO and memories."""

from dataclasses import dataclass, field


@dataclass
class Registers:
    """What the units of a core read as it was and write as it will be."""

    control: str = "ACCUMULATE"
    control_left: int = 0
    event_tables: int | None = None
    event_entry: int | None = None
    decode: int | None = None
    segment_begun: bool = False
    row_left: int = 0
    ends: int = 0
    owed: int = 0
    last_step: bool = False
    step: int = 0
    emitter: str = "IDLE"
    wants_emit: bool = False
    sends_last: bool = False
    sends_step: int = 0
    segment: int = 0
    word: int = 0
    scan_left: int = 0
    lanes: list[int] = field(default_factory=list)
    entry: int = 0
    source: int = 0
