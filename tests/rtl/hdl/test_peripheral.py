"""The peripheral on AXI with random programs in its mesh, against the simulator."""

import os
import pickle
import random
import re
from pathlib import Path

import numpy as np
import pytest
from peripheral_cases import draw_case
from rtl_bench import Needs

from snnc.rtl.parameters import RtlParameters, parameters_for
from snnc.rtl.simulation.model import build_model, run_model
from snnc.rtl.simulation.tools import Simulator
from snnc.rtl.sources import sources

pytestmark = pytest.mark.slow
TOP = "gated_peripheral"
DEPTHS = {"bench_peripheral": (256, 256), "bench_peripheral_narrow": (8, 4)}
CASES = {"verilator": 4, "icarus": 1}
IN_ICARUS = "every_sample|actions_are|registers_say"
"""Benches that run there, too, where a cycle takes long."""


@pytest.mark.parametrize(
    ("simulator", "bench"),
    [
        ("verilator", "bench_peripheral"),
        ("verilator", "bench_peripheral_narrow"),
        ("icarus", "bench_peripheral"),
    ],
)
def test_peripheral(simulator: Simulator, bench: str, rtl_cache: Path, tmp_path: Path, needs: Needs) -> None:
    needs(simulator)
    seed = int(os.environ.get("SNNC_SEED", random.SystemRandom().randrange(1 << 31)))
    print(f"SNNC_SEED={seed}")
    generator = np.random.default_rng(seed)
    cases = [draw_case(generator) for _ in range(CASES[simulator])]
    parameters: RtlParameters = parameters_for(cases[0].image)
    depths = dict(zip(("InputDepth", "OutputDepth"), map(str, DEPTHS[bench]), strict=True))
    values = parameters.verilog() | depths
    files = [*sources(), Path(__file__).with_name(f"{TOP}.sv")]
    ports = re.findall(r"^  (?:input|output) .*?(\w+),?$", files[-1].read_text(), re.MULTILINE)
    model = build_model(files, TOP, values, rtl_cache, simulator, defines=["SNNC_ASSERT"], public=ports)
    (tmp_path / "cases.pickle").write_bytes(pickle.dumps(cases))
    environment = {f"BENCH_{name}": value for name, value in values.items()}
    environment["BENCH_CASES"] = str(tmp_path / "cases.pickle")
    environment |= {"COCOTB_TEST_FILTER": IN_ICARUS} if simulator == "icarus" else {}
    run_model(model, TOP, bench, simulator, tmp_path, seed=seed, environment=environment)
