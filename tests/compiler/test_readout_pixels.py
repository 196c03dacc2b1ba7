"""A readout with pixels: outputs in the order of its neurons, whatever the cut, in every execution."""

from dataclasses import replace

import numpy as np
import pytest
from builders import neurons, target

from snnc.base.errors import DoesNotFit, UnsupportedModel
from snnc.compiler.ir.network import Conv2d, Edge, Input, Layer, Network, Readout, ReadoutKind
from snnc.compiler.pipeline import compile_network
from snnc.compiler.protocol.streams import decode_outputs, named_neurons
from snnc.compiler.reference.interpreter import execute_image, execute_network
from snnc.sim.engine.cycle import run_stream
from snnc.sim.engine.functional import run_functional

SHAPE = (5, 6, 4)
NODE = Input("input", (2, 6, 4), "events", 3)


def dense(kind: ReadoutKind, channels: int = SHAPE[0]) -> Network:
    """A convolution that is read, three steps."""
    kernel = np.random.default_rng(7).integers(-3, 4, (channels, 2, 3, 3)).astype(np.int8)
    population = neurons(channels, reset="none" if kind == "membrane" else "soft", state_bits=10)
    read = Layer(
        "out", (channels, *SHAPE[1:]), population, (Edge("input", Conv2d(kernel, 4, padding=(1, 1))),)
    )
    return Network("dense", 3, NODE, (read,), Readout("out", kind))


PAYLOADS = np.random.default_rng(8).integers(0, 4, (3, 3, 48))


@pytest.mark.parametrize("kind", ["membrane", "spike_count", "first_spike"])
@pytest.mark.parametrize("lanes", [2, 4, 8])
@pytest.mark.parametrize("cells", [8, 32, 256])
def test_every_execution_gives_the_same_outputs(kind: ReadoutKind, lanes: int, cells: int) -> None:
    network = dense(kind)
    expected = execute_network(network, PAYLOADS).outputs
    assert expected.shape == (3, 120)
    assert len(np.unique(expected)) > 2
    compiled = compile_network(
        network, target(lanes=lanes, neurons=max(cells, 4 * lanes), weight_kibit=64, width=8)
    )
    program = compiled.tiled
    assert program.outputs == 120
    assert execute_image(compiled.image, PAYLOADS).outputs.tolist() == expected.tolist()
    assert run_functional(program, PAYLOADS).outputs.tolist() == expected.tolist()
    decoded = decode_outputs(program, run_stream(program, PAYLOADS).flits, 3)
    assert decoded.tolist() == expected.tolist()


def test_padding_between_pixels_is_sent_and_dropped_behind_the_last_it_is_not_sent() -> None:
    program = compile_network(dense("membrane"), target(lanes=4, width=1, height=1)).tiled
    (core,) = program.cores
    names = list(named_neurons(core, program).values())
    assert len(names) == 24 * 8 - 3
    assert sorted(name for name in names if name >= 0) == list(range(120))
    ends = len(program.readout_cores)
    assert len(run_stream(program, PAYLOADS[:1]).flits) == len(names) + ends


def test_a_value_names_no_more_slots_than_it_has_bits_for() -> None:
    """With 24 bits of state, 8 name a slot: the layer is cut, or does not fit the mesh."""
    wide = target(lanes=4, state_bits=24, neurons=1024, weight_kibit=64)
    cores = compile_network(dense("membrane", 9), wide, spread=False).tiled.cores
    assert len(cores) > 1
    assert max(core.lanes_read(4) for core in cores) <= 256
    assert len(compile_network(dense("spike_count", 9), wide, spread=False).tiled.cores) == 1
    with pytest.raises(DoesNotFit):
        compile_network(dense("membrane", 9), replace(wide, width=1, height=1))


def test_a_readout_with_pixels_has_no_more_channels_than_a_coordinate() -> None:
    model = dense("spike_count", 257)
    with pytest.raises(UnsupportedModel, match="a readout with 257 channels of pixels; allowed: up to 256"):
        compile_network(model, target())
