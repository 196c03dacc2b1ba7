"""The text form of every IR level: YAML, one node per entry, parsed back exactly.

    Network: ...                       the level by its name, and in it every field
    target: ...                        of a Network: the target it is compiled for; other levels hold theirs
    arrays:                            what the names of small arrays stand for
      int64[4]#e2f5...: [5, 5, 5, 5]

Arrays stand by name, `dtype[shape]#hash` of their content; large ones lie beside the text, in a zip.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from snnc.base.errors import FileError, TargetError, VerificationError
from snnc.base.files import expansion_limit, is_file, read_limited, write_atomically, write_text
from snnc.base.quoting import printable, quote
from snnc.base.yaml_reader import read_yaml
from snnc.compiler.formats.arrays import UNREADABLE, read_arrays, shape_and_type, write_arrays
from snnc.compiler.formats.codec import ArrayStore, array_name, decode, encode
from snnc.compiler.ir.levels import LEVELS, Level, target_of, verify
from snnc.compiler.targets import Target

MAX_CHARACTERS = 1 << 24
"""Longest text that is parsed."""
INLINE_ITEMS = 64
"""Most items of an array that stands in the text itself."""
ARRAYS_SUFFIX = ".arrays.zip"
"""What the file beside `NAME.txt` is called: `NAME.arrays.zip`."""


@dataclass(frozen=True)
class IrText:
    """What a text says: an IR and the target it is for, which only a Network may be without."""

    ir: Level
    target: Target | None


def print_ir(ir: Level, target: Target | None = None, *, inline: int | None = INLINE_ITEMS) -> str:
    """Canonical text of an IR, of a Network with the `target` it is for. Arrays of more than `inline` items
    stand by name alone; with None each stands in full."""
    arrays: ArrayStore = {}
    document: dict[str, Any] = {type(ir).__name__: encode(ir, arrays)}
    if target is not None and target_of(ir) is None:
        document["target"] = encode(target, {})
    small = {name: array.tolist() for name, array in arrays.items() if _inline(array, inline)}
    if small:
        document["arrays"] = small
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=110)


def arrays_beside(ir: Level, inline: int | None = INLINE_ITEMS) -> ArrayStore:
    """The arrays that `print_ir` leaves out of the text."""
    arrays: ArrayStore = {}
    encode(ir, arrays)
    return {name: array for name, array in arrays.items() if not _inline(array, inline)}


def parse_ir(text: str, arrays: ArrayStore, where: str = "text") -> IrText:
    """The valid IR printed as `text`, with the arrays it names and does not hold; inverse of `print_ir`.

    Raises FileError with one line on any defect."""
    document = read_yaml(text, where, limit=MAX_CHARACTERS)
    try:
        parsed = _parse(document, arrays)
        verify(parsed.ir)
        if parsed.target is not None:
            parsed.target.verify()
    except (FileError, TargetError, VerificationError) as error:
        raise FileError(" ".join(str(error).split()), where=where) from None
    except (ValueError, LookupError, TypeError, ArithmeticError, MemoryError) as error:
        raise FileError(f"malformed IR: {printable(str(error))}", where=where) from None
    return parsed


def write_ir(ir: Level, path: Path, target: Target | None = None) -> None:
    """Write the text, and its large arrays beside it; the same IR gives the same bytes."""
    arrays = arrays_beside(ir)

    def write(stream: Any) -> None:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            write_arrays(archive, arrays)

    if arrays:
        write_atomically(path.with_suffix(ARRAYS_SUFFIX), write)
    write_text(path, print_ir(ir, target))


def read_ir(path: Path) -> IrText:
    """What the text at `path` says, with the arrays beside it.

    Raises FileError with one line on any defect."""
    if not is_file(path):
        raise FileError("no such file", where=str(path))
    try:
        text = read_limited(path, MAX_CHARACTERS).decode("utf-8")
    except UnicodeDecodeError:
        raise FileError("not UTF-8 text", where=str(path)) from None
    beside = path.with_suffix(ARRAYS_SUFFIX)
    return parse_ir(text, _read_beside(beside) if is_file(beside) else {}, str(path))


def _read_beside(path: Path) -> ArrayStore:
    try:
        with zipfile.ZipFile(path) as archive:
            return read_arrays(archive, expansion_limit(path))
    except UNREADABLE as error:
        raise FileError(f"not readable arrays: {printable(str(error))}", where=str(path)) from None
    except FileError as error:
        raise FileError(str(error), where=str(path)) from None
    except (ValueError, LookupError, TypeError, ArithmeticError, MemoryError) as error:
        raise FileError(f"malformed arrays: {printable(str(error))}", where=str(path)) from None


def _parse(document: Any, arrays: ArrayStore) -> IrText:
    kinds = {kind.__name__: kind for kind in LEVELS}
    names = [name for name in kinds if isinstance(document, dict) and name in document]
    if len(names) != 1:
        raise FileError(f"must hold one of {', '.join(kinds)}")
    (name,) = names
    if unknown := set(document) - {name, "arrays"} - ({"target"} if name == "Network" else set()):
        raise FileError(f"unknown fields {quote(sorted(unknown))}")
    held = document.get("arrays", {})
    if not isinstance(held, dict):
        raise FileError("must be a mapping of arrays", where="arrays")
    store = arrays | {key: _parse_array(key, value) for key, value in held.items()}
    ir: Level = decode(kinds[name], document[name], store)
    stated = decode(Target, document["target"], {}) if "target" in document else None
    return IrText(ir, target_of(ir) or stated)


def _parse_array(name: str, document: Any) -> NDArray[Any]:
    stated = shape_and_type(name)
    if stated is None:
        raise FileError(f"must be named dtype[shape]#hash, not {quote(name)}", where="arrays")
    shape, dtype = stated
    items = _items(document, shape)
    limits = np.iinfo(dtype)
    if any(type(item) is not int or not limits.min <= item <= limits.max for item in items):
        raise FileError(f"must hold numbers of type {dtype.name}", where=name)
    array = np.array(items, dtype).reshape(shape)
    if (found := array_name(array)) != name:
        raise FileError(f"does not have the content its name states; its own name is {found}", where=name)
    return array


def _items(document: Any, shape: tuple[int, ...]) -> list[Any]:
    """The items of nested lists of exactly this shape; raises FileError for others."""
    if not shape:
        return [document]
    if not isinstance(document, list) or len(document) != shape[0]:
        raise FileError(f"not of the shape its name states: {quote(document)}", where="arrays")
    return [item for part in document for item in _items(part, shape[1:])]


def _inline(array: NDArray[Any], limit: int | None) -> bool:
    return limit is None or array.size <= limit


class _Dumper(yaml.SafeDumper):
    """Never writes anchors: equal parts are printed in full wherever they stand."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
