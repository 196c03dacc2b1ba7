"""Why a network finds no room on cores that hold several tiles: which memories and tables are missing."""

from collections.abc import Iterable, Sequence

from snnc.base.errors import DoesNotFit
from snnc.compiler.analysis.cuts import LayerCut
from snnc.compiler.analysis.planned import planned_tiles
from snnc.compiler.analysis.sharing import Demand, Room
from snnc.compiler.ir.network import Network
from snnc.compiler.passes.demands import SHARED
from snnc.compiler.targets import Target

Need = tuple[str, int, int]
"""Of a memory or table: its name in `core_usage`, how much all tiles need, and how much all cores have."""


def needs_of(demands: Sequence[Demand], room: Room) -> list[Need]:
    """What all tiles together need of everything that tiles share."""
    sums = map(sum, zip(*(demand.amounts for demand in demands), strict=True))
    there = [limit * room.cores for limit in room.limits]
    return list(zip(SHARED, sums, there, strict=True))


def require_room(network: Network, cuts: Sequence[LayerCut], target: Target) -> None:
    """Raise DoesNotFit where so much is missing that it shows before any table is made: a network of any size
    is refused at once. Weights are counted once, whatever rows of tiles repeat."""
    tiles = [planned.tile for planned in planned_tiles(cuts)]
    sizes = [edge.synapses.weights.size for layer in network.layers for edge in layer.edges]
    lanes, cores = target.lanes, target.core_count
    weight_words = target.weight_words(target.stored_weight_bits(network.weight_bits))
    needs = [
        ("state words", sum(tile.words(lanes) for tile in tiles), target.state_words * cores),
        ("parameter words", sum(tile.pixel_words(lanes) for tile in tiles), target.parameter_words * cores),
        ("weight words", sum(-(-size // lanes) for size in sizes), weight_words * cores),
        ("tiles", len(tiles), target.contexts * cores),
    ]
    if any(needed > there for _, needed, there in needs):
        raise _refusal(network, cuts, needs, target)


def misfit(
    network: Network, cuts: Sequence[LayerCut], demands: Sequence[Demand], room: Room, target: Target
) -> DoesNotFit:
    """The refusal of tiles for which no packing was found."""
    for demand in demands:
        for what, used, limit in zip(SHARED, demand.amounts, room.limits, strict=True):
            if used > limit:
                first = f"a tile of layer {demand.layer!r} needs {used} {what}, a core has {limit}"
                return _error(network, cuts, first, target)
    return _refusal(network, cuts, needs_of(demands, room), target)


def _refusal(network: Network, cuts: Sequence[LayerCut], needs: Iterable[Need], target: Target) -> DoesNotFit:
    cores, have = ("one core", "has") if target.core_count == 1 else (f"{target.core_count} cores", "have")
    missing = [
        f"needs {_sized(what, needed, network, target)}, "
        f"{cores} {have} {_sized(what, there, network, target)}"
        for what, needed, there in needs
        if needed > there
    ]
    first = "; ".join(missing) or f"its tiles find no packing on {cores}"
    return _error(network, cuts, first, target)


def _error(network: Network, cuts: Sequence[LayerCut], first: str, target: Target) -> DoesNotFit:
    rows = [
        f"layer {cut.layer.name!r}: {cut.cores} tiles; {cut.layer.count} neurons, "
        f"{_sized('weight words', cut.weight_words * cut.channel_tiles, network, target)}"
        for cut in cuts
    ]
    return DoesNotFit("\n".join([f"model does not fit target `{target.name}`: {first}", *rows]))


def _sized(what: str, amount: int, network: Network, target: Target) -> str:
    """An amount in words; memories in KiB, too."""
    bits = {
        "weight words": target.lanes * target.stored_weight_bits(network.weight_bits),
        "state words": target.lanes * target.state_bits,
    }.get(what)
    return f"{amount} {what}" + (f" ({amount * bits / 8192:.1f} KiB)" if bits else "")
