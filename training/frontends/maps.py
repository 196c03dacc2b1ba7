"""Operations that compute: convolutions, matrices, norms, rectifiers, arithmetic, as `values` has them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends import values
from snnc.compiler.frontends.float_graph import Rectifier
from snnc.compiler.frontends.pieces import clipped, leaky, padded
from snnc.compiler.frontends.synapses import Convolution, FloatArray, convolution
from snnc.compiler.frontends.values import Value
from snnc.training.frontends import largest
from snnc.training.frontends.arguments import (
    array,
    both_sides,
    constant,
    pair,
    row_pair,
    same_padding,
)
from snnc.training.frontends.moments import same
from snnc.training.frontends.standin import EVERY, FLAT, IMAGE, ROW, STEPS, Moments, StandIn, latest

RELU = Rectifier()


def mapped(
    x: StandIn, function: Callable[[Value], Value], affine: Callable[[Value], Value] | None = None
) -> StandIn:
    """`function` of every moment; where there are several, `affine`, which adds a bias, of the latest."""
    if {"max", "class"} & set((x.reduced or "").split()):
        raise UnsupportedModel(f"goes on after its steps or classes became one ({x.reduced})")
    if x.reduced == "sum" and affine is not None and not same(affine(x.value), function(x.value)):
        raise UnsupportedModel(
            "adds a constant to what was summed over the steps",
            hint="add it in every step, or take the mean over the steps",
        )
    last = latest(x.moments)
    moments = {
        at: (affine if affine is not None and at == last else function)(value)
        for at, value in x.moments.items()
    }
    return x.like(moments)


def require_steps(x: StandIn) -> None:
    """Raise UnsupportedModel where steps have become one: only linear maps of them are those of each step."""
    if x.reduced or len(x.moments) > 1:
        raise UnsupportedModel(
            f"follows steps that became one ({x.reduced or 'added up'}), and is no linear map",
            hint="do it in every step, before they become one",
        )


def require_form(x: StandIn, form: str) -> None:
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
    require_form(x, IMAGE)
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
    require_form(x, ROW)
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


def rectified(x: StandIn, limit: float | None = None) -> StandIn:
    """ReLU: nothing to do on spikes, or up to a limit on so few; units without memory elsewhere."""
    spikes = largest.is_spikes(x.tracer, x.value)
    if spikes and limit is None:
        return mapped(x, lambda v: v)
    require_steps(x)
    if spikes and limit is not None and not largest.exceeds(x.value, limit):
        return mapped(x, lambda v: v)
    units = RELU if limit is None else Rectifier(float(limit))
    return mapped(x, lambda v: x.tracer.rectify(v, units))


def clamp(x: StandIn, min: Any = None, max: Any = None) -> StandIn:
    """ReLU, moved to the lower end, with a limit where there is an upper one."""
    if not isinstance(min, int | float) or not (max is None or isinstance(max, int | float)):
        raise UnsupportedModel(f"clamps to {min} .. {max}", hint="clamp with a number below is read")
    if min == 0:
        return rectified(x, max)
    require_steps(x)
    return mapped(x, lambda v: clipped(lambda low, limit: _units(x, low, limit), v, min, max))


def _units(x: StandIn, value: Value, limit: float | None = None) -> Value:
    return x.tracer.rectify(value, RELU if limit is None else Rectifier(float(limit)))


def leaky_relu(x: StandIn, negative_slope: Any = 0.01, inplace: bool = False) -> StandIn:
    """relu(x) - slope relu(-x); of PReLU the slopes are learned."""
    require_steps(x)
    slope = np.array(float(negative_slope)) if isinstance(negative_slope, float) else array(negative_slope)
    return mapped(x, lambda v: leaky(lambda one: _units(x, one), v, slope))


def pad(x: StandIn, pad: Any, mode: str = "constant", value: float | None = None) -> StandIn:
    """Zeros around images or rows."""
    widths = [int(one) for one in pad]
    if mode != "constant" or value or len(widths) > (2 if x.form == ROW else 4) or x.form == FLAT:
        raise UnsupportedModel(f"pads {widths} by mode {mode} with {value}; zeros around pixels are read")
    left, right, top, bottom = (*widths, 0, 0)[:4]
    return mapped(x, lambda v: padded(v, ((top, bottom), (left, right))))


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
    if x.reduced != other.reduced or x.reduced == "max":
        raise UnsupportedModel(
            f"adds values whose steps became one in different ways ({x.reduced}, {other.reduced})"
        )
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
