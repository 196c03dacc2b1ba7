"""Weights in block RAM and in RAM with one port, which nobody can tell apart."""

from pathlib import Path

import pytest
from rtl_bench import Needs, run_bench

from snnc.rtl.simulation.tools import Simulator


@pytest.mark.parametrize("single_port", [0, 1])
@pytest.mark.parametrize("simulator", ["verilator", "icarus"])
def test_a_word_is_read_as_it_was_written(
    simulator: Simulator, single_port: int, rtl_cache: Path, tmp_path: Path, needs: Needs
) -> None:
    needs(simulator)
    parameters = {"Width": 16, "Depth": 48, "SinglePort": single_port}
    run_bench("snnc_weights", "bench_weights", simulator, rtl_cache, tmp_path, parameters)
