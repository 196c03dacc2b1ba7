"""snnc_lane against the numeric contract in `compiler/isa/arithmetic.py`, edge values included."""

from pathlib import Path

import pytest
from rtl_bench import Needs, run_bench

from snnc.rtl.simulation.tools import Simulator


@pytest.mark.parametrize(
    ("simulator", "weight_bits", "state_bits", "cuba", "decay_multiplier", "second", "fraction_bits"),
    [
        ("verilator", 4, 18, 1, 1, 0, 0),
        ("verilator", 8, 24, 1, 1, 1, 12),
        ("icarus", 4, 18, 1, 1, 1, 7),
        ("icarus", 8, 12, 0, 0, 0, 0),
        ("icarus", 8, 20, 0, 0, 1, 3),
        ("icarus", 2, 20, 1, 0, 1, 12),
        ("icarus", 4, 16, 0, 1, 0, 1),
        ("icarus", 4, 16, 0, 1, 1, 0),
    ],
)
def test_lane_computes_the_contract(
    simulator: Simulator,
    weight_bits: int,
    state_bits: int,
    cuba: int,
    decay_multiplier: int,
    second: int,
    fraction_bits: int,
    rtl_cache: Path,
    tmp_path: Path,
    needs: Needs,
) -> None:
    needs(simulator)
    parameters = {"WeightBits": weight_bits, "StateBits": state_bits, "Cuba": cuba}
    parameters |= {"DecayMultiplier": decay_multiplier, "FractionBits": fraction_bits}
    parameters |= {"ResetAmount": second, "LowerClamp": second}
    run_bench("snnc_lane", "bench_lane", simulator, rtl_cache, tmp_path, parameters)
