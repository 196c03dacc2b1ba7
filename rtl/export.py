"""Writes the `rtl/` folder of a build: the sources, a top with this build's parameters, memory images."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from snnc.base.errors import FileError
from snnc.base.files import write_text
from snnc.compiler.ir.image import CoreImage, Image
from snnc.compiler.isa.address import Address
from snnc.compiler.isa.contract import (
    AXON_COLUMN,
    AXON_ROW,
    BANK,
    BANK_REGISTER,
    BANK_STRIDE,
    DESTINATION,
    MAX_BANKS,
    MAX_SEGMENTS,
    REGISTER,
    REGISTERS,
    SEGMENT,
    SEGMENT_REGISTER,
    SOURCE,
    Memory,
    kept_axon,
)
from snnc.compiler.isa.layout import Word, from_chunks
from snnc.rtl.parameters import EVERY_MEMORY, RtlParameters, identity, parameters_for
from snnc.rtl.sources import sources
from snnc.rtl.tops import stream_top, uart_top

IMAGE_PREFIX = "image/core"
STREAM_TOP = "build_top"
BOARD_TOP = "build_uart.sv"

TABLES = {
    Memory.DESTINATIONS: DESTINATION,
    Memory.SOURCES: SOURCE,
    Memory.AXON_ROWS: AXON_ROW,
    Memory.AXON_COLUMNS: AXON_COLUMN,
}
"""Words of the tables; bits beyond their fields are 0 in every image, and the hardware keeps none."""


def export_rtl(image: Image, directory: Path, *, loadable: int = EVERY_MEMORY) -> RtlParameters:
    """Write everything that a synthesis tool needs into `directory`, which is replaced as a whole; returns
    the parameters of the hardware.

    `build_top` starts with the image in its memories: no CONFIG flits are needed, and only the `loadable`
    memories take any. `build_uart` is the same behind a UART, for a board's top level, and not in `files.f`.
    Paths in them are relative to `directory`, where the tool must run. Raises FileError where `directory` has
    a content of another origin.
    """
    if directory.exists():
        _check_replaceable(directory)
        shutil.rmtree(directory)
    (directory / IMAGE_PREFIX).parent.mkdir(parents=True)
    names = copy_sources(directory)
    parameters = parameters_for(image, IMAGE_PREFIX, loadable=loadable)
    write_text(directory / f"{STREAM_TOP}.sv", stream_top(parameters, STREAM_TOP))
    write_text(directory / BOARD_TOP, uart_top(parameters, identity(parameters, image)))
    write_text(directory / "parameters.json", json.dumps(asdict(parameters), indent=1) + "\n")
    write_text(directory / "files.f", "\n".join([*names, f"{STREAM_TOP}.sv"]) + "\n")
    write_images(image, directory / IMAGE_PREFIX)
    return parameters


def _check_replaceable(directory: Path) -> None:
    """An export, even one cut short, has a folder of images: any other folder is somebody's own."""
    if any(directory.iterdir()) and not (directory / IMAGE_PREFIX).parent.is_dir():
        raise FileError("would be replaced, but does not come from a build", where=str(directory))


def copy_sources(directory: Path) -> list[str]:
    """Copy the SystemVerilog of the design; returns the file names in dependency order."""
    for path in sources():
        write_text(directory / path.name, path.read_text("utf-8"))
    return [path.name for path in sources()]


def write_images(image: Image, prefix: Path) -> None:
    """Write one $readmemh file per memory of every core of the mesh, `<prefix>_x<X>_y<Y>_<memory>.hex`, with
    what all tiles of the core have in it.

    The registers make three files: plain ones, a word per context, segments and banks. What a core has no
    content for gets a zero, and so do all registers of a context without a tile: it stays disabled. Weights
    in RAM without initial content have no file.
    """
    cores = image.on_core()
    names = [memory.name.lower() for memory in Memory] + ["segments", "banks"]
    if parameters_for(image).single_port_weights:
        names.remove(Memory.WEIGHTS.name.lower())
    for y in range(image.target.height):
        for x in range(image.target.width):
            tiles = cores.get((x, y), [])
            parts = [part for tile in tiles for part in _contents(tile, image)]
            for context in range(len(tiles), image.target.contexts):
                parts += _registers([0] * REGISTERS, context)
            contents: dict[str, str] = {}
            for name, text in parts:
                contents[name] = contents.get(name, "") + text
            for name in names:
                write_text(_image_file(prefix, Address(x, y), name), contents.get(name, "0\n"))


def image_file(directory: Path, at: Address, memory: str) -> Path:
    """The initial content of a memory in an exported `directory`."""
    return _image_file(directory / IMAGE_PREFIX, at, memory)


def _image_file(prefix: Path, at: Address, memory: str) -> Path:
    return prefix.with_name(f"{prefix.name}_x{at.x:02x}_y{at.y:02x}_{memory}.hex")


def _contents(core: CoreImage, image: Image) -> Iterator[tuple[str, str]]:
    """Name of a memory, and content of its file for this tile."""
    for memory, section in core.sections():
        if memory is Memory.REGISTERS:
            yield from _registers([int(word) for word in section.words[:, 0]], core.at.context)
            continue
        width = TABLES[memory].bits if memory in TABLES else section.width
        values = [from_chunks(row) for row in section.words.tolist()]
        if memory in (Memory.AXON_ROWS, Memory.AXON_COLUMNS):
            values = [_axon_entry(TABLES[memory], value, image) for value in values]
        yield memory.name.lower(), _hex(values, width, section.first_address)


def _axon_entry(word: Word, entry: int, image: Image) -> int:
    """An axon entry as the table keeps it."""
    depths = image.depth(Memory.WEIGHTS), image.depth(Memory.STATE)
    kept = kept_axon(word, *map(address_bits, depths))
    return kept.pack(**{name: value & kept[name].mask for name, value in word.unpack(entry).items()})


def address_bits(words: int) -> int:
    """Bits that name one of `words`, at least one."""
    return max((words - 1).bit_length(), 1)


def _registers(registers: list[int], context: int) -> Iterator[tuple[str, str]]:
    plain = from_chunks(registers[: REGISTER.chunks])
    segments = registers[SEGMENT_REGISTER : SEGMENT_REGISTER + MAX_SEGMENTS]
    starts = range(BANK_REGISTER, BANK_REGISTER + MAX_BANKS * BANK_STRIDE, BANK_STRIDE)
    banks = [from_chunks(registers[first : first + BANK.chunks]) for first in starts]
    yield "registers", _hex([plain], REGISTER.width, context)
    yield "segments", _hex(segments, SEGMENT.bits, context * MAX_SEGMENTS)
    yield "banks", _hex(banks, BANK.width, context * MAX_BANKS)


def _hex(values: list[int], width: int, first_address: int = 0) -> str:
    digits = -(-width // 4)
    return "".join([f"@{first_address:x}\n", *(f"{value:0{digits}x}\n" for value in values)])
