"""Arguments of torch's functions, as the functions of `values` take them."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends.synapses import FloatArray
from snnc.training.frontends.standin import FLAT, ROW, StandIn, trailing

Pair = tuple[int, int]


def pair(size: Any) -> Pair:
    """A number or a list of one or two as (height, width)."""
    numbers = [int(one) for one in size] if isinstance(size, Sequence) else [int(size)]
    return (numbers[0], numbers[-1])


def row_pair(size: Any, whole: int) -> Pair:
    """A number of a 1-D operation as (height, width), of which the height is `whole`."""
    return whole, int(size[0] if isinstance(size, Sequence) else size)


def both_sides(padding: Pair) -> tuple[Pair, Pair]:
    """The same padding on both sides: (top, bottom), (left, right)."""
    return (padding[0], padding[0]), (padding[1], padding[1])


def same_padding(kernel: Pair, dilation: Pair) -> tuple[Pair, Pair]:
    """What `padding="same"` means: of an odd number, the larger half comes behind."""
    totals = [(size - 1) * step for size, step in zip(kernel, dilation, strict=True)]
    top, left = (total // 2 for total in totals)
    return (top, totals[0] - top), (left, totals[1] - left)


def array(tensor: Any) -> FloatArray:
    """A parameter in double precision."""
    if isinstance(tensor, StandIn):
        raise UnsupportedModel("weights depend on the input")
    values: FloatArray = tensor.detach().cpu().double().numpy()
    return values


def constant(x: StandIn, other: Any) -> FloatArray:
    """A number or tensor that is combined with `x`, as the functions of `values` take it."""
    if isinstance(other, bool | int | float):
        return np.array(float(other))
    if not isinstance(other, torch.Tensor):
        raise UnsupportedModel(f"is combined with {type(other).__name__}")
    values = array(other)
    own = trailing(x.value, x.form)
    while values.ndim > len(own):
        if values.shape[0] != 1 and not bool((values == values[:1]).all()):
            raise UnsupportedModel("is combined with a tensor that differs between samples or steps")
        values = values[0]
    if values.size == 1:
        return values.reshape(())
    try:
        full = np.broadcast_to(values, own)
    except ValueError:
        raise UnsupportedModel(
            f"is combined with a tensor {tuple(other.shape)}, not {tuple(x.shape)}"
        ) from None
    per_channel = values.ndim == len(own) and x.form != FLAT and values.size == own[0]
    if per_channel:
        return values.reshape(-1, 1, 1)
    if x.form == ROW:
        full = full[:, None]
    return full.reshape(x.value.shape)


def resolved(size: Sequence[int], total: int) -> tuple[int, ...]:
    """Sizes of a view with -1 replaced."""
    sizes = [int(one) for one in size]
    if sizes.count(-1) == 1:
        known = math.prod(one for one in sizes if one != -1)
        sizes[sizes.index(-1)] = total // known if known else 0
    if math.prod(sizes) != total:
        raise UnsupportedModel(f"is seen as {tuple(size)}, but has {total} values")
    return tuple(sizes)


def position(dim: int, dimensions: int) -> int:
    """A dimension counted from the front."""
    return dim + dimensions if dim < 0 else dim
