"""Operations that compute: convolutions, matrices, norms, pools, rectifiers, sums, as `values` has them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends import values
from snnc.compiler.frontends.float_graph import Rectifier
from snnc.compiler.frontends.synapses import Convolution, FloatArray, convolution
from snnc.compiler.frontends.values import Value
from snnc.training.frontends import largest
from snnc.training.frontends.arguments import (
    array,
    both_sides,
    constant,
    pair,
    position,
    row_pair,
    same_padding,
)
from snnc.training.frontends.layout import over_samples
from snnc.training.frontends.standin import EVERY, FLAT, IMAGE, ONE, ROW, STEPS, Moments, StandIn, latest

RELU = Rectifier()


def mapped(
    x: StandIn, function: Callable[[Value], Value], affine: Callable[[Value], Value] | None = None
) -> StandIn:
    """`function` of every moment; where there are several, `affine`, which adds a bias, of the latest."""
    if x.reduced == "max" or x.reduced == "class":
        raise UnsupportedModel(f"goes on after its steps or classes became one ({x.reduced})")
    last = latest(x.moments)
    moments = {
        at: (affine if affine is not None and at == last else function)(value)
        for at, value in x.moments.items()
    }
    return x.like(moments)


def _image(x: StandIn, form: str) -> None:
    single = len(x.lead) == 1
    if x.form != form or not single:
        raise UnsupportedModel(f"takes samples of {form}s, not {tuple(x.shape)}")


def conv2d(
    x: StandIn,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> StandIn:
    """A convolution of images."""
    _image(x, IMAGE)
    kernel, steps = (weight.shape[2], weight.shape[3]), pair(dilation)
    sides = _padding(padding, kernel, steps, pair)
    plain = convolution(array(weight), stride=pair(stride), padding=sides, dilation=steps, groups=groups)
    return _convolved(x, plain, bias)


def conv1d(
    x: StandIn,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> StandIn:
    """A convolution of rows: a 2-D one of height 1."""
    _image(x, ROW)
    kernel, steps = (1, weight.shape[2]), row_pair(dilation, 1)
    sides = _padding(padding, kernel, steps, lambda size: row_pair(size, 0))
    weights = array(weight)[:, :, None]
    plain = convolution(weights, stride=row_pair(stride, 1), padding=sides, dilation=steps, groups=groups)
    return _convolved(x, plain, bias)


def _padding(padding: Any, kernel: tuple[int, int], dilation: tuple[int, int], numbers: Any) -> Any:
    if padding == "valid":
        return both_sides((0, 0))
    return same_padding(kernel, dilation) if padding == "same" else both_sides(numbers(padding))


def _convolved(x: StandIn, plain: Convolution, bias: Any) -> StandIn:
    offset = None if bias is None else array(bias)
    return mapped(x, lambda v: values.convolve(v, plain), lambda v: values.convolve(v, plain, offset))


def linear(x: StandIn, weight: Any, bias: Any = None) -> StandIn:
    """A matrix on features."""
    return _through(x, array(weight), None if bias is None else array(bias))


def matmul(x: StandIn, other: Any) -> StandIn:
    """`x @ other`."""
    if not isinstance(x, StandIn):
        raise UnsupportedModel("multiplies a matrix from the left, which mixes samples")
    return _through(x, array(other).T, None)


def addmm(bias: Any, x: StandIn, weight: Any, *, beta: float = 1, alpha: float = 1) -> StandIn:
    """`beta bias + alpha x @ weight`."""
    return _through(x, alpha * array(weight).T, beta * array(bias))


def _through(x: StandIn, weights: FloatArray, bias: FloatArray | None) -> StandIn:
    if x.form != FLAT:
        raise UnsupportedModel(
            f"applies a matrix to the last dimension of {tuple(x.shape)}", hint="flatten the images before"
        )
    return mapped(x, lambda v: values.linear(v, weights), lambda v: values.linear(v, weights, bias))


def batch_norm(
    x: StandIn,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
    *ignored: Any,
) -> StandIn:
    """A scale and a shift per channel, by the running statistics."""
    if training or running_mean is None or running_var is None:
        raise UnsupportedModel(
            "normalises by the statistics of a batch", hint="call eval() and keep running statistics"
        )
    if len(x.lead) != 1:
        raise UnsupportedModel(f"normalises over dimension 1 of {tuple(x.shape)}, which is not the channels")
    gain = 1 / np.sqrt(array(running_var) + eps) * (1.0 if weight is None else array(weight))
    offset = (0.0 if bias is None else array(bias)) - array(running_mean) * gain
    return scaled(x, gain.reshape(-1, 1, 1), offset.reshape(-1, 1, 1))


def scaled(x: StandIn, gain: FloatArray, offset: FloatArray) -> StandIn:
    """`gain x + offset`."""
    return mapped(x, lambda v: values.scale(v, gain), lambda v: values.shift(values.scale(v, gain), offset))


def avg_pool2d(
    x: StandIn,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> StandIn:
    """Means of windows."""
    _image(x, IMAGE)
    window, sides = pair(kernel_size), pair(padding)
    steps = pair(stride) if stride not in (None, [], ()) else window
    _whole_windows(x, window, steps, sides, ceil_mode)
    _padding_counts(sides, count_include_pad)
    factor = np.array(math.prod(window) / divisor_override if divisor_override else 1.0)
    return mapped(
        x, lambda v: values.scale(values.pool(v, window, steps, both_sides(sides), average=True), factor)
    )


def _whole_windows(x: StandIn, window: Any, stride: Any, padding: Any, ceil_mode: bool) -> None:
    lengths = zip(x.value.shape[1:], window, stride, padding, strict=True)
    if ceil_mode and any((size + 2 * pad - kernel) % step for size, kernel, step, pad in lengths):
        raise UnsupportedModel(
            "ceil_mode adds windows that reach over the border", hint="train with ceil_mode=False"
        )


def _padding_counts(padding: tuple[int, int], counts: bool) -> None:
    """Raise UnsupportedModel for means over the pixels that are no padding."""
    if padding != (0, 0) and not counts:
        raise UnsupportedModel(
            "count_include_pad=False weighs pixels at the border more",
            hint="train with count_include_pad=True",
        )


def avg_pool1d(
    x: StandIn,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> StandIn:
    """Means of windows of a row; of features behind a dimension of one, the vote of neighbours."""
    window = row_pair(kernel_size, 1)
    steps = window if stride in (None, [], ()) else row_pair(stride, 1)
    if x.form == FLAT and x.lead[-1] == ONE and steps == window and not row_pair(padding, 0)[1]:
        groups = x.shape[-1] // window[1]
        vote = np.kron(np.eye(groups), np.full((1, window[1]), 1 / window[1]))
        vote = np.pad(vote, ((0, 0), (0, x.shape[-1] - vote.shape[1])))
        return mapped(x, lambda v: values.linear(v, vote))
    _image(x, ROW)
    sides = row_pair(padding, 0)
    _whole_windows(x, window, steps, sides, ceil_mode)
    _padding_counts(sides, count_include_pad)
    return mapped(x, lambda v: values.pool(v, window, steps, both_sides(sides), average=True))


def lp_pool2d(
    x: StandIn, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> StandIn:
    """Sums of windows, for a norm of 1: sinabs' SumPool2d."""
    if norm_type != 1:
        raise UnsupportedModel(f"a pool by norm {norm_type}", hint="norm 1, SumPool2d, is read")
    window = pair(kernel_size)
    return multiplied(avg_pool2d(x, kernel_size, stride, 0, ceil_mode), math.prod(window))


