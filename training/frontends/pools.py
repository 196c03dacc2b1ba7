"""Pools of stand-ins: means, sums and the largest of windows."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends import values
from snnc.training.frontends import largest
from snnc.training.frontends.arguments import both_sides, pair, row_pair
from snnc.training.frontends.maps import mapped, multiplied, require_form, require_steps
from snnc.training.frontends.standin import FLAT, IMAGE, ONE, ROW, StandIn


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
    require_form(x, IMAGE)
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
    require_form(x, ROW)
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
    require_form(x, IMAGE)
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
    require_form(x, IMAGE)
    window, sides = pair(kernel_size), pair(padding)
    steps = pair(stride) if stride not in (None, [], ()) else window
    _whole_windows(x, window, steps, sides, ceil_mode)
    if pair(dilation) != (1, 1) or return_indices:
        raise UnsupportedModel("dilation and return_indices of a max pool")
    require_steps(x)
    return mapped(x, lambda v: largest.of_windows(x.tracer, v, window, steps, sides))
