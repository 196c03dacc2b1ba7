"""The builds of many shapes that the area model is fitted to and judged by."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from snnc.compiler.ir.image import Image
from snnc.compiler.ir.network import Conv2d, Edge, Input, Layer, Linear, Network, Neurons, Readout
from snnc.compiler.isa.arithmetic import Decay
from snnc.compiler.passes.encode import Encode
from snnc.compiler.passes.specialise import specialise
from snnc.compiler.pipeline import compile_network
from snnc.compiler.targets import Target, load_target
from snnc.rtl.parameters import EVERY_MEMORY, WEIGHTS_ALONE


def convolutional(channels: int, clamp: int, steps: int) -> Network:
    """A convolution on 16 x 16 pixels and a readout."""
    rng = np.random.default_rng(channels)
    kernel = rng.integers(-7, 8, (channels, 1, 5, 5)).astype(np.int8)
    full = rng.integers(-7, 8, (10, channels * 64)).astype(np.int8)
    return Network(
        name=f"conv{channels}",
        steps=steps,
        input=Input("input", (1, 16, 16), max_payload=1),
        layers=(
            Layer(
                "hidden",
                (channels, 8, 8),
                _spiking(rng, channels, clamp),
                (Edge("input", Conv2d(kernel, 4, (2, 2), (2, 2))),),
            ),
            Layer("readout", (10, 1, 1), _integrating(10, clamp), (Edge("hidden", Linear(full, 4)),)),
        ),
        readout=Readout("readout", "membrane"),
    )


def connected(hidden: tuple[int, ...], clamp: int, steps: int, **changes: object) -> Network:
    """Fully connected layers behind 64 inputs; `changes` are fields of the hidden layers' Neurons."""
    rng = np.random.default_rng(sum(hidden))
    layers: list[Layer] = []
    source, width = "input", 64
    for number, size in enumerate(hidden, 1):
        weights = rng.integers(-7, 8, (size, width)).astype(np.int8)
        layers.append(
            Layer(
                f"hidden{number}",
                (size, 1, 1),
                replace(_spiking(rng, size, clamp), **changes),  # type: ignore[arg-type]
                (Edge(source, Linear(weights, 4)),),
            )
        )
        source, width = layers[-1].name, size
    weights = rng.integers(-7, 8, (10, width)).astype(np.int8)
    layers.append(Layer("readout", (10, 1, 1), _integrating(10, clamp), (Edge(source, Linear(weights, 4)),)))
    return Network(
        name="-".join(map(str, hidden)),
        steps=steps,
        input=Input("input", (64, 1, 1), max_payload=3),
        layers=tuple(layers),
        readout=Readout("readout", "membrane"),
    )


def _spiking(rng: np.random.Generator, size: int, clamp: int) -> Neurons:
    return Neurons(
        threshold=rng.integers(10, 40, size),
        bias=rng.integers(-5, 6, size),
        initial=np.zeros(size, np.int64),
        reset="soft",
        leak=Decay(1, 3),
        state_bits=clamp,
    )


def _integrating(size: int, clamp: int) -> Neurons:
    zero = np.zeros(size, np.int64)
    return Neurons(zero, zero, zero, "none", state_bits=clamp)


def _mesh(width: int, height: int, lanes: int, **changes: object) -> Target:
    target = load_target("ecp5-25k-mesh")
    return replace(target, width=width, height=height, lanes=lanes, **changes)  # type: ignore[arg-type]


def _shared(lanes: int, **changes: object) -> Target:
    """One core that tiles share."""
    return replace(load_target("ecp5-25k"), lanes=lanes, **changes)  # type: ignore[arg-type]


SHALLOW = _mesh(1, 1, 16, axon_rows=32, axon_columns=64, state_bits=16)
SHALLOW_SHARED = _shared(4, axon_rows=64, axon_columns=64, neurons=4096, contexts=4, weight_kibit=112)
SMALL_TABLES = _mesh(2, 2, 4, axon_rows=64, axon_columns=64, destinations=8)


@dataclass(frozen=True)
class Case:
    """A build to measure."""

    name: str
    network: Network
    target: Target
    loadable: bool = False
    """Whether any network can be loaded; else the mesh is cut down to the network."""
    board: bool = False
    """Whether it is behind a board's UART."""
    fitted: bool = True
    """Whether the model is fitted to it, or only judged by it."""

    @property
    def memories(self) -> int:
        """Memories that CONFIG flits write."""
        return EVERY_MEMORY if self.loadable else WEIGHTS_ALONE

    @cached_property
    def image(self) -> Image:
        """The hardware's image."""
        program = compile_network(self.network, self.target, spread=False).tiled
        return Encode().run(program if self.loadable else specialise(program))


