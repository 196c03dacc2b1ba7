"""The UART receiver and the bridge behind it, module by module, in two simulators."""

from pathlib import Path

import pytest
from rtl_bench import Needs, run_bench

from snnc.rtl.simulation.tools import Simulator


@pytest.mark.parametrize("clocks", [4, 37])
@pytest.mark.parametrize("simulator", ["verilator", "icarus"])
def test_uart_receiver(
    simulator: Simulator, clocks: int, rtl_cache: Path, tmp_path: Path, needs: Needs
) -> None:
    needs(simulator)
    run_bench("snnc_uart_rx", "bench_uart", simulator, rtl_cache, tmp_path, {"ClocksPerBit": clocks})


@pytest.mark.parametrize("simulator", ["verilator", "icarus"])
def test_bridge(simulator: Simulator, rtl_cache: Path, tmp_path: Path, needs: Needs) -> None:
    needs(simulator)
    parameters = {"InputDepth": 16, "OutputDepth": 32}
    run_bench("snnc_bridge", "bench_bridge", simulator, rtl_cache, tmp_path, parameters)
