"""Registers of one core of the stepped model, without FIFO and memories."""

from dataclasses import dataclass, field, replace


@dataclass
class TileRegisters:
    """What control keeps for a tile; with contexts also its pending jobs, and for which step.

    `ending` is the last bit of the step that is swept or drained, `last_step` that of the one accumulated.
    """

    ends: int = 0
    owed: int = 0
    last_step: bool = False
    ending: bool = False
    step: int = 0
    credits: bool = False
    emits: bool = False
    sends_last: bool = False
    sends_step: int = 0


@dataclass
class Registers:
    """What the units of a core read as it was and write as it will be."""

    tiles: list[TileRegisters] = field(default_factory=list)
    control: str = "ACCUMULATE"
    control_left: int = 0
    current: int = 0
    event_tables: int | None = None
    event_entry: int | None = None
    decode: int | None = None
    row_left: int = 0
    row_tile: int = 0
    emitter: str = "IDLE"
    job: int | None = None
    wants_emit: bool = False
    sends_last: bool = False
    sends_step: int = 0
    segment: int = 0
    segment_begun: bool = False
    word: int = 0
    scan_left: int = 0
    lanes: list[int] = field(default_factory=list)
    entry: int = 0
    source: int = 0

    @property
    def events_are_empty(self) -> bool:
        """No event on its way to the row engine, which is free (not even in its final cycle)."""
        return (self.event_tables, self.event_entry, self.decode) == (None, None, None) and not self.row_left

    def copy(self) -> "Registers":
        """Registers to write while these are read."""
        return replace(self, tiles=[replace(tile) for tile in self.tiles], lanes=list(self.lanes))
