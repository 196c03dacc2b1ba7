"""snnc_lane against the numeric contract in `compiler/isa/arithmetic.py`, edge values included."""

import pytest
from rtl_bench import run_bench


@pytest.mark.parametrize(
    ("simulator", "weight_bits", "state_bits", "cuba", "decay_multiplier"),
    [
        ("verilator", 4, 18, 1, 1),
        ("icarus", 4, 18, 1, 1),
        ("icarus", 8, 12, 0, 0),
        ("icarus", 2, 20, 1, 0),
        ("icarus", 4, 16, 0, 1),
    ],
)
def test_lane_computes_the_contract(
    simulator, weight_bits, state_bits, cuba, decay_multiplier, rtl_cache, tmp_path, needs
):
    needs(simulator)
    parameters = {"WeightBits": weight_bits, "StateBits": state_bits, "Cuba": cuba}
    parameters["DecayMultiplier"] = decay_multiplier
    run_bench("snnc_lane", "bench_lane", simulator, rtl_cache, tmp_path, parameters)
