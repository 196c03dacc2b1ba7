"""snnc_router (and the arbiter in it) against a cycle model, with random idle and back-pressure."""

from pathlib import Path

import pytest
from rtl_bench import Needs, run_bench

from snnc.rtl.simulation.tools import Simulator


@pytest.mark.parametrize(("x_bits", "y_bits"), [(6, 6), (3, 2)])
@pytest.mark.parametrize("simulator", ["verilator", "icarus"])
def test_router_equals_its_model_in_every_cycle(
    simulator: Simulator, x_bits: int, y_bits: int, rtl_cache: Path, tmp_path: Path, needs: Needs
) -> None:
    needs(simulator)
    parameters = {"FifoDepth": 4, "XBits": x_bits, "YBits": y_bits}
    run_bench("snnc_router", "bench_router", simulator, rtl_cache, tmp_path, parameters)
