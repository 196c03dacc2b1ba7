"""Reads a tiled program back from an image's bits, for translation validation of `encode`."""

from typing import cast

import numpy as np

from .arithmetic import Decay, ResetMode, state_range
from .image import CoreImage, Image, MemoryImage
from .passes.encode import EMISSION_CODES, RESET_CODES
from .program import HOST, Address, Core, Destination, Emission, TiledProgram

_RESETS = {code: name for name, code in RESET_CODES.items()}
_EMISSIONS = {code: name for name, code in EMISSION_CODES.items()}


def decode_image(image: Image) -> TiledProgram:
    """The program that the image's registers, memories and tables mean."""
    return TiledProgram(
        name=image.name,
        target=image.target,
        steps=image.steps,
        input=image.input,
        input_routes=image.input_routes,
        cores=tuple(_core(core, image) for core in image.cores),
        readout=image.readout,
        outputs=image.outputs,
        weight_bits=image.weight_bits,
    )


def _core(core: CoreImage, image: Image) -> Core:
    bits = image.target.state_bits
    words, neurons, mode, state_bits, reset_value, _, _, destinations, sources = (
        core.registers.words[:, 0].astype(np.int64).tolist()
    )

    def per_neuron(section: MemoryImage) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        return section.lanes(bits)[:words].reshape(-1)[:neurons]

    weights = core.weights.lanes(image.weight_bits).reshape(-1, words * image.target.lanes)
    leak = mode >> 8 & 31
    sign = 1 << (bits - 1)
    return Core(
        at=core.at,
        layer=core.layer,
        first_neuron=core.first_neuron,
        first_axon=0,
        weights=weights[:, :neurons].astype(np.int8),
        weight_bits=image.weight_bits,
        threshold=per_neuron(core.thresholds),
        bias=per_neuron(core.bias),
        initial=per_neuron(core.initial),
        reset=cast(ResetMode, _RESETS[mode >> 1 & 3]),
        reset_value=(reset_value ^ sign) - sign,
        leak=Decay(1, leak) if leak else Decay(),
        state_bits=state_bits,
        emission=cast(Emission, _EMISSIONS[mode >> 3 & 3]),
        sources=tuple(_source(word) for word in _integers(core.sources)[:sources]),
        destinations=tuple(_destination(word) for word in _integers(core.destinations)[:destinations]),
        accumulator=state_range(bits),
    )


def _integers(section: MemoryImage) -> list[int]:
    return [int.from_bytes(row.tobytes(), "little") for row in section.words.astype("<u4")]


def _source(word: int) -> Address:
    return HOST if word >> 8 & 1 else Address(word & 15, word >> 4 & 15)


def _destination(word: int) -> Destination:
    base = word & 0xFFFF
    return Destination(
        to=Address(word >> 44 & 15, word >> 48 & 15, bool(word >> 52 & 1)),
        axon_base=base - (1 << 16) if base >> 15 else base,
        first_word=word >> 16 & 0xFFF,
        last_word=word >> 28 & 0x1FFF,
        sends_end=bool(word >> 53 & 1),
    )
