"""snnc_fifo against a list, with random idle and back-pressure."""

import pytest
from rtl_bench import run_bench


@pytest.mark.parametrize(("width", "depth"), [(8, 2), (44, 16), (8, 32), (8, 64), (8, 128), (44, 256)])
@pytest.mark.parametrize("simulator", ["verilator", "icarus"])
def test_fifo_keeps_items_in_order(simulator, width, depth, rtl_cache, tmp_path, needs):
    needs(simulator)
    parameters = {"Width": width, "Depth": depth}
    run_bench("snnc_fifo", "bench_fifo", simulator, rtl_cache, tmp_path, parameters)
