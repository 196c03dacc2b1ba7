"""snnc_lane against the numeric contract in `compiler/arithmetic.py`, edge values included."""

import pytest
from rtl_bench import run_bench


@pytest.mark.parametrize(
    ("simulator", "weight_bits", "state_bits"),
    [("verilator", 4, 18), ("icarus", 4, 18), ("icarus", 8, 12)],
)
def test_lane_computes_the_contract(simulator, weight_bits, state_bits, rtl_cache, tmp_path, needs):
    needs(simulator)
    parameters = {"WeightBits": weight_bits, "StateBits": state_bits}
    run_bench("snnc_lane", "bench_lane", simulator, rtl_cache, tmp_path, parameters)
