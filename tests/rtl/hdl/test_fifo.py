"""snnc_fifo against a list, with random idle and back-pressure."""

from pathlib import Path

import pytest
from rtl_bench import Needs, run_bench

from snnc.rtl.simulation.tools import Simulator


@pytest.mark.parametrize(("width", "depth"), [(8, 2), (48, 16), (8, 32), (8, 64), (8, 128), (48, 256)])
@pytest.mark.parametrize("simulator", ["verilator", "icarus"])
def test_fifo_keeps_items_in_order(
    simulator: Simulator, width: int, depth: int, rtl_cache: Path, tmp_path: Path, needs: Needs
) -> None:
    needs(simulator)
    parameters = {"Width": width, "Depth": depth}
    run_bench("snnc_fifo", "bench_fifo", simulator, rtl_cache, tmp_path, parameters)
