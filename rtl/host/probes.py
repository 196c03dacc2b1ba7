"""Programs that make a core send what its memories hold: it reads them itself, through the ports and lanes
that a network uses, so that reading back costs no gate.

Weights come as the sums of events, biases and v(0) as membranes of a step without any, thresholds, reset
amounts and decays as what becomes of a membrane that is known.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from snnc.compiler.ir.image import CoreImage, Image, MemoryImage
from snnc.compiler.isa.address import Address
from snnc.compiler.isa.arithmetic import IntArray, state_range
from snnc.compiler.isa.contract import DECAY_SHIFT, DECAY_WIDTH, EmissionCode, FlitType, Memory, ResetCode
from snnc.compiler.isa.flits import FlitArray, flit_types
from snnc.compiler.targets import Target
from snnc.rtl.host.loading import LoadFlits
from snnc.rtl.host.probe_program import CHANNELS, ProbeProgram, filled, written

ONE = 1 << DECAY_SHIFT
"""A membrane that a decay d takes just d from."""
Reader = Callable[[IntArray], IntArray]


@dataclass(frozen=True)
class Probe:
    """Reads words of a memory: load it, run `stream`, `read` the packets."""

    name: str
    """Of what is read."""
    load: LoadFlits
    stream: FlitArray
    most: int
    """Packets that leave at most."""
    expected: IntArray
    """(words, lanes): what `read` should give."""
    read: Callable[[FlitArray], IntArray]


@dataclass(frozen=True)
class _Way:
    """How parameters of channels are read: by what becomes of a membrane that begins at `initial`."""

    name: str
    """Of the section of a core's image."""
    memory: Memory
    content: Reader
    """Of the parameter, from the membrane that is sent."""
    readable: Reader = lambda content: content
    """What of a content can be read that way."""
    initial: int = 0
    others: Mapping[Memory, int] = field(default_factory=dict)
    """What other parameters hold meanwhile, in every channel."""
    mode: Mapping[str, int] = field(default_factory=dict)
    added: int = 0
    """What events add to every current before the first of two steps; 0: there is one step."""


def probes(image: Image, place: tuple[int, int]) -> Iterator[Probe]:
    """All that can be read of the core at `place`, column and row, which holds tiles of `image`.

    A probe loads what it reads, and writes over nothing that an earlier one has read.
    """
    tiles = image.on_core()[place]
    for way in _ways(image.target):
        found = [section for tile in tiles if (section := _section(tile, way)) is not None]
        if found:
            yield from _parameter_probes(image, Address(*place), way, found)
        if way.memory is Memory.THRESHOLDS and way.initial < 0:
            yield _weight_probe(image, Address(*place), [tile.weights for tile in tiles])


def _section(tile: CoreImage, way: _Way) -> MemoryImage | None:
    section: MemoryImage | None = getattr(tile, way.name)
    return section


def _ways(target: Target) -> Iterator[_Way]:
    """In their order. Decays need membranes as wide as they are: narrower ones do not read them."""
    lowest, highest = state_range(target.state_bits)
    if highest >= 2 * ONE:
        yield _Way(
            "current_decays",
            Memory.CURRENT_DECAYS,
            lambda membrane: 2 * ONE - membrane,
            _unsigned_decay,
            others={Memory.DECAYS: 0},
            mode={"cuba": 1, "channel_decays": 1, "reset": ResetCode.NONE},
            added=ONE,
        )
    if highest >= ONE:
        mode = {"channel_decays": 1, "reset": ResetCode.NONE}
        yield _Way("decays", Memory.DECAYS, lambda membrane: ONE - membrane, _unsigned_decay, ONE, mode=mode)
    soft = {"reset": ResetCode.SOFT}
    yield _Way(
        "reset_amounts",
        Memory.RESET_AMOUNTS,
        np.invert,
        initial=-1,
        others={Memory.THRESHOLDS: lowest},
        mode=soft | {"reset_amounts": 1},
    )
    # Where a threshold is below 0, there is no room for the largest membrane less by it; but then -1 fires.
    yield _Way(
        "thresholds",
        Memory.THRESHOLDS,
        lambda membrane: np.where(membrane < 0, 0, highest - membrane),
        lambda content: np.maximum(content, 0),
        highest,
        mode=soft,
    )
    yield _Way(
        "thresholds",
        Memory.THRESHOLDS,
        lambda membrane: np.where(membrane < 0, 0, ~membrane),
        lambda content: np.minimum(content, 0),
        -1,
        mode=soft,
    )
    yield _Way("bias", Memory.BIAS, lambda membrane: membrane, mode={"reset": ResetCode.NONE})
    # Biases stay as they are: v(0) is sent before they are added.
    every = {"emission": EmissionCode.VALUES_EVERY}
    yield _Way("initial", Memory.BIAS, lambda membrane: membrane, mode=every)


