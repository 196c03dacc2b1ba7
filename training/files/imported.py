"""An imported network inside a `.pt` file: its integers as tensors, everything else as plain data."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from snnc.base.errors import FileError, VerificationError
from snnc.base.schema import decode as decode_plain
from snnc.base.schema import reported
from snnc.compiler.formats.codec import ArrayStore, array_name, decode, encode
from snnc.compiler.ir.network import Network
from snnc.compiler.ir.provenance import Provenance
from snnc.training.model.imported import ImportedModel

FORMAT = "snnc-imported"
SCHEMA = 1
MAX_ARRAYS = 1 << 12
_KEYS = {"format", "schema", "network", "arrays", "provenance"}
_DTYPES = {torch.int8: np.int8, torch.int64: np.int64}


def content_of(model: ImportedModel, provenance: dict[str, Any]) -> dict[str, Any]:
    """What the file holds."""
    arrays: ArrayStore = {}
    network = encode(model.network, arrays)
    tensors = {name: torch.from_numpy(arrays[name].copy()) for name in sorted(arrays)}
    return {
        "format": FORMAT,
        "schema": SCHEMA,
        "network": network,
        "arrays": tensors,
        "provenance": provenance,
    }


def read_content(content: dict[str, Any], where: str) -> tuple[ImportedModel, Provenance]:
    """The model and where it comes from; raises FileError for anything that `content_of` does not make."""
    if content.get("schema") != SCHEMA or set(content) != _KEYS:
        raise FileError(f"is no imported model of schema {SCHEMA}", where=where)
    arrays = _arrays(content["arrays"], where)
    try:
        network = decode(Network, content["network"], arrays)
        network.verify()
    except (FileError, VerificationError) as error:
        raise FileError(f"holds no valid network: {error}", where=where) from None
    with reported(FileError, where):
        provenance = decode_plain(Provenance, content["provenance"], "provenance")
    return ImportedModel(network), provenance


def _arrays(content: object, where: str) -> ArrayStore:
    if not isinstance(content, dict) or len(content) > MAX_ARRAYS:
        raise FileError("its arrays are no mapping of tensors", where=where)
    found: ArrayStore = {}
    for name, value in content.items():
        if type(value) is not Tensor or value.dtype not in _DTYPES or value.device.type != "cpu":
            raise FileError("its arrays must be tensors of int8 or int64", where=where)
        array = np.ascontiguousarray(value.numpy())
        if array_name(array) != name:
            raise FileError("an array does not have the content its name states", where=where)
        found[name] = array
    return found
