"""Any IR as plain data plus arrays, and back: the base of the text form and of the file format.

Dataclasses become mappings, tuples lists, and each array the string `dtype[shape]#hash` that names
it in a store. Decoding checks every type, so a document from outside cannot build a malformed object.
"""

import dataclasses
import hashlib
import math
import types
import typing
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import FileError
from snnc.base.quoting import quote
from snnc.compiler.ir.network import MAX_TEXT

ArrayStore = dict[str, NDArray[Any]]
T = TypeVar("T")

MAX_DEPTH = 12


def encode(value: Any, arrays: ArrayStore) -> Any:
    """`value` as plain data; its arrays go into `arrays` under the names the data refers to."""
    if isinstance(value, np.ndarray):
        name = array_name(value)
        arrays[name] = np.ascontiguousarray(value)
        return name
    if dataclasses.is_dataclass(value):
        return {f.name: encode(getattr(value, f.name), arrays) for f in dataclasses.fields(value)}
    if isinstance(value, (tuple, list)):
        return [encode(item, arrays) for item in value]
    if isinstance(value, dict):
        return {str(key): encode(item, arrays) for key, item in value.items()}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"cannot encode a {type(value).__name__}")


def array_name(array: NDArray[Any]) -> str:
    """`dtype[shape]#hash` of the content: equal arrays have equal names."""
    shape = ",".join(map(str, array.shape))
    digest = hashlib.sha256(np.ascontiguousarray(array).reshape(-1).data).hexdigest()[:16]
    return f"{array.dtype.name}[{shape}]#{digest}"


def decode(kind: type[T], document: Any, arrays: ArrayStore) -> T:
    """The object of type `kind` that `document` describes; raises FileError naming the field."""
    return typing.cast(T, _decode(kind, document, arrays, kind.__name__, MAX_DEPTH))


def _decode(kind: Any, document: Any, arrays: ArrayStore, path: str, depth: int) -> Any:
    if depth == 0:
        raise FileError("nested too deeply", where=path)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is np.ndarray:
        return _decode_array(arguments, document, arrays, path)
    if origin in (typing.Union, types.UnionType):
        if document is None and type(None) in arguments:
            return None
        kinds = [argument for argument in arguments if argument is not type(None)]
        return _decode(_alternative(kinds, document), document, arrays, path, depth)
    if origin is typing.Literal:
        _expect(document in arguments, path, f"one of {', '.join(map(str, arguments))}", document)
        return document
    if origin is tuple:
        return _decode_tuple(arguments, document, arrays, path, depth)
    if origin is dict:
        return _decode_dict(arguments, document, arrays, path, depth)
    if dataclasses.is_dataclass(kind):
        return _decode_dataclass(kind, document, arrays, path, depth)
    return _decode_scalar(kind, document, path)


def _alternative(kinds: list[Any], document: Any) -> Any:
    """Of several dataclasses the one with the document's fields; the last where none has."""
    keys = set(document) if isinstance(document, dict) else set()
    for kind in kinds[:-1]:
        if dataclasses.is_dataclass(kind) and {f.name for f in dataclasses.fields(kind)} == keys:
            return kind
    return kinds[-1]


def _decode_array(arguments: Any, document: Any, arrays: ArrayStore, path: str) -> NDArray[Any]:
    dtype = typing.get_args(arguments[1])[0]
    _expect(isinstance(document, str) and document in arrays, path, "the name of a stored array", document)
    array = arrays[document]
    _expect(array.dtype == dtype, path, f"an array of {np.dtype(dtype).name}", document)
    return array


def _decode_tuple(
    arguments: Any, document: Any, arrays: ArrayStore, path: str, depth: int
) -> tuple[Any, ...]:
    _expect(isinstance(document, list), path, "a list", document)
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        kinds = [arguments[0]] * len(document)
    else:
        kinds = list(arguments)
        _expect(len(document) == len(kinds), path, f"{len(kinds)} items", document)
    items = zip(kinds, document, strict=True)
    return tuple(
        _decode(kind, item, arrays, f"{path}[{i}]", depth - 1) for i, (kind, item) in enumerate(items)
    )


def _decode_dict(arguments: Any, document: Any, arrays: ArrayStore, path: str, depth: int) -> dict[str, Any]:
    _expect(isinstance(document, dict), path, "a mapping", document)
    for key in document:
        _check_text(key, path)
    return {
        key: _decode(arguments[1], item, arrays, f"{path}.{key}", depth - 1) for key, item in document.items()
    }


def _decode_dataclass(kind: Any, document: Any, arrays: ArrayStore, path: str, depth: int) -> Any:
    _expect(isinstance(document, dict), path, "a mapping", document)
    names = [f.name for f in dataclasses.fields(kind)]
    missing, unknown = set(names) - set(document), set(document) - set(names)
    if missing or unknown:
        raise FileError(
            f"fields missing {quote(sorted(missing))}, unknown {quote(sorted(unknown))}", where=path
        )
    hints = typing.get_type_hints(kind)
    return kind(
        **{name: _decode(hints[name], document[name], arrays, f"{path}.{name}", depth - 1) for name in names}
    )


def _decode_scalar(kind: Any, document: Any, path: str) -> Any:
    if kind is float:
        _expect(
            isinstance(document, (int, float)) and not isinstance(document, bool), path, "a number", document
        )
        _expect(math.isfinite(document), path, "a finite number", document)
        return float(document)
    _expect(type(document) is kind, path, f"a value of type {kind.__name__}", document)
    if kind is int:
        _expect(-(1 << 62) < document < 1 << 62, path, "an integer of 62 bits", document)
    if kind is str:
        _check_text(document, path)
    return document


def _check_text(text: str, path: str) -> None:
    """Names end up on terminals, in messages and in generated files."""
    what = f"printable text of at most {MAX_TEXT} characters"
    _expect(len(text) <= MAX_TEXT and text.isprintable(), path, what, text)


def _expect(condition: bool, path: str, what: str, got: Any) -> None:
    if not condition:
        raise FileError(f"must be {what}, not {quote(got)}", where=path)
