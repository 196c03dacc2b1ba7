"""partition: cut every layer into tiles that fit one core: by channels, by rows of pixels and by fan-in."""

from dataclasses import dataclass
from typing import ClassVar

from snnc.base.errors import DoesNotFit
from snnc.compiler.analysis.activity import activity_of
from snnc.compiler.analysis.costs import host_flits, layer_cycles
from snnc.compiler.analysis.cuts import LayerCut, smallest_cut
from snnc.compiler.analysis.planned import finer_cuts, planned_tiles
from snnc.compiler.ir.levels import Level
from snnc.compiler.ir.network import Network
from snnc.compiler.ir.provenance import Activity
from snnc.compiler.ir.tiling import Tiling
from snnc.compiler.passes.pack import packed_cuts
from snnc.compiler.targets import Target


@dataclass(frozen=True)
class Partition:
    """Needs a Network with proved accumulators. Guarantees tiles within the core's memories and tables, as
    few as possible; with `spread`, free cores then shorten the slowest layer by the cost model of `costs.py`.
    Where cores hold several tiles, these find room on the mesh together.

    Refuses with DoesNotFit when the mesh has too few cores, or these too little of anything.
    """

    target: Target
    spread: bool = True
    name: ClassVar[str] = "partition"
    takes: ClassVar[type[Level]] = Network
    gives: ClassVar[type[Level]] = Tiling

    def run(self, network: Network) -> Tiling:
        if self.target.contexts > 1:
            cuts = packed_cuts(network, self.target, spread=self.spread)
            return Tiling(network, self.target, planned_tiles(cuts))
        cuts = [smallest_cut(network, layer, self.target) for layer in network.layers]
        if sum(cut.cores for cut in cuts) > self.target.core_count:
            raise _too_many_cores(network, cuts, self.target)
        if self.spread:
            cuts = _spread(network, cuts, self.target, activity_of(network))
        return Tiling(network, self.target, planned_tiles(cuts))


def _too_many_cores(network: Network, cuts: list[LayerCut], target: Target) -> DoesNotFit:
    rows = []
    total_bits = 0
    width = target.stored_weight_bits(network.weight_bits)
    for cut in cuts:
        bits = cut.weight_words * target.lanes * width * cut.channel_tiles
        total_bits += bits
        rows.append(
            f"layer {cut.layer.name!r}: {cut.cores} cores; {cut.layer.count} neurons "
            f"(a core has {target.neurons}), {bits / 8192:.1f} KiB of weights "
            f"(a core has {target.weight_bits_per_core / 8192:.1f})"
        )
    needed = sum(cut.cores for cut in cuts)
    return DoesNotFit(
        f"model does not fit target `{target.name}`: needs {needed} cores, has {target.core_count}; "
        f"weights {total_bits / 8192:.1f} KiB, has "
        f"{target.core_count * target.weight_bits_per_core / 8192:.1f} KiB in all\n" + "\n".join(rows)
    )


def _spread(network: Network, cuts: list[LayerCut], target: Target, activity: Activity) -> list[LayerCut]:
    """Greedily cut the slowest layer finer while that lowers the costs, compared from the slowest down."""
    while True:
        costs = [layer_cycles(network, cut, len(cut.slices), target, activity) for cut in cuts]
        slowest = max(range(len(cuts)), key=lambda i: costs[i])
        candidates = [
            [*cuts[:slowest], finer, *cuts[slowest + 1 :]]
            for finer in finer_cuts(network, cuts[slowest], target)
        ]
        fitting = [c for c in candidates if _fits(network, c, target)]
        best = min(fitting, key=lambda c: _cost(network, c, target, activity), default=cuts)
        if _cost(network, best, target, activity) >= _cost(network, cuts, target, activity):
            return cuts
        cuts = best


def _cost(network: Network, cuts: list[LayerCut], target: Target, activity: Activity) -> list[float]:
    """Cycles per step of the host and of every layer, largest first."""
    cycles = [layer_cycles(network, cut, len(cut.slices), target, activity) for cut in cuts]
    return sorted([*cycles, host_flits(network, cuts, activity)], reverse=True)


def _fits(network: Network, cuts: list[LayerCut], target: Target) -> bool:
    """Within the mesh, and certain to stay within every core's tables of senders and receivers."""
    cores = {cut.layer.name: cut.cores for cut in cuts}
    owners = {cut.layer.name: cut.channel_tiles * cut.row_tiles for cut in cuts} | {network.input.name: 1}
    for cut in cuts:
        edges = [edge for other in cuts for edge in other.layer.edges if edge.source == cut.layer.name]
        hearers = {o.layer.name for o in cuts for edge in o.layer.edges if edge.source == cut.layer.name}
        entries = sum(cores[name] for name in hearers) + max(len(edges) - len(hearers), 0) * max(
            cores.values()
        )
        senders = sum(owners[name] for name in {edge.source for edge in cut.layer.edges})
        if entries + 1 > target.destinations or senders + len(cut.slices) > target.sources:
            return False
    return sum(cores.values()) <= target.core_count
