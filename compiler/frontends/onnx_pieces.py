"""Operators of ONNX that take pieces of values, bend them, or say in which levels they are stored.

Each function takes the reader, the attributes and the inputs, as those of `onnx_operators`. Source of what
each means: the operator schemas of onnx.ai, opset 7 to 25.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends import pieces, values
from snnc.compiler.frontends.float_graph import INPUT, Rectifier
from snnc.compiler.frontends.largest import emitted_by
from snnc.compiler.frontends.onnx_layouts import Seen, features, reshaped
from snnc.compiler.frontends.onnx_operators import (
    Attributes,
    Operand,
    Operator,
    channels_first,
    known,
    max_pool,
    ordered,
    seen_of,
)

if TYPE_CHECKING:
    from snnc.compiler.frontends.onnx_reader import Reader

Pair = tuple[int, int]


def pad(
    reader: "Reader",
    given: Attributes,
    x: Operand,
    sides: Operand | None = None,
    number: Operand | None = None,
    axes: Operand | None = None,
) -> Seen:
    """Zeros around images."""
    seen = channels_first(x)
    filled = given.get("value", 0.0) if number is None else float(known(number).sum())
    if given.get("mode", "constant") != "constant" or filled != 0:
        how = given.get("mode", "constant")
        raise UnsupportedModel(f"pads by mode {how} with {filled:g}; zeros are read")
    widths = list(given["pads"]) if sides is None else known(sides).astype(int).tolist()
    places = range(seen.rank) if axes is None else known(axes).astype(int) % seen.rank
    around = dict(zip(places, zip(widths, widths[len(widths) // 2 :], strict=False), strict=False))
    whole = [around.pop(place, (0, 0)) for place in range(2, seen.rank)]
    if any(map(any, around.values())) or min(min(pair) for pair in whole) < 0 or seen.rank < 3:
        raise UnsupportedModel(f"pads {widths}, which adds samples or channels, or cuts")
    return seen.map(lambda value: pieces.padded(value, _rows(whole)))


def _rows(pairs: Sequence[Pair]) -> tuple[Pair, Pair]:
    """Of a row of pixels, whose height is 1, or of an image."""
    return (0, 0) if len(pairs) == 1 else pairs[0], pairs[-1]


def cut(
    reader: "Reader",
    given: Attributes,
    x: Operand,
    starts: Operand | None = None,
    ends: Operand | None = None,
    axes: Operand | None = None,
    steps: Operand | None = None,
) -> Seen:
    """Some of the channels or features, or a part of an image."""
    seen = channels_first(x)

    def whole(operand: Operand | None, name: str, default: list[int]) -> list[int]:
        if operand is None:
            return list(given.get(name, default))
        return [int(one) for one in known(operand).reshape(-1)]

    first, last = whole(starts, "starts", []), whole(ends, "ends", [])
    places = whole(axes, "axes", list(range(len(first))))
    strides = whole(steps, "steps", [1] * len(first))
    for place, begin, end, step in zip(places, first, last, strides, strict=True):
        seen = _sliced(seen, place % seen.rank, slice(begin, end, step))
    return seen


def _sliced(seen: Seen, place: int, chosen: slice) -> Seen:
    if place == 0:
        raise UnsupportedModel("cuts out some of the samples")
    size = seen.sizes[place - 1]
    kept = pieces.indices(size, chosen)
    if len(kept) == size:
        return seen
    if place == 1:
        picked = pieces.picked(seen.value, kept)
        return Seen(picked, 2) if seen.rank == 2 else replace(seen, value=picked)
    return seen.map(lambda value: pieces.cropped(value, kept, row=place < seen.rank - 1))


def split(reader: "Reader", given: Attributes, x: Operand, sizes: Operand | None = None) -> tuple[Seen, ...]:
    """Channels or features, piece by piece."""
    seen = channels_first(x)
    place = given.get("axis", 0) % seen.rank
    whole = seen.sizes[place - 1]
    count = given.get("num_outputs", reader.outputs)
    each = math.ceil(whole / count)
    widths = [min(each, whole - start) for start in range(0, whole, each)]
    if sizes is not None or "split" in given:
        widths = list(given["split"]) if sizes is None else known(sizes).astype(int).tolist()
    ends = np.cumsum(widths).tolist()
    return tuple(
        _sliced(seen, place, slice(end - width, end)) for end, width in zip(ends, widths, strict=True)
    )


def unsqueeze(reader: "Reader", given: Attributes, x: Operand, axes: Operand | None = None) -> Seen:
    """A dimension of one, by which features become a row."""
    seen = seen_of(x)
    wanted = given["axes"] if axes is None else known(axes).astype(int).reshape(-1).tolist()
    sizes = [1, *seen.sizes]
    for place in sorted(axis % (len(sizes) + len(wanted)) for axis in wanted):
        sizes.insert(place, 1)
    return reshaped(reader, seen, sizes)


def reduce_sum(reader: "Reader", given: Attributes, x: Operand, axes: Operand | None = None) -> Seen:
    """The sum over all pixels."""
    seen = channels_first(x)
    wanted = given.get("axes") if axes is None else known(axes).astype(int).tolist()
    places = sorted(axis % seen.rank for axis in wanted or range(seen.rank))
    if places != list(range(2, seen.rank)) or not places:
        raise UnsupportedModel(f"adds up dimensions {places} of {seen.rank}; all pixels can be added up")
    pooled = seen.map(lambda value: values.pool(value, value.shape[1:], average=False))
    return pooled if given.get("keepdims", 1) else features(pooled)


def global_max_pool(reader: "Reader", given: Attributes, x: Operand) -> Seen:
    """The largest of every map."""
    seen = channels_first(x)
    return max_pool(reader, {"kernel_shape": list(seen.sizes[1:])}, seen)


def negative(reader: "Reader", given: Attributes, x: Operand) -> Seen:
    """The value times -1."""
    return seen_of(x).map(lambda value: values.scale(value, np.array(-1.0)))


def leaky_relu(reader: "Reader", given: Attributes, x: Operand, slope: Operand | None = None) -> Seen:
    """relu(x) - a relu(-x), which takes two rectifiers."""
    seen = seen_of(x)
    share = np.array(given.get("alpha", 0.01)) if slope is None else known(slope)
    if seen.last:
        raise UnsupportedModel("slopes of channels that are last")
    return seen.map(lambda value: pieces.leaky(reader.rectified, value, share))


def _bound(x: Operand, other: Operand | None) -> tuple[Seen, float]:
    """A value, and the number that it is compared with."""
    seen, number = (x, other) if isinstance(x, Seen) else (other, x)
    found = np.zeros(2) if number is None or isinstance(number, Seen) else known(number)
    if found.size != 1:
        raise UnsupportedModel("compares activations", hint="Max and Min with one number are read")
    return seen_of(seen), float(found.item())


def at_least(reader: "Reader", given: Attributes, x: Operand, other: Operand | None = None) -> Seen:
    """max(x, c) = c + relu(x - c)."""
    seen, number = _bound(x, other)
    low = np.array(number)
    return seen.map(lambda value: values.shift(reader.rectified(values.shift(value, -low)), low))


def at_most(reader: "Reader", given: Attributes, x: Operand, other: Operand | None = None) -> Seen:
    """min(x, c) = c - relu(c - x)."""
    seen, number = _bound(x, other)
    turned = at_least(reader, given, negative(reader, given, seen), np.array(-number))
    return negative(reader, given, turned)


def quantised(
    reader: "Reader", given: Attributes, x: Operand, step: Operand, zero: Operand | None = None
) -> Seen:
    """Levels of a value, which stay what they stand for; a range that begins at 0 rectifies."""
    seen, size = seen_of(x), known(step)
    levels = np.zeros((), np.uint8) if zero is None or isinstance(zero, Seen) else np.asarray(zero)
    if size.size != 1 or levels.dtype.kind not in "iu":
        raise UnsupportedModel("quantises an activation per channel, or to something else than integers")
    limits, width = np.iinfo(levels.dtype), float(size.item())
    low, high = ((end - int(levels.item())) * width for end in (limits.min, limits.max))
    reader.findings.note(
        reader.node,
        "QuantizeLinear",
        "approximate",
        f"rounded to steps of {width:.3g} within {low:.3g} .. {high:.3g} in the file, not here",
    )
    terms = [term for part in seen.value.parts for term in part.terms]
    first = all(term.source == INPUT and term.synapses is None for term in terms)
    if low == 0 and not first and not emitted_by(reader.builder.populations, seen.value, Rectifier):
        seen = seen.map(lambda value: reader.rectified(value, high))
    return replace(seen, levels=True)


def dequantised(
    reader: "Reader", given: Attributes, x: Operand, step: Operand, zero: Operand | None = None
) -> Seen:
    """What levels stand for."""
    seen = seen_of(x)
    if not seen.levels:
        raise UnsupportedModel("takes levels that no QuantizeLinear made", hint="feed the network floats")
    return replace(seen, levels=False)


OPERATORS: dict[str, Operator] = {
    "Pad": pad,
    "Slice": cut,
    "Split": split,
    "Unsqueeze": unsqueeze,
    "ReduceSum": reduce_sum,
    "GlobalMaxPool": global_max_pool,
    "Neg": negative,
    "LeakyRelu": leaky_relu,
    "PRelu": leaky_relu,
    "Max": at_least,
    "Min": at_most,
    "Sigmoid": ordered,
    "QuantizeLinear": quantised,
    "DequantizeLinear": dequantised,
}
_QUANTISED = "export with QuantizeLinear and DequantizeLinear around float operators, or the float model"
WAYS_OUT = dict.fromkeys(("QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger"), _QUANTISED)
"""What to do about operators that are not read."""
