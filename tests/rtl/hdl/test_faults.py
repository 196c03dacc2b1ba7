"""snnc_top: one bench per breach of the protocol, on a mesh of two cores."""

from pathlib import Path

import pytest
from rtl_bench import Needs, run_bench

from snnc.rtl.simulation.tools import Simulator

SIGNALS = [
    *("clk_i", "rst_i", "s_axis_tvalid", "s_axis_tready", "s_axis_tdata"),
    *("m_axis_tvalid", "m_axis_tready", "m_axis_tdata"),
    *("ready_o", "rest_o", "home_o", "error_o", "status_select_i", "status_o"),
    "snnc_host_port.credits_q",
]


@pytest.mark.parametrize(("simulator", "cuba"), [("verilator", 0), ("verilator", 1), ("icarus", 0)])
def test_breaches_of_the_protocol_are_ignored_and_told(
    simulator: Simulator, cuba: int, rtl_cache: Path, tmp_path: Path, needs: Needs
) -> None:
    needs(simulator)
    parameters = {
        "MeshWidth": 2,
        "MeshHeight": 1,
        "Lanes": 4,
        "StateWords": 16,
        "WeightWords": 1024,
        "Cuba": cuba,
    }
    run_bench("snnc_top", "bench_faults", simulator, rtl_cache, tmp_path, parameters, SIGNALS)
