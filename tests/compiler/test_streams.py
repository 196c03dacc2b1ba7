"""The host's stream: events by feature and route, then what ends a step; written without the interpreter."""

import numpy as np
import pytest
from builders import layer, network, tiny_network

from snnc.compiler.ir.network import Network
from snnc.compiler.ir.program import TiledProgram, local_coordinates
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.isa.contract import END, FLIT, SPIKE, FlitType
from snnc.compiler.isa.flits import COORDINATE_MASK, address_bits, flit
from snnc.compiler.pipeline import compile_network
from snnc.compiler.protocol import streams
from snnc.compiler.protocol.input_encoding import entering
from snnc.compiler.protocol.streams import encode_samples
from snnc.compiler.targets import load_target


def plainly(program: TiledProgram, payloads: IntArray) -> list[int]:
    """The stream event by event, from the words of the contract."""
    flits, shape = [], program.input.shape
    numbers = np.arange(program.input.features).reshape(shape)
    local = local_coordinates(shape, numbers.reshape(-1))
    for sample in entering(program.input, payloads):
        for step, row in enumerate(sample):
            for channel, y, x in np.ndindex(shape):
                feature = int(numbers[channel, y, x])
                for route in program.input_routes:
                    inside = route.first_channel <= channel < route.last_channel
                    if row[feature] and inside and route.first_row <= y < route.last_row:
                        coordinate = int(local[feature]) + route.base & COORDINATE_MASK
                        data = coordinate | int(row[feature]) << SPIKE["payload"].at
                        flits.append(
                            FLIT.pack(address=address_bits(route.to), type=FlitType.SPIKE, data=data)
                        )
            last = int(step == program.steps - 1)
            flits += [
                flit(FlitType.END, END.pack(last=last, context=to.context), to) for to in program.fed_by_host
            ]
            flits.append(flit(FlitType.SYNC, len(program.fed_by_host)))
    return flits


@pytest.mark.parametrize(
    "model",
    [
        tiny_network(),
        network(layer("a", "input", 40, 24), layer("r", "a", 24, 3, reset="none"), features=40),
    ],
)
def test_a_stream_is_what_the_contract_says(model: Network) -> None:
    generator = np.random.default_rng(1)
    for spread in (False, True):
        program = compile_network(model, load_target("mesh16"), spread=spread).tiled
        shape = 3, program.steps, program.input.features
        payloads = generator.integers(0, program.input.max_payload + 1, shape) * generator.integers(
            0, 2, shape
        )
        assert encode_samples(program, payloads).tolist() == plainly(program, payloads)
        small = payloads.astype(np.uint8)
        assert encode_samples(program, small).tolist() == plainly(program, payloads)


def test_no_samples_are_an_empty_stream() -> None:
    program = compile_network(tiny_network(), load_target("mesh16")).tiled
    payloads = np.zeros((0, program.steps, program.input.features), np.int64)
    assert encode_samples(program, payloads).tolist() == []


def test_threads_encode_beside_each_other() -> None:
    for name in ("_fill_stream", "_count_events"):
        assert getattr(streams, name).targetoptions["nogil"]
