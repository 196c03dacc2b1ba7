"""Writes a build's hardware as an IP block: a folder that elaborates by itself, anywhere."""

import json
import re
from dataclasses import asdict
from importlib.metadata import distribution
from pathlib import Path

from snnc.base.errors import UsageError
from snnc.base.files import write_text
from snnc.base.version import __version__
from snnc.compiler.ir.image import Image
from snnc.rtl.export import write_images
from snnc.rtl.ip_texts import Block, fusesoc_core, readme
from snnc.rtl.parameters import EVERY_MEMORY, identity, parameters_for
from snnc.rtl.sources import block_sources
from snnc.rtl.tops import stream_top

MANIFEST = "ip.json"
"""What a block says about itself; the file by which a folder is known as one."""
GENERATED = (
    "rtl/*.sv",
    "snnc_*/core_x?_y?_*.hex",
    "snnc_*.core",
    "README.md",
    "LICENSE",
    "files.f",
    MANIFEST,
)
"""Patterns of everything in a block's folder."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


def check_name(name: str) -> None:
    """Raise UsageError for a name that cannot be that of a block."""
    modules = {path.stem for path in block_sources()}
    if not _NAME.fullmatch(name):
        raise UsageError(f"a block's name is 1 to 32 of a-z, 0-9 and _, a letter first, not {name!r}")
    for module in (f"snnc_{name}", f"snnc_{name}_stream"):
        if module in modules:
            raise UsageError(f"the block `{name}` would have a module {module}, which the design has already")


def write_block(image: Image, directory: Path, name: str, *, loadable: int = EVERY_MEMORY) -> Block:
    """Write the hardware of `image` as the block `name` into the empty `directory`; returns what it says
    of itself.

    Memories start with the image; CONFIG flits write the `loadable` ones. Every path in the files is relative
    to `directory`, and the memory images have the block's name, so that several blocks can be in one design.
    Raises UsageError for a name that `check_name` refuses.
    """
    check_name(name)
    parameters = parameters_for(image, f"snnc_{name}/core", loadable=loadable)
    for path in block_sources():
        _write(directory / "rtl" / path.name, path.read_text("utf-8"))
    stream = f"snnc_{name}_stream"
    _write(directory / "rtl" / f"{stream}.sv", stream_top(parameters, stream))
    (directory / f"snnc_{name}").mkdir()
    write_images(image, directory / parameters.init_prefix)
    block = Block(
        name=name,
        version=__version__,
        identity=identity(parameters, image),
        parameters=parameters,
        sources=(*(f"rtl/{path.name}" for path in block_sources()), f"rtl/{stream}.sv"),
        images=tuple(sorted(f"snnc_{name}/{path.name}" for path in (directory / f"snnc_{name}").iterdir())),
    )
    _write(directory / "files.f", "\n".join(block.sources) + "\n")
    _write(directory / f"snnc_{name}.core", fusesoc_core(block))
    _write(directory / "README.md", readme(block))
    _write(directory / "LICENSE", distribution("snnc").read_text("licenses/LICENSE") or "Apache-2.0\n")
    _write(directory / MANIFEST, json.dumps(asdict(block), indent=1) + "\n")
    return block


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    write_text(path, text)
