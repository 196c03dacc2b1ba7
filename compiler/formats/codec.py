"""Any IR as plain data plus arrays, and back: the base of the text form and of the file format.

Dataclasses become mappings, tuples lists, and each array the string `dtype[shape]#hash` that names
it in a store. `schema` reads it back and distrusts all of it.
"""

import dataclasses
import hashlib
import typing
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from snnc.base import schema
from snnc.base.errors import FileError

ArrayStore = dict[str, NDArray[Any]]
T = TypeVar("T")


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

    def stored(annotation: Any, name: Any, path: str) -> NDArray[Any]:
        dtype = np.dtype(typing.get_args(typing.get_args(annotation)[1])[0])
        known = isinstance(name, str) and name in arrays
        schema.expect(known, path, "the name of a stored array", name)
        schema.expect(arrays[name].dtype == dtype, path, f"an array of {dtype.name}", name)
        return arrays[name]

    with schema.reported(FileError):
        return typing.cast(T, schema.decode(kind, document, kind.__name__, {np.ndarray: stored}))
