"""snnc_fifo against a list, with random idle and back-pressure."""

import pytest
from rtl_bench import run_bench


@pytest.mark.parametrize(
    ("simulator", "width", "depth"),
    [("verilator", 8, 2), ("icarus", 8, 2), ("icarus", 44, 16)],
)
def test_fifo_keeps_items_in_order(simulator, width, depth, rtl_cache, tmp_path, needs):
    needs(simulator)
    parameters = {"Width": width, "Depth": depth}
    run_bench("snnc_fifo", "bench_fifo", simulator, rtl_cache, tmp_path, parameters)
