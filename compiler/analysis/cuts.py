"""How one layer may be cut: the geometry of a cut, whether its tiles fit a core, the smallest that does."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from snnc.base.errors import DoesNotFit
from snnc.compiler.analysis.geometry import FLAT_COLUMN
from snnc.compiler.ir.network import Conv2d, Edge, Layer, Network, Shape, pooled
from snnc.compiler.ir.tiling import Range, fan_in_units
from snnc.compiler.targets import Target


@dataclass(frozen=True)
class TileSize:
    """A layer in slices of channels and of rows."""

    layer: Layer
    lanes: int
    pixel_words: int
    rows_per_tile: int

    @property
    def channels_per_tile(self) -> int:
        return self.pixel_words * self.lanes

    @property
    def channel_tiles(self) -> int:
        return -(-self.layer.shape[0] // self.channels_per_tile)

    @property
    def row_tiles(self) -> int:
        return -(-self.layer.shape[1] // self.rows_per_tile)

    @property
    def channel_ranges(self) -> list[Range]:
        """The channels of each tile: whole words but for the last, of which no two tiles differ by more than
        one."""
        channels = self.layer.shape[0]
        words = _evenly(-(-channels // self.lanes), self.channel_tiles)
        return [(first * self.lanes, min(last * self.lanes, channels)) for first, last in words]

    @property
    def row_ranges(self) -> list[Range]:
        """The rows of each tile, likewise."""
        return _evenly(self.layer.shape[1], self.row_tiles)


@dataclass(frozen=True)
class LayerCut(TileSize):
    """Such slices, each over one or several slices of the fan-in."""

    slices: tuple[tuple[Range, ...], ...]
    """Per fan-in slice a range per edge."""
    weight_words: int
    """Weight words of one tile over all fan-in slices."""

    @property
    def cores(self) -> int:
        return self.channel_tiles * self.row_tiles * len(self.slices)


@dataclass(frozen=True)
class _Atom:
    """The smallest piece of an edge's fan-in that a slice may hold."""

    edge: int
    first: int
    last: int
    words: int
    """Weight words it needs on a tile."""
    columns: float
    """Share of an axon column entry it needs: a flat source has one entry per FLAT_COLUMN neurons."""


def _evenly(total: int, parts: int) -> list[Range]:
    """0 to `total` in so many ranges, the first ones longer by one where it does not divide."""
    least, longer = divmod(total, parts)
    return list(pairwise(part * least + min(part, longer) for part in range(parts + 1)))


def cut_layer(
    network: Network, layer: Layer, target: Target, pixel_words: int, rows_per_tile: int
) -> LayerCut | None:
    """The cut with tiles of this size, or None where such a tile does not fit a core."""
    words = pixel_words * rows_per_tile * layer.shape[2]
    if words > target.state_words or pixel_words > target.parameter_words:
        return None
    sources = [network.shape_of(edge.source) for edge in layer.edges]
    atoms = [
        atom
        for number, (edge, source) in enumerate(zip(layer.edges, sources, strict=True))
        for atom in _atoms(number, edge, source, pixel_words, target.lanes)
    ]
    rows = [
        _axon_rows(edge, source, rows_per_tile) for edge, source in zip(layer.edges, sources, strict=True)
    ]
    if sum(rows) > target.axon_rows:
        return None
    fixed_columns = sum(
        source[2]
        for edge, source in zip(layer.edges, sources, strict=True)
        if source[1:] != (1, 1) or isinstance(edge.synapses, Conv2d)
    )
    available = target.weight_words(target.stored_weight_bits(network.weight_bits))
    slices = _pack(atoms, available, target.axon_columns - fixed_columns, len(layer.edges))
    if slices is None or not _all_hear_the_step(network, layer, slices):
        return None
    reads_pixels = layer.neurons.reset == "none" and layer.shape[1:] != (1, 1)
    if (len(slices) > 1 or reads_pixels) and words * target.lanes > target.value_indices:
        return None
    return LayerCut(
        layer, target.lanes, pixel_words, rows_per_tile, slices, sum(atom.words for atom in atoms)
    )


def smallest_cut(network: Network, layer: Layer, target: Target) -> LayerCut:
    """The cut with the fewest tiles; among equals fewest fan-in slices, then the largest pixels. Where tiles
    may share cores, one without partial sums goes before, for these have their core to themselves.

    Raises DoesNotFit where not even the smallest tile fits a core.
    """
    cuts = [cut for cut in _all_cuts(network, layer, target) if cut is not None]
    if not cuts:
        words = target.weight_words(target.stored_weight_bits(network.weight_bits))
        raise DoesNotFit(
            f"one word of channels and one row of {layer.shape[2]} pixels do not fit a core, which has "
            f"{target.state_words} state words, {words} weight words, {target.axon_rows} axon rows and "
            f"{target.axon_columns} axon columns",
            where=f"layer {layer.name!r}",
        )
    shares = target.contexts > 1
    return min(
        cuts, key=lambda cut: (shares and len(cut.slices) > 1, cut.cores, len(cut.slices), -cut.pixel_words)
    )


