"""snnc_host_port: pass-through, credit counting and SYNC."""

from pathlib import Path

import pytest
from rtl_bench import Needs, run_bench

from snnc.rtl.simulation.tools import Simulator


@pytest.mark.parametrize("simulator", ["verilator", "icarus"])
def test_host_port_counts_credits_and_passes_the_rest(
    simulator: Simulator, rtl_cache: Path, tmp_path: Path, needs: Needs
) -> None:
    needs(simulator)
    run_bench("snnc_host_port", "bench_host_port", simulator, rtl_cache, tmp_path, {})
