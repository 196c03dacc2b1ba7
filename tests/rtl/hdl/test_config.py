"""snnc_config: chunks, addresses and memories."""

from pathlib import Path

import pytest
from rtl_bench import Needs, run_bench

from snnc.rtl.simulation.tools import Simulator


@pytest.mark.parametrize(
    ("simulator", "weight_bits", "state_bits", "decay_bits"),
    [("verilator", 32, 144, 104), ("icarus", 32, 144, 0), ("icarus", 8, 32, 0), ("icarus", 16, 64, 104)],
)
def test_config_writes_each_word_once(
    simulator: Simulator,
    weight_bits: int,
    state_bits: int,
    decay_bits: int,
    rtl_cache: Path,
    tmp_path: Path,
    needs: Needs,
) -> None:
    needs(simulator)
    parameters = {"WeightWordBits": weight_bits, "StateWordBits": state_bits}
    parameters["DecayWordBits"] = decay_bits
    run_bench("snnc_config", "bench_config", simulator, rtl_cache, tmp_path, parameters)
