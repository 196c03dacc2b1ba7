"""Settings `key=value` as text: fields of a dataclass, read by the types and bounds that `schema` reads."""

import typing
from dataclasses import replace
from typing import Any, TypeVar

from snnc.base.bounds import Unit, alternatives, annotations, described, unannotated
from snnc.base.errors import UsageError
from snnc.base.quoting import quote
from snnc.base.schema import decode, reported
from snnc.base.units import parse_quantity

FIXED = ("name", "description")
"""Fields that say what something is and that nobody sets."""

T = TypeVar("T")


def setting_names(item: object) -> list[str]:
    """The fields of a dataclass, or of one of its objects, that can be set."""
    kind = item if isinstance(item, type) else type(item)
    return [name for name in annotations(kind) if name not in FIXED]


def with_settings(item: T, settings: dict[str, str], where: str) -> T:
    """The dataclass `item` with fields replaced from text: `hidden=128,64`, `leak_shift=none`, `steps=2`.

    Raises UsageError for an unknown key, listing the keys, and for a value that the field does not hold.
    """
    allowed, kinds = setting_names(item), annotations(type(item))
    values: dict[str, Any] = {}
    for key, text in settings.items():
        if key not in allowed:
            raise UsageError(f"{where} has no setting {quote(key)}; allowed: {', '.join(allowed)}")
        with reported(UsageError):
            values[key] = decode(kinds[key], _plain(kinds[key], text, key), key)
    return replace(item, **values)  # type: ignore[type-var]


def _plain(kind: Any, text: str, key: str) -> object:
    """What `text` says to a field of the annotated type `kind`."""
    (inner, *_), optional = alternatives(kind)
    if optional and text.lower() == "none":
        return None
    plain, extras = unannotated(inner)
    listed = typing.get_origin(plain) is tuple
    for unit in extras:
        if isinstance(unit, Unit):
            return parse_quantity(text, unit.name, key)
    try:
        if plain is bool:
            return {"true": True, "false": False}[text.lower()]
        if listed:
            return [int(part) for part in text.split(",") if part.strip()]
        return plain(text) if plain in (int, float) else text
    except (ValueError, KeyError):
        meaning = described(kind)
        if listed:
            meaning = "integers separated by commas" + " or none" * optional
        raise UsageError(f"{key} must be {meaning}, not {quote(text)}") from None


def unparse(value: object) -> str:
    """`value` in the form that settings take."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else str(value)
