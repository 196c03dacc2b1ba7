"""The event-driven cycle tier against the stepped model, and both tiers against NumPy, on random programs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from random_programs import random_payloads, random_program
from stepped_model import Mesh

from snnc.compiler.arithmetic import IntArray, accumulate, neuron_step
from snnc.compiler.flits import FlitType, decode_outputs, encode_samples, flit
from snnc.compiler.program import TiledProgram
from snnc.errors import VerificationError
from snnc.sim.counts import count_actions
from snnc.sim.cycle_engine import run_cycles, run_isolated, run_stream
from snnc.sim.functional import run_functional
from snnc.sim.traces import Traces

seeds = st.integers(0, 1 << 32)


def random_case(seed: int) -> tuple[TiledProgram, IntArray]:
    generator = np.random.default_rng(seed)
    program = random_program(generator)
    return program, random_payloads(generator, program, int(generator.integers(1, 4)))


def assert_same_traces(left: Traces | None, right: Traces | None) -> None:
    """Equal values in the same order; how steps are grouped into samples may differ."""
    assert left is not None and right is not None
    for a, b in zip(left, right, strict=True):
        for name in ("accumulated", "membrane", "spikes"):
            assert_array_equal(getattr(a, name).ravel(), getattr(b, name).ravel(), name)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(seeds)
def test_every_packet_leaves_in_the_cycle_of_the_stepped_model(seed: int) -> None:
    program, payloads = random_case(seed)
    stream = encode_samples(program, payloads)
    mesh = Mesh(program)
    expected = mesh.run(stream.tolist())
    run = run_cycles(program, stream, event_log=True)
    assert list(zip(run.flits.tolist(), run.stamps.tolist(), strict=True)) == expected
    assert int(run.cycles[0]) == expected[-1][1] + 1
    for number, core in enumerate(mesh.cores):
        assert run.timeline[0, number, :, 0].tolist() == core.sweeps


@settings(max_examples=60, deadline=None, derandomize=True)
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


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seeds)
def test_the_functional_tier_equals_numpy(seed: int) -> None:
    program, payloads = random_case(seed)
    outputs, membranes, spikes = run_in_numpy(program, payloads)
    run = run_functional(program, payloads, trace=True)
    assert_array_equal(run.outputs, outputs)
    assert run.trace is not None
    for number, trace in enumerate(run.trace):
        assert_array_equal(trace.membrane, membranes[number])
        assert_array_equal(trace.spikes, spikes[number])


@settings(max_examples=20, deadline=None, derandomize=True)
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


def run_in_numpy(
    program: TiledProgram, payloads: IntArray
) -> tuple[IntArray, list[IntArray], list[IntArray]]:
    """Outputs, and per core membranes after and spikes of every step, from `arithmetic.py` alone."""
    shape = payloads.shape[:2]
    membranes = [np.zeros((*shape, core.neurons), np.int64) for core in program.cores]
    spikes = [np.zeros((*shape, core.neurons), np.int64) for core in program.cores]
    outputs = np.zeros((len(payloads), program.outputs), np.int64)
    for sample in range(len(payloads)):
        state = {core.at: core.initial for core in program.cores}
        for step in range(program.steps):
            current = {core.at: np.zeros(core.neurons, np.int64) for core in program.cores}
            for route in program.input_routes:
                core = program.core_at(route.to)
                arriving = np.zeros(core.axons, np.int64)
                part = slice(route.first + route.axon_base, route.last + route.axon_base)
                arriving[part] = payloads[sample, step, route.first : route.last]
                current[route.to] += accumulate(core.weights.T, arriving)
            for number in topological_order(program):
                core = program.cores[number]
                result = neuron_step(
                    state[core.at],
                    current[core.at],
                    threshold=core.threshold,
                    bias=core.bias,
                    reset=core.reset,
                    reset_value=core.reset_value,
                    state_bits=core.state_bits,
                    leak=core.leak,
                )
                sent = result.spikes.astype(np.int64)
                state[core.at] = result.after
                spikes[number][sample, step] = sent
                if core.emission == "values_every":
                    sent, state[core.at] = state[core.at] + 0, core.initial
                    membranes[number][sample, step] = sent
                else:
                    membranes[number][sample, step] = result.after
                if core.emission == "values_last":
                    sent = result.after * (step + 1 == program.steps)
                lanes = program.target.lanes
                for entry in core.destinations:
                    neurons = np.arange(entry.first_word * lanes, min(entry.last_word * lanes, core.neurons))
                    index = entry.axon_base + neurons
                    if entry.to.host:
                        outputs[sample, index] += sent[neurons]
                    elif core.emission == "values_every":
                        current[entry.to][index] += sent[neurons]
                    else:
                        arriving = np.zeros(program.core_at(entry.to).axons, np.int64)
                        arriving[index] = sent[neurons]
                        current[entry.to] += accumulate(program.core_at(entry.to).weights.T, arriving)
    return outputs, membranes, spikes


def topological_order(program: TiledProgram) -> list[int]:
    done: set[object] = set()
    order: list[int] = []
    while len(order) < len(program.cores):
        for number, core in enumerate(program.cores):
            if number not in order and all(source.host or source in done for source in core.sources):
                order.append(number)
                done.add(core.at)
    return order


def test_a_mesh_that_comes_to_rest_too_early_is_an_error_and_says_where() -> None:
    program, payloads = random_case(3)
    stream = encode_samples(program, payloads[:1])
    stream[-1] = flit(FlitType.SYNC, 99)
    with pytest.raises(VerificationError, match="1 flits of the stream left"):
        run_cycles(program, stream)
