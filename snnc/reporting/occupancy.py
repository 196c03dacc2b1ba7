"""Who occupies what on a core: its memories, tables and time, tile by tile, and as a picture in text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from snnc.compiler.ir.packing import on_core
from snnc.compiler.ir.program import Core, TiledProgram, core_usage
from snnc.compiler.isa.address import Address
from snnc.compiler.passes.demands import SHARED

WIDTH = 40
"""Characters of a bar."""
LETTERS = "abcdefghijklmnop"
"""One for each context."""
TIME = "expected cycles"


@dataclass(frozen=True)
class Use:
    """What the tiles of a core take of one thing."""

    what: str
    by_tile: tuple[float, ...]
    there: float | None
    """None: there is no limit."""

    @property
    def shares(self) -> tuple[float, ...]:
        """Of each tile: of what there is, or without a limit of what all take."""
        whole = self.there if self.there is not None else sum(self.by_tile)
        return tuple(part / whole if whole else 0.0 for part in self.by_tile)


@dataclass(frozen=True)
class Occupancy:
    """A core with its tiles."""

    x: int
    y: int
    layers: tuple[str, ...]
    """Of each tile, by context."""
    uses: tuple[Use, ...]

    @property
    def place(self) -> str:
        return str(Address(self.x, self.y))


def occupancies(program: TiledProgram, cycles: Mapping[str, float] | None = None) -> tuple[Occupancy, ...]:
    """Every core of a program that has tiles; with `cycles`, expected per step of a tile of each layer, also
    their time."""
    found = []
    for (x, y), tiles in on_core(program).items():
        uses = memory_uses(tiles, program)
        if cycles is not None:
            uses.append(Use(TIME, tuple(cycles[core.layer] for core in tiles), None))
        found.append(Occupancy(x, y, tuple(core.layer for core in tiles), tuple(uses)))
    return tuple(found)


def memory_uses(tiles: Sequence[Core], program: TiledProgram) -> list[Use]:
    """What the tiles of a core take of its memories and tables."""
    usages = [core_usage([core], program.target, program.weight_bits) for core in tiles]
    return [
        Use(what, tuple(float(usage[number][1]) for usage in usages), limit)
        for number, (what, _, limit) in enumerate(usages[0])
        if what in SHARED
    ]


def draw(occupancy: Occupancy) -> str:
    """A bar for each memory, table and the time, in which a tile's part has its letter."""
    names = ", ".join(f"{letter} {layer}" for letter, layer in zip(LETTERS, occupancy.layers, strict=False))
    widest = max(len(use.what) for use in occupancy.uses)
    lines = [f"core {occupancy.place}: {names}"]
    for use in occupancy.uses:
        total = sum(use.by_tile)
        amount = f"{total:,.0f}" if use.there is None else f"{total:,.0f} of {use.there:,.0f}"
        lines.append(f"  {use.what:{widest}} |{_bar(use.shares)}| {amount}")
    return "\n".join(lines)


def _bar(shares: Sequence[float]) -> str:
    """Every tile from the column where the sum before it ends to that where its own does."""
    bar, before = "", 0.0
    for letter, share in zip(LETTERS, shares, strict=False):
        before += share
        bar += letter * (round(WIDTH * before) - len(bar))
    return f"{bar:.<{WIDTH}}"
