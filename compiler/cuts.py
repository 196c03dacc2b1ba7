"""How one layer may be cut: the geometry of a cut, whether its tiles fit a core, the smallest that does."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from ..errors import DoesNotFit
from .geometry import FLAT_COLUMN
from .network import Conv2d, Edge, Layer, Network, Shape, count, pooled
from .targets import Target
from .tiling import Range, fan_in_units, is_depthwise


@dataclass(frozen=True)
class LayerCut:
    """A layer in slices of channels and of rows, each over one or several slices of the fan-in."""

    layer: Layer
    lanes: int
    pixel_words: int
    rows_per_tile: int
    slices: tuple[tuple[Range, ...], ...]
    """Per fan-in slice a range per edge."""
    weight_words: int
    """Weight words of one tile over all fan-in slices."""

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
    """Axon column entries it needs, where these grow with the fan-in."""


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
    if sum(min(source[1], target.axon_rows) for source in sources) > target.axon_rows:
        return None
    fixed_columns = sum(source[2] for source in sources if source[1:] != (1, 1))
    available = target.weight_words(target.stored_weight_bits(network.weight_bits))
    slices = _pack(atoms, available, target.axon_columns - fixed_columns, len(layer.edges))
    if slices is None:
        return None
    return LayerCut(
        layer, target.lanes, pixel_words, rows_per_tile, slices, sum(atom.words for atom in atoms)
    )


def smallest_cut(network: Network, layer: Layer, target: Target) -> LayerCut:
    """The cut with the fewest cores; among equals fewest fan-in slices, then the largest pixels.

    Raises DoesNotFit where not even the smallest tile fits a core.
    """
    cuts = [cut for cut in _all_cuts(network, layer, target) if cut is not None]
    if not cuts:
        kernel = [e.synapses.weights.shape[2:] for e in layer.edges if isinstance(e.synapses, Conv2d)]
        raise DoesNotFit(
            f"one word of channels and one row do not fit a core: {layer.shape[2]} state words needed, has "
            f"{target.state_words}; {target.weight_words(network.weight_bits)} weight words, "
            f"{target.axon_rows} axon rows and {target.axon_columns} axon columns for kernels {kernel}",
            where=f"layer {layer.name!r}",
        )
    return min(cuts, key=lambda cut: (cut.cores, len(cut.slices), -cut.pixel_words))


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


def _pack(atoms: list[_Atom], words: int, columns: int, edges: int) -> tuple[tuple[Range, ...], ...] | None:
    """Consecutive atoms in as few and as equal slices as possible, or None where one atom is too large."""
    if columns < edges or max(atom.words for atom in atoms) > words:
        return None
    least = max(-(-sum(atom.words for atom in atoms) // words), 1)
    for pieces in range(least, len(atoms) + 1):
        bounds = [round(i * len(atoms) / pieces) for i in range(pieces + 1)]
        groups = [atoms[a:b] for a, b in pairwise(bounds)]
        if all(_fits(group, words, columns, edges) for group in groups):
            return tuple(_ranges(group, edges) for group in groups)
    return None


def _fits(group: list[_Atom], words: int, columns: int, edges: int) -> bool:
    return sum(a.words for a in group) <= words and sum(a.columns for a in group) + edges <= columns


def _ranges(group: list[_Atom], edges: int) -> tuple[Range, ...]:
    ranges: list[Range] = [(0, 0)] * edges
    for atom in group:
        first = ranges[atom.edge][0] if ranges[atom.edge][1] else atom.first
        ranges[atom.edge] = (first, atom.last)
    return tuple(ranges)


def source_neurons(network: Network, edge: Edge) -> int:
    """Neurons of an edge's source."""
    return count(network.shape_of(edge.source))


def depthwise(network: Network, edge: Edge) -> bool:
    """Whether an edge is depthwise."""
    return is_depthwise(edge, network.shape_of(edge.source))