def _unsigned_decay(content: IntArray) -> IntArray:
    return content & (1 << DECAY_WIDTH) - 1


def _parameter_probes(image: Image, at: Address, way: _Way, sections: list[MemoryImage]) -> Iterator[Probe]:
    """As many probes as VALUE flits need to name all neurons."""
    target, base = image.target, image.target.parameter_words if way.name == "initial" else 0
    addresses, expected = _content(sections, target.lanes)
    words, most = int(addresses.max()) + 1 - base, target.value_indices // target.lanes
    words = min(words, most) if way.added else words
    content = [
        *(filled(target, at, memory, 0, words, value) for memory, value in way.others.items()),
        filled(target, at, Memory.BIAS, target.parameter_words, words, way.initial),
        *([] if way.name == "initial" else [filled(target, at, Memory.BIAS, 0, words, 0)]),
        *(written(at, way.memory, section) for section in sections),
    ]
    for first in range(0, words, most):
        last = min(first + most, words)
        program = ProbeProgram(target, at, words, (first, last), way.mode)
        steps = [program.addition(way.added), program.step(last=False)] if way.added else []
        seen = (addresses - base >= first) & (addresses - base < last)
        yield Probe(
            way.name,
            program.load(content),
            np.concatenate([*steps, program.step(last=True)]),
            program.neurons + 1,
            way.readable(expected[seen]),
            _reader(program, way.content, addresses[seen] - base - first),
        )


def _reader(program: ProbeProgram, content: Reader, rows: IntArray) -> Callable[[FlitArray], IntArray]:
    def read(packets: FlitArray) -> IntArray:
        found: IntArray = content(program.membranes(packets))[rows]
        return found

    return read


def _weight_probe(image: Image, at: Address, sections: list[MemoryImage]) -> Probe:
    """An event adds `words` words of weights to as many of 0; the last reaches up to the last weight."""
    target = image.target
    addresses, expected = _content(sections, target.lanes)
    depth = int(addresses.max()) + 1
    words = min(target.state_words, depth, target.value_indices // target.lanes)
    firsts = [*range(0, depth - words, words), depth - words]
    rows = [*range(0, depth - words, words * CHANNELS), depth - words]
    mode = {"reset": int(ResetCode.NONE)}
    program = ProbeProgram(target, at, words, (0, words), mode, rows)
    used = min(words, target.parameter_words)
    zeros = [filled(target, at, Memory.BIAS, base, used, 0) for base in (0, target.parameter_words)]
    spikes = [program.spike(*divmod(number, CHANNELS)) for number in range(len(firsts) - 1)]
    spikes.append(program.spike(len(rows) - 1, 0))
    stream = [part for spike in spikes for part in (spike, program.step(last=True))]

    def read(packets: FlitArray) -> IntArray:
        memory = np.zeros((depth, target.lanes), np.int64)
        ends = np.flatnonzero(flit_types(packets) == FlitType.END)
        for first, sent in zip(firsts, np.split(packets, ends), strict=False):
            memory[first : first + words] = program.membranes(sent)
        return memory[addresses]

    return Probe(
        "weights",
        program.load([*zeros, *(written(at, Memory.WEIGHTS, section) for section in sections)]),
        np.concatenate(stream),
        len(firsts) * (program.neurons + 1),
        expected,
        read,
    )


def _content(sections: list[MemoryImage], lanes: int) -> tuple[IntArray, IntArray]:
    """Addresses of the sections' words, and their lanes."""
    places = [section.first_address + np.arange(len(section.words)) for section in sections]
    return np.concatenate(places), np.concatenate([part.lanes(part.width // lanes) for part in sections])
