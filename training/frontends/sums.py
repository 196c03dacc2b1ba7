"""Sums, means and the largest over pixels or steps, and what only orders classes."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends import values
from snnc.training.frontends.arguments import position
from snnc.training.frontends.layout import over_samples
from snnc.training.frontends.maps import mapped
from snnc.training.frontends.standin import FLAT, ONE, STEPS, StandIn


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
        return torch.return_types.max((reduced, reduced))
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
