"""snnc_sweep: lengths of SWEEP and INIT, and when each word is read and written."""

import pytest
from rtl_bench import run_bench


@pytest.mark.parametrize(
    ("simulator", "state_words"),
    [("verilator", 2), ("icarus", 2), ("icarus", 16)],
)
def test_sweep_follows_the_schedule(simulator, state_words, rtl_cache, tmp_path, needs):
    needs(simulator)
    parameters = {"StateWords": state_words}
    run_bench("snnc_sweep", "bench_sweep", simulator, rtl_cache, tmp_path, parameters)
