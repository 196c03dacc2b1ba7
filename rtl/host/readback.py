"""Reads the memories of a board back and compares them with the image that was loaded."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from snnc.base.errors import UnsupportedModel
from snnc.compiler.ir.image import Image
from snnc.rtl.host.driver import Board
from snnc.rtl.host.probes import probes
from snnc.rtl.parameters import EVERY_MEMORY, RtlParameters


@dataclass(frozen=True)
class ReadBack:
    """Words of one memory of one core."""

    place: tuple[int, int]
    """Column and row of the core."""
    memory: str
    words: int
    different: int
    """Words that are not what was loaded."""


def read_back(
    board: Board,
    image: Image,
    parameters: RtlParameters,
    progress: Callable[[int], None] = lambda done: None,
) -> list[ReadBack]:
    """Load every memory of lanes and read it back, core by core; `progress` takes the cores done.

    The board holds no program afterwards: load it. Raises UnsupportedModel for hardware of which not every
    memory can be loaded, whose cores cannot be given another program, and LinkError.
    """
    if parameters.loadable != EVERY_MEMORY:
        raise UnsupportedModel(
            "the memories of hardware for one network cannot be read back: its cores run no other program",
            hint="hardware of the whole target can; `snnc synth --loadable` makes it",
        )
    found = []
    board.load(image, parameters)
    for number, place in enumerate(image.on_core()):
        for probe in probes(image, place):
            board.configure(probe.load)
            words = probe.read(board.exchange(probe.stream, probe.most))
            different = int(np.count_nonzero((words != probe.expected).any(axis=1)))
            found.append(ReadBack(place, probe.name, len(words), different))
        progress(number + 1)
    return found
