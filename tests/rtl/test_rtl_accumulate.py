"""snnc_accumulate: durations, addresses, passes of a payload, and the distance of read and write."""

import pytest
from rtl_bench import run_bench


@pytest.mark.parametrize(
    ("simulator", "lanes", "state_words"),
    [("verilator", 4, 16), ("icarus", 4, 16), ("icarus", 1, 8), ("icarus", 2, 2)],
)
def test_accumulate_follows_the_schedule(simulator, lanes, state_words, rtl_cache, tmp_path, needs):
    needs(simulator)
    parameters = {"Lanes": lanes, "StateBits": 16, "WeightWords": 200, "StateWords": state_words}
    run_bench("snnc_accumulate", "bench_accumulate", simulator, rtl_cache, tmp_path, parameters)
