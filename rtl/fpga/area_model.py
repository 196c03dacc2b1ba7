"""Resources of a build before synthesis, for the ECP5: memories and multipliers by rule, logic by a linear
model of measured builds.

`area_measurements.json` holds what the tools made of builds of many shapes;
`python -m snnc.rtl.fpga.measure_area` writes it. The coefficients are the least-squares
fit to those rows, found when they are first asked for.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.compiler.ir.image import Image
from snnc.compiler.isa.contract import DECAY_SHIFT, DECAY_WIDTH, SPIKE
from snnc.rtl.export import address_bits
from snnc.rtl.fpga.memories import fifo_register_bits, memory_cells
from snnc.rtl.parameters import WEIGHTS_ALONE, RtlParameters, parameters_for

MEASUREMENTS = "area_measurements.json"

UART_BLOCK_RAMS = 5
"""The bridge's: 1024 flits of 48 bits, 512 packets with their cycles."""
MULTIPLIER_BITS = 18
DISTRIBUTED_RAM, DISTRIBUTED_LUTS = "distributed RAM", 6
"""The feature that needs no fit: a TRELLIS_DPR16X4 takes four LUT4 sites, and two for its write port."""

Coefficients = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Of LUTs and of flip-flops, one per feature."""


@dataclass(frozen=True)
class Area:
    """Cells of one design."""

    lut: int
    """LUT4 sites, those of carry chains and distributed RAM included, as nextpnr counts them."""
    ff: int
    bram: int
    dsp: int


@dataclass(frozen=True)
class Measurement:
    """One build: what the model looks at, and the cells it took."""

    name: str
    features: dict[str, float]
    area: Area
    fitted: bool
    """Whether the model is fitted to it; the others say how well it predicts."""

    def row(self) -> dict[str, Any]:
        """Its row in the table."""
        return asdict(self)


def predict_area(image: Image, loadable: int, *, uart: bool) -> Area:
    """What the hardware of `image` takes: `snnc_top`, or with `uart` the design of a board."""
    lut, ff = predict_logic(features(image, loadable, uart=uart), _coefficients())
    parameters = parameters_for(image, loadable=loadable)
    bram = memory_cells(image, parameters).block + UART_BLOCK_RAMS * uart
    return Area(lut=lut, ff=ff, bram=bram, dsp=multipliers(parameters))


def predict_logic(named: dict[str, float], coefficients: Coefficients) -> tuple[int, int]:
    """LUTs and flip-flops of a build with these features."""
    lut, ff = (max(0, round(float(_vector(named) @ found))) for found in coefficients)
    return lut + round(DISTRIBUTED_LUTS * named[DISTRIBUTED_RAM]), ff


def multipliers(parameters: RtlParameters) -> int:
    """18 x 18 multipliers: one per core for addresses; one per lane and decay where decays multiply, twice as
    many where a number has more bits."""
    p = parameters
    place = min(p.state_bits - p.weight_bits, DECAY_SHIFT)
    factor_bits = max(DECAY_SHIFT - place + p.fraction_bits + SPIKE["payload"].width, DECAY_WIDTH) + 1
    wide, wide_factors = (-(-bits // MULTIPLIER_BITS) for bits in (p.state_bits, factor_bits))
    lane = p.decay_multiplier * wide * (wide_factors + p.cuba)
    return p.mesh_width * p.mesh_height * (1 + p.lanes * lane)


def features(image: Image, loadable: int, *, uart: bool) -> dict[str, float]:
    """What the logic of a build grows with, summed over its cores; where any network can be loaded, it has
    registers and decays of every kind, too."""
    p = parameters_for(image, loadable=loadable)
    any_network = bool(loadable & ~WEIGHTS_ALONE)
    mesh = p.mesh_width * p.mesh_height
    cores = mesh if any_network else len(image.on_core())
    lane_bits = cores * p.lanes * p.state_bits
    loadable_bits = lane_bits * any_network
    contexts = cores * p.contexts * (p.contexts > 1)
    memories = memory_cells(image, p)
    named = {
        "cores": cores,
        "links": 2 * (2 * mesh - p.mesh_width - p.mesh_height),
        "lane bits": lane_bits,
        "address bits": cores * (address_bits(p.weight_words) + address_bits(p.state_words)),
        "table bits": memories.table_bits,
        "current lane bits": (lane_bits - loadable_bits) * p.cuba,
        "loadable cores": cores * any_network,
        "loadable lane bits": loadable_bits,
        "loadable current lane bits": loadable_bits * p.cuba,
        "loadable shifting lane bits": loadable_bits * (1 + p.cuba) * (1 - p.decay_multiplier),
        "FIFO register bits": fifo_register_bits(p),
        "shared lane bits": lane_bits * (p.contexts > 1),
        "contexts": contexts * (not any_network),
        "loadable contexts": contexts * any_network,
        "board": uart,
        DISTRIBUTED_RAM: memories.distributed,
    }
    return {name: float(value) for name, value in named.items()}


def measurements() -> tuple[Measurement, ...]:
    """The committed table, in its order."""
    rows = json.loads(resources.files(__package__).joinpath(MEASUREMENTS).read_text("utf-8"))
    return tuple(
        Measurement(row["name"], row["features"], Area(**row["area"]), row["fitted"]) for row in rows
    )


def fit(rows: Sequence[Measurement]) -> Coefficients:
    """The coefficients with the least relative errors on `rows`."""
    matrix = np.array([_vector(row.features) for row in rows])
    luts = np.array([row.area.lut for row in rows], np.float64)
    flip_flops = np.array([row.area.ff for row in rows], np.float64)
    memory = np.array([DISTRIBUTED_LUTS * row.features[DISTRIBUTED_RAM] for row in rows])
    return (
        _least_relative_errors(matrix, luts - memory, luts),
        _least_relative_errors(matrix, flip_flops, flip_flops),
    )


def _vector(named: dict[str, float]) -> NDArray[np.float64]:
    return np.array([value for name, value in named.items() if name != DISTRIBUTED_RAM])


def _least_relative_errors(
    matrix: NDArray[np.float64], cells: NDArray[np.float64], totals: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Coefficients whose sums come nearest to `cells`, each error relative to its of `totals`."""
    found = np.linalg.lstsq(matrix / totals[:, None], cells / totals, rcond=None)[0]
    return np.asarray(found, np.float64)


@cache
def _coefficients() -> Coefficients:
    return fit([row for row in measurements() if row.fitted])
