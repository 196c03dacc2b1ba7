"""The cycle tier against the stepped model, and both tiers against the reference, on random programs."""

import numpy as np
import pytest
from cases import Case, cases
from example_counts import examples
from executions import STEPPED_CYCLES
from hypothesis import HealthCheck, assume, given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from random_programs import compiled_program, random_payloads, random_program
from same_runs import PARTS, assert_as_the_stepped_model, assert_same_traces

from snnc.base.errors import VerificationError
from snnc.compiler.ir.network import Network
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.isa.contract import FlitType
from snnc.compiler.isa.flits import flit
from snnc.compiler.protocol.streams import decode_outputs, encode_samples
from snnc.compiler.reference.interpreter import LayerTrace, assemble_layers, execute_network, execute_program
from snnc.sim.accounting.counts import count_actions
from snnc.sim.accounting.traces import Traces
from snnc.sim.engine.cycle import run_cycles, run_isolated, run_stream
from snnc.sim.engine.functional import run_functional

seeds = st.integers(0, 1 << 32)


def random_case(seed: int) -> tuple[TiledProgram, IntArray]:
    """A program with random tables."""
    generator = np.random.default_rng(seed)
    program = random_program(generator)
    return program, random_payloads(generator, program, int(generator.integers(1, 4)))


def compiled_case(seed: int) -> tuple[Network, TiledProgram, IntArray]:
    """A program as the compiler makes it, and what it was made from."""
    generator = np.random.default_rng(seed)
    compiled = compiled_program(generator)
    payloads = random_payloads(generator, compiled.tiled, int(generator.integers(1, 4)))
    return compiled.network, compiled.tiled, payloads


def assert_layers(program: TiledProgram, expected: dict[str, LayerTrace], got: Traces | None) -> None:
    assert got is not None
    cores = {
        core.at: LayerTrace(trace.accumulated.astype(np.int64), trace.membrane.astype(np.int64), trace.spikes)
        for core, trace in zip(program.cores, got, strict=True)
        if core.emission != "values_every"
    }
    layers = assemble_layers(program, {core.at: cores.get(core.at) for core in program.cores})
    for layer, trace in expected.items():
        for name in PARTS:
            assert_array_equal(getattr(layers[layer], name), getattr(trace, name), f"{layer}: {name}")


@examples(70, derandomize=True)
@given(seeds)
def test_every_packet_leaves_in_the_cycle_of_the_stepped_model(seed: int) -> None:
    assert_as_the_stepped_model(*random_case(seed))


@examples(70, derandomize=True)
@given(seeds)
def test_compiled_programs_leave_as_in_the_stepped_model_without_hazards(seed: int) -> None:
    _, program, payloads = compiled_case(seed)
    assert_as_the_stepped_model(program, payloads)


@examples(40, derandomize=True, suppress_health_check=list(HealthCheck))
@given(cases())
def test_networks_of_any_size_leave_as_in_the_stepped_model(case: Case) -> None:
    program, payloads = case.compilation.tiled, case.payloads
    assume(int(run_stream(program, payloads).cycles[0]) * program.target.core_count <= STEPPED_CYCLES)
    assert_as_the_stepped_model(program, payloads)


@examples(70, derandomize=True)
@given(seeds)
def test_both_tiers_agree_on_outputs_traces_and_counts(seed: int) -> None:
    program, payloads = random_case(seed)
    functional = run_functional(program, payloads, trace=True)
    timed = run_stream(program, payloads, trace=True)
    assert_array_equal(functional.outputs, decode_outputs(program, timed.flits, len(payloads)))
    assert_same_traces(functional.trace, timed.trace)
    counted, counted_timed = (count_actions(program, run.primitives) for run in (functional, timed))
    for name, values in counted.items():
        assert_array_equal(values, counted_timed[name], name)
    assert counted["flit_hops"].sum() == timed.hops.sum()


@examples(100, derandomize=True)
@given(seeds)
def test_both_tiers_equal_the_network(seed: int) -> None:
    network, program, payloads = compiled_case(seed)
    expected = execute_network(network, payloads)
    functional = run_functional(program, payloads, trace=True)
    assert_array_equal(functional.outputs, expected.outputs)
    assert_layers(program, expected.layers, functional.trace)
    timed = run_isolated(program, payloads, trace=True)
    assert_layers(program, expected.layers, timed.trace)


@examples(40, derandomize=True)
@given(seeds)
def test_random_tables_mean_what_the_reference_reads_in_them(seed: int) -> None:
    program, payloads = random_case(seed)
    expected = execute_program(program, payloads)
    functional = run_functional(program, payloads, trace=True)
    assert_array_equal(functional.outputs, expected.outputs)
    assert_layers(program, expected.layers, functional.trace)


@examples(20, derandomize=True)
@given(seeds)
def test_samples_in_isolation_equal_streams_of_one_sample(seed: int) -> None:
    program, payloads = random_case(seed)
    isolated = run_isolated(program, payloads, trace=True, event_log=True, threads=2)
    alone = run_isolated(program, payloads, trace=True, event_log=True, threads=1)
    assert_array_equal(isolated.stamps, alone.stamps)
    assert_array_equal(isolated.offsets, alone.offsets)
    assert_array_equal(isolated.timeline, alone.timeline)
    assert_same_traces(isolated.trace, alone.trace)
    for sample in range(len(payloads)):
        run = run_stream(program, payloads[sample : sample + 1])
        part = slice(isolated.offsets[sample], isolated.offsets[sample + 1])
        assert_array_equal(isolated.flits[part], run.flits)
        assert_array_equal(isolated.stamps[part], run.stamps)
        assert isolated.cycles[sample] == run.cycles[0]


def test_a_mesh_that_comes_to_rest_too_early_is_an_error_and_says_where() -> None:
    program, payloads = random_case(3)
    stream = encode_samples(program, payloads[:1])
    stream[-1] = flit(FlitType.SYNC, 99)
    with pytest.raises(VerificationError, match="1 flits of the stream left"):
        run_cycles(program, stream)
