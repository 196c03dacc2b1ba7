"""Packets per event, counted from the tables, against a hand count and against the simulator."""

from dataclasses import replace

import numpy as np
import pytest
from builders import layer, network, target

from snnc.compiler.analysis.multicast import Multicast, multicast
from snnc.compiler.formats.storage import Build
from snnc.compiler.ir.network import Conv2d, Edge, Input, Layer
from snnc.compiler.pipeline import compile_network
from snnc.sim.simulate import simulate


def program() -> Build:
    """Two padded 3 x 3 convolutions of 6 x 6 pixels in three tiles of two rows, and a readout; all fire."""

    def convolution(name: str, source: str, arriving: int) -> Layer:
        neurons = layer(name, source, 1, 4, threshold=np.full(4, -500), reset="hard").neurons
        synapses = Conv2d(np.ones((4, arriving, 3, 3), np.int8), 4, padding=(1, 1))
        return Layer(name, (4, 6, 6), neurons, (Edge(source, synapses),))

    layers = (convolution("a", "input", 2), convolution("b", "a", 4), layer("r", "b", 144, 4))
    model = replace(network(*layers), input=Input("input", (2, 6, 6), "direct", 1))
    compiled = compile_network(model, target(neurons=64, cuba=False), spread=False)
    assert [core.tile.rows for core in compiled.tiled.cores[:6]] == [2] * 6
    return Build(model, compiled.tiled)


def test_halos_are_rows_that_two_tiles_hear() -> None:
    """Of six rows the tiles hear three, four and three."""
    found = multicast(program().tiled)
    for source in ("input", "a"):
        assert found[source].packets == pytest.approx(10 / 6)
        assert found[source].halo == pytest.approx(4 / 6)
    assert found["b"] == Multicast(1.0, 0.0)
    assert found["r"] == Multicast(0.0, 0.0)


def test_the_simulator_sends_as_many_packets() -> None:
    compiled = program()
    report = simulate(compiled, np.ones((3, 72), np.uint8))
    rows = {row.name: row for row in report.layers}
    for name in ("a", "b"):
        assert rows[name].rate == 1
        assert rows[name].packets == pytest.approx(rows[name].spikes * rows[name].packets_per_spike)
        assert rows[name].state_memory_bits == 4 * 36 * 18
