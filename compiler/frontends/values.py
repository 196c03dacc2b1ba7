"""What a node of a network from outside gives: linear maps of populations, summed, side by side, with a bias.

Readers combine such values with the functions here. Each does exactly what it says, or raises
UnsupportedModel. A value becomes a population when neurons take it (`builder`).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends.float_graph import FloatEdge, Pooling
from snnc.compiler.frontends.synapses import (
    Convolution,
    Dense,
    FloatArray,
    Synapses,
    apply,
    compose,
    convolution,
    matrix,
    ungrouped,
)
from snnc.compiler.ir.network import Shape, count, pooled

ONE = np.array(1.0)
BETWEEN = "put neurons between the two"


@dataclass(frozen=True)
class Term:
    """A linear map of one population: pooled, then times `gain` (broadcast to what is left), then through
    the synapses, if there are any yet."""

    source: str
    arriving: Shape
    """After the pool."""
    synapses: Synapses | None = None
    gain: FloatArray = field(default_factory=lambda: ONE)
    pool: tuple[int, int] = (1, 1)
    pooling: Pooling = "sum"
    delay: int = 0

    @property
    def shape(self) -> Shape:
        """Shape of what it gives."""
        return self.arriving if self.synapses is None else self.synapses.shape(self.arriving)

    def edge(self) -> FloatEdge:
        """The term as an edge; raises UnsupportedModel where it would need too large a matrix."""
        return FloatEdge(self.source, self.explicit(), self.delay, self.pool, self.pooling)

    def explicit(self) -> Synapses:
        """The synapses; for a population that enters as it is, a 1 × 1 depthwise convolution, or a diagonal
        where neurons of a channel differ."""
        if self.synapses is not None:
            return self.synapses
        channels = self.arriving[0]
        if _per_channel(self.gain):
            weights = np.broadcast_to(self.gain, (channels, 1, 1))
            return Convolution(weights[:, None].astype(np.float64), groups=channels)
        if self.arriving[1:] != (1, 1):
            raise UnsupportedModel("neurons of one channel are scaled differently and stay an image")
        return Dense(np.diag(self.gain.reshape(-1)))


@dataclass(frozen=True)
class Part:
    """Neighbouring channels: the sum of their terms, and a bias (broadcast to `shape`)."""

    terms: tuple[Term, ...]
    bias: FloatArray
    shape: Shape


@dataclass(frozen=True)
class Value:
    """Parts side by side along the channels; `flat` says that the network sees (samples, features), in the
    order channel, row, column."""

    parts: tuple[Part, ...]
    flat: bool = False

    @property
    def shape(self) -> Shape:
        """Channels, height and width; of a flat value its features, 1 and 1."""
        if self.flat:
            return sum(count(part.shape) for part in self.parts), 1, 1
        return sum(part.shape[0] for part in self.parts), *self.parts[0].shape[1:]


def population(name: str, shape: Shape, *, delay: int = 0) -> Value:
    """What a population emits, or the input; with a delay of 1 or more also one that is still to come."""
    return Value((Part((Term(name, shape, delay=delay),), np.array(0.0), shape),))


def flatten(value: Value) -> Value:
    """All dimensions but that of the samples as one."""
    return replace(value, flat=True)


def linear(value: Value, weights: FloatArray, bias: FloatArray | None = None) -> Value:
    """A matrix (neurons, features) on a flat value, or on one without height and width."""
    if weights.ndim != 2 or not (value.flat or value.shape[1:] == (1, 1)):
        raise UnsupportedModel(
            f"a matrix {weights.shape} is applied to {value.shape}", hint="flatten the value before"
        )
    if weights.shape[1] != count(value.shape):
        raise UnsupportedModel(f"takes {weights.shape[1]} features, but {count(value.shape)} arrive")
    terms: list[Term] = []
    total = np.zeros((len(weights), 1, 1)) + (0.0 if bias is None else bias.reshape(-1, 1, 1))
    start = 0
    for part in value.parts:
        columns = weights[:, start : start + count(part.shape)]
        start += count(part.shape)
        terms += [_through_matrix(term, columns) for term in part.terms]
        if part.bias.any():
            offset = np.broadcast_to(part.bias, part.shape).reshape(-1)
            total = total + (columns @ offset).reshape(-1, 1, 1)
    return Value((Part(_merged(terms), total, (len(weights), 1, 1)),), flat=True)


def convolve(value: Value, synapses: Convolution, bias: FloatArray | None = None) -> Value:
    """A convolution of an image, all parts together; `bias` (channels,)."""
    if value.flat and value.shape[1:] == (1, 1) and len(value.parts) > 1:
        raise UnsupportedModel("a convolution is applied to a flattened value")
    shape = synapses.shape(value.shape)
    pieces = (synapses,) if len(value.parts) == 1 else _columns(synapses, value.parts)
    terms: list[Term] = []
    total = np.zeros((shape[0], 1, 1)) + (0.0 if bias is None else bias.reshape(-1, 1, 1))
    for part, piece in zip(value.parts, pieces, strict=True):
        terms += [_through_convolution(term, piece) for term in part.terms]
        if part.bias.any():
            offset = np.broadcast_to(part.bias, (1, *part.shape)).astype(np.float64)
            total = total + apply(piece, offset)[0]
    return Value((Part(_merged(terms), _compact(total), shape),))


def scale(value: Value, factor: FloatArray) -> Value:
    """The value times `factor`: a number, (channels, 1, 1), or one per neuron in the value's shape."""
    pieces = _cut(value, factor)
    return replace(
        value,
        parts=tuple(
            Part(tuple(_scaled(term, piece) for term in part.terms), _compact(part.bias * piece), part.shape)
            for part, piece in zip(value.parts, pieces, strict=True)
        ),
    )


