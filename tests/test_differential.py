"""Random networks through every execution: reference, program, image, simulator tiers and RTL agree exactly.

A failing case is shrunk and printed by hypothesis; `make fuzz` runs many more of the same.
"""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from networks import Case, cases, target

from snnc.compiler.execute import Execution, execute_network
from snnc.compiler.flits import decode_outputs
from snnc.compiler.text import print_ir
from snnc.files import cache_directory
from snnc.rtl.cosimulate import CoSimulation, cosimulate
from snnc.rtl.tools import simulator_missing
from snnc.sim.cycle_engine import CycleRun, run_isolated, run_stream
from snnc.sim.functional import run_functional
from snnc.verification import MembranesAndSpikes, layer_traces

SOFTWARE_NETWORKS = int(os.environ.get("SNNC_FUZZ_SOFTWARE", "200"))
RTL_NETWORKS = int(os.environ.get("SNNC_FUZZ_RTL", "10"))
"""Networks per hardware of HARDWARE, each run without and with stalls."""

HARDWARE = {
    "2x2-lanes4": target(width=2, height=2, neurons=512, weight_kibit=32),
    "3x3-lanes2": target(width=3, height=3, lanes=2, weight_kibit=8, delay_slots=2, router_fifo=2),
    "2x2-plain": target(width=2, height=2, neurons=512, weight_kibit=32, cuba=False, decay_multiplier=False),
}

SOFTWARE = settings(max_examples=SOFTWARE_NETWORKS, deadline=None, print_blob=True)
RTL = settings(
    max_examples=RTL_NETWORKS,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)


def assert_layers(expected: Execution, got: dict[str, MembranesAndSpikes], execution: str) -> None:
    """Every membrane and every spike equal the reference."""
    for name, trace in expected.layers.items():
        membranes, spikes = got[name]
        np.testing.assert_array_equal(trace.membrane, membranes, err_msg=f"{execution}: membranes of {name}")
        np.testing.assert_array_equal(trace.spikes, spikes, err_msg=f"{execution}: spikes of {name}")


def assert_packets(isolated: CycleRun, stream: CycleRun, rtl: CoSimulation) -> None:
    """Every packet that left the RTL left the simulator in the same cycle."""
    for run in range(len(isolated.offsets) - 1):
        part = slice(isolated.offsets[run], isolated.offsets[run + 1])
        np.testing.assert_array_equal(isolated.flits[part], rtl.flits[run], err_msg=f"sample {run}")
        np.testing.assert_array_equal(isolated.stamps[part], rtl.cycles[run], err_msg=f"sample {run}")
    np.testing.assert_array_equal(stream.flits, rtl.flits[-1], err_msg="back to back")
    np.testing.assert_array_equal(stream.stamps, rtl.cycles[-1], err_msg="back to back")


@SOFTWARE
@given(cases())
def test_the_simulator_tiers_equal_the_reference(case: Case) -> None:
    program = case.compilation.program
    expected = execute_network(case.compilation.network, case.payloads)
    functional = run_functional(program, case.payloads, trace=True)
    np.testing.assert_array_equal(expected.outputs, functional.outputs)
    assert_layers(expected, layer_traces(program, functional.trace), "functional tier")
    isolated = run_isolated(program, case.payloads, trace=True)
    assert_layers(expected, layer_traces(program, isolated.trace), "cycle tier")
    stream = run_stream(program, case.payloads)
    np.testing.assert_array_equal(expected.outputs, decode_outputs(program, stream.flits, len(case.payloads)))


@pytest.mark.skipif(
    simulator_missing("verilator") is not None, reason=f"RTL not run: {simulator_missing('verilator')}"
)
@pytest.mark.parametrize("hardware", HARDWARE)
def test_the_rtl_equals_reference_and_simulator(
    hardware: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    work = tmp_path_factory.mktemp("rtl")

    @RTL
    @given(cases(HARDWARE[hardware], samples=2))
    def check(case: Case) -> None:
        note(print_ir(case.compilation.network))
        check_rtl(case, work)

    check()


def check_rtl(case: Case, work: Path) -> None:
    """One network on the RTL: exact without stalls, the same values with stalls on every port."""
    program, image = case.compilation.program, case.compilation.image
    expected = execute_network(case.compilation.network, case.payloads)
    rtl = cosimulate(image, program, case.payloads, cache=cache_directory(), work=work)
    for name, layers in (("rtl", rtl.layers), ("rtl, isolated", rtl.isolated)):
        assert layers is not None
        assert_layers(expected, {n: (t.membrane, t.spikes) for n, t in layers.items()}, name)
        for layer, trace in expected.layers.items():
            np.testing.assert_array_equal(trace.accumulated, layers[layer].accumulated, err_msg=name)
    np.testing.assert_array_equal(expected.outputs, rtl.outputs)
    assert_packets(run_isolated(program, case.payloads), run_stream(program, case.payloads), rtl)
    stalled = cosimulate(
        image, program, case.payloads, cache=cache_directory(), work=work, stall=0.4, seed=len(program.cores)
    )
    assert_layers(expected, {n: (t.membrane, t.spikes) for n, t in stalled.layers.items()}, "rtl with stalls")
    np.testing.assert_array_equal(expected.outputs, stalled.outputs)
