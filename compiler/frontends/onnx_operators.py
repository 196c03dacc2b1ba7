"""Operators of ONNX on values: convolutions, matrices, norms, pools, rectifiers, sums, joins.

Each function takes the reader, the attributes and the inputs; a table gives their names. Source of what each
means: the operator schemas of onnx.ai, opset 7 to 25.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from snnc.base.errors import UnsupportedModel
from snnc.base.quoting import quote
from snnc.compiler.frontends import values
from snnc.compiler.frontends.float_graph import Rectifier
from snnc.compiler.frontends.largest import emitted_by, largest_of_windows
from snnc.compiler.frontends.onnx_file import Array, as_float
from snnc.compiler.frontends.onnx_layouts import Seen, features, in_order, reshaped, transposed
from snnc.compiler.frontends.pieces import clipped
from snnc.compiler.frontends.synapses import convolution

if TYPE_CHECKING:
    from snnc.compiler.frontends.onnx_reader import Reader

Attributes = dict[str, Any]
Pair = tuple[int, int]


Operand = Seen | Array


def conv(
    reader: "Reader", given: Attributes, x: Operand, weights: Operand, bias: Operand | None = None
) -> Seen:
    """A convolution of images or rows."""
    seen, kernels = channels_first(x), known(weights)
    if kernels.ndim != seen.rank or seen.rank not in (3, 4):
        raise UnsupportedModel(f"kernels {kernels.shape} on {seen.sizes}")
    kernels = kernels if seen.rank == 4 else kernels[:, :, None]
    stride, sides, dilation = _window(given, seen, (kernels.shape[2], kernels.shape[3]))
    plain = convolution(
        kernels, stride=stride, padding=sides, dilation=dilation, groups=given.get("group", 1)
    )
    offset = None if bias is None else known(bias)
    return seen.map(lambda value: values.convolve(value, plain, offset))


def _window(given: Attributes, seen: Seen, kernel: Pair) -> tuple[Pair, tuple[Pair, Pair], Pair]:
    """Stride, padding and dilation of a convolution or pool."""
    row = seen.rank == 3
    stride, dilation = (_pair(given.get(name, [1, 1]), 1, row=row) for name in ("strides", "dilations"))
    pads = given.get("pads") or [0, 0, 0, 0]
    top, left, bottom, right = (0, pads[0], 0, pads[1]) if row else pads
    sides = (top, bottom), (left, right)
    how = given.get("auto_pad", "NOTSET")
    if how in ("SAME_UPPER", "SAME_LOWER"):
        lengths = zip(seen.value.shape[1:], kernel, stride, dilation, strict=True)
        sides = tuple(_same(*length, lower=how == "SAME_LOWER") for length in lengths)  # type: ignore[assignment]
    elif how == "VALID":
        sides = (0, 0), (0, 0)
    elif how != "NOTSET":
        raise UnsupportedModel(f"auto_pad is {quote(str(how))}; NOTSET, VALID and SAME_... are read")
    return stride, sides, dilation


def _same(size: int, kernel: int, stride: int, dilation: int, *, lower: bool) -> Pair:
    """Padding that gives ceil(size / stride) outputs."""
    total = max((math.ceil(size / stride) - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    small, large = total // 2, total - total // 2
    return (large, small) if lower else (small, large)


def _pair(sizes: Sequence[int], whole: int, *, row: bool) -> Pair:
    return (whole, int(sizes[0])) if row else (int(sizes[0]), int(sizes[-1]))


def gemm(
    reader: "Reader", given: Attributes, x: Operand, weights: Operand, bias: Operand | None = None
) -> Seen:
    """alpha x W + beta b."""
    if given.get("transA", 0):
        raise UnsupportedModel("transA mixes samples")
    matrix = known(weights) * given.get("alpha", 1.0)
    matrix = matrix if given.get("transB", 0) else matrix.T
    offset = (
        None if bias is None else np.broadcast_to(known(bias) * given.get("beta", 1.0), (1, len(matrix)))[0]
    )
    return _linear(seen_of(x), matrix, offset)


def matmul(reader: "Reader", given: Attributes, x: Operand, weights: Operand) -> Seen:
    """x W."""
    return _linear(seen_of(x), known(weights).T, None)


def _linear(seen: Seen, matrix: Any, offset: Any) -> Seen:
    if seen.rank != 2 or matrix.ndim != 2:
        raise UnsupportedModel(f"applies a matrix {matrix.shape} to {seen.sizes}, which are no features")
    columns = in_order(seen, matrix)
    return Seen(values.linear(seen.value, columns, offset), 2)


def batch_normalization(
    reader: "Reader",
    given: Attributes,
    x: Operand,
    gain: Operand,
    offset: Operand,
    mean: Operand,
    variance: Operand,
) -> Seen:
    """A scale and a shift per channel."""
    if given.get("training_mode", 0):
        raise UnsupportedModel("normalises by the statistics of a batch")
    seen, factor = channels_first(x), known(gain) / np.sqrt(known(variance) + given.get("epsilon", 1e-5))
    shift = (known(offset) - known(mean) * factor).reshape(-1, 1, 1)
    return seen.map(lambda value: values.shift(values.scale(value, factor.reshape(-1, 1, 1)), shift))


def relu(reader: "Reader", given: Attributes, x: Operand) -> Seen:
    """Units of a population."""
    return seen_of(x).map(reader.rectified)


def clip(
    reader: "Reader", given: Attributes, x: Operand, low: Operand | None = None, high: Operand | None = None
) -> Seen:
    """A ReLU with a limit, moved to the lower end."""
    least = given.get("min", None) if low is None else float(known(low).item())
    most = given.get("max", None) if high is None else float(known(high).item())
    if least is None or least < -1e30:
        raise UnsupportedModel(f"clips to {least} .. {most}", hint="Clip with a lower end is read")
    upper = None if most is None or most > 1e30 else most
    return seen_of(x).map(lambda value: clipped(reader.rectified, value, least, upper))


def average_pool(reader: "Reader", given: Attributes, x: Operand) -> Seen:
    """Means of windows."""
    seen = channels_first(x)
    window, stride, sides = _pool_window(given, seen)
    if np.any(sides) and not given.get("count_include_pad", 0):
        raise UnsupportedModel(
            "count_include_pad=0 weighs pixels at the border more", hint="train with count_include_pad=True"
        )
    return seen.map(lambda value: values.pool(value, window, stride, sides, average=True))


def max_pool(reader: "Reader", given: Attributes, x: Operand) -> Seen:
    """The largest of windows, by rectifiers."""
    seen = channels_first(x)
    window, stride, sides = _pool_window(given, seen)
    positive = emitted_by(reader.builder.populations, seen.value, Rectifier)
    return seen.map(
        lambda value: largest_of_windows(reader.rectified, value, window, stride, sides, positive=positive)
    )


def _pool_window(given: Attributes, seen: Seen) -> tuple[Pair, Pair, tuple[Pair, Pair]]:
    if seen.rank not in (3, 4):
        raise UnsupportedModel(f"pools {seen.sizes}, which are no images")
    kernel = _pair(given["kernel_shape"], 1, row=seen.rank == 3)
    stride, sides, dilation = _window(given, seen, kernel)
    if dilation != (1, 1):
        raise UnsupportedModel(f"a pool dilated by {dilation}")
    lengths = zip(seen.value.shape[1:], kernel, stride, sides, strict=True)
    if given.get("ceil_mode", 0) and any((size + sum(pad) - k) % step for size, k, step, pad in lengths):
        raise UnsupportedModel("ceil_mode adds windows that reach over the border")
    return kernel, stride, sides


def global_average_pool(reader: "Reader", given: Attributes, x: Operand) -> Seen:
    """The mean of every map."""
    seen = channels_first(x)
    return seen.map(lambda value: values.pool(value, value.shape[1:], average=True))


def reduce_mean(reader: "Reader", given: Attributes, x: Operand, axes: Operand | None = None) -> Seen:
    """The mean over all pixels."""
    seen = seen_of(x)
    wanted = given.get("axes") if axes is None else known(axes).astype(int).tolist()
    places = sorted(axis % seen.rank for axis in wanted or range(seen.rank))
    pixels = list(range(1, seen.rank - 1)) if seen.last else list(range(2, seen.rank))
    if places != pixels or not places:
        raise UnsupportedModel(f"averages dimensions {places} of {seen.rank}; all pixels can be averaged")
    pooled = seen.map(lambda value: values.pool(value, value.shape[1:], average=True))
    return pooled if given.get("keepdims", 1) else features(pooled)


def flatten(reader: "Reader", given: Attributes, x: Operand) -> Seen:
    """All dimensions but that of the samples as one."""
    seen = seen_of(x)
    if given.get("axis", 1) not in (1, 1 - seen.rank):
        raise UnsupportedModel(f"flattens from dimension {given['axis']}, which mixes samples")
    return features(seen)


def transpose(reader: "Reader", given: Attributes, x: Operand) -> Seen:
    """Channels first or last."""
    seen = seen_of(x)
    return transposed(reader, seen, list(given.get("perm", range(seen.rank)[::-1])))


def reshape(reader: "Reader", given: Attributes, x: Operand, shape: Operand) -> Seen:
    """Features, or the images that features were."""
    seen, sizes = seen_of(x), known(shape).astype(int).tolist()
    sizes = [
        (1, *seen.sizes)[place] if size == 0 and place < seen.rank else size
        for place, size in enumerate(sizes)
    ]
    total = math.prod(seen.sizes)
    if sizes and sizes[0] == reader.samples and abs(math.prod(sizes[1:])) in (1, total):
        sizes[0] = 1  # an exporter writes how many samples it was shown
    stated = math.prod(size for size in sizes if size != -1)
    sizes = [total // stated if size == -1 and stated else size for size in sizes]
    return reshaped(reader, seen, sizes)


def squeeze(reader: "Reader", given: Attributes, x: Operand, axes: Operand | None = None) -> Seen:
    """Without the dimensions of one that a pool leaves."""
    seen = seen_of(x)
    if seen.value.shape[1:] != (1, 1):
        raise UnsupportedModel(f"drops dimensions of {seen.sizes}")
    return features(seen)


def concat(reader: "Reader", given: Attributes, *inputs: Operand) -> Seen:
    """Channels or features side by side."""
    seen = [channels_first(one) for one in inputs]
    if given.get("axis", 1) % seen[0].rank != 1 or len({one.rank for one in seen}) != 1:
        raise UnsupportedModel(
            f"joins along dimension {given.get('axis')}; channels and features can be joined"
        )
    return Seen(values.concatenate([one.value for one in seen]), seen[0].rank)


def add(reader: "Reader", given: Attributes, x: Operand, other: Operand) -> Seen:
    """Sums of values, or with constants."""
    if isinstance(x, Seen) and isinstance(other, Seen):
        if not x.arranged_like(other):
            raise UnsupportedModel("adds values with channels in different places")
        return seen_of(x).map(lambda value: values.add(value, seen_of(other).value))
    seen, offset = (x, other) if isinstance(x, Seen) else (other, x)
    numbers = _fitting(seen_of(seen), known(offset))
    return seen_of(seen).map(lambda value: values.shift(value, numbers))


def subtract(reader: "Reader", given: Attributes, x: Operand, other: Operand) -> Seen:
    """Differences."""
    negative = multiply(reader, given, other, np.array(-1.0)) if isinstance(other, Seen) else -known(other)
    return add(reader, given, x, negative)


def multiply(reader: "Reader", given: Attributes, x: Operand, other: Operand) -> Seen:
    """Multiples by constants."""
    if isinstance(x, Seen) and isinstance(other, Seen):
        raise UnsupportedModel("multiplies two activations", hint="gates and attention have no place here")
    seen, factor = (x, other) if isinstance(x, Seen) else (other, x)
    numbers = _fitting(seen_of(seen), known(factor))
    return seen_of(seen).map(lambda value: values.scale(value, numbers))


def divide(reader: "Reader", given: Attributes, x: Operand, other: Operand) -> Seen:
    """Quotients by constants."""
    return multiply(reader, given, seen_of(x), 1 / known(other))


def ordered(reader: "Reader", given: Attributes, x: Operand) -> Seen:
    """Softmax, its logarithm and sigmoids keep the order of classes."""
    seen = seen_of(x)
    if seen.rank != 2:
        raise UnsupportedModel(f"compares {seen.sizes}, which are no classes")
    return replace(seen, classes=True)


def unchanged(reader: "Reader", given: Attributes, x: Operand, *ignored: Operand | None) -> Operand:
    """What does nothing once a network is trained."""
    return x


def _fitting(seen: Seen, numbers: Any) -> Any:
    """Constants that are combined with a value, per channel or neuron."""
    while numbers.ndim > seen.rank - 1:
        if numbers.shape[0] != 1:
            raise UnsupportedModel(
                f"is combined with constants {numbers.shape}, which differ between samples"
            )
        numbers = numbers[0]
    if numbers.size == 1:
        return numbers.reshape(())
    channels = seen.value.shape[0]
    alone = (channels, *[1] * (seen.rank - 2)) if not seen.last else (channels,)
    if seen.rank > 2 and numbers.size == channels and numbers.shape[-len(alone) :] == alone:
        return numbers.reshape(-1, 1, 1)
    try:
        return seen.numbers(numbers)
    except ValueError:
        raise UnsupportedModel(f"is combined with constants {numbers.shape}, not {seen.sizes}") from None


def seen_of(operand: Operand | None) -> Seen:
    """The value that an operator takes."""
    if not isinstance(operand, Seen):
        raise UnsupportedModel("takes a constant where an activation is needed")
    if operand.classes:
        raise UnsupportedModel("goes on after a softmax, a sigmoid or an argmax, which keep the order alone")
    return operand


def channels_first(operand: Operand | None) -> Seen:
    """A value with channels first, or features in their own order."""
    seen = seen_of(operand)
    if seen.last or seen.order is not None:
        raise UnsupportedModel("takes channels first, and they are last here", hint="export without layouts")
    return seen


def known(operand: Operand) -> Any:
    """Constants that an operator takes, as float64."""
    if isinstance(operand, Seen):
        raise UnsupportedModel(
            "weights depend on the input", hint="attention and dynamic weights have no place here"
        )
    return as_float(operand)


Operator = Callable[..., Operand | tuple[Operand, ...]]
OPERATORS: dict[str, Operator] = {
    "Conv": conv,
    "Gemm": gemm,
    "MatMul": matmul,
    "BatchNormalization": batch_normalization,
    "Relu": relu,
    "Clip": clip,
    "AveragePool": average_pool,
    "MaxPool": max_pool,
    "GlobalAveragePool": global_average_pool,
    "ReduceMean": reduce_mean,
    "Flatten": flatten,
    "Reshape": reshape,
    "Transpose": transpose,
    "Squeeze": squeeze,
    "Concat": concat,
    "Add": add,
    "Sum": lambda reader, given, first, *others: _summed(reader, given, first, others),
    "Sub": subtract,
    "Mul": multiply,
    "Div": divide,
    "Softmax": ordered,
    "LogSoftmax": ordered,
    "ArgMax": ordered,
    "Identity": unchanged,
    "Dropout": unchanged,
    "Cast": unchanged,
}


def _summed(reader: "Reader", given: Attributes, first: Operand, others: Sequence[Operand]) -> Operand:
    for other in others:
        first = add(reader, given, first, other)
    return first
