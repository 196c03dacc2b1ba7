"""Whole networks on the cores of an FPGA: a CNN of six layers, residual networks for CIFAR-10, digits."""

import re

import numpy as np
import pytest
from builders import neurons

from snnc.base.errors import DoesNotFit
from snnc.compiler.ir.network import (
    Conv2d,
    Edge,
    Input,
    Layer,
    Linear,
    Network,
    Readout,
    Shape,
    count,
    pooled,
)
from snnc.compiler.ir.packing import on_core
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.pipeline import run_passes, standard_passes
from snnc.compiler.protocol.input_encoding import encode_inputs
from snnc.compiler.reference.interpreter import execute_network
from snnc.compiler.targets import load_target
from snnc.sim.engine.functional import run_functional

GENERATOR = np.random.default_rng(0)


class Chain:
    """Layers one behind the other, with shortcuts."""

    def __init__(self, shape: Shape) -> None:
        self.input = Input("input", shape, "direct", 15)
        self.shapes = {"input": shape}
        self.layers: list[Layer] = []

    def convolve(self, channels: int, stride: int = 1, pool: int = 1, shortcut: str | None = None) -> str:
        """A convolution of 3 x 3 of the last layer, to which one of 1 x 1 adds what `shortcut` sends."""
        source = list(self.shapes)[-1]
        depth, height, width = pooled(self.shapes[source], (pool, pool))
        kernel = GENERATOR.integers(-2, 4, (channels, depth, 3, 3)).astype(np.int8)
        edges = [Edge(source, Conv2d(kernel, 4, (stride, stride), (1, 1)), pool=(pool, pool))]
        shape = (channels, -(-height // stride), -(-width // stride))
        if shortcut is not None:
            depth, step = self.shapes[shortcut][0], self.shapes[shortcut][1] // shape[1]
            kernel = GENERATOR.integers(-2, 4, (channels, depth, 1, 1)).astype(np.int8)
            edges.append(Edge(shortcut, Conv2d(kernel, 4, (step, step))))
        return self._add(shape, tuple(edges), silent=False)

    def read(self, outputs: int, pool: int = 1) -> None:
        """A fully connected layer whose membranes are the result."""
        source = list(self.shapes)[-1]
        window = (pool, pool) if pool > 1 else (1, 1)
        weights = GENERATOR.integers(-2, 4, (outputs, count(pooled(self.shapes[source], window))))
        self._add(
            (outputs, 1, 1), (Edge(source, Linear(weights.astype(np.int8), 4), pool=window),), silent=True
        )

    def connect(self, size: int) -> None:
        """A fully connected layer of neurons that fire."""
        source = list(self.shapes)[-1]
        weights = GENERATOR.integers(-2, 4, (size, count(self.shapes[source]))).astype(np.int8)
        self._add((size, 1, 1), (Edge(source, Linear(weights, 4)),), silent=False)

    def _add(self, shape: Shape, edges: tuple[Edge, ...], *, silent: bool) -> str:
        name, fires = f"l{len(self.layers)}", np.full(shape[0], 0 if silent else 5, np.int64)
        population = neurons(shape[0], threshold=fires, reset="none" if silent else "soft", state_bits=16)
        self.shapes[name] = shape
        self.layers.append(Layer(name, shape, population, edges))
        return name

    def network(self, name: str) -> Network:
        """With its last layer read."""
        return Network(name, 2, self.input, tuple(self.layers), Readout(self.layers[-1].name, "membrane"))


def six_layers() -> Network:
    """Convolutions, a shortcut, pooling and a readout."""
    chain = Chain((1, 28, 28))
    chain.convolve(8, stride=2)
    before = chain.convolve(16)
    chain.convolve(16)
    chain.convolve(16, shortcut=before)
    chain.convolve(32, pool=2)
    chain.read(10)
    return chain.network("six")


def residual(blocks: int) -> Network:
    """ResNet of 6 * blocks + 2 layers for 3 x 32 x 32 pixels."""
    chain = Chain((3, 32, 32))
    last = chain.convolve(16)
    for stage in range(3):
        for block in range(blocks):
            chain.convolve(16 << stage, stride=2 if stage and not block else 1)
            last = chain.convolve(16 << stage, shortcut=last)
    chain.read(10, pool=8)
    return chain.network(f"resnet{6 * blocks + 2}")


def compiled(network: Network, name: str) -> TiledProgram:
    program = run_passes(network, standard_passes(load_target(name)))[-2]
    assert isinstance(program, TiledProgram)
    return program


def assert_computes(network: Network, program: TiledProgram) -> None:
    pixels = GENERATOR.integers(0, 16, (1, network.input.features)).astype(np.uint8)
    payloads = encode_inputs(program.input, network.steps, pixels)
    expected = execute_network(network, encode_inputs(network.input, network.steps, pixels)).outputs
    assert expected.any()
    assert run_functional(program, payloads).outputs.tolist() == expected.tolist()


def test_a_cnn_of_six_layers_goes_on_one_core() -> None:
    network = six_layers()
    program = compiled(network, "ecp5-25k")
    assert len(on_core(program)) == 1 and len(program.cores) == 6
    assert_computes(network, program)


def test_digits_go_on_the_smallest_fpga() -> None:
    chain = Chain((1, 28, 28))
    chain.connect(128)
    chain.read(10)
    program = compiled(chain.network("digits"), "ice40-up5k")
    assert [str(core.at) for core in program.cores] == ["(0,0)", "(0,0).1"]


def test_a_resnet_of_eight_layers_goes_on_three_cores() -> None:
    network = residual(1)
    program = compiled(network, "ecp5-85k")
    assert len(on_core(program)) == 3
    assert_computes(network, program)


def test_of_a_resnet_of_twenty_layers_the_missing_memories_are_named() -> None:
    with pytest.raises(DoesNotFit) as error:
        compiled(residual(3), "ecp5-85k")
    first = error.value.message.splitlines()[0]
    assert re.search(
        r"needs \d+ state words \([\d.]+ KiB\), 3 cores have 12288 state words \(216\.0 KiB\)", first
    )
    assert re.search(
        r"needs \d+ weight words \([\d.]+ KiB\), 3 cores have 15360 weight words \(60\.0 KiB\)", first
    )
