"""Events in a core: what is dropped, durations, addresses, lanes, and the distance of read and write."""

from pathlib import Path

import pytest
from rtl_bench import Needs, run_bench

from snnc.rtl.simulation.tools import Simulator


@pytest.mark.parametrize(
    ("simulator", "lanes", "state_words"),
    [("verilator", 4, 40), ("icarus", 4, 40), ("icarus", 2, 64)],
)
def test_events_follow_the_schedule(
    simulator: Simulator, lanes: int, state_words: int, rtl_cache: Path, tmp_path: Path, needs: Needs
) -> None:
    needs(simulator)
    parameters = {
        "Lanes": lanes,
        "StateBits": 18,
        "WeightWords": 1000,
        "StateWords": state_words,
        "AxonRows": 24,
        "AxonColumns": 20,
    }
    run_bench("snnc_core", "bench_events", simulator, rtl_cache, tmp_path, parameters)
