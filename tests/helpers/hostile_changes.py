"""Random changes to plain documents: a number, name, list or table becomes one like it, or an extreme one."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.compiler.formats.codec import ArrayStore, array_name

Generator = np.random.Generator
Place = tuple[Any, Any]
"""A list or mapping of the document, and an index or key of it."""

EXTREMES = (0, 1, 2, 3, 7, 8, 15, 16, 127, 128, 255, 256, 4095, 4096, 65535, 65536, 1 << 24, 1 << 31, 1 << 61)


def change(
    generator: Generator, document: Any, arrays: ArrayStore, wanted: Callable[[Place], bool] | None = None
) -> None:
    """Change one of the `wanted` places of `document`, every kind of place as likely as another."""
    places = [place for place in _places(document) if wanted is None or wanted(place)]
    kinds = sorted({_kind(place) for place in places})
    kind = kinds[int(generator.integers(len(kinds)))]
    alike = [place for place in places if _kind(place) == kind]
    holder, key = alike[int(generator.integers(len(alike)))]
    other_holder, other_key = alike[int(generator.integers(len(alike)))]
    value = holder[key]
    if isinstance(value, bool):
        holder[key] = not value
    elif isinstance(value, (int, float)) and generator.random() < 0.8:
        holder[key] = type(value)(_number(generator, int(value)))
    elif isinstance(value, list) and generator.random() < 0.8:
        _reorder(generator, value)
    elif isinstance(value, str) and value in arrays and generator.random() < 0.8:
        holder[key] = _table(generator, arrays[value], arrays)
    else:
        holder[key] = copy.deepcopy(other_holder[other_key])


def _places(node: Any) -> Iterator[Place]:
    keys = node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for key in keys:
        yield node, key
        yield from _places(node[key])


def _kind(place: Place) -> str:
    """Places of one field of one class are alike, items of lists by their type."""
    holder, key = place
    if isinstance(holder, dict):
        return f"{' '.join(sorted(holder))}.{key}"
    first = holder[key]
    return f"item {' '.join(sorted(first))}" if isinstance(first, dict) else f"item {type(first).__name__}"


def _number(generator: Generator, value: int) -> int:
    choice = int(generator.integers(6))
    extreme = int(generator.choice(np.array(EXTREMES, np.int64)))
    return (value + 1, value - 1, value + int(generator.integers(-9, 10)), -value, extreme, -extreme)[choice]


def _reorder(generator: Generator, items: list[Any]) -> None:
    """Drop, repeat or exchange items."""
    if not items:
        return
    first, second = (int(generator.integers(len(items))) for _ in range(2))
    choice = generator.integers(3)
    if choice == 0:
        del items[first]
    elif choice == 1:
        items.insert(second, copy.deepcopy(items[first]))
    else:
        items[first], items[second] = items[second], items[first]


def _table(generator: Generator, table: NDArray[Any], arrays: ArrayStore) -> str:
    """Another table under a name of its own: items changed, or rows dropped or repeated."""
    limits = np.iinfo(table.dtype)
    new = table.copy()
    if generator.random() < 0.2 or new.size == 0:
        rows = np.arange(max(0, len(new) + int(generator.integers(-2, 3)))) % max(len(new), 1)
        new = new[rows] if len(new) else new
    else:
        for _ in range(int(generator.integers(1, 4))):
            place = tuple(int(generator.integers(side)) for side in new.shape)
            new[place] = np.clip(_number(generator, int(new[place])), limits.min, limits.max)
    name = array_name(new)
    arrays[name] = np.ascontiguousarray(new)
    return name
