"""What the memories of a board hold is read back through its own arithmetic, and a wrong bit is found."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from board_programs import BRIDGE
from builders import target

from snnc.base.errors import UnsupportedModel
from snnc.compiler.ir.image import Image
from snnc.compiler.ir.network import Edge, Input, Layer, Linear, Network, Neurons, Readout
from snnc.compiler.isa.arithmetic import Decay
from snnc.compiler.pipeline import compile_network
from snnc.rtl.host import readback
from snnc.rtl.host.driver import Board
from snnc.rtl.host.link import Link
from snnc.rtl.host.port import SerialPort
from snnc.rtl.host.probes import Probe, probes
from snnc.rtl.host.readback import read_back
from snnc.rtl.host.software_board import build_board, running_board
from snnc.rtl.parameters import WEIGHTS_ALONE, parameters_for
from snnc.rtl.simulation.tools import simulator_missing

HARDWARE = target(
    width=2,
    height=1,
    neurons=64,
    weight_bits=4,
    state_bits=16,
    cuba=True,
    decay_multiplier=True,
    reset_amount=True,
    channel_leak=True,
    lower_clamp=True,
    contexts=2,
)
SECTIONS = (
    "weights",
    "thresholds",
    "bias",
    "initial",
    "reset_amounts",
    "decays",
    "current_decays",
)


def image(seed: int) -> Image:
    """Two layers with every parameter per channel, thresholds below 0 among them."""
    rng = np.random.default_rng(seed)

    def layer(name: str, source: str, inputs: int, count: int) -> Layer:
        neurons = Neurons(
            threshold=rng.integers(-20, 20, count),
            bias=rng.integers(-9, 10, count),
            initial=rng.integers(-9, 10, count),
            reset="soft",
            reset_amount=rng.integers(-5, 20, count),
            leak=Decay(0, 4),
            leak_numerators=rng.integers(0, 17, count),
            current_leak=Decay(0, 4),
            current_numerators=rng.integers(0, 17, count),
            state_bits=14,
        )
        weights = rng.integers(-8, 8, (count, inputs)).astype(np.int8)
        return Layer(name, (count, 1, 1), neurons, (Edge(source, Linear(weights, 4)),))

    layers = (layer("a", "input", 20, 30), layer("b", "a", 30, 11))
    network = Network(
        "parameters", 2, Input("input", (20, 1, 1), "direct", 1), layers, Readout("b", "spike_count")
    )
    return compile_network(network, HARDWARE).image


@pytest.fixture(scope="module", name="board")
def one_board(rtl_cache: Path) -> Iterator[Board]:
    if (reason := simulator_missing("verilator")) is not None:
        pytest.skip(reason)
    with running_board(build_board(image(1), rtl_cache, BRIDGE)) as name:
        serial = SerialPort(name, 115200)
        board = Board(Link(serial, timeout=20.0))
        board.connect()
        yield board
        serial.close()


@pytest.mark.parametrize("seed", [1, 2])
def test_every_word_of_every_lane_is_read_back(board: Board, seed: int) -> None:
    loaded = image(seed)
    found = read_back(board, loaded, parameters_for(loaded))
    assert not sum(part.different for part in found)
    for name in SECTIONS:
        wanted = sum(len(getattr(core, name).words) for core in loaded.cores)
        times = 2 if name == "thresholds" else 1
        assert sum(part.words for part in found if part.memory == name) == wanted * times


@pytest.mark.parametrize("name", SECTIONS)
def test_a_bit_that_is_wrong_is_found(board: Board, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One bit of the last word of a memory is written as it should not be."""
    loaded = image(3)
    core = loaded.cores[-1]
    words = getattr(core, name).words.copy()
    words[-1, 0] ^= 1 << 3
    changed: dict[str, Any] = {name: replace(getattr(core, name), words=words)}
    spoilt = replace(loaded, cores=(*loaded.cores[:-1], replace(core, **changed)))

    def spoilt_probes(image: Image, place: tuple[int, int]) -> Iterator[Probe]:
        for probe, wrong in zip(probes(image, place), probes(spoilt, place), strict=True):
            yield replace(probe, load=wrong.load) if probe.name == name else probe

    monkeypatch.setattr(readback, "probes", spoilt_probes)
    found = read_back(board, loaded, parameters_for(loaded))
    assert {part.memory: part.different for part in found if part.different} == {name: 1}


def test_neurons_beyond_what_values_name_are_read_in_parts() -> None:
    """States of 24 bits leave 256 numbers for neurons: 300 channels take two probes of some words each."""
    rng = np.random.default_rng(1)
    neurons = Neurons(rng.integers(1, 9, 300), rng.integers(-9, 9, 300), np.zeros(300, np.int64), "soft")
    edge = Edge("input", Linear(rng.integers(-8, 8, (300, 2)).astype(np.int8), 4))
    node, readout = Input("input", (2, 1, 1), "direct", 1), Readout("a", "spike_count")
    wide = target(width=1, height=1, neurons=512, parameter_words=128, state_bits=24)
    network = Network("wide", 1, node, (Layer("a", (300, 1, 1), neurons, (edge,)),), readout)
    found = [probe for probe in probes(compile_network(network, wide).image, (0, 0)) if probe.name == "bias"]
    assert [len(probe.expected) for probe in found] == [64, 11]
    assert [probe.most for probe in found] == [257, 45]


def test_hardware_for_one_network_cannot_be_read_back(board: Board) -> None:
    loaded = image(1)
    with pytest.raises(UnsupportedModel, match="its cores run no other program"):
        read_back(board, loaded, parameters_for(loaded, loadable=WEIGHTS_ALONE))
