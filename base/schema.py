"""One decoder for data from outside: YAML, JSON and checkpoints become dataclasses; nothing is trusted.

What a field may hold stands in its annotation (`bounds`) and nowhere else.
"""

import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any

from snnc.base.bounds import NOUNS, alternatives, annotations, described, rules_of, unannotated
from snnc.base.errors import SnncError
from snnc.base.quoting import MAX_QUOTED, printable, quote, shortened

MAX_DEPTH = 12
MAX_ITEMS = 1 << 20
"""Values in one document."""
MAX_LISTED = 8
"""Names of unknown fields that a message shows."""


class SchemaError(ValueError):
    """One line: the path of a field, what it must be, and what stands there."""


Reader = Callable[[Any, Any, str], Any]
"""From an annotation and what stands at a path to the value; raises SchemaError."""


def decode(kind: Any, document: object, path: str = "", readers: Mapping[Any, Reader] | None = None) -> Any:
    """The value of the annotated type `kind` that `document` describes; raises SchemaError.

    Mappings become dataclasses, whose fields with a default may be missing, and lists tuples; `readers` know
    further types. Integers become numbers where a number is wanted, and nothing else becomes anything else.
    """
    return _Decoder(readers or {}).value(kind, document, path, MAX_DEPTH)


def check(item: Any) -> None:
    """Raise SchemaError unless every field of the dataclass keeps to its type and bounds."""
    values = {field.name: getattr(item, field.name) for field in fields(item)}
    _Decoder({}).values(type(item), values, "", MAX_DEPTH)


def expect(condition: object, path: str, what: str, got: object) -> None:
    """Raise SchemaError at `path` unless the condition holds."""
    if not condition:
        raise SchemaError(f"{path} must be {what}, not {quote(got)}".lstrip())


def versioned(document: object, version: int) -> dict[str, Any]:
    """The fields of a document whose `schema` is `version`, without it."""
    expect(isinstance(document, dict), "", "a mapping of fields", document)
    content = dict(typing.cast(dict[str, Any], document))
    found = content.pop("schema", None)
    expect(type(found) is int and found == version, "schema", str(version), found)
    return content


@contextmanager
def reported(error: type[SnncError], where: str | None = None) -> Iterator[None]:
    """Raise a SchemaError as one of ours, with its place."""
    try:
        yield
    except SchemaError as problem:
        raise error(str(problem), where=where) from None


class _Decoder:
    """One document, of which it counts the values."""

    def __init__(self, readers: Mapping[Any, Reader]) -> None:
        self.readers = readers
        self.left = MAX_ITEMS

    def value(self, kind: Any, document: Any, path: str, depth: int) -> Any:
        self.left -= len(document) if isinstance(document, (dict, list, tuple)) else 0
        if self.left < 0:
            raise SchemaError(f"{path}: over {MAX_ITEMS} values, which is the limit")
        if depth == 0:
            raise SchemaError(f"{path}: nested deeper than {MAX_DEPTH}")
        kind, extras = unannotated(kind)
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if origin in self.readers:
            return self.readers[origin](kind, document, path)
        if origin in (typing.Union, types.UnionType):
            kinds, optional = alternatives(kind)
            if document is None and optional:
                return None
            return self.value(_alternative(kinds, document), document, path, depth)
        if origin is typing.Literal:
            found = any(type(word) is type(document) and word == document for word in arguments)
            expect(found, path, described(kind), document)
            return document
        if origin is tuple:
            return self._tuple(arguments, extras, document, path, depth)
        if origin is list:
            return list(self._tuple((*arguments, Ellipsis), extras, document, path, depth))
        if origin is dict:
            return self._dict(arguments[1], extras, document, path, depth)
        if is_dataclass(kind):
            return self._dataclass(kind, document, path, depth)
        return _scalar(kind, extras, document, path)

    def _tuple(self, kinds: Any, rules: Any, document: Any, path: str, depth: int) -> tuple[Any, ...]:
        expect(isinstance(document, (list, tuple)), path, "a list", document)
        if kinds[-1] is Ellipsis:
            kinds = kinds[:1] * len(document)
        expect(len(kinds) == len(document), path, f"a list of {len(kinds)} items", document)
        for rule in rules:
            expect(rule.accepts(document), path, rule.describe("a list"), document)
        items = enumerate(zip(kinds, document, strict=True))
        return tuple(self.value(kind, item, f"{path}[{n}]", depth - 1) for n, (kind, item) in items)

    def _dict(self, kind: Any, rules: Any, document: Any, path: str, depth: int) -> dict[str, Any]:
        expect(isinstance(document, dict), path, "a mapping", document)
        for rule in rules:
            expect(rule.accepts(document), path, rule.describe("a mapping"), document)
        for key in document:
            _scalar(str, (), key, f"{path}: a name")
        return {key: self.value(kind, item, _below(path, key), depth - 1) for key, item in document.items()}

    def _dataclass(self, kind: Any, document: Any, path: str, depth: int) -> Any:
        if type(document) is kind:
            self.values(kind, {name: getattr(document, name) for name in annotations(kind)}, path, depth)
            return document
        expect(isinstance(document, dict), path, "a mapping of fields", document)
        values = self.values(kind, document, path, depth)
        try:
            return kind(**values)
        except SchemaError as problem:
            text = str(problem)
            # What `expect` says of no field is said of the whole.
            whole = path and text.startswith("must be ")
            raise SchemaError(f"{path} {text}" if whole else _below(path, text)) from None
        except ValueError as problem:
            raise SchemaError(f"{path}: {problem}" if path else str(problem)) from None

    def values(self, kind: Any, document: Mapping[Any, Any], path: str, depth: int) -> dict[str, Any]:
        """The values of the fields of a dataclass that a mapping names, all of them and no others."""
        kinds, place = annotations(kind), f"{path}: " if path else ""
        if missing := [name for name in _required(kind) if name not in document]:
            raise SchemaError(f"{place}fields are missing: {', '.join(missing)}")
        if unknown := [name for name in document if name not in kinds]:
            raise SchemaError(f"{place}unknown fields: {_listed(unknown)}")
        return {
            name: self.value(kinds[name], item, _below(path, name), depth - 1)
            for name, item in document.items()
        }


def _scalar(kind: Any, extras: Iterable[Any], document: Any, path: str) -> Any:
    exact = type(document) is kind or (kind is float and type(document) is int)
    for rule in rules_of(kind, extras):
        expect(exact and rule.accepts(document), path, rule.describe(NOUNS[kind]), document)
    return float(document) if kind is float else document


@cache
def _required(kind: Any) -> tuple[str, ...]:
    """Fields without a default."""
    return tuple(f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING)


def _alternative(kinds: tuple[Any, ...], document: Any) -> Any:
    """Of several dataclasses the one with the document's fields; the last where none has."""
    for kind in kinds[:-1]:
        if type(document) is kind:
            return kind
        if isinstance(document, dict) and set(_required(kind)) <= set(document) <= set(annotations(kind)):
            return kind
    return kinds[-1]


def _below(path: str, name: str) -> str:
    """The path of what `name` means at `path`."""
    return f"{path}.{name}" if path else name


def _listed(names: list[Any]) -> str:
    """A few names from outside."""
    shown = [
        shortened(printable(name), MAX_QUOTED) if isinstance(name, str) else quote(name)
        for name in names[:MAX_LISTED]
    ]
    return ", ".join([*shown, *["..."] * (len(names) > MAX_LISTED)])
