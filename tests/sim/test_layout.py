"""Layouts: one for each program, for as long as it lives, and no constant twice that all pixels share."""

import gc
from dataclasses import replace
from weakref import ref

import numpy as np
from builders import tiny_network

from snnc.compiler.ir.network import Conv2d, Edge, Input, Layer, Network, Neurons, Readout
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.pipeline import compile_network
from snnc.compiler.targets import load_target
from snnc.sim.engine import records as c
from snnc.sim.engine.layout import layout_of


def program() -> TiledProgram:
    return compile_network(tiny_network(), load_target("fpga")).tiled


def test_a_program_is_laid_out_once_and_another_one_anew() -> None:
    one = program()
    assert layout_of(one) is layout_of(one)
    other = replace(one, name="other")
    assert layout_of(other) is not layout_of(one)


def test_a_layout_is_forgotten_with_its_program() -> None:
    one = program()
    words = ref(layout_of(one).words)
    assert words() is not None
    del one
    gc.collect()
    assert words() is None


def test_constants_of_channels_stand_once_in_a_period() -> None:
    thresholds = np.arange(1, 17)
    zeros = np.zeros(16, np.int64)
    kernel = Conv2d(np.ones((16, 1, 1, 1), np.int8), 2)
    layer = Layer("a", (16, 24, 24), Neurons(thresholds, zeros, zeros, "soft"), (Edge("input", kernel),))
    source = Input("input", (1, 24, 24), "direct", 1)
    network = Network("pixels", 1, source, (layer,), Readout("a", "spike_count"))
    tiled = compile_network(network, load_target("mesh16")).tiled
    found = layout_of(tiled)
    for record in found.cores:
        assert found.words[record + c.SLOTS_USED] > found.words[record + c.PERIOD] == c.SWEEP_BLOCK
        first = found.words[record + c.THRESHOLD]
        assert found.states[first : first + c.SWEEP_BLOCK].tolist() == thresholds.tolist() * 16
        assert found.words[record + c.BIAS] == 0
