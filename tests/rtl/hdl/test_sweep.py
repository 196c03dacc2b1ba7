"""snnc_sweep: lengths of SWEEP and INIT, and when each word is read and written."""

from pathlib import Path

import pytest
from rtl_bench import Needs, run_bench

from snnc.rtl.simulation.tools import Simulator


@pytest.mark.parametrize(
    ("simulator", "state_words", "parameter_words"),
    [("verilator", 24, 12), ("icarus", 2, 1), ("icarus", 16, 16)],
)
def test_sweep_follows_the_schedule(
    simulator: Simulator,
    state_words: int,
    parameter_words: int,
    rtl_cache: Path,
    tmp_path: Path,
    needs: Needs,
) -> None:
    needs(simulator)
    parameters = {"StateWords": state_words, "ParameterWords": parameter_words}
    run_bench("snnc_sweep", "bench_sweep", simulator, rtl_cache, tmp_path, parameters)
