"""The words of a core's memories: what the image loads, and what the sweep of a step finds and leaves."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import UsageError
from snnc.base.quoting import quote
from snnc.compiler.ir.image import CoreImage, Image, MemoryImage, pack_lanes
from snnc.compiler.ir.program import Core
from snnc.compiler.isa import contract
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.isa.contract import Memory
from snnc.compiler.isa.layout import CHUNK_BITS, Field, Word, from_chunks
from snnc.reporting.viewer.location import Location
from snnc.reporting.viewer.recording import Recording

PAGE = 16
"""Words shown at a time."""
TABLES = {
    Memory.DESTINATIONS: contract.DESTINATION,
    Memory.SOURCES: contract.SOURCE,
    Memory.AXON_ROWS: contract.AXON_ROW,
    Memory.AXON_COLUMNS: contract.AXON_COLUMN,
}
TRACED = {"state": "accumulated", "membrane": "membrane"}
"""What a step rewrites, with where the trace has it: state words as the sweep finds them, membranes as it
leaves them, in a memory of their own or in that of the state."""
Row = tuple[int, str, str]
"""Address, bits in hexadecimal, meaning."""


def show_memory(recording: Recording, core: Core, location: Location) -> dict[str, Any]:
    """The chosen memory of `core` from the chosen word on; raises UsageError where there is none such."""
    image = recording.build.image
    loaded = next(part for part in image.cores if part.at == core.at)
    names = [*TRACED, *_names(loaded)]
    chosen = location.memory or names[0]
    if chosen not in names:
        raise UsageError(f"core {core.at} has no memory {quote(chosen)}; it has {', '.join(names)}")
    if chosen in TRACED:
        held = loaded.state if chosen == "state" or loaded.membrane is None else loaded.membrane
        values = getattr(recording.trace(core), TRACED[chosen])[0, location.step]
        rows = _traced(recording, core, values, held.first_address)
    else:
        rows = _loaded(image, loaded, Memory[chosen.upper()])
    if location.word >= max(1, len(rows)):
        raise UsageError(f"memory {chosen} of core {core.at} has {len(rows)} words, none at {location.word}")
    after = location.word + PAGE
    return {
        "chosen": chosen,
        "names": [(name, name == chosen, location.at(memory=name)) for name in names],
        "rows": rows[location.word : after],
        "first": location.word,
        "last": min(after, len(rows)) - 1,
        "used": len(rows),
        "depth": image.depth(Memory[chosen.upper()]),
        "before": location.at(word=max(0, location.word - PAGE)) if location.word else None,
        "after": location.at(word=after) if after < len(rows) else None,
        "next": location.at(memory=names[(names.index(chosen) + 1) % len(names)]),
    }


def _names(core: CoreImage) -> list[str]:
    """Memories that the image loads, in the order of their numbers."""
    filled = {memory for memory, section in core.sections() if len(section.words)}
    return [m.name.lower() for m in Memory if m in filled and m.name.lower() not in TRACED]


def _loaded(image: Image, core: CoreImage, memory: Memory) -> list[Row]:
    """Every word of a memory that the image loads."""
    rows = []
    for held, section in core.sections():
        if held is memory:
            rows += _rows(section, _meanings(image, memory, section))
    return rows


def _rows(section: MemoryImage, meanings: list[str]) -> list[Row]:
    digits = -(-section.width // 4)
    return [
        (section.first_address + place, f"{from_chunks(chunks):0{digits}x}", meaning)
        for place, (chunks, meaning) in enumerate(zip(section.words.tolist(), meanings, strict=True))
    ]


def _meanings(image: Image, memory: Memory, section: MemoryImage) -> list[str]:
    values = [from_chunks(chunks) for chunks in section.words.tolist()]
    if memory in TABLES:
        return [_said(TABLES[memory].leaves(), value) for value in values]
    if memory is Memory.REGISTERS:
        return [_register(place, value) for place, value in enumerate(values)]
    width = image.weight_bits if memory is Memory.WEIGHTS else image.target.state_bits
    if memory in (Memory.DECAYS, Memory.CURRENT_DECAYS):
        width = contract.DECAY_WIDTH
    return [_lanes(row) for row in section.lanes(width)]


def _register(number: int, value: int) -> str:
    """Its fields by name."""
    if number >= contract.BANK_REGISTER:
        bank, chunk = divmod(number - contract.BANK_REGISTER, contract.BANK_STRIDE)
        return f"bank {bank}: {_said(_within(contract.BANK, chunk), value)}"
    if number >= contract.SEGMENT_REGISTER:
        return f"segment {number - contract.SEGMENT_REGISTER}: {_said(contract.SEGMENT.fields, value)}"
    return _said(_within(contract.REGISTER, number), value)


def _within(word: Word, chunk: int) -> list[Field]:
    """The fields of a chunk of the word, at their bits of the chunk."""
    first = chunk * CHUNK_BITS
    return [replace(item, at=item.at - first) for item in word.fields if item.at // CHUNK_BITS == chunk]


def _said(fields: Iterable[Field], value: int) -> str:
    return ", ".join(f"{item.name} {item.read(value)}" for item in fields)


def _traced(recording: Recording, core: Core, values: NDArray[np.int32], first: int) -> list[Row]:
    """Words of a memory with a value for each neuron, from address `first` on; lanes of no neuron are 0."""
    target = recording.build.tiled.target
    numbers = core.tile.neuron_map(target.lanes)
    slots: IntArray = np.zeros(len(numbers), np.int64)
    slots[numbers >= 0] = values
    packed = pack_lanes(slots.reshape(-1, target.lanes), target.state_bits, target.lanes, first)
    return _rows(packed, [_lanes(row) for row in packed.lanes(target.state_bits)])


def _lanes(row: IntArray) -> str:
    return " ".join(map(str, row.tolist()))
