"""snnc_router (and the arbiter in it) against a cycle model, with random idle and back-pressure."""

import pytest
from rtl_bench import run_bench


@pytest.mark.parametrize("simulator", ["verilator", "icarus"])
def test_router_equals_its_model_in_every_cycle(simulator, rtl_cache, tmp_path, needs):
    needs(simulator)
    run_bench("snnc_router", "bench_router", simulator, rtl_cache, tmp_path, {"FifoDepth": 4})
