"""The text form of every IR level: YAML, one node per entry, arrays by name; parsed back exactly."""

from typing import Any, TypeVar

import yaml

from snnc.base.errors import FileError
from snnc.base.yaml_reader import read_yaml
from snnc.compiler.formats.codec import ArrayStore, decode, encode

T = TypeVar("T")

MAX_CHARACTERS = 1 << 24
"""Longest text that is parsed."""


def print_ir(ir: Any) -> str:
    """Canonical text of a Network, Tiling, TiledProgram or Image. Arrays are named by their content."""
    document = {type(ir).__name__: encode(ir, {})}
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=110)


def parse_ir(kind: type[T], text: str, arrays: ArrayStore) -> T:
    """The IR of type `kind` printed as `text`, with the arrays it names; inverse of `print_ir`."""
    document = read_yaml(text, kind.__name__, limit=MAX_CHARACTERS)
    if not isinstance(document, dict) or list(document) != [kind.__name__]:
        raise FileError(f"must be one {kind.__name__}")
    return decode(kind, document[kind.__name__], arrays)


def arrays_of(ir: Any) -> ArrayStore:
    """The arrays that the text form of `ir` names."""
    arrays: ArrayStore = {}
    encode(ir, arrays)
    return arrays


class _Dumper(yaml.SafeDumper):
    """Never writes anchors: equal parts are printed in full wherever they stand."""

    def ignore_aliases(self, data: Any) -> bool:
        return True