def shift(value: Value, offset: FloatArray) -> Value:
    """The value plus `offset`: a number, (channels, 1, 1), or one per neuron in the value's shape."""
    pieces = _cut(value, offset)
    return replace(
        value,
        parts=tuple(
            replace(part, bias=_compact(part.bias + piece))
            for part, piece in zip(value.parts, pieces, strict=True)
        ),
    )


def require_windows(
    shape: Shape,
    window: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[tuple[int, int], tuple[int, int]],
) -> None:
    """Raise UnsupportedModel for windows of a pool of which not even one has its place."""
    room = [size + sum(sides) for size, sides in zip(shape[1:], padding, strict=True)]
    if min(*window, *stride) < 1 or window[0] > room[0] or window[1] > room[1]:
        raise UnsupportedModel(
            f"a pool of {window} with stride {stride} has no window in {shape[1:]} with padding {padding}"
        )


def pool(
    value: Value,
    window: tuple[int, int],
    stride: tuple[int, int] | None = None,
    padding: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0)),
    *,
    average: bool,
) -> Value:
    """Sums, or averages whose padding counts, over windows; incomplete ones are dropped."""
    stride = window if stride is None else stride
    require_windows(value.shape, window, stride, padding)
    share = 1 / math.prod(window) if average else 1.0
    plain = window == stride and not np.any(padding)
    if plain and all(_bare(term) for part in value.parts for term in part.terms):
        pooled_value = replace(value, parts=tuple(_pooled(part, window) for part in value.parts))
        return scale(pooled_value, np.array(share))
    if value.flat:
        raise UnsupportedModel("a pool is applied to a flattened value")
    channels = value.shape[0]
    ones = np.full((channels, 1, *window), share)
    return convolve(value, convolution(ones, stride=stride, padding=padding, groups=channels))


def add(left: Value, right: Value) -> Value:
    """The sum of two values of one shape."""
    if [part.shape for part in left.parts] != [part.shape for part in right.parts]:
        if count(left.shape) == count(right.shape) and left.flat and right.flat:
            left, right = _as_features(left), _as_features(right)
        else:
            raise UnsupportedModel(f"adds values of shapes {left.shape} and {right.shape}")
    parts = zip(left.parts, right.parts, strict=True)
    return Value(
        tuple(Part(_merged(a.terms + b.terms), _compact(a.bias + b.bias), a.shape) for a, b in parts),
        left.flat or right.flat,
    )


def concatenate(values: Sequence[Value]) -> Value:
    """Values side by side along the channels, or along the features if they are flat."""
    flat = any(value.flat for value in values)
    sizes = {value.shape[1:] for value in values}
    if len(sizes) != 1:
        raise UnsupportedModel(f"joins values of heights and widths {sorted(sizes)}")
    return Value(tuple(part for value in values for part in value.parts), flat)


def without_bias(value: Value) -> Value:
    """Only what comes from populations."""
    return replace(value, parts=tuple(replace(part, bias=np.array(0.0)) for part in value.parts))


def delayed(value: Value, steps: int) -> Value:
    """The value `steps` later; raises UnsupportedModel for one with a bias, which would begin later too."""
    if any(part.bias.any() for part in value.parts):
        raise UnsupportedModel("a delay follows a bias", hint="put the delay before the layer with the bias")
    parts = tuple(
        replace(part, terms=tuple(replace(term, delay=term.delay + steps) for term in part.terms))
        for part in value.parts
    )
    return replace(value, parts=parts)


def negligible(array: FloatArray) -> bool:
    """Whether an array adds nothing."""
    return not array.any()


def _merged(terms: Iterable[Term]) -> tuple[Term, ...]:
    """Terms whose maps of the same thing have one geometry as one, by the sum of their weights."""
    found: dict[object, Term] = {}
    for term in terms:
        synapses = term.synapses
        if synapses is None:
            found[len(found)] = term
            continue
        geometry = (
            synapses.weights.shape,
            *(
                (synapses.stride, synapses.padding, synapses.groups)
                if isinstance(synapses, Convolution)
                else ()
            ),
        )
        key = term.source, term.pool, term.pooling, term.delay, geometry
        if key in found:
            before = found[key].synapses
            assert before is not None
            term = replace(term, synapses=replace(before, weights=before.weights + synapses.weights))
        found[key] = term
    return tuple(found.values())