def adaptive_avg_pool2d(x: StandIn, output_size: Any) -> StandIn:
    """Means of windows that divide the image."""
    _image(x, IMAGE)
    sizes = zip(
        output_size if isinstance(output_size, Sequence) else (output_size,) * 2,
        x.value.shape[1:],
        strict=True,
    )
    wanted = [have if want is None else want for want, have in sizes]
    if any(have % want for have, want in zip(x.value.shape[1:], wanted, strict=True)):
        raise UnsupportedModel(f"output size {tuple(wanted)} does not divide {x.value.shape[1:]}")
    window = x.value.shape[1] // wanted[0], x.value.shape[2] // wanted[1]
    return mapped(x, lambda v: values.pool(v, window, average=True))


def max_pool2d(
    x: StandIn,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> StandIn:
    """Largest values of windows: an OR of spikes, or rectifiers."""
    _image(x, IMAGE)
    window, sides = pair(kernel_size), pair(padding)
    steps = pair(stride) if stride not in (None, [], ()) else window
    _whole_windows(x, window, steps, sides, ceil_mode)
    if pair(dilation) != (1, 1) or return_indices:
        raise UnsupportedModel("dilation and return_indices of a max pool")
    return mapped(x, lambda v: largest.of_windows(x.tracer, v, window, steps, sides))


def rectified(x: StandIn, limit: float | None = None) -> StandIn:
    """ReLU: nothing to do on spikes, units without memory elsewhere."""
    if largest.is_spikes(x.tracer, x.value):
        return mapped(x, lambda v: v)
    if set(x.moments) - {None, EVERY} and len(x.moments) > 1:
        raise UnsupportedModel("rectifies a sum over steps")
    units = RELU if limit is None else Rectifier(float(limit))
    return mapped(x, lambda v: x.tracer.rectify(v, units))


def clamp(x: StandIn, min: Any = None, max: Any = None) -> StandIn:
    """ReLU, with a limit where there is one."""
    if min != 0 or (max is not None and not isinstance(max, int | float)):
        raise UnsupportedModel(f"clamps to {min} .. {max}", hint="clamp(min=0), ReLU and ReLU6 are read")
    return rectified(x, max)


def hardtanh(x: StandIn, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> StandIn:
    """ReLU6 is one from 0 to 6."""
    return clamp(x, min_val, max_val)


def threshold(x: StandIn, threshold: float, value: float, inplace: bool = False) -> StandIn:
    """A threshold at 0 that gives 0 is a ReLU."""
    if threshold != 0 or value != 0:
        raise UnsupportedModel("a threshold other than 0")
    return rectified(x)


def add(x: Any, other: Any, *, alpha: float = 1) -> StandIn:
    """Sums of activations, or with a constant."""
    if not isinstance(x, StandIn):
        x, other, alpha = (other, x, 1) if alpha == 1 else (multiplied(other, alpha), x, 1)
    if not isinstance(other, StandIn):
        offset = alpha * constant(x, other)
        return mapped(x, lambda v: v, lambda v: values.shift(v, offset))
    if alpha != 1:
        other = multiplied(other, alpha)
    if (x.lead, x.form) != (other.lead, other.form):
        if x.shape != other.shape and not ({STEPS} & {*x.lead, *other.lead}):
            raise UnsupportedModel(f"adds {tuple(x.shape)} and {tuple(other.shape)}")
        raise UnsupportedModel(f"adds {x.lead} and {other.lead}")
    summed: StandIn = x.like(_added(x.moments, other.moments))
    return summed


def _added(one: Moments, other: Moments) -> Moments:
    """Sums by step; what is the same in all steps joins the latest."""
    total = dict(one)
    for at, value in other.items():
        total[at] = values.add(total[at], value) if at in total else value
    if None in total and len(total) > 1:
        still = total.pop(None)
        last = latest(total)
        total[last] = values.add(total[last], still)
    if EVERY in total and len(total) > 1:
        raise UnsupportedModel("adds one step to all")
    return total


def subtract(x: Any, other: Any, *, alpha: float = 1) -> StandIn:
    """`x - alpha other`."""
    return add(x, negative(other) if isinstance(other, StandIn) else _negated(other), alpha=alpha)


def subtracted_from(x: Any, other: Any, *, alpha: float = 1) -> StandIn:
    """`other - alpha x`."""
    return subtract(other, x, alpha=alpha)


def _negated(other: Any) -> Any:
    return -other


def negative(x: StandIn) -> StandIn:
    """`-x`."""
    return multiplied(x, -1)


def multiplied(x: Any, other: Any) -> StandIn:
    """A multiple by constants."""
    if not isinstance(x, StandIn):
        x, other = other, x
    if isinstance(other, StandIn):
        raise UnsupportedModel(
            "multiplies two activations", hint="gates and attention have no place in a network of spikes"
        )
    factor = constant(x, other)
    return mapped(x, lambda v: values.scale(v, factor))


def divided(x: Any, other: Any, *, rounding_mode: str | None = None) -> StandIn:
    """A quotient by constants."""
    if not isinstance(x, StandIn) or isinstance(other, StandIn) or rounding_mode is not None:
        raise UnsupportedModel("divides by an activation, or rounds")
    factor = 1 / constant(x, other)
    return mapped(x, lambda v: values.scale(v, factor))


def mean(x: StandIn, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> StandIn:
    """Means over pixels, or over the steps."""
    return _over(x, dim, keepdim, average=True)


def total(x: StandIn, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> StandIn:
    """Sums over pixels, or over the steps."""
    return _over(x, dim, keepdim, average=False)


def _over(x: StandIn, dim: Any, keepdim: bool, *, average: bool) -> StandIn:
    places = (
        [position(one, x.ndim) for one in (dim if isinstance(dim, Sequence) else (dim,))]
        if dim is not None
        else []
    )
    if not places or any(over_samples(x, place) for place in places):
        raise UnsupportedModel("sums over samples, or over everything")
    if all(place < len(x.lead) for place in places):
        return _over_steps(x, places, keepdim, "mean" if average else "sum")
    behind = list(range(len(x.lead) + 1, x.ndim))
    if sorted(places) != behind or x.form == FLAT or len(x.lead) != 1:
        raise UnsupportedModel(
            f"sums over dimensions {places} of {tuple(x.shape)}; all pixels or the steps can be"
        )
    window = x.value.shape[1:]
    pooled = mapped(x, lambda v: values.pool(v, window, average=average))
    return (
        pooled
        if keepdim
        else StandIn.make(
            x.tracer, {at: replace(v, flat=True) for at, v in pooled.moments.items()}, x.lead, FLAT, x.reduced
        )
    )


def _over_steps(x: StandIn, places: list[int], keepdim: bool, how: str) -> StandIn:
    if len(places) != 1 or x.lead[places[0]] != STEPS or x.reduced:
        raise UnsupportedModel(f"sums over {[x.lead[place] for place in places]}")
    (place,) = places
    lead = (*x.lead[:place], *((ONE,) if keepdim else ()), *x.lead[place + 1 :])
    return StandIn.make(x.tracer, x.moments, lead, x.form, how)


def largest_of(x: StandIn, dim: Any = None, keepdim: bool = False) -> Any:
    """The largest over the steps, or the class."""
    if dim is None or x.reduced == "max":
        raise UnsupportedModel("takes the largest of everything")
    place = position(dim, x.ndim)
    if place < len(x.lead) and x.lead[place] == STEPS:
        reduced = _over_steps(x, [place], keepdim, "max")
        import torch

        return torch.return_types.max((reduced, reduced))
    import torch

    return torch.return_types.max((ordered(x, dim), ordered(x, dim)))


def ordered(x: StandIn, dim: Any = None, *ignored: Any, **options: Any) -> StandIn:
    """What keeps the order of the classes: softmax, its logarithm, argmax. Nothing may follow."""
    if dim is not None and position(dim, x.ndim) != x.ndim - 1:
        raise UnsupportedModel(
            f"compares along dimension {dim} of {tuple(x.shape)}, which is not the classes"
        )
    if x.form != FLAT:
        raise UnsupportedModel(f"compares values of {tuple(x.shape)}, which are not classes")
    if STEPS in x.lead:
        raise UnsupportedModel("compares classes in every step", hint="add the steps up before the softmax")
    return StandIn.make(x.tracer, x.moments, x.lead, x.form, f"{x.reduced or ''} class".strip())
