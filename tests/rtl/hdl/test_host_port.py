"""snnc_host_port: pass-through, credit counting and SYNC."""

import pytest
from rtl_bench import run_bench


@pytest.mark.parametrize("simulator", ["verilator", "icarus"])
def test_host_port_counts_credits_and_passes_the_rest(simulator, rtl_cache, tmp_path, needs):
    needs(simulator)
    run_bench("snnc_host_port", "bench_host_port", simulator, rtl_cache, tmp_path, {})
