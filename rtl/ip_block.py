"""Writes a build's hardware as an IP block: a folder that elaborates by itself, anywhere."""

import json
import re
from dataclasses import asdict
from importlib.metadata import distributions
from pathlib import Path

from snnc.base.errors import UsageError
from snnc.base.files import write_text
from snnc.base.version import __version__
from snnc.compiler.formats.storage import Build
from snnc.rtl.c_header import HEADER, contract_header
from snnc.rtl.c_network import network_header
from snnc.rtl.export import write_images
from snnc.rtl.ip_texts import Block, fusesoc_core, readme
from snnc.rtl.parameters import EVERY_MEMORY, identity, parameters_for
from snnc.rtl.sources import block_sources
from snnc.rtl.tops import peripheral_top, stream_top

MANIFEST = "ip.json"
"""What a block says about itself; the file by which a folder is known as one."""
GENERATED = (
    *("rtl/*.sv", "include/snnc*.h", "snnc_*/core_x??_y??_*.hex", "snnc_*.core"),
    *("README.md", "LICENSE", "files.f", MANIFEST),
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


def write_block(build: Build, directory: Path, name: str, *, loadable: int = EVERY_MEMORY) -> Block:
    """Write the hardware of `build` as the block `name` into the empty `directory`; returns what it says
    of itself.

    Memories start with the build's image; CONFIG flits write the `loadable` ones. Every path in the files is
    relative to `directory`, and modules and memory images have the block's name, so that several blocks can
    be in one design. Raises UsageError for a name that `check_name` refuses.
    """
    check_name(name)
    image, senders = build.image, len(build.tiled.readout_cores)
    parameters = parameters_for(image, f"snnc_{name}/core", loadable=loadable)
    number = identity(parameters, image)
    tops = {
        f"snnc_{name}_stream": stream_top(parameters, f"snnc_{name}_stream"),
        f"snnc_{name}": peripheral_top(parameters, f"snnc_{name}", number, senders),
    }
    rtl = {path.stem: path.read_text("utf-8") for path in block_sources()} | tops
    for module, text in rtl.items():
        _write(directory / "rtl" / f"{module}.sv", text)
    (directory / f"snnc_{name}").mkdir()
    write_images(image, directory / parameters.init_prefix)
    headers = {HEADER: contract_header(), f"snnc_{name}.h": network_header(build.tiled, name)}
    for file, text in headers.items():
        _write(directory / "include" / file, text)
    block = Block(
        name=name,
        version=__version__,
        identity=number,
        parameters=parameters,
        sources=tuple(f"rtl/{module}.sv" for module in rtl),
        images=tuple(sorted(f"snnc_{name}/{path.name}" for path in (directory / f"snnc_{name}").iterdir())),
        headers=tuple(f"include/{file}" for file in headers),
    )
    _write(directory / "files.f", "\n".join(block.sources) + "\n")
    _write(directory / f"snnc_{name}.core", fusesoc_core(block))
    _write(directory / "README.md", readme(block))
    _write(directory / "LICENSE", _licence())
    _write(directory / MANIFEST, json.dumps(asdict(block), indent=1) + "\n")
    return block


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    write_text(path, text)


def _licence() -> str:
    """Its text, as it was installed: metadata of the sources beside that (`snnc.egg-info`) have none."""
    texts = (found.read_text("licenses/LICENSE") for found in distributions(name="snnc"))
    return next((text for text in texts if text), "Apache-2.0\n")
