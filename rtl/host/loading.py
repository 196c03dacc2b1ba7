"""The CONFIG flits that bring an image into hardware: all content, then the bits that enable the cores."""

from dataclasses import dataclass

import numpy as np

from snnc.compiler.ir.image import Image, write_mode
from snnc.compiler.isa.address import Address
from snnc.compiler.isa.contract import CONFIG_ADDRESS, MODE_REGISTER, REGISTERS, FlitType, Memory
from snnc.compiler.isa.flits import DATA_SHIFT, FlitArray, flit_data, flit_types
from snnc.rtl.parameters import EVERY_MEMORY


@dataclass(frozen=True)
class LoadFlits:
    """Two parts with a reset between them, after which a core that is enabled finds its counters in order."""

    content: FlitArray
    enabling: FlitArray

    def __len__(self) -> int:
        return len(self.content) + len(self.enabling)


def load_flits(image: Image, loadable: int = EVERY_MEMORY) -> LoadFlits:
    """What loads the `loadable` memories of `image`; every other core of the mesh is disabled, too, where
    that can be."""
    flits = image.config_flits()
    addresses = flit_types(flits) == FlitType.CONFIG_ADDRESS
    memories = CONFIG_ADDRESS["memory"].read_all(flits[addresses] >> np.uint64(DATA_SHIFT))
    memories = memories[np.cumsum(addresses) - 1]
    taken = (loadable >> memories & 1).astype(bool)
    data = flit_data(flits)
    mode = addresses & (CONFIG_ADDRESS["memory"].read_all(data.astype(np.uint64)) == Memory.REGISTERS)
    mode &= CONFIG_ADDRESS["address"].read_all(data.astype(np.uint64)) % REGISTERS == MODE_REGISTER
    enables = mode & (np.roll(flits, -1) >> np.uint64(DATA_SHIFT) != 0)
    enables |= np.roll(enables, 1)
    content = flits[taken & ~enables]
    if loadable >> Memory.REGISTERS & 1:
        content = np.concatenate([_disabling(image), content])
    return LoadFlits(content, flits[taken & enables])


def _disabling(image: Image) -> FlitArray:
    """Register 2 of every core without a tile is cleared, lest a core of the last program go on."""
    target, used = image.target, image.on_core()
    flits = [
        write_mode(Address(x, y), context)
        for y in range(target.height)
        for x in range(target.width)
        if (x, y) not in used
        for context in range(target.contexts)
    ]
    return np.concatenate([np.zeros(0, np.uint64), *flits])