def _bare(term: Term) -> bool:
    return term.synapses is None and _per_channel(term.gain)


def _per_channel(array: FloatArray) -> bool:
    return array.ndim == 0 or array.shape[1:] == (1, 1)


def _compact(array: FloatArray) -> FloatArray:
    """One number per channel where all its neurons agree."""
    if array.ndim == 3 and array.shape[1:] != (1, 1) and bool((array == array[:, :1, :1]).all()):
        return array[:, :1, :1].copy()
    return array


def _cut(value: Value, array: FloatArray) -> list[FloatArray]:
    """`array`, broadcast to the value, as it falls on each of its parts."""
    if array.ndim == 0 or array.size == 1:
        return [array.reshape(())] * len(value.parts)
    whole = value.shape
    if array.ndim == 1:
        array = array.reshape(-1, 1, 1)
    if array.size not in (whole[0], count(whole)):
        raise UnsupportedModel(f"{array.shape} numbers do not fit a value of shape {whole}")
    pieces, start = [], 0
    for part in value.parts:
        size = count(part.shape) if value.flat else part.shape[0]
        piece = array[start : start + size] if array.ndim == 3 else array
        start += size
        full = part.shape if value.flat or piece.size == count(part.shape) else (part.shape[0], 1, 1)
        pieces.append(_compact(piece.reshape(full)))
    return pieces


def _as_features(value: Value) -> Value:
    """A flat value as one part of shape (features, 1, 1), by matrices."""
    size = count(value.shape)
    return linear(value, np.eye(size))


def _columns(synapses: Convolution, parts: Sequence[Part]) -> list[Convolution]:
    """The synapses that each part meets."""
    weights, start, pieces = ungrouped(synapses), 0, []
    for part in parts:
        pieces.append(
            Convolution(weights[:, start : start + part.shape[0]], synapses.stride, synapses.padding)
        )
        start += part.shape[0]
    return pieces


def _through_matrix(term: Term, weights: FloatArray) -> Term:
    if term.synapses is None:
        gain = np.broadcast_to(term.gain, term.arriving).reshape(-1)
        return replace(term, synapses=Dense(weights * gain), gain=ONE)
    return replace(term, synapses=Dense(weights @ matrix(term.synapses, term.arriving)))


def _through_convolution(term: Term, synapses: Convolution) -> Term:
    if term.synapses is None:
        if not _per_channel(term.gain):
            raise UnsupportedModel(
                "a convolution follows a scale that differs between neurons of a channel", hint=BETWEEN
            )
        gain = np.broadcast_to(term.gain.reshape(-1, 1, 1), (term.arriving[0], 1, 1)).reshape(-1)
        per_group = gain.reshape(synapses.groups, 1, -1)
        rows = np.repeat(per_group, len(synapses.weights) // synapses.groups, 1).reshape(
            len(synapses.weights), -1, 1, 1
        )
        return replace(term, synapses=replace(synapses, weights=synapses.weights * rows), gain=ONE)
    if isinstance(term.synapses, Dense):
        if synapses.shape(term.shape)[1:] != (1, 1):
            raise UnsupportedModel("a convolution to an image follows a matrix", hint=BETWEEN)
        return replace(term, synapses=Dense(matrix(synapses, term.shape) @ term.synapses.weights))
    return replace(term, synapses=compose(term.synapses, synapses))


def _scaled(term: Term, factor: FloatArray) -> Term:
    if term.synapses is None:
        return replace(term, gain=term.gain * factor)
    if not _per_channel(factor):
        raise UnsupportedModel("neurons of one channel are scaled differently", hint=BETWEEN)
    weights = term.synapses.weights
    rows = factor.reshape(-1, *[1] * (weights.ndim - 1)) if factor.ndim else factor
    return replace(term, synapses=replace(term.synapses, weights=weights * rows))


def _pooled(part: Part, window: tuple[int, int]) -> Part:
    shape = pooled(part.shape, window)
    if min(shape) < 1:
        raise UnsupportedModel(f"a pool of {window} leaves nothing of {part.shape}")
    terms = []
    for term in part.terms:
        if term.pooling != "sum" or not _bare(term):
            raise UnsupportedModel("an average or a sum follows a largest value", hint=BETWEEN)
        both = term.pool[0] * window[0], term.pool[1] * window[1]
        terms.append(replace(term, pool=both, arriving=shape))
    bias = part.bias * math.prod(window)
    if not _per_channel(bias):
        raise UnsupportedModel("a pool follows biases that differ between neurons of a channel")
    return Part(tuple(terms), bias, shape)
