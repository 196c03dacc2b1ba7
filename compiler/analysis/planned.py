"""From cuts to tiles: the tiles of every layer's cut, and the next finer cuts of a layer."""

from collections.abc import Sequence

from snnc.compiler.analysis.cuts import LayerCut, cut_layer
from snnc.compiler.ir.network import Network
from snnc.compiler.ir.program import Tile
from snnc.compiler.ir.tiling import PlannedTile, Role
from snnc.compiler.targets import Target


def planned_tiles(cuts: Sequence[LayerCut]) -> tuple[PlannedTile, ...]:
    """The tiles of every layer's cut in the order of a program's cores, the owner of partial sums last."""
    tiles: list[PlannedTile] = []
    for cut in cuts:
        for first_row, last_row in cut.row_ranges:
            for first, last in cut.channel_ranges:
                tile = Tile(
                    cut.layer.name, cut.layer.shape, first, last - first, first_row, last_row - first_row
                )
                owner = len(tiles) + len(cut.slices) - 1
                for fan_in in cut.slices:
                    role: Role = "neurons" if len(tiles) == owner else "partial"
                    tiles.append(PlannedTile(tile, fan_in, role, owner))
    return tuple(tiles)


def finer_cuts(network: Network, cut: LayerCut, target: Target) -> list[LayerCut]:
    """The next finer cuts of a layer into equal tiles, by channels and by rows."""
    words, rows = cut.pixel_words, cut.rows_per_tile
    most, height = -(-cut.layer.shape[0] // cut.lanes), cut.layer.shape[1]
    tries = [(-(-most // -(-most // (words - 1))), rows)] if words > 1 else []
    if rows > 1:
        tries.append((words, -(-height // -(-height // (rows - 1)))))
    cuts = (cut_layer(network, cut.layer, target, *choice) for choice in tries)
    return [finer for finer in cuts if finer is not None and finer.cores > cut.cores]
