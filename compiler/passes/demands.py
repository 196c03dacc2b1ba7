"""What the tiles of a network need of the cores that they share: exactly, from the tables of `route`."""

from snnc.compiler.analysis.activity import activity_of
from snnc.compiler.analysis.costs import layer_cycles
from snnc.compiler.analysis.cuts import TileSize
from snnc.compiler.analysis.sharing import Demand, Room
from snnc.compiler.ir.network import Network
from snnc.compiler.ir.program import Core, Tile, TiledProgram, core_usage
from snnc.compiler.ir.tiling import Tiling
from snnc.compiler.isa.address import Address
from snnc.compiler.passes.route import routed

SHARED = (
    "state words",
    "parameter words",
    "weight words",
    "axon rows",
    "axon columns",
    "sources",
    "destinations",
    "tiles",
)
"""What the tiles of a core have together, of `core_usage`."""


def demands_of(tiling: Tiling) -> tuple[list[Demand], Room]:
    """What each tile needs, and what there is."""
    network, target = tiling.network, tiling.target
    program = routed(tiling.with_places([Address(number, 0) for number in range(len(tiling.tiles))]))
    summed = {core.destinations[0].to for core in program.cores if core.emission == "values_every"}
    cycles = tile_cycles(tiling)
    demands = [_demand(core, program, cycles[core.layer], core.at in summed) for core in program.cores]
    limits = {what: limit for what, _, limit in core_usage(program.cores[:1], target, program.weight_bits)}
    room = Room(
        cores=target.core_count,
        limits=tuple(limits[what] for what in SHARED),
        named_words=target.value_indices // target.lanes,
        steps=network.steps,
        host_cycles=_host_flits(network, program),
    )
    return demands, room


def _demand(core: Core, program: TiledProgram, cycles: float, summed: bool) -> Demand:
    usage = {what: used for what, used, _ in core_usage([core], program.target, program.weight_bits)}
    return Demand(
        layer=core.layer,
        amounts=tuple(usage[what] for what in SHARED),
        cycles=cycles,
        alone=core.emission == "values_every",
        named=summed or (core.emission == "values_last" and not core.tile.flat),
    )


def tile_cycles(tiling: Tiling) -> dict[str, float]:
    """Expected cycles per step of a tile of each layer, its largest."""
    network, target, activity = tiling.network, tiling.target, activity_of(tiling.network)
    tiles: dict[str, list[Tile]] = {}
    for planned in tiling.tiles:
        tiles.setdefault(planned.tile.layer, []).append(planned.tile)
    cycles = {}
    for name, own in tiles.items():
        largest = max(own, key=lambda tile: tile.words(target.lanes))
        size = TileSize(network.layer(name), target.lanes, largest.pixel_words(target.lanes), largest.rows)
        cycles[name] = layer_cycles(network, size, own.count(largest), target, activity)
    return cycles


def _host_flits(network: Network, program: TiledProgram) -> float:
    """Flits per step that the host sends: every event once per tile that hears it."""
    columns, rate = network.input.shape[2], activity_of(network).rates[network.input.name]
    return rate * sum(
        (route.last_channel - route.first_channel) * (route.last_row - route.first_row) * columns
        for route in program.input_routes
    )
