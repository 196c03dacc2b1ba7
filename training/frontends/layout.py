"""Operations that change how a stand-in is seen: flattened, viewed, cut by steps, stacked."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from snnc.base.errors import UnsupportedModel
from snnc.compiler.frontends.values import Value, concatenate
from snnc.training.frontends.arguments import position, resolved
from snnc.training.frontends.moments import collapsed, restricted, same
from snnc.training.frontends.standin import (
    EVERY,
    FLAT,
    IMAGE,
    ONE,
    ROW,
    SAMPLES,
    STEPS,
    Axis,
    Moments,
    MoreSteps,
    StandIn,
    latest,
    trailing,
)


def remade(x: StandIn, lead: Sequence[Axis], form: str) -> StandIn:
    """The same numbers behind other dimensions, or in another form."""
    flat = form == FLAT
    moments = {at: replace(value, flat=flat) for at, value in x.moments.items()}
    return StandIn.make(x.tracer, moments, lead, form, x.reduced)


def flatten(x: StandIn, start_dim: int = 0, end_dim: int = -1) -> StandIn:
    """Values to features, or samples and steps to one dimension."""
    first, last = (position(dim, x.ndim) for dim in (start_dim, end_dim))
    ahead = len(x.lead)
    if first == ahead and last == x.ndim - 1:
        return remade(x, x.lead, FLAT)
    return view(x, (*x.shape[:first], math.prod(x.shape[first : last + 1]), *x.shape[last + 1 :]))


def view(x: StandIn, *size: Any) -> StandIn:
    """The sizes that a module asks for, where they keep samples, steps and values apart."""
    wanted = resolved(
        size[0] if len(size) == 1 and isinstance(size[0], Sequence) else size, math.prod(x.shape)
    )
    for lead in _leads(x):
        sizes = tuple(x.tracer.size(axis) for axis in lead)
        rest = wanted[len(sizes) :]
        if wanted[: len(sizes)] == sizes and (form := _form(x, rest)) is not None:
            return remade(x, lead, form)
    raise UnsupportedModel(
        f"sees {tuple(x.shape)} as {wanted}, which mixes samples, steps or channels",
        hint="take the sizes from the input, x.view(x.size(0), -1), not from numbers in the code",
    )


def _leads(x: StandIn) -> list[tuple[Axis, ...]]:
    """The ways to see samples and steps that keep their order."""
    axes = [one for axis in x.lead for one in (axis if isinstance(axis, tuple) else (axis,))]
    plain = tuple(axis for axis in axes if axis != ONE)
    ways: list[tuple[Axis, ...]] = [x.lead, plain]
    if len(plain) == 2:
        ways.append(((plain[0], plain[1]),))
    return [*ways, (*plain, ONE), (ONE, *plain)]


def _form(x: StandIn, sizes: tuple[int, ...]) -> str | None:
    """How a value of the stand-in looks with these sizes."""
    shapes = [part.shape for part in x.value.parts]
    if len(sizes) == 1:
        return FLAT
    if len(shapes) != 1 and x.form == FLAT:
        return None
    inner = replace(x.value, flat=False)
    return next((form for form in (IMAGE, ROW) if trailing(inner, form) == sizes and _is(form, inner)), None)


def _is(form: str, value: Value) -> bool:
    return form == IMAGE or value.shape[1] == 1


def transpose(x: StandIn, dim0: int, dim1: int) -> StandIn:
    """Samples and steps change places."""
    first, last = sorted((position(dim0, x.ndim), position(dim1, x.ndim)))
    order = list(range(x.ndim))
    order[first], order[last] = order[last], order[first]
    return permute(x, order)


def permute(x: StandIn, *dims: Any) -> StandIn:
    """As `transpose`, for all dimensions."""
    order = dims[0] if len(dims) == 1 and isinstance(dims[0], Sequence) else dims
    places = [position(int(dim), x.ndim) for dim in order]
    ahead = len(x.lead)
    if places[ahead:] != list(range(ahead, x.ndim)):
        raise UnsupportedModel(f"permutes to {tuple(places)}, which moves channels or pixels")
    return remade(x, tuple(x.lead[place] for place in places[:ahead]), x.form)


def unsqueeze(x: StandIn, dim: int) -> StandIn:
    """A dimension of one before the values, or channels for a row of features."""
    place = position(dim, x.ndim + 1)
    if place <= len(x.lead):
        return remade(x, (*x.lead[:place], ONE, *x.lead[place:]), x.form)
    raise UnsupportedModel(f"adds dimension {dim} among channels and pixels of {tuple(x.shape)}")


def squeeze(x: StandIn, dim: Any = None) -> StandIn:
    """Without dimensions of one."""
    wanted = range(x.ndim) if dim is None else [position(one, x.ndim) for one in _many(dim)]
    lead = tuple(axis for place, axis in enumerate(x.lead) if not (place in wanted and axis == ONE))
    behind = x.shape[len(x.lead) :]
    gone = [place for place in wanted if place >= len(x.lead) and x.shape[place] == 1]
    if gone and x.form != FLAT:
        left = [size for place, size in enumerate(behind, len(x.lead)) if place not in gone]
        if len(left) > 1:
            raise UnsupportedModel(f"drops a dimension of {tuple(x.shape)}")
        return remade(x, lead, FLAT)
    return remade(x, lead, x.form)


def _many(dim: Any) -> Sequence[int]:
    return dim if isinstance(dim, Sequence) else (dim,)


def repeated(x: StandIn, *size: Any) -> StandIn:
    """The same values in every step: a dimension of one becomes the steps (`repeat`, `expand`)."""
    sizes = [int(one) for one in (size[0] if len(size) == 1 and isinstance(size[0], Sequence) else size)]
    if len(sizes) == x.ndim + 1:
        x = unsqueeze(x, 0)
    if len(sizes) != x.ndim:
        raise UnsupportedModel(f"repeats {tuple(x.shape)} by {tuple(sizes)}")
    lead = list(x.lead)
    for place, (times, own) in enumerate(zip(sizes, x.shape, strict=True)):
        if times in (1, -1) or (times == own and own != 1):
            continue
        if place >= len(lead) or lead[place] != ONE:
            raise UnsupportedModel(f"repeats {tuple(x.shape)} by {tuple(sizes)}")
        if set(x.moments) != {None}:
            raise UnsupportedModel(f"repeats one step of {x.tracer.steps} in all")
        x.tracer.set_steps(times)
        lead[place] = STEPS
    return remade(x, lead, x.form)


def getitem(x: StandIn, index: Any) -> Any:
    """One step of all."""
    indices = index if isinstance(index, tuple) else (index,)
    for place, one in enumerate(indices):
        if isinstance(one, int) and place < len(x.lead) and x.lead[place] == STEPS:
            rest = indices[place + 1 :]
            if all(isinstance(i, slice) and i == slice(None) for i in (*indices[:place], *rest)):
                return at_step(x, place, one)
        if one is None and place == len(indices) - 1 and place <= len(x.lead):
            return unsqueeze(x, place)
    if all(isinstance(i, slice) and i == slice(None) for i in indices) or index is Ellipsis:
        return x
    raise UnsupportedModel(f"takes [{index}] of {tuple(x.shape)}; single steps can be taken")


def at_step(x: StandIn, place: int, step: int) -> StandIn:
    """The values of one step."""
    if not -x.tracer.steps <= step < x.tracer.steps:
        raise MoreSteps(f"step {step} of {x.tracer.steps}")
    step %= x.tracer.steps
    lead = (*x.lead[:place], *x.lead[place + 1 :])
    moments: Moments = {(step if at == EVERY else at): value for at, value in x.moments.items()}
    return StandIn.make(x.tracer, moments, lead, x.form, x.reduced)


def unbind(x: StandIn, dim: int = 0) -> tuple[StandIn, ...]:
    """All steps one by one."""
    place = position(dim, x.ndim)
    if place >= len(x.lead) or x.lead[place] != STEPS:
        raise UnsupportedModel(f"goes through dimension {dim} of {tuple(x.shape)}, which is not the steps")
    return tuple(at_step(x, place, step) for step in range(x.tracer.steps))


def stack(tensors: Sequence[Any], dim: int = 0) -> StandIn:
    """Values of all steps, one after the other."""
    first = tensors[0]
    if not all(
        isinstance(one, StandIn) and (one.lead, one.form) == (first.lead, first.form) for one in tensors
    ):
        raise UnsupportedModel("stacks things that are not activations of one shape")
    place = position(dim, first.ndim + 1)
    if place > len(first.lead):
        raise UnsupportedModel("stacks among channels and pixels")
    lead = (*first.lead[:place], STEPS, *first.lead[place:])
    return _joined(tensors, lead)


def _joined(tensors: Sequence[StandIn], lead: Sequence[Axis]) -> StandIn:
    first = tensors[0]
    if any(one.reduced for one in tensors):
        raise UnsupportedModel("joins as steps what steps became one in")
    first.tracer.set_steps(len(tensors))
    if all(set(one.moments) == {None} and same(one.value, first.value) for one in tensors):
        return StandIn.make(first.tracer, {None: first.value}, lead, first.form)
    last = collapsed(tensors[-1].moments, len(tensors) - 1)
    for step, one in enumerate(tensors):
        at = latest(one.moments)
        own = at is None or at == step
        if not own or not same(restricted(last, step), collapsed(one.moments, step)):
            raise UnsupportedModel(
                f"joins steps in another order, or the values of step {step + 1} differ in kind"
            )
    return StandIn.make(first.tracer, {EVERY: last}, lead, first.form)


def cat(tensors: Sequence[Any], dim: int = 0) -> StandIn:
    """Channels or features side by side, or steps one after the other."""
    first = next(one for one in tensors if isinstance(one, StandIn))
    if not all(isinstance(one, StandIn) for one in tensors):
        raise UnsupportedModel("joins activations with a constant")
    if len({one.reduced for one in tensors}) != 1:
        raise UnsupportedModel("joins values whose steps became one in different ways")
    place = position(dim, first.ndim)
    if place < len(first.lead):
        if first.lead[place] == ONE:
            return _joined(tensors, (*first.lead[:place], STEPS, *first.lead[place + 1 :]))
        raise UnsupportedModel("joins samples or steps")
    if place != len(first.lead) or len({one.lead for one in tensors}) != 1:
        raise UnsupportedModel(f"joins along dimension {dim}; channels and features can be joined")
    keys = {at for one in tensors for at in one.moments}
    keys = keys if keys == {None} else keys - {None}
    if len(keys) != 1 or any(len(one.moments) != 1 for one in tensors):
        raise UnsupportedModel("joins values of different steps")
    return first.like({keys.pop(): concatenate([one.value for one in tensors])})


def unflatten(x: StandIn, dim: int, sizes: Sequence[int]) -> StandIn:
    """One dimension seen as several."""
    place = position(dim, x.ndim)
    return view(x, (*x.shape[:place], *resolved(sizes, x.shape[place]), *x.shape[place + 1 :]))


def over_samples(x: StandIn, place: int) -> bool:
    """Whether a dimension is the samples, which nothing may be computed over."""
    return place < len(x.lead) and SAMPLES in (
        x.lead[place] if isinstance(x.lead[place], tuple) else (x.lead[place],)
    )
