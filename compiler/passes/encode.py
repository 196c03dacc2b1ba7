"""encode: write a tiled program as the bits of the cores' memories."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..arithmetic import state_range
from ..image import CoreImage, Image, pack_lanes, pack_words
from ..program import Core, Destination, TiledProgram

RESET_CODES = {"soft": 0, "hard": 1, "none": 2}
EMISSION_CODES = {"spikes": 0, "values_last": 1, "values_every": 2}


@dataclass(frozen=True)
class Encode:
    """Needs a valid TiledProgram. Guarantees an Image whose decoding computes the same; the layout is that
    of `docs/microarchitecture.md`, sections 1 and 4.5. Lanes beyond the last neuron never fire."""

    name: ClassVar[str] = "encode"

    def run(self, program: TiledProgram) -> Image:
        return Image(
            name=program.name,
            target=program.target,
            weight_bits=program.weight_bits,
            steps=program.steps,
            input=program.input,
            input_routes=program.input_routes,
            cores=tuple(_core(core, program) for core in program.cores),
            readout=program.readout,
            outputs=program.outputs,
        )


def _core(core: Core, program: TiledProgram) -> CoreImage:
    target = program.target
    lanes, bits = target.lanes, target.state_bits
    initial = _by_word(core.initial, lanes, 0)
    return CoreImage(
        at=core.at,
        layer=core.layer,
        first_neuron=core.first_neuron,
        registers=pack_words(_registers(core, target.lanes, bits), 32),
        weights=pack_lanes(_weight_rows(core, lanes), program.weight_bits, lanes),
        state=pack_lanes(initial, bits, lanes),
        thresholds=pack_lanes(_by_word(core.threshold, lanes, state_range(bits)[1]), bits, lanes),
        initial=pack_lanes(initial, bits, lanes, first_address=target.state_words),
        bias=pack_lanes(_by_word(core.bias, lanes, 0), bits, lanes),
        destinations=pack_words([_destination(entry) for entry in core.destinations], 64),
        sources=pack_words([s.x | s.y << 4 | int(s.host) << 8 for s in core.sources], 32),
    )


def _by_word(values: NDArray[np.int64], lanes: int, padding: int) -> NDArray[np.int64]:
    words = -(-len(values) // lanes)
    padded = np.full(words * lanes, padding, np.int64)
    padded[: len(values)] = values
    return padded.reshape(words, lanes)


def _weight_rows(core: Core, lanes: int) -> NDArray[Any]:
    """Weights as (axons * words, lanes): axon a's words stand at a * words."""
    words = core.words(lanes)
    padded = np.zeros((core.axons, words * lanes), np.int64)
    padded[:, : core.neurons] = core.weights
    return padded.reshape(core.axons * words, lanes)


def _registers(core: Core, lanes: int, state_width: int) -> list[int]:
    leak = core.leak.shift or 0
    mode = 1 | RESET_CODES[core.reset] << 1 | EMISSION_CODES[core.emission] << 3 | leak << 8
    return [
        core.words(lanes),
        core.neurons,
        mode,
        core.state_bits,
        core.reset_value & ((1 << state_width) - 1),
        core.ends_needed,
        core.credits_needed,
        len(core.destinations),
        len(core.sources),
    ]


def _destination(entry: Destination) -> int:
    return (
        (entry.axon_base & 0xFFFF)
        | entry.first_word << 16
        | entry.last_word << 28
        | entry.to.x << 44
        | entry.to.y << 48
        | int(entry.to.host) << 52
        | int(entry.sends_end) << 53
    )
