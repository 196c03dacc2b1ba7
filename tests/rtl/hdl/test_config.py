"""snnc_config: chunks, addresses and memories."""

import pytest
from rtl_bench import run_bench


@pytest.mark.parametrize(
    ("simulator", "weight_bits", "state_bits"),
    [("verilator", 32, 144), ("icarus", 32, 144), ("icarus", 8, 32)],
)
def test_config_writes_each_word_once(simulator, weight_bits, state_bits, rtl_cache, tmp_path, needs):
    needs(simulator)
    parameters = {"WeightWordBits": weight_bits, "StateWordBits": state_bits}
    run_bench("snnc_config", "bench_config", simulator, rtl_cache, tmp_path, parameters)
