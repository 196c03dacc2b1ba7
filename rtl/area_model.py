"""Resources of a build before synthesis, for the ECP5: block RAM by rule, logic by a linear model of measured
builds.

`area_measurements.json` holds what the tools made of builds of many shapes; `python -m snnc.rtl.measure_area`
writes it. The coefficients are the least-squares fit to those rows, found when they are first asked for.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..compiler.image import Image, MemoryImage
from .parameters import WEIGHTS_ALONE, RtlParameters, parameters_for

MEASUREMENTS = "area_measurements.json"

BLOCK_SHAPES = ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384))
"""Bits and words of a DP16KD (Lattice FPGA-TN-02204, memory usage guide)."""
DISTRIBUTED_WORDS = 16
"""Memories up to this depth are no block RAM: `snnc_memory` decides the same."""
UART_BLOCK_RAMS = 5
"""The bridge's: 1024 flits of 44 bits, 512 packets with their cycles."""
FEATURES = 9
"""Coefficients of the linear model, and so the rows that a fit needs at least."""

Coefficients = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Of LUTs and of flip-flops, one per feature."""


@dataclass(frozen=True)
class Area:
    """Cells of one design."""

    lut: int
    """LUT4 sites, those of carry chains and distributed RAM included."""
    ff: int
    bram: int
    dsp: int


@dataclass(frozen=True)
class PredictedArea:
    """Cells that a design is expected to take; no logic while the table has too few rows to fit."""

    lut: int | None
    ff: int | None
    bram: int
    dsp: int


@dataclass(frozen=True)
class Measurement:
    """One build and the cells it took."""

    name: str
    parameters: RtlParameters
    uart: bool
    """Whether it is the design of a board, behind its UART."""
    area: Area

    def row(self) -> dict[str, Any]:
        """Its row in the table."""
        return asdict(self)


def predict_area(image: Image, loadable: int, *, uart: bool) -> PredictedArea:
    """What the hardware of `image` takes: `snnc_top`, or with `uart` the design of a board."""
    parameters = parameters_for(image, loadable=loadable)
    coefficients = _coefficients()
    lut, ff = (None, None) if coefficients is None else predict_logic(parameters, uart, coefficients)
    bram = block_rams(image, parameters) + UART_BLOCK_RAMS * uart
    return PredictedArea(lut=lut, ff=ff, bram=bram, dsp=multipliers(parameters))


def predict_logic(parameters: RtlParameters, uart: bool, coefficients: Coefficients) -> tuple[int, int]:
    """LUTs and flip-flops by the linear model."""
    features = _features(parameters, uart)
    lut, ff = (max(0, round(float(features @ found))) for found in coefficients)
    return lut, ff


def block_rams(image: Image, parameters: RtlParameters) -> int:
    """DP16KDs of the mesh.

    In hardware for one network thresholds and biases are tables, of which only the bits that differ between
    words take room; cores that send no spikes have no bitmap, and cores without a tile nothing.
    """
    p = parameters
    state_bits = p.lanes * p.state_bits
    written = _blocks(p.lanes * p.weight_bits, p.weight_words)
    written += (1 + p.cuba) * _blocks(state_bits, p.state_words)
    bitmap = _blocks(p.lanes, p.bitmap_slots * p.state_words)
    if _any_network(p):
        tables = _blocks(state_bits, p.parameter_words) + _blocks(state_bits, 2 * p.parameter_words)
        return p.mesh_width * p.mesh_height * (written + bitmap + tables)
    return sum(
        written
        + bitmap * core.emits_spikes
        + _blocks(_varying_bits(core.thresholds), p.parameter_words)
        + _blocks(_varying_bits(core.bias, core.initial), 2 * p.parameter_words)
        for core in image.cores
    )


def _blocks(width: int, words: int) -> int:
    if words <= DISTRIBUTED_WORDS:
        return 0
    return min(-(-width // bits) * -(-words // depth) for bits, depth in BLOCK_SHAPES)


def _varying_bits(*sections: MemoryImage) -> int:
    """Bits of a word that are not the same in all words."""
    words = np.concatenate([section.words for section in sections])
    ones, zeros = np.bitwise_or.reduce(words), np.bitwise_or.reduce(~words)
    return sum(int(chunk).bit_count() for chunk in ones & zeros)


def _any_network(p: RtlParameters) -> bool:
    """Whether more than weights can be loaded."""
    return bool(p.loadable & ~WEIGHTS_ALONE)


def multipliers(parameters: RtlParameters) -> int:
    """18 x 18 multipliers: one per core for addresses; per lane and decay, where decays multiply, one for
    state words of up to 18 bits, else two."""
    decays = (1 + parameters.cuba) * parameters.decay_multiplier
    each = 1 if parameters.state_bits <= 18 else 2
    return parameters.mesh_width * parameters.mesh_height * (1 + each * parameters.lanes * decays)


def measurements() -> tuple[Measurement, ...]:
    """The committed table, in its order."""
    rows = json.loads(resources.files(__package__).joinpath(MEASUREMENTS).read_text("utf-8"))
    return tuple(
        Measurement(row["name"], RtlParameters(**row["parameters"]), row["uart"], Area(**row["area"]))
        for row in rows
    )


def fit(rows: Sequence[Measurement]) -> Coefficients:
    """The coefficients with the least relative errors on `rows`."""
    features = np.array([_features(row.parameters, row.uart) for row in rows])
    luts = np.array([row.area.lut for row in rows], np.float64)
    flip_flops = np.array([row.area.ff for row in rows], np.float64)
    return _least_relative_errors(features, luts), _least_relative_errors(features, flip_flops)


def _least_relative_errors(features: NDArray[np.float64], cells: NDArray[np.float64]) -> NDArray[np.float64]:
    found = np.linalg.lstsq(features / cells[:, None], np.ones(len(cells)), rcond=None)[0]
    return np.asarray(found, np.float64)


@cache
def _coefficients() -> Coefficients | None:
    rows = measurements()
    return fit(rows) if len(rows) >= FEATURES else None


def _features(p: RtlParameters, uart: bool) -> NDArray[np.float64]:
    """What the logic grows with: cores and what each holds, more of it where CONFIG flits can write."""
    cores = p.mesh_width * p.mesh_height
    datapath = cores * p.lanes * p.state_bits
    loadable = float(_any_network(p))
    return np.array(
        [
            cores,
            cores * p.lanes,
            datapath,
            datapath * p.cuba,
            datapath * p.decay_multiplier,
            loadable * cores,
            loadable * datapath,
            loadable * cores * (p.axon_rows + p.axon_columns + 2 * p.destinations),
            float(uart),
        ],
        np.float64,
    )
