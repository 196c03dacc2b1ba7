"""PyTorch files from outside: plain tensors and data or one line, in memory like the size of the file."""

import io
import pickletools
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import torch

from snnc.base.errors import FileError

MAX_PICKLE_BYTES = 1 << 20
"""Largest description of a file's tensors; the byte `]` alone becomes a list of 56 bytes."""
LEGACY_PICKLES = 5
"""With which files begin that are no archives: two versions, the system, the content, the storages' names."""

_STORAGES = ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool")
_ALLOWED = {
    "torch._utils _rebuild_tensor_v2",
    "torch._utils _rebuild_tensor",
    "collections OrderedDict",
    *(f"torch {kind}Storage" for kind in _STORAGES),
}
"""What a pickle may name. PyTorch's own list is longer: its sparse, quantised, nested and meta tensors take
other room than the file does, and complex ones lose their imaginary part later."""
_NAMING = {"STACK_GLOBAL", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "EXT1", "EXT2", "EXT4"}
"""Other ways to name something, which `torch.save` does not use."""


def read_tensor_file(path: Path, limit: int, *, legacy: bool = False) -> object:
    """What `torch.save` wrote to `path`, of at most `limit` bytes: dense real tensors and plain data.

    Nothing in the file is executed. With `legacy` also the format before PyTorch 1.6. Raises FileError.
    """
    where = str(path)
    if not path.is_file():
        raise FileError("no such file", where=where)
    size = path.stat().st_size
    if size > limit:
        raise FileError(f"has {size} bytes, the limit is {limit}", where=where)
    is_archive = zipfile.is_zipfile(path)
    if not is_archive and not legacy:
        raise FileError("is not a PyTorch file, or was cut short", where=where)
    try:
        with path.open("rb") as stream:
            for name in _names(_archived(stream, size) if is_archive else _leading(stream)):
                if name not in _ALLOWED:
                    shown = name.replace(" ", ".")[:80]
                    raise FileError(f"holds {shown!a}; only dense real tensors and plain data are read")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content: object = torch.load(path, map_location="cpu", weights_only=True)
    except FileError as error:
        raise FileError(error.message, where=where) from None
    # A damaged pickle can make the unpickler raise almost anything; all of it means the same.
    except Exception as error:
        raise FileError("cannot be read as tensors and plain data", where=where) from error
    return content


def _archived(stream: BinaryIO, size: int) -> Iterator[BinaryIO]:
    """The pickles of an archive that is not larger than it says."""
    with zipfile.ZipFile(stream) as archive:
        entries = archive.infolist()
        stored = all(entry.compress_type == zipfile.ZIP_STORED for entry in entries)
        if not stored or sum(entry.file_size for entry in entries) > size:
            raise FileError("is a compressed archive, which torch.save never writes")
        for entry in entries:
            # PyTorch finds its entries whatever the case of their letters.
            if entry.filename.lower().endswith(".pkl"):
                if entry.file_size > MAX_PICKLE_BYTES:
                    raise FileError(
                        f"describes its tensors in {entry.file_size} bytes, the limit is {MAX_PICKLE_BYTES}"
                    )
                yield io.BytesIO(archive.read(entry))


def _leading(stream: BinaryIO) -> Iterator[BinaryIO]:
    """The pickles that a file begins with, one behind the other."""
    begin = io.BytesIO(stream.read(MAX_PICKLE_BYTES))
    for _ in range(LEGACY_PICKLES):
        yield begin


def _names(pickles: Iterator[BinaryIO]) -> Iterator[str]:
    """All that pickles name, found without running them."""
    for pickle in pickles:
        for operation, argument, _ in pickletools.genops(pickle):
            if operation.name == "GLOBAL":
                yield str(argument)
            elif operation.name in _NAMING:
                yield operation.name
