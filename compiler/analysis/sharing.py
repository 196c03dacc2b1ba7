"""Which tiles share a core: packing by memories and tables, and by the time that tiles take from one another.

Tiles of one core take turns, so their cycles add up; layers on several cores work on consecutive steps at the
same time.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

SLACKS = (1.0, 1.1, 1.25, 1.5, 2.0, math.inf)
"""How much fuller than in the mean a core may be when tiles are put side by side."""
ORDERS = 50
"""Orders in which tiles are dropped into cores until all fit."""
MOVES_PER_TILE, MOST_MOVES = 200, 4_000
TEMPERATURE = 0.1
"""Of the annealing at its start, as a share of the first cost."""
CORE_WORTH = 1.1
"""A further core must make a sample this much faster to be taken."""

Sharing = list[int]
"""The core of each tile, counted from 0."""


@dataclass(frozen=True)
class Demand:
    """What a tile needs of its core."""

    layer: str
    amounts: tuple[int, ...]
    """Of everything that the tiles of a core have together, state words first."""
    cycles: float
    """Per step."""
    alone: bool
    """Whether no other tile may share its core."""
    named: bool
    """Whether VALUEs name its state words."""


@dataclass(frozen=True)
class Room:
    """What there is, and how a sample runs."""

    cores: int
    limits: tuple[int, ...]
    """Of each core, in the order of the amounts."""
    named_words: int
    """State words of a core that a VALUE can name."""
    steps: int
    host_cycles: float
    """Per step, of the host's flits."""

    def holds(self, tiles: Sequence[Demand]) -> bool:
        """Whether a core has room for all of `tiles`, in this order."""
        totals = [sum(column) for column in zip(*(tile.amounts for tile in tiles), strict=True)]
        if any(total > limit for total, limit in zip(totals, self.limits, strict=True)):
            return False
        words = 0
        for tile in tiles:
            words += tile.amounts[0]
            if tile.named and words > self.named_words:
                return False
        return len(tiles) == 1 or not any(tile.alone for tile in tiles)

    def part_of(self, tile: Demand) -> float:
        """The largest share of a core that a tile takes, of any memory or table."""
        return max(amount / limit for amount, limit in zip(tile.amounts, self.limits, strict=True))

    def least_cores(self, tiles: Sequence[Demand]) -> int:
        """Cores without which no packing can do."""
        alone = sum(tile.alone for tile in tiles)
        shared = [tile.amounts for tile in tiles if not tile.alone]
        columns = zip(*shared, self.limits, strict=True)
        return alone + max((-(-sum(column) // limit) for *column, limit in columns), default=0)

    def cycles(self, tiles: Sequence[Demand], sharing: Sharing) -> float:
        """Expected cycles of a sample: the first step passes layer by layer, the others follow at the pace of
        the busiest core or of the host."""
        loads: dict[int, float] = {}
        layers: dict[str, dict[int, float]] = {}
        for tile, core in zip(tiles, sharing, strict=True):
            loads[core] = loads.get(core, 0.0) + tile.cycles
            own = layers.setdefault(tile.layer, {})
            own[core] = own.get(core, 0.0) + tile.cycles
        through = sum(max(own.values()) for own in layers.values())
        return through + (self.steps - 1) * max(*loads.values(), self.host_cycles)


def share(tiles: Sequence[Demand], room: Room, *, spread: bool) -> Sharing | None:
    """A packing on the fewest cores that were found to do, or with `spread` on more while each makes a sample
    a tenth faster; None where none was found. Cores are numbered by their first tile. Deterministic."""
    best: Sharing | None = None
    best_score, fewest = math.inf, 0
    for cores in range(room.least_cores(tiles), min(room.cores, len(tiles)) + 1):
        worth = CORE_WORTH ** (cores - fewest) if fewest else 1.0
        if fewest and best_score <= worth * _least_cycles(tiles, room, cores):
            continue
        found = _share_over(tiles, room, cores)
        if found is None:
            continue
        if not spread:
            return _numbered(found)
        fewest = fewest or cores
        score = room.cycles(tiles, found) * worth
        if score < best_score:
            best, best_score = found, score
    return None if best is None else _numbered(best)


def _numbered(sharing: Sharing) -> Sharing:
    numbers = {core: number for number, core in enumerate(dict.fromkeys(sharing))}
    return [numbers[core] for core in sharing]


def _least_cycles(tiles: Sequence[Demand], room: Room, cores: int) -> float:
    """Cycles that no packing on so many cores falls below."""
    layers: dict[str, list[float]] = {}
    for tile in tiles:
        layers.setdefault(tile.layer, []).append(tile.cycles)
    through = sum(max(*own, sum(own) / cores) for own in layers.values())
    longest, total = max(tile.cycles for tile in tiles), sum(tile.cycles for tile in tiles)
    return through + (room.steps - 1) * max(longest, total / cores, room.host_cycles)


def _share_over(tiles: Sequence[Demand], room: Room, cores: int) -> Sharing | None:
    """The best packing found on at most so many cores: neighbours in the network together, or as memories
    allow, then changed at random."""
    starts = [start for start in _starts(tiles, room, cores) if start is not None]
    if not starts:
        return None
    return _anneal(tiles, room, cores, min(starts, key=lambda sharing: room.cycles(tiles, sharing)))


def _starts(tiles: Sequence[Demand], room: Room, cores: int) -> Iterator[Sharing | None]:
    even = sum(tile.cycles for tile in tiles) / cores
    yield from (_in_a_row(tiles, room, cores, even * slack) for slack in SLACKS)
    order = sorted(range(len(tiles)), key=lambda number: -room.part_of(tiles[number]))
    generator = np.random.default_rng(0)
    for _ in range(ORDERS):
        if (found := _first_fit(tiles, room, cores, order)) is not None:
            yield found
            break
        order = generator.permutation(len(tiles)).tolist()


def _in_a_row(tiles: Sequence[Demand], room: Room, cores: int, load: float) -> Sharing | None:
    """Tiles in the network's order, each core filled up to that load; None where they are too many."""
    sharing: Sharing = []
    own: list[Demand] = []
    core = 0
    for tile in tiles:
        if own and (sum(t.cycles for t in own) + tile.cycles > load or not room.holds([*own, tile])):
            core, own = core + 1, []
        own.append(tile)
        sharing.append(core)
    return sharing if core < cores else None


def _first_fit(tiles: Sequence[Demand], room: Room, cores: int, order: Sequence[int]) -> Sharing | None:
    """Tiles in that order, each on the first core with room for it."""
    held: list[list[int]] = [[] for _ in range(cores)]
    for number in order:
        for own in held:
            together = sorted([*own, number])
            if room.holds([tiles[i] for i in together]):
                own.append(number)
                break
        else:
            return None
    places = {number: core for core, own in enumerate(held) for number in own}
    return [places[number] for number in range(len(tiles))]


def _anneal(tiles: Sequence[Demand], room: Room, cores: int, start: Sharing) -> Sharing:
    """The packing after random moves of a tile and exchanges of two (Kirkpatrick, Gelatt, Vecchi 1983), the
    best that was seen; a core is never filled beyond its room."""
    generator = np.random.default_rng(0)
    sharing, best = start.copy(), start.copy()
    cost = best_cost = first = room.cycles(tiles, start)
    moves = min(MOVES_PER_TILE * len(tiles), MOST_MOVES) if cores > 1 else 0
    for number in range(moves):
        temperature = TEMPERATURE * first * (1.0 - number / moves) ** 2 + 1e-12
        changed = _changed(generator, sharing, cores)
        if not _holds_all(tiles, room, changed, sharing):
            continue
        change = room.cycles(tiles, changed) - cost
        if change <= 0 or generator.random() < math.exp(-change / temperature):
            sharing, cost = changed, cost + change
            if cost < best_cost - 1e-9:
                best, best_cost = sharing.copy(), cost
    return best


def _changed(generator: np.random.Generator, sharing: Sharing, cores: int) -> Sharing:
    """One tile on another core, or two exchanged."""
    changed = sharing.copy()
    a, b = (int(n) for n in generator.integers(len(sharing), size=2))
    if generator.random() < 0.5:
        changed[a] = int(generator.integers(cores))
    else:
        changed[a], changed[b] = changed[b], changed[a]
    return changed


def _holds_all(tiles: Sequence[Demand], room: Room, changed: Sharing, before: Sharing) -> bool:
    """Whether the cores that a change touches have room."""
    touched = {core for old, new in zip(before, changed, strict=True) if old != new for core in (old, new)}
    groups: dict[int, list[Demand]] = {core: [] for core in touched}
    for tile, core in zip(tiles, changed, strict=True):
        if core in groups:
            groups[core].append(tile)
    return all(room.holds(group) for group in groups.values() if group)
