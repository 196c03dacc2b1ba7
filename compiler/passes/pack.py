"""Packing: the tiles of a network on cores that hold several, for `partition` and `place`."""

import math
from functools import cached_property

from snnc.compiler.analysis.cuts import LayerCut, smallest_cut
from snnc.compiler.analysis.planned import finer_cuts, planned_tiles
from snnc.compiler.analysis.sharing import CORE_WORTH, Demand, Room, Sharing, share
from snnc.compiler.ir.network import Network
from snnc.compiler.ir.tiling import Tiling
from snnc.compiler.passes.demands import demands_of
from snnc.compiler.passes.misfit import misfit, needs_of, require_room
from snnc.compiler.targets import Target

ROUNDS = 32
"""Times that a layer is cut finer until all tiles find room."""


def packed_cuts(network: Network, target: Target, *, spread: bool) -> list[LayerCut]:
    """Cuts whose tiles find room on the cores of `target`, as few tiles as possible; with `spread`, layers
    are cut further while that makes a sample faster by more than further cores are worth.

    Raises DoesNotFit where no such cuts were found, saying which memory or table is missing.
    """
    cuts = [smallest_cut(network, layer, target) for layer in network.layers]
    require_room(network, cuts, target)
    first = Packing(cuts, network, target)
    found: Packing | None = first
    for _ in range(ROUNDS):
        if found is None or found.fits:
            break
        found = found.with_largest_tile_cut()
    if found is None or not found.fits:
        raise misfit(network, first.cuts, first.demands, first.room, target)
    while spread:
        slowest = max(found.demands, key=lambda demand: demand.cycles)
        better = min(found.with_cut(slowest.layer), key=lambda other: other.score, default=found)
        if better.score >= found.score:
            break
        found = better
    return found.cuts


def pack(tiling: Tiling, *, spread: bool) -> Sharing:
    """The core of each tile, counted from 0; raises DoesNotFit where no packing was found."""
    demands, room = demands_of(tiling)
    sharing = _share(demands, room, spread=spread)
    if sharing is None:
        raise misfit(tiling.network, [], demands, room, tiling.target)
    return sharing


def _share(demands: list[Demand], room: Room, *, spread: bool) -> Sharing | None:
    if not all(room.holds([demand]) for demand in demands):
        return None
    return share(demands, room, spread=spread)


class Packing:
    """Cuts of a network, and how their tiles may share cores."""

    def __init__(self, cuts: list[LayerCut], network: Network, target: Target) -> None:
        self.cuts, self.network, self.target = cuts, network, target
        self.demands, self.room = demands_of(Tiling(network, target, planned_tiles(cuts)))

    @cached_property
    def fits(self) -> bool:
        """Whether a packing was found."""
        return _share(self.demands, self.room, spread=False) is not None

    @cached_property
    def score(self) -> float:
        """Cycles of a sample, with what its cores are worth; infinite without a packing."""
        sharing = _share(self.demands, self.room, spread=True)
        if sharing is None:
            return math.inf
        return self.room.cycles(self.demands, sharing) * CORE_WORTH ** len(set(sharing))

    def with_cut(self, name: str) -> "list[Packing]":
        """The same with the layer of that name in the next finer cuts, by channels and by rows."""
        number = next(i for i, cut in enumerate(self.cuts) if cut.layer.name == name)
        before, cut, behind = self.cuts[:number], self.cuts[number], self.cuts[number + 1 :]
        finer = finer_cuts(self.network, cut, self.target)
        return [Packing([*before, other, *behind], self.network, self.target) for other in finer]

    def with_largest_tile_cut(self) -> "Packing | None":
        """The same with the layer of the largest tile cut finer, or of the next one that can be; None where
        that cannot help, for tiles together never shrink."""
        if self.room.least_cores(self.demands) > self.room.cores:
            return None
        sizes: dict[str, float] = {}
        for demand in self.demands:
            sizes[demand.layer] = max(sizes.get(demand.layer, 0.0), self.room.part_of(demand))
        for layer in sorted(sizes, key=lambda name: -sizes[name]):
            if finer := self.with_cut(layer):
                return min(finer, key=lambda packing: (not packing.fits, packing.scarcest))
        return None

    @property
    def scarcest(self) -> float:
        """The largest share of all cores that tiles need together, of any memory or table."""
        return max(needed / there for _, needed, there in needs_of(self.demands, self.room))
