"""snnc_emit: every flit in its cycle, with and without back-pressure, for the three emissions."""

from pathlib import Path

import pytest
from rtl_bench import Needs, run_bench

from snnc.rtl.simulation.tools import Simulator


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
def test_emit_sends_each_flit_in_its_cycle(
    simulator: Simulator,
    lanes: int,
    state_bits: int,
    words: int,
    rtl_cache: Path,
    tmp_path: Path,
    needs: Needs,
) -> None:
    needs(simulator)
    parameters = {"Lanes": lanes, "StateBits": state_bits, "StateWords": words}
    run_bench("snnc_emit", "bench_emit", simulator, rtl_cache, tmp_path, parameters)
