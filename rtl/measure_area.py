"""`python -m snnc.rtl.measure_area`: synthesises builds of many shapes, writes the area model's table."""

import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..compiler.arithmetic import Decay
from ..compiler.network import Conv2d, Edge, Input, Layer, Linear, Network, Neurons, Readout
from ..compiler.passes.encode import Encode
from ..compiler.pipeline import compile_network
from ..compiler.specialise import specialise
from ..compiler.targets import Target, load_target
from ..files import write_text
from .area_model import MEASUREMENTS, Area, Measurement
from .export import STREAM_TOP, export_rtl
from .openflow import DEVICES, synthesise
from .parameters import EVERY_MEMORY, WEIGHTS_ALONE
from .sources import RTL_DIR

DEVICE = "ecp5-25k"
SITES = {"LUT4": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 4}
"""LUT4 sites of a cell: a carry cell has two, distributed RAM two for data and two for the write port."""


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


def connected(hidden: tuple[int, ...], clamp: int, steps: int) -> Network:
    """Fully connected layers behind 64 inputs."""
    rng = np.random.default_rng(sum(hidden))
    layers: list[Layer] = []
    source, width = "input", 64
    for number, size in enumerate(hidden, 1):
        weights = rng.integers(-7, 8, (size, width)).astype(np.int8)
        layers.append(
            Layer(
                f"hidden{number}",
                (size, 1, 1),
                _spiking(rng, size, clamp),
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
    target = load_target("ecp5-25k")
    return replace(target, width=width, height=height, lanes=lanes, **changes)  # type: ignore[arg-type]


CASES: tuple[tuple[Network, Target, bool], ...] = (
    (convolutional(16, 12, 2), _mesh(2, 1, 8), False),
    (convolutional(8, 10, 1), _mesh(2, 1, 4), False),
    (convolutional(16, 16, 3), _mesh(2, 1, 16), False),
    (convolutional(32, 12, 2), _mesh(2, 1, 8), False),
    (connected((32,), 12, 2), _mesh(2, 1, 8), False),
    (connected((64,), 16, 4), _mesh(2, 1, 4), False),
    (connected((32, 32, 24), 12, 2), _mesh(2, 2, 8), False),
    (connected((32,), 12, 2), _mesh(2, 1, 4), True),
    (connected((32,), 12, 2), _mesh(2, 1, 8), True),
    (connected((32,), 12, 2), _mesh(2, 1, 16, axon_rows=32, axon_columns=64, state_bits=16), True),
    (connected((32,), 12, 2), _mesh(2, 1, 8, cuba=True), True),
    (connected((32,), 12, 2), _mesh(2, 1, 4, decay_multiplier=True), True),
    (connected((32,), 12, 2), _mesh(2, 1, 8, cuba=True, decay_multiplier=True), True),
    (connected((32, 16), 12, 2), _mesh(2, 2, 4, axon_rows=64, axon_columns=64, destinations=8), True),
)
"""Network, mesh, and whether any network can be loaded; else the mesh is cut down to the network."""


def measure(network: Network, target: Target, loadable: bool) -> Measurement:
    """One synthesis, of `snnc_top` alone; half a minute to a few minutes."""
    program = compile_network(network, target, spread=False).program
    image = Encode().run(program if loadable else specialise(program))
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".area-") as folder:
        work = Path(folder) / "rtl"
        parameters = export_rtl(image, work, loadable=EVERY_MEMORY if loadable else WEIGHTS_ALONE)
        files = [work / name for name in (work / "files.f").read_text("utf-8").split()]
        cells = synthesise(files, STREAM_TOP, {}, DEVICES[DEVICE], work).cells
    area = Area(
        lut=sum(sites * cells.get(kind, 0) for kind, sites in SITES.items()),
        ff=cells.get("TRELLIS_FF", 0),
        bram=cells.get("DP16KD", 0),
        dsp=cells.get("MULT18X18D", 0),
    )
    kind = "loadable" if loadable else "fixed"
    name = f"{network.name}, {target.width} x {target.height}, {target.lanes} lanes, {kind}"
    return Measurement(name, replace(parameters, init_prefix=""), False, area)


def main() -> int:
    """Measure every case and write the table."""
    rows = []
    for case in CASES:
        rows.append(measure(*case))
        print(rows[-1].name, rows[-1].area, file=sys.stderr, flush=True)
    write_text(RTL_DIR / MEASUREMENTS, json.dumps([row.row() for row in rows], indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
