"""snnc_emit: every flit in its cycle, with and without back-pressure, for the three emissions."""

import pytest
from rtl_bench import run_bench


@pytest.mark.parametrize(
    ("simulator", "lanes", "state_bits", "words"),
    [
        ("verilator", 4, 18, 8),
        ("icarus", 4, 18, 8),
        ("icarus", 1, 16, 8),
        ("verilator", 2, 16, 256),
        ("icarus", 2, 16, 256),
    ],
)
def test_emit_sends_each_flit_in_its_cycle(simulator, lanes, state_bits, words, rtl_cache, tmp_path, needs):
    needs(simulator)
    parameters = {"Lanes": lanes, "StateBits": state_bits, "StateWords": words}
    run_bench("snnc_emit", "bench_emit", simulator, rtl_cache, tmp_path, parameters)