CASES = (
    Case("conv 8, 4 lanes", convolutional(8, 10, 1), _mesh(2, 1, 4)),
    Case("conv 16, 8 lanes", convolutional(16, 12, 2), _mesh(2, 1, 8)),
    Case("conv 16, 16 lanes", convolutional(16, 16, 3), _mesh(2, 1, 16)),
    Case("readout, 8 lanes", connected((), 12, 2), _mesh(1, 1, 8)),
    Case("readout, 16 lanes", connected((), 16, 2), _mesh(1, 1, 16)),
    Case("32, 8 lanes", connected((32,), 12, 2), _mesh(2, 1, 8)),
    Case("64, 4 lanes", connected((64,), 16, 4), _mesh(2, 1, 4)),
    Case("256, 8 lanes", connected((256,), 12, 2), _mesh(2, 1, 8, parameter_words=32)),
    Case("32-32-24, 8 lanes", connected((32, 32, 24), 12, 2), _mesh(2, 2, 8)),
    Case("32, 8 lanes, board", connected((32,), 12, 2), _mesh(2, 1, 8), board=True),
    Case(
        "32, 8 lanes, currents",
        connected((32,), 12, 2, current_leak=Decay(1, 2)),
        _mesh(2, 1, 8, cuba=True),
    ),
    Case(
        "32, 8 lanes, multiplying",
        connected((32,), 12, 2, leak=Decay(37, 8)),
        _mesh(2, 1, 8, decay_multiplier=True),
        fitted=False,
    ),
    Case("loadable, 4 lanes", connected((), 12, 2), _mesh(1, 1, 4), loadable=True),
    Case("loadable, 8 lanes", connected((), 12, 2), _mesh(1, 1, 8), loadable=True),
    Case("loadable, 16 lanes", connected((), 12, 2), SHALLOW, loadable=True),
    Case("loadable, 8 lanes, currents", connected((), 12, 2), _mesh(1, 1, 8, cuba=True), loadable=True),
    Case(
        "loadable, 4 lanes, multiplying",
        connected((), 12, 2),
        _mesh(1, 1, 4, decay_multiplier=True),
        loadable=True,
    ),
    Case(
        "loadable, 8 lanes, both",
        connected((), 12, 2),
        _mesh(1, 1, 8, cuba=True, decay_multiplier=True),
        loadable=True,
    ),
    Case("conv 32, 8 lanes", convolutional(32, 12, 2), _mesh(2, 1, 8), fitted=False),
    Case("32, 16 lanes", connected((32,), 16, 2), _mesh(2, 1, 16), fitted=False),
    Case(
        "32, 4 lanes, currents",
        connected((32,), 10, 1, current_leak=Decay(1, 3)),
        _mesh(2, 1, 4, cuba=True),
        fitted=False,
    ),
    Case("128, 4 lanes", connected((128,), 11, 2), _mesh(2, 1, 4, parameter_words=32), fitted=False),
    Case("loadable, 2 x 2, 4 lanes", connected((32, 16), 12, 2), SMALL_TABLES, loadable=True, fitted=False),
    Case("loadable, 2 x 1, 8 lanes", connected((32,), 12, 2), _mesh(2, 1, 8), loadable=True, fitted=False),
    Case("32, 8 lanes, FIFOs of two", connected((32,), 12, 2), _mesh(2, 1, 8, router_fifo=2)),
    Case("conv 16, 4 lanes, shared", convolutional(16, 12, 2), _mesh(1, 1, 4, contexts=2)),
    Case("32-32-24, 8 lanes, shared", connected((32, 32, 24), 12, 2), _shared(8)),
    Case("24-16-12-8, 16 lanes, shared", connected((24, 16, 12, 8), 16, 2), _shared(16)),
    Case("32, 8 lanes, shared, board", connected((32,), 12, 2), _shared(8), board=True),
    Case("loadable, 8 lanes, shared", connected((32,), 12, 2), _mesh(1, 1, 8, contexts=16), loadable=True),
    Case("loadable, 4 lanes, shared", connected((32,), 12, 2), SHALLOW_SHARED, loadable=True),
    Case("conv 16, 8 lanes, shared, board", convolutional(16, 12, 2), _shared(8), board=True, fitted=False),
    Case("conv 8, 4 lanes, shared", convolutional(8, 10, 1), _shared(4), fitted=False),
)
