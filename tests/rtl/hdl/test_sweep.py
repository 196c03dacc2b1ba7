"""snnc_sweep: lengths of SWEEP and INIT, and when each word is read and written."""

import pytest
from rtl_bench import run_bench


@pytest.mark.parametrize(
    ("simulator", "state_words", "parameter_words"),
    [("verilator", 24, 12), ("icarus", 2, 1), ("icarus", 16, 16)],
)
def test_sweep_follows_the_schedule(simulator, state_words, parameter_words, rtl_cache, tmp_path, needs):
    needs(simulator)
    parameters = {"StateWords": state_words, "ParameterWords": parameter_words}
    run_bench("snnc_sweep", "bench_sweep", simulator, rtl_cache, tmp_path, parameters)
