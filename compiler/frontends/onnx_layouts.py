"""How ONNX nodes arrange a value: channels first or last, images or features, and what changes that.

Files of frameworks that put channels last (TensorFlow, Keras, JAX) are full of such nodes. None computes
anything: they say in which order the network sees the numbers of a value.
"""

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends import values
from snnc.compiler.frontends.float_graph import INPUT
from snnc.compiler.frontends.synapses import FloatArray
from snnc.compiler.frontends.values import Value
from snnc.compiler.ir.network import Shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from snnc.compiler.frontends.onnx_reader import Reader


@dataclass(frozen=True)
class Seen:
    """A value as the network sees it: dimensions, that of the samples first."""

    value: Value
    rank: int
    """4 for images, 3 for rows (channels, length), 2 for features."""
    classes: bool = False
    """Only the order of its numbers is left, and nothing may follow."""
    levels: bool = False
    """Whether the file holds it in integer levels here."""
    last: bool = False
    """Whether the channels of an image or a row are its last dimension, not its first."""
    order: NDArray[np.intp] | None = None
    """Of features in another order than channel, row, column: which of those each is."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """Dimensions behind the samples."""
        channels, height, width = self.value.shape
        full = {4: (channels, height, width), 3: (channels, width), 2: (channels * height * width,)}
        sizes = full[self.rank]
        return (*sizes[1:], sizes[0]) if self.last else sizes

    def map(self, function: "Callable[[Value], Value]") -> "Seen":
        """The same dimensions with another value."""
        return replace(self, value=function(self.value))

    def arranged_like(self, other: "Seen") -> bool:
        """Whether the network sees the numbers of both in the same order."""
        own, its = (np.zeros(0) if one.order is None else one.order for one in (self, other))
        return self.last == other.last and np.array_equal(own, its)

    def numbers(self, constants: FloatArray) -> FloatArray:
        """Constants of its dimensions as the value has them; raises ValueError where they do not fit."""
        full = np.broadcast_to(constants, self.sizes)
        if self.last:
            full = np.moveaxis(full, -1, 0)
        if self.order is not None:
            ordered = np.empty_like(full)
            ordered[self.order] = full
            full = ordered
        return full.reshape(self.value.shape)


def transposed(reader: "Reader", seen: Seen, places: list[int]) -> Seen:
    """The same value with its channels in another place."""
    behind = [*range(2, seen.rank), 1]
    front = [seen.rank - 1, *range(1, seen.rank - 1)]
    if places == list(range(seen.rank)):
        return seen
    if places[0] != 0 or sorted(places) != list(range(seen.rank)) or seen.rank < 3:
        raise UnsupportedModel(f"arranges {seen.sizes} as {places}, which mixes samples or rows")
    if places[1:] == front and seen.last:
        return replace(seen, last=False)
    if places[1:] == front and _is_whole_input(reader, seen):
        return _input_with_channels_last(reader, seen)
    if places[1:] == behind and not seen.last:
        return replace(seen, last=True)
    raise UnsupportedModel(
        f"arranges {seen.sizes} as {places}, which is neither channels first nor last",
        hint="an input with channels last is arranged before anything else",
    )


def _input_with_channels_last(reader: "Reader", seen: Seen) -> Seen:
    """The input of a file that has its channels last: the graph takes it with channels first."""
    height, width, channels = seen.value.shape if seen.rank == 4 else (1, *seen.sizes)
    reader.findings.general.append(
        f"input: channels last in the file, ({channels}, {height}, {width}) here: channels, height, width"
    )
    return Seen(_as_input(reader, (channels, height, width)), seen.rank)


def reshaped(reader: "Reader", seen: Seen, sizes: list[int]) -> Seen:
    """Features, or the images that features were; `sizes` with that of the samples, all known."""
    total = math.prod(seen.sizes)
    if len(sizes) < 2 or math.prod(sizes[1:]) != total:
        raise UnsupportedModel(f"sees {seen.sizes} as {tuple(sizes)}, which mixes samples or channels")
    if len(sizes) == 2:
        return features(seen)
    if seen.rank == len(sizes) and seen.sizes == tuple(sizes[1:]):
        return seen
    back = Seen(replace(seen.value, flat=False), len(sizes)) if seen.order is None else None
    if back and len(sizes) in (3, 4) and len(seen.value.parts) == 1 and back.sizes == tuple(sizes[1:]):
        return back
    if seen.value.flat and len(sizes) in (3, 4) and _is_whole_input(reader, seen):
        shape = (sizes[1], 1, sizes[2]) if len(sizes) == 3 else (sizes[1], sizes[2], sizes[3])
        return Seen(_as_input(reader, shape), len(sizes))
    if seen.value.flat:
        raise UnsupportedModel(
            f"sees features as an image {tuple(sizes[1:])}", hint="export with images as the input"
        )
    raise UnsupportedModel(f"sees {seen.sizes} as {tuple(sizes)}, which mixes samples or channels")


def features(seen: Seen) -> Seen:
    """All dimensions but that of the samples as one."""
    order = seen.order
    if seen.last:
        order = np.moveaxis(np.arange(math.prod(seen.sizes)).reshape(seen.value.shape), 0, -1).reshape(-1)
        plain = bool((order == np.arange(len(order))).all())
        order = None if plain else order
    return Seen(replace(seen.value, flat=True), 2, order=order)


def in_order(seen: Seen, matrix: Any) -> Any:
    """The columns of a matrix in the order of the value's own features."""
    if seen.order is None:
        return matrix
    columns = np.empty_like(matrix)
    columns[:, seen.order] = matrix
    return columns


def _is_whole_input(reader: "Reader", seen: Seen) -> bool:
    (part, *others) = seen.value.parts
    (term, *more) = part.terms
    bare = term.source == INPUT and term.synapses is None and term.pool == (1, 1)
    untouched = bare and bool((term.gain == 1).all()) and not part.bias.any()
    return untouched and not others and not more and not reader.builder.populations


def _as_input(reader: "Reader", shape: Shape) -> Value:
    """The input, of which nothing was used yet, in another shape."""
    reader.builder.shape = shape
    return values.population(INPUT, shape)
