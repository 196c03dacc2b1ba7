"""Frozen dataclasses from the plain data that `dataclasses.asdict` makes of them; distrusts all of it."""

import types
import typing
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

MAX_ITEMS = 64
"""Longest tuple that is read."""

T = TypeVar("T")


def from_plain(kind: type[T], content: object, where: str) -> T:
    """The dataclass `kind` whose fields `content` names, all of them and no others.

    Raises ValueError, starting with the place, for anything else and for what the dataclass itself refuses.
    """
    names = [item.name for item in fields(kind)]  # type: ignore[arg-type]
    if not isinstance(content, dict) or set(content) != set(names):
        raise ValueError(f"{where} must hold {', '.join(names)}")
    hints = typing.get_type_hints(kind)
    values = {name: _value(hints[name], content[name], f"{where}.{name}") for name in names}
    try:
        return kind(**values)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def _value(kind: Any, content: object, where: str) -> object:
    """`content` as a value of the annotated type `kind`."""
    if is_dataclass(kind):
        return from_plain(typing.cast(type, kind), content, where)
    arguments = typing.get_args(kind)
    if isinstance(kind, types.UnionType):
        (inner,) = (part for part in arguments if part is not types.NoneType)
        return None if content is None else _value(inner, content, where)
    origin = typing.get_origin(kind) or kind
    if origin is tuple:
        return _tuple(arguments, content, where)
    if origin is typing.Literal:
        kind = str
    if type(content) is not kind:
        raise ValueError(f"{where} must be {kind.__name__}, not {type(content).__name__}")
    return content


def _tuple(kinds: tuple[Any, ...], content: object, where: str) -> tuple[object, ...]:
    if type(content) is not tuple or len(content) > MAX_ITEMS:
        raise ValueError(f"{where} must be a tuple of at most {MAX_ITEMS} items")
    if kinds[-1] is Ellipsis:
        kinds = kinds[:1] * len(content)
    if len(kinds) != len(content):
        raise ValueError(f"{where} must have {len(kinds)} items, not {len(content)}")
    return tuple(
        _value(kind, item, f"{where}[{number}]")
        for number, (kind, item) in enumerate(zip(kinds, content, strict=True))
    )
