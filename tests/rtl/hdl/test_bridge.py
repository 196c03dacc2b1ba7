"""The UART receiver and the bridge behind it, module by module, in two simulators."""

import pytest
from rtl_bench import run_bench


@pytest.mark.parametrize("clocks", [4, 37])
@pytest.mark.parametrize("simulator", ["verilator", "icarus"])
def test_uart_receiver(simulator, clocks, rtl_cache, tmp_path, needs):
    needs(simulator)
    run_bench("snnc_uart_rx", "bench_uart", simulator, rtl_cache, tmp_path, {"ClocksPerBit": clocks})


@pytest.mark.parametrize("simulator", ["verilator", "icarus"])
def test_bridge(simulator, rtl_cache, tmp_path, needs):
    needs(simulator)
    parameters = {"InputDepth": 16, "OutputDepth": 32}
    run_bench("snnc_bridge", "bench_bridge", simulator, rtl_cache, tmp_path, parameters)
