"""Packing: the tiles of a network on cores that hold several, for `partition` and `place`."""

import math
from functools import cached_property

from snnc.base.errors import DoesNotFit
from snnc.compiler.analysis.cuts import LayerCut, smallest_cut
from snnc.compiler.analysis.planned import finer_cuts, planned_tiles
from snnc.compiler.analysis.sharing import CORE_WORTH, Demand, Room, Sharing, share
from snnc.compiler.ir.network import Network
from snnc.compiler.ir.tiling import Tiling
from snnc.compiler.passes.demands import SHARED, demands_of
from snnc.compiler.targets import Target

ROUNDS = 32
"""Times that a layer is cut finer until all tiles find room."""


def packed_cuts(network: Network, target: Target, *, spread: bool) -> list[LayerCut]:
    """Cuts whose tiles find room on the cores of `target`, as few tiles as possible; with `spread`, layers
    are cut further while that makes a sample faster by more than further cores are worth.

    Raises DoesNotFit where no such cuts were found, saying which memory or table is missing.
    """
    first = Packing([smallest_cut(network, layer, target) for layer in network.layers], network, target)
    found: Packing | None = first
    for _ in range(ROUNDS):
        if found is None or found.fits:
            break
        found = found.with_largest_tile_cut()
    if found is None or not found.fits:
        raise DoesNotFit(_misfit(first))
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
        found = f"its {len(demands)} tiles find no packing on {_cores(room)}"
        raise DoesNotFit(f"model does not fit target `{tiling.target.name}`: {found}")
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
        return max(needed / limit for _, needed, limit in self.needs)

    @property
    def needs(self) -> list[tuple[str, int, int]]:
        """What tiles share: which, how much they need together, how much all cores have."""
        columns = zip(*(demand.amounts for demand in self.demands), strict=True)
        there = [limit * self.room.cores for limit in self.room.limits]
        return list(zip(SHARED, map(sum, columns), there, strict=True))


def _misfit(packing: Packing) -> str:
    """Which memory or table is missing, and what every layer takes."""
    room, target = packing.room, packing.target
    first = f"its {len(packing.demands)} tiles find no packing on {_cores(room)}"
    if missing := [need for need in packing.needs if need[1] > need[2]]:
        there = f"{_cores(room)} {'has' if room.cores == 1 else 'have'}"
        needs = (
            f"needs {_sized(what, n, packing)}, {there} {_sized(what, m, packing)}" for what, n, m in missing
        )
        first = "; ".join(needs)
    for demand in packing.demands:
        for what, used, limit in zip(SHARED, demand.amounts, room.limits, strict=True):
            if used > limit:
                tile = f"a tile of layer {demand.layer!r} needs {_sized(what, used, packing)}"
                first = f"{tile}, a core has {_sized(what, limit, packing)}"
    rows = [_row(cut, packing) for cut in packing.cuts]
    return "\n".join([f"model does not fit target `{target.name}`: {first}", *rows])


def _row(cut: LayerCut, packing: Packing) -> str:
    own = [demand.amounts for demand in packing.demands if demand.layer == cut.layer.name]
    sums = [sum(column) for column in zip(*own, strict=True)]
    needs = ", ".join(_sized(what, n, packing) for what, n in zip(SHARED, sums, strict=True))
    return f"layer {cut.layer.name!r}: {cut.layer.count} neurons; {needs}"


def _sized(what: str, amount: int, packing: Packing) -> str:
    """An amount in words; memories in KiB, too."""
    target = packing.target
    bits = {
        "weight words": target.lanes * target.stored_weight_bits(packing.network.weight_bits),
        "state words": target.lanes * target.state_bits,
    }.get(what)
    return f"{amount} {what}" + (f" ({amount * bits / 8192:.1f} KiB)" if bits else "")


def _cores(room: Room) -> str:
    return "one core" if room.cores == 1 else f"{room.cores} cores"
