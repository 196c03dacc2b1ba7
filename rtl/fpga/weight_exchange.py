"""Weights inside a placed design: random words stand in for them until ecpbram puts the real ones in.

ecpbram finds a memory in a routed design by its content: every column of 512 bits must occur once. Weights
are not like that, random words are. So a design is synthesised with the same random words whatever its
weights, and the real ones, of this network or of another with the same hardware, go into the finished design.
"""

import json
import re
from pathlib import Path

import numpy as np

from snnc.base.errors import SnncError
from snnc.base.files import write_text
from snnc.compiler.isa.address import Address
from snnc.rtl.export import image_file
from snnc.rtl.fpga.memories import DISTRIBUTED_WORDS
from snnc.rtl.fpga.openflow import exchange_block_ram
from snnc.rtl.parameters import RtlParameters

STAND_IN, WEIGHTS = "stand_in.hex", "weights.hex"
BLOCK_WORDS = 512
"""Words of a block RAM at its widest; ecpbram takes multiples of it."""
SEED = 0
CELL = re.compile(r"\.u_weights\.g_two_ports\.u_weights\.memory\.\d+\.\d+$")
"""Name of a block RAM of a weight memory in the netlist."""


def hide_weights(directory: Path, parameters: RtlParameters, cores: list[Address]) -> bool:
    """Replace the weight images of `cores` in the exported `directory` by random words, and keep the weights
    and those words beside them for `reveal_weights`.

    False, and nothing changed, where the memories are so small that they are no block RAM.
    """
    words, bits = parameters.weight_words, parameters.lanes * parameters.weight_bits
    if words <= DISTRIBUTED_WORDS:
        return False
    padding = [0] * (-words % BLOCK_WORDS)
    digits = -(-bits // 4)
    generator = np.random.default_rng(SEED)
    weights: list[int] = []
    stand_in: list[int] = []
    for at in cores:
        path = image_file(directory, at, "weights")
        # Digits may have more bits than a word: random there too, so that those columns differ as well.
        randoms = [int.from_bytes(generator.bytes(digits)) % (1 << 4 * digits) for _ in range(words)]
        weights += _read_words(path, words) + padding
        stand_in += randoms + padding
        write_text(path, _lines([value % (1 << bits) for value in randoms], digits))
    write_text(directory / WEIGHTS, _lines(weights, digits))
    write_text(directory / STAND_IN, _lines(stand_in, digits))
    return True


def reveal_weights(routed: Path, netlist: Path, configuration: Path) -> int:
    """Write `routed` with the weights in place of the random words to `configuration`; returns the number of
    block RAMs that changed.

    All files lie in the directory that `hide_weights` was given. Raises SnncError unless every block RAM of
    the weight memories in `netlist` has changed and no other.
    """
    directory = routed.parent
    exchange_block_ram(routed, configuration, directory / STAND_IN, directory / WEIGHTS)
    before, after = _block_rams(routed), _block_rams(configuration)
    changed = sum(before[name] != after[name] for name in before)
    expected = _weight_cells(netlist)
    if changed != expected or _without_block_rams(routed) != _without_block_rams(configuration):
        raise SnncError(
            f"ecpbram changed {changed} block RAMs, the weights are in {expected}", where=str(configuration)
        )
    return changed


def _read_words(path: Path, count: int) -> list[int]:
    """The words of a $readmemh file, 0 where it says nothing."""
    words = [0] * count
    address = 0
    for entry in path.read_text("utf-8").split():
        if entry[0] == "@":
            address = int(entry[1:], 16)
        else:
            words[address] = int(entry, 16)
            address += 1
    return words


def _lines(words: list[int], digits: int) -> str:
    return "".join(f"{word:0{digits}x}\n" for word in words)


def _block_rams(configuration: Path) -> dict[str, str]:
    """Content of every block RAM of a routed design, by its number."""
    text = configuration.read_text("utf-8")
    return dict(re.findall(r"^\.bram_init (\d+)\n(.*?)\n\n", text, re.M | re.S))


def _without_block_rams(configuration: Path) -> list[str]:
    """The lines of a routed design that say nothing of block RAM, sorted; ecpbram orders them anew, and
    repeats the last tile of a group."""
    text = re.sub(r"^\.bram_init \d+\n.*?\n\n", "", configuration.read_text("utf-8"), flags=re.M | re.S)
    text = re.sub(r"^(\.tile_group .*?( \S+))\2$", r"\1", text, flags=re.M)
    return sorted(line for line in text.splitlines() if line)


def _weight_cells(netlist: Path) -> int:
    """Block RAMs of weight memories in a JSON netlist."""
    modules = json.loads(netlist.read_text("utf-8"))["modules"].values()
    cells = [item for module in modules for item in module["cells"].items()]
    return sum(cell["type"] == "DP16KD" and bool(CELL.search(name)) for name, cell in cells)
