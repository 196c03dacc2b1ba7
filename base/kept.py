"""What is made of an object once, and kept for as long as the object is in use."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import ref

Owner = TypeVar("Owner")
Made = TypeVar("Made")


def kept(make: Callable[[Owner], Made]) -> Callable[[Owner], Made]:
    """`make`, whose result for an object, known by its identity, is kept while somebody has the object.

    For objects that do not change, and that weak references can name.
    """
    known: dict[int, tuple[ref[Owner], Made]] = {}

    @wraps(make)
    def of(owner: Owner) -> Made:
        found = known.get(id(owner))
        if found is not None and found[0]() is owner:
            return found[1]
        made, identity = make(owner), id(owner)
        known[identity] = ref(owner, lambda _: known.pop(identity, None)), made
        return made

    return of
