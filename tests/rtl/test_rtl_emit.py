"""snnc_emit: every flit in its cycle, with and without back-pressure, for the three emissions."""

import pytest
from rtl_bench import run_bench


@pytest.mark.parametrize(
    ("simulator", "lanes", "state_bits"),
    [("verilator", 4, 18), ("icarus", 4, 18), ("icarus", 1, 16)],
)
def test_emit_sends_each_flit_in_its_cycle(simulator, lanes, state_bits, rtl_cache, tmp_path, needs):
    needs(simulator)
    parameters = {"Lanes": lanes, "StateBits": state_bits, "StateWords": 8}
    run_bench("snnc_emit", "bench_emit", simulator, rtl_cache, tmp_path, parameters)
