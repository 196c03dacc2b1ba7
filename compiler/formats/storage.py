"""`program.snnc`: a network and its tiled program in one file, and the checks that make loading it safe.

A zip of `program.json` (schema, version, content hash, both IRs as plain data) and raw little-endian arrays.
Times inside are fixed, so equal programs are equal bytes.
"""

import hashlib
import json
import math
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from snnc.base.errors import DoesNotFit, FileError, TargetError, UnsupportedModel, VerificationError
from snnc.base.files import expansion_limit, is_file, write_atomically
from snnc.base.quoting import printable, quote
from snnc.compiler.formats.codec import ArrayStore, array_name, decode, encode
from snnc.compiler.ir.network import Network
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.passes.hold_input import is_holding
from snnc.compiler.reference.lowering import require_lowering

SCHEMA = 1
PROGRAM_FILE = "program.snnc"
MAX_JSON_BYTES = 16 << 20
MAX_JSON_ITEMS = 1 << 20
"""Bounds on what the document of a program takes in memory, about 150 bytes an item."""
MAX_ARRAY_BYTES = 1 << 30
"""Whatever the size of the file; `files.expansion_limit` is lower for small ones."""
PIECE_BYTES = 1 << 16
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError)
"""What reading a damaged zip raises; RecursionError is a RuntimeError."""
_ARRAY = re.compile(r"(int8|int64)\[((?:\d{1,9},?){1,4})\]#[0-9a-f]{16}")


@dataclass(frozen=True)
class Program:
    """A compiled model: what it means and how it is tiled."""

    network: Network
    tiled: TiledProgram

    def save(self, directory: Path) -> None:
        """Write `program.snnc` into `directory`, atomically; equal programs give equal bytes."""
        save_program(self, directory / PROGRAM_FILE)

    @staticmethod
    def load(directory: Path) -> "Program":
        """The program of a build directory; raises FileError with one line on any defect."""
        return load_program(directory)

    @property
    def model_hash(self) -> str:
        """Hash of the network's content, 16 hexadecimal digits."""
        arrays: ArrayStore = {}
        text = json.dumps(encode(self.network, arrays), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def save_program(program: Program, path: Path) -> None:
    """Write atomically; the same program gives the same bytes."""
    arrays: ArrayStore = {}
    content = {"network": encode(program.network, arrays), "tiled": encode(program.tiled, arrays)}
    document = {"schema": SCHEMA, "hash": _content_hash(content), "content": content}

    def write(stream: Any) -> None:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo("program.json"), json.dumps(document, indent=1))
            for name in sorted(arrays):
                data = arrays[name].astype(arrays[name].dtype.newbyteorder("<")).tobytes()
                archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)

    write_atomically(path, write)


def load_program(directory: Path) -> Program:
    """The program of a build directory, proved to be what its network compiles to; raises FileError with one
    line on any defect."""
    program = read_program(directory)
    try:
        require_lowering(program.network, program.tiled)
    except (UnsupportedModel, DoesNotFit, VerificationError) as error:
        reason = " ".join(str(error).split())
        raise FileError(
            f"the tiled program is not what its network compiles to: {reason}",
            where=str(directory / PROGRAM_FILE),
            hint="`snnc compile` makes it anew from the model",
        ) from None
    return program


def read_program(directory: Path) -> Program:
    """The program of a build directory, of which every level is valid in itself; raises FileError with one
    line on any defect."""
    path = directory / PROGRAM_FILE
    if not is_file(path):
        raise FileError(
            f"no {PROGRAM_FILE} here: not a build directory",
            where=str(directory),
            hint="`snnc compile MODEL --target NAME -o DIR` makes one",
        )
    try:
        with zipfile.ZipFile(path) as archive:
            content = _read_content(archive)
            arrays = _read_arrays(archive, min(MAX_ARRAY_BYTES, expansion_limit(path)))
        program = Program(
            decode(Network, content["network"], arrays), decode(TiledProgram, content["tiled"], arrays)
        )
        program.network.verify()
        for name in ("input", "steps", "readout"):
            same = getattr(program.tiled, name) == getattr(program.network, name)
            if not same and not (name == "input" and is_holding(program.network, program.tiled.input)):
                raise VerificationError(f"the tiled program has another {name} than the network")
        program.tiled.verify()
    except UNREADABLE as error:
        raise FileError(f"not a readable program: {printable(str(error))}", where=str(path)) from None
    except (FileError, TargetError, VerificationError) as error:
        raise FileError(str(error), where=str(path)) from None
    except (ValueError, KeyError, TypeError, ArithmeticError, MemoryError) as error:
        raise FileError(f"malformed program: {printable(str(error))}", where=str(path)) from None
    return program


def _read_content(archive: zipfile.ZipFile) -> dict[str, Any]:
    text = bytes(_read_member(archive, "program.json", MAX_JSON_BYTES))
    items = sum(text.count(sign) for sign in (b"{", b"[", b","))
    if items > MAX_JSON_ITEMS:
        raise FileError(f"program.json has {items} items, the limit is {MAX_JSON_ITEMS}")
    document = json.loads(text)
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        found = document.get("schema") if isinstance(document, dict) else None
        raise FileError(f"schema must be {SCHEMA}, not {quote(found)}")
    content = document["content"]
    if document["hash"] != _content_hash(content):
        raise FileError("content hash does not match: the file was changed or damaged")
    return cast(dict[str, Any], content)


def _read_arrays(archive: zipfile.ZipFile, limit: int) -> ArrayStore:
    arrays: ArrayStore = {}
    budget = limit
    for name in archive.namelist():
        if name == "program.json":
            continue
        match = _ARRAY.fullmatch(name)
        if match is None:
            raise FileError(f"unexpected member {quote(name)}")
        shape = tuple(map(int, match[2].split(",")))
        dtype = np.dtype(match[1]).newbyteorder("<")
        size = math.prod(shape) * dtype.itemsize
        budget -= size
        if budget < 0:
            raise FileError(f"arrays exceed {limit} bytes")
        data = _read_member(archive, name, size)
        if len(data) != size:
            raise FileError(f"array {name} has {len(data)} bytes, needs {size}")
        array = np.frombuffer(data, dtype).astype(dtype.newbyteorder("="), copy=False).reshape(shape)
        if array_name(array) != name:
            raise FileError(f"array {name} does not have the content its name states")
        arrays[name] = array
    return arrays


def _read_member(archive: zipfile.ZipFile, name: str, limit: int) -> bytearray:
    """The content of a member, read piece by piece: a size in a header is only a claim."""
    entry = archive.getinfo(name)
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FileError(f"member {quote(name)} is compressed by a method that programs never use")
    data = bytearray()
    with archive.open(entry) as stream:
        while piece := stream.read(PIECE_BYTES):
            data += piece
            if len(data) > limit:
                raise FileError(f"member {quote(name)} is larger than {limit} bytes")
    return data


def _content_hash(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