def _all_cuts(network: Network, layer: Layer, target: Target) -> Iterator[LayerCut | None]:
    channels, height, _ = layer.shape
    most = -(-channels // target.lanes)
    for words in sorted({-(-most // tiles) for tiles in range(1, most + 1)}):
        for rows in sorted({-(-height // tiles) for tiles in range(1, height + 1)}):
            yield cut_layer(network, layer, target, words, rows)


def _atoms(number: int, edge: Edge, source: Shape, pixel_words: int, lanes: int) -> Iterator[_Atom]:
    units = fan_in_units(edge, source)
    synapses = edge.synapses
    if isinstance(synapses, Conv2d):
        area = synapses.weights.shape[2] * synapses.weights.shape[3]
        for first in range(units):
            yield _Atom(number, first, first + 1, area * pixel_words, 0.0)
    elif source[1:] == (1, 1):
        for first in range(0, units, lanes):
            last = min(first + lanes, units)
            yield _Atom(number, first, last, (last - first) * pixel_words, (last - first) / FLAT_COLUMN)
    else:
        _, height, width = pooled(source, edge.pool)
        for first in range(units):
            yield _Atom(number, first, first + 1, height * width * pixel_words, 0.0)


def _axon_rows(edge: Edge, source: Shape, rows_per_tile: int) -> int:
    """Axon row entries that a tile needs at most."""
    if not isinstance(edge.synapses, Conv2d):
        return source[1]
    kernel, stride = int(edge.synapses.weights.shape[2]), edge.synapses.stride[0]
    return min(source[1], ((rows_per_tile - 1) * stride + kernel) * edge.pool[0])


def _pack(atoms: list[_Atom], words: int, columns: int, edges: int) -> tuple[tuple[Range, ...], ...] | None:
    """As few and as equal slices of every edge as possible, or None where one atom is too large."""
    if columns < 0 or max(atom.words for atom in atoms) > words:
        return None
    by_edge = [[atom for atom in atoms if atom.edge == edge] for edge in range(edges)]
    least = max(-(-sum(atom.words for atom in atoms) // words), 1)
    for pieces in range(least, max(map(len, by_edge)) + 1):
        groups = _groups(by_edge, pieces)
        if all(_fits(group, words, columns) for group in groups):
            return tuple(_ranges(group, edges) for group in groups)
    return None


def _groups(by_edge: list[list[_Atom]], pieces: int) -> list[list[_Atom]]:
    """Every edge's atoms in as many nearly equal pieces."""
    return [
        [atom for own in by_edge for atom in own[len(own) * i // pieces : len(own) * (i + 1) // pieces]]
        for i in range(pieces)
    ]


def cut_of(
    network: Network, layer: Layer, lanes: int, pixel_words: int, rows_per_tile: int, pieces: int
) -> LayerCut:
    """The one cut with tiles of this size over so many slices of the fan-in, fitting a core or not."""
    by_edge = [
        list(_atoms(number, edge, network.shape_of(edge.source), pixel_words, lanes))
        for number, edge in enumerate(layer.edges)
    ]
    slices = tuple(_ranges(group, len(layer.edges)) for group in _groups(by_edge, pieces))
    words = sum(atom.words for own in by_edge for atom in own)
    return LayerCut(layer, lanes, pixel_words, rows_per_tile, slices, words)


def _fits(group: list[_Atom], words: int, columns: int) -> bool:
    flat = {atom.edge for atom in group if atom.columns}
    needed = sum(atom.columns for atom in group) + len(flat)
    return bool(group) and sum(atom.words for atom in group) <= words and needed <= columns


def _all_hear_the_step(network: Network, layer: Layer, slices: tuple[tuple[Range, ...], ...]) -> bool:
    """Whether every slice has a forward edge: a core that hears recurrent ones alone would have no step."""
    forward = [not network.is_recurrent(layer, edge) for edge in layer.edges]
    return all(any(f and a < b for f, (a, b) in zip(forward, ranges, strict=True)) for ranges in slices)


def _ranges(group: list[_Atom], edges: int) -> tuple[Range, ...]:
    ranges: list[Range] = [(0, 0)] * edges
    for atom in group:
        first = ranges[atom.edge][0] if ranges[atom.edge][1] else atom.first
        ranges[atom.edge] = (first, atom.last)
    return tuple(ranges)
