"""What feeds neurons in each of their calls, compared: one equation must hold in all of them."""

from dataclasses import replace
from functools import reduce

import numpy as np

from snnc.compiler.frontends.synapses import Convolution, FloatArray, Synapses
from snnc.compiler.frontends.values import Part, Term, Value, add, delayed, without_bias
from snnc.training.frontends.standin import EVERY, Moments


def collapsed(moments: Moments, step: int) -> Value:
    """The moments as one value of `step`; earlier ones arrive with a delay, their biases are added now."""
    parts = [
        value if at in (None, EVERY, step) or at is None else _later(value, step - at)
        for at, value in moments.items()
    ]
    return reduce(add, parts)


def _later(value: Value, steps: int) -> Value:
    still = replace(value, parts=tuple(replace(part, terms=()) for part in value.parts))
    return add(delayed(without_bias(value), steps), still)


def restricted(value: Value, step: int) -> Value:
    """What there is of a value in `step`, before which delayed terms are 0."""
    parts = tuple(
        replace(part, terms=tuple(term for term in part.terms if term.delay <= step)) for part in value.parts
    )
    return replace(value, parts=parts)


def same(one: Value, other: Value) -> bool:
    """Whether two values are made the same way."""
    return (one.flat, len(one.parts)) == (other.flat, len(other.parts)) and all(
        _same_part(a, b) for a, b in zip(one.parts, other.parts, strict=True)
    )


def _same_part(one: Part, other: Part) -> bool:
    return (
        one.shape == other.shape
        and _equal(one.bias, other.bias)
        and len(one.terms) == len(other.terms)
        and all(same_term(a, b) for a, b in zip(_ordered(one), _ordered(other), strict=True))
    )


def _ordered(part: Part) -> list[Term]:
    return sorted(part.terms, key=lambda term: (term.delay, term.source))


def same_term(one: Term, other: Term, *, delays: bool = True) -> bool:
    """Whether two terms are equal, with `delays` also when they arrive."""
    plain = ("source", "arriving", "pool", "pooling", *(("delay",) if delays else ()))
    return (
        all(getattr(one, name) == getattr(other, name) for name in plain)
        and _equal(one.gain, other.gain)
        and _same_synapses(one.synapses, other.synapses)
    )


def _same_synapses(one: Synapses | None, other: Synapses | None) -> bool:
    if one is other:
        return True
    if one is None or other is None or type(one) is not type(other):
        return False
    if isinstance(one, Convolution) and isinstance(other, Convolution):
        plain = ("stride", "padding", "groups")
        if any(getattr(one, name) != getattr(other, name) for name in plain):
            return False
    return _equal(one.weights, other.weights)


def _equal(one: FloatArray, other: FloatArray) -> bool:
    if one is other:
        return True
    try:
        return bool(np.equal(*np.broadcast_arrays(one, other)).all())
    except ValueError:
        return False
