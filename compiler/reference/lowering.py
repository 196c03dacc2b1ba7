"""The proof that a stored TiledProgram is the lowering of its Network: tiled as its cores say, routed again,
compared field by field.

Cut and placement are free: whoever made them (`--optimise`, a specialised target), every other field follows
from them, the proved accumulators included.
"""

from dataclasses import fields, replace
from typing import Any

import numpy as np

from snnc.base.errors import require
from snnc.compiler.analysis.cuts import LayerCut, cut_of
from snnc.compiler.analysis.planned import planned_tiles
from snnc.compiler.ir.network import Network
from snnc.compiler.ir.program import Core, Tile, TiledProgram
from snnc.compiler.ir.tiling import Tiling
from snnc.compiler.passes.as_compiled import as_compiled
from snnc.compiler.passes.legalise import Legalise
from snnc.compiler.passes.route import Route
from snnc.compiler.passes.specialise import VANISHES


def require_lowering(network: Network, program: TiledProgram) -> None:
    """Raise UnsupportedModel, DoesNotFit or VerificationError where `program` is not what the compiler makes
    of `network` with the same cuts at the same places. Both must be valid in themselves."""
    _require_legal(network, program)
    tiling = _tiling_of(as_compiled(network, program.input), program)
    expected = Route().run(tiling)
    for field in fields(TiledProgram):
        if field.name not in ("target", "cores"):
            same = getattr(program, field.name) == getattr(expected, field.name)
            require(same, program.name, f"{field.name} is another than the network's")
    for stored, compiled in zip(program.cores, expected.cores, strict=True):
        _require_same_core(stored, compiled, program.target.state_bits)


def _require_legal(network: Network, program: TiledProgram) -> None:
    """The target's rules, but for what no core of a specialised target needs: clamps wider than its state
    word, or below every sum, and values per channel that are equal in each tile."""
    widest = max(layer.neurons.state_bits for layer in network.layers)
    target = replace(program.target, reset_amount=True, channel_leak=True, lower_clamp=True)
    Legalise(replace(target, state_bits=max(target.state_bits, widest))).run(network)


def _tiling_of(network: Network, program: TiledProgram) -> Tiling:
    """The cuts and places that the cores of `program` show."""
    names = list(dict.fromkeys(core.layer for core in program.cores))
    expected = [layer.name for layer in network.layers]
    require(names == expected, program.name, f"holds layers {', '.join(names)} of {', '.join(expected)}")
    cuts = [_cut_of(network, name, program) for name in names]
    tiles = planned_tiles(cuts)
    shown = [core.tile for core in program.cores]
    require(shown == [planned.tile for planned in tiles], program.name, "its tiles are no cut of the layers")
    tiling = Tiling(network, program.target, tiles).with_places([core.at for core in program.cores])
    tiling.verify()
    return tiling


def _cut_of(network: Network, name: str, program: TiledProgram) -> LayerCut:
    lanes, layer = program.target.lanes, network.layer(name)
    tiles = [core.tile for core in program.cores if core.layer == name]
    first: Tile = tiles[0]
    require(first.layer_shape == layer.shape, f"layer {name!r}", f"has shape {first.layer_shape}")
    cut = cut_of(network, layer, lanes, first.pixel_words(lanes), first.rows, tiles.count(first))
    filled = all(any(a < b for a, b in ranges) for ranges in cut.slices)
    require(filled, f"layer {name!r}", f"a tile on {len(cut.slices)} cores has more cores than axons")
    return cut


def _require_same_core(stored: Core, compiled: Core, state_bits: int) -> None:
    # A clamp as wide as the state word does nothing, and neither does a wider one.
    compiled = replace(compiled, state_bits=min(compiled.state_bits, state_bits))
    # A current of which nothing stays after a step is none: a specialised target may ask for it.
    if compiled.current_leak is None and stored.current_leak == VANISHES:
        compiled = replace(compiled, current_leak=VANISHES)
    for field in fields(Core):
        same = _same(getattr(stored, field.name), getattr(compiled, field.name))
        require(same, f"core {stored.at} of layer {stored.layer!r}", f"{field.name} is another")


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, np.ndarray):
        return np.array_equal(left, right)
    return bool(left == right)
