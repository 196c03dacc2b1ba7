"""`program.snnc`: a network and its tiled program in one file, and the checks that make loading it safe.

A zip of `program.json` (schema, version, content hash, both IRs as plain data) and raw little-endian arrays.
Times inside are fixed, so equal programs are equal bytes.
"""

import hashlib
import json
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from snnc.base.errors import DoesNotFit, FileError, TargetError, UnsupportedModel, VerificationError
from snnc.base.files import expansion_limit, is_file, write_atomically
from snnc.base.html import html_table
from snnc.base.quoting import printable
from snnc.base.schema import reported, versioned
from snnc.compiler.formats.arrays import UNREADABLE, read_arrays, read_member, write_arrays
from snnc.compiler.formats.codec import ArrayStore, decode, encode
from snnc.compiler.ir.image import Image
from snnc.compiler.ir.network import Network
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.ir.program_checks import verify_program
from snnc.compiler.passes.encode import Encode
from snnc.compiler.passes.hold_input import is_holding
from snnc.compiler.reference.lowering import require_lowering

SCHEMA = 1
PROGRAM_FILE = "program.snnc"
MAX_JSON_BYTES = 16 << 20
MAX_JSON_ITEMS = 1 << 20
"""Bounds on what the document of a program takes in memory, about 150 bytes an item."""


@dataclass(frozen=True)
class Build:
    """A compiled model as it is kept and run: what it means and how it is tiled."""

    network: Network
    tiled: TiledProgram

    def save(self, directory: Path) -> None:
        """Write `program.snnc` into `directory`, atomically; equal builds give equal bytes."""
        save_build(self, directory / PROGRAM_FILE)

    @staticmethod
    def load(directory: Path) -> "Build":
        """What a build directory holds; raises FileError with one line on any defect."""
        return load_build(directory)

    @cached_property
    def image(self) -> Image:
        """The bits of the tiled program, verified; encoded once."""
        image = Encode().run(self.tiled)
        image.verify()
        return image

    def _repr_html_(self) -> str:
        """What a notebook shows: a row for each core."""
        target = self.tiled.target
        rows = [
            (str(core.at), core.layer, core.neurons, len(core.weights), core.emission.replace("_", " "))
            for core in self.tiled.cores
        ]
        said = f"program {self.network.name}: {len(rows)} of {target.core_count} cores of {target.name}"
        return html_table(said, ("core", "layer", "neurons", "weight words", "sends"), rows)

    @property
    def model_hash(self) -> str:
        """Hash of the network's content, 16 hexadecimal digits."""
        arrays: ArrayStore = {}
        text = json.dumps(encode(self.network, arrays), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def save_build(build: Build, path: Path) -> None:
    """Write atomically; the same program gives the same bytes."""
    arrays: ArrayStore = {}
    content = {"network": encode(build.network, arrays), "tiled": encode(build.tiled, arrays)}
    document = {"schema": SCHEMA, "hash": _content_hash(content), "content": content}

    def write(stream: Any) -> None:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo("program.json"), json.dumps(document, indent=1))
            write_arrays(archive, arrays)

    write_atomically(path, write)


def load_build(directory: Path) -> Build:
    """The program of a build directory, proved to be what its network compiles to; raises FileError with one
    line on any defect."""
    build = read_build(directory)
    try:
        require_lowering(build.network, build.tiled)
    except (UnsupportedModel, DoesNotFit, VerificationError) as error:
        reason = " ".join(str(error).split())
        raise FileError(
            f"the tiled program is not what its network compiles to: {reason}",
            where=str(directory / PROGRAM_FILE),
            hint="`snnc compile` makes it anew from the model",
        ) from None
    return build


def read_build(directory: Path) -> Build:
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
            arrays = read_arrays(archive, expansion_limit(path), beside=("program.json",))
        build = Build(
            decode(Network, content["network"], arrays), decode(TiledProgram, content["tiled"], arrays)
        )
        build.network.verify()
        for name in ("input", "steps", "readout"):
            same = getattr(build.tiled, name) == getattr(build.network, name)
            if not same and not (name == "input" and is_holding(build.network, build.tiled.input)):
                raise VerificationError(f"the tiled program has another {name} than the network")
        verify_program(build.tiled)
    except UNREADABLE as error:
        raise FileError(f"not a readable program: {printable(str(error))}", where=str(path)) from None
    except (FileError, TargetError, VerificationError) as error:
        raise FileError(str(error), where=str(path)) from None
    except (ValueError, KeyError, TypeError, ArithmeticError, MemoryError) as error:
        raise FileError(f"malformed program: {printable(str(error))}", where=str(path)) from None
    return build


def _read_content(archive: zipfile.ZipFile) -> dict[str, Any]:
    text = bytes(read_member(archive, "program.json", MAX_JSON_BYTES))
    items = sum(text.count(sign) for sign in (b"{", b"[", b","))
    if items > MAX_JSON_ITEMS:
        raise FileError(f"program.json has {items} items, the limit is {MAX_JSON_ITEMS}")
    with reported(FileError):
        document = versioned(json.loads(text), SCHEMA)
    content = document["content"]
    if document["hash"] != _content_hash(content):
        raise FileError("content hash does not match: the file was changed or damaged")
    return cast(dict[str, Any], content)


def _content_hash(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
