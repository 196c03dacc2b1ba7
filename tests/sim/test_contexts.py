"""Tiles that share cores: the cycle tier against the stepped model, and against one tile per core."""

from dataclasses import replace

import numpy as np
import pytest
from builders import layer, network, target, tiny_network
from crowded_programs import crowded_program
from example_counts import examples
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from numpy.typing import NDArray
from random_packings import packed, random_packing, shuffled
from random_programs import compiled_program, random_payloads, random_program
from same_runs import assert_as_the_stepped_model, assert_same_traces

from snnc.base.errors import VerificationError
from snnc.compiler.ir.dataflow import dataflow_order
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.isa.contract import FlitType
from snnc.compiler.isa.flits import flit, flit_types
from snnc.compiler.pipeline import compile_network
from snnc.compiler.protocol.streams import decode_outputs, encode_samples
from snnc.sim.accounting.counts import count_actions
from snnc.sim.engine.cycle import run_cycles, run_isolated, run_stream
from snnc.sim.engine.functional import run_functional
from snnc.verification.compare import layer_traces

seeds = st.integers(0, 1 << 32)


def random_case(seed: int) -> tuple[TiledProgram, TiledProgram, IntArray]:
    """A program, the same with tiles that share cores, and samples; hardware may have more contexts than
    tiles."""
    generator = np.random.default_rng(seed)
    make = random_program if generator.random() < 0.5 else lambda g: compiled_program(g).tiled
    program = shuffled(generator, make(generator))
    roomy = replace(program.target, contexts=int(generator.integers(1, 4)))
    shared = random_packing(generator, replace(program, target=roomy))
    return program, shared, random_payloads(generator, program, int(generator.integers(1, 4)))


@examples(50, derandomize=True)
@given(seeds)
def test_every_packet_and_tally_is_that_of_the_stepped_model(seed: int) -> None:
    _, shared, payloads = random_case(seed)
    assert_as_the_stepped_model(shared, payloads)


@examples(50, derandomize=True)
@given(seeds)
def test_nothing_waits_for_ever_where_many_tiles_share_a_core_behind_fifos_of_two(seed: int) -> None:
    generator = np.random.default_rng(seed)
    crowded = crowded_program(generator)
    assert_as_the_stepped_model(crowded, random_payloads(generator, crowded, int(generator.integers(1, 4))))


@examples(40, derandomize=True)
@given(seeds)
def test_values_and_actions_are_those_of_one_tile_per_core(seed: int) -> None:
    program, shared, payloads = random_case(seed)
    alone = run_functional(program, payloads, trace=True)
    functional = run_functional(shared, payloads, trace=True)
    timed = run_stream(shared, payloads, trace=True)
    assert_array_equal(alone.outputs, functional.outputs)
    assert_array_equal(alone.outputs, decode_outputs(shared, timed.flits, len(payloads)))
    assert_same_traces(alone.trace, functional.trace)
    assert_same_traces(alone.trace, timed.trace)
    expected, counted, counted_timed = (
        count_actions(owner, run.primitives)
        for owner, run in ((program, alone), (shared, functional), (shared, timed))
    )
    for name, values in counted.items():
        assert_array_equal(values, counted_timed[name], name)
        if name not in ("flit_hops", "east_west_links", "north_south_links"):
            assert_array_equal(values, expected[name], name)
    assert counted["flit_hops"].sum() == timed.hops.sum()


@examples(20, derandomize=True)
@given(seeds)
def test_samples_in_isolation_equal_streams_of_one_sample(seed: int) -> None:
    _, shared, payloads = random_case(seed)
    isolated = run_isolated(shared, payloads, threads=2)
    for sample in range(len(payloads)):
        run = run_stream(shared, payloads[sample : sample + 1])
        part = slice(isolated.offsets[sample], isolated.offsets[sample + 1])
        assert_array_equal(isolated.flits[part], run.flits)
        assert_array_equal(isolated.stamps[part], run.stamps)


def test_a_partial_sum_behind_its_owner_is_no_trace_of_the_layer() -> None:
    """Tiles may stand in any order; what partial sums hold is not what the neurons hold."""
    model = network(layer("a", "input", 96, 4), layer("b", "a", 4, 4), features=96)
    hardware = target(weight_kibit=1, weight_bits=4, axon_columns=64, contexts=4, width=3, height=1)
    program = compile_network(model, hardware, spread=False).tiled
    assert program.cores[0].emission == "values_every"
    turned = replace(program, cores=program.cores[::-1])
    turned = packed(turned, [(core.at.x, core.at.y) for core in turned.cores])
    payloads = np.ones((1, program.steps, 96), np.int64)
    found = [
        layer_traces(some, run_stream(some, payloads, trace=True).trace)["a"] for some in (program, turned)
    ]
    assert_array_equal(found[0][0], found[1][0])
    assert found[0][1].any()


def distances(program: TiledProgram) -> list[int]:
    """Forward edges on the shortest way from a tile that the host feeds, of each tile."""
    found = dict.fromkeys(program.fed_by_host, 0)
    for core in dataflow_order(program):
        for entry in core.destinations:
            if not entry.to.host and not entry.recurrent:
                found[entry.to] = min(found.get(entry.to, len(program.cores)), found[core.at] + 1)
    return [found[core.at] for core in program.cores]


def leads(program: TiledProgram, payloads: IntArray) -> NDArray[np.int64]:
    """(tiles, tiles): by how many sweeps the first was ahead of the second at most."""
    timeline = run_stream(program, payloads, event_log=True).timeline[0, :, :, 0]
    begun = np.array([np.searchsorted(other, timeline) for other in timeline])
    ahead: NDArray[np.int64] = (np.arange(1, timeline.shape[1] + 1) - begun).max(axis=2).T
    return ahead


def crowd(seed: int) -> tuple[TiledProgram, IntArray]:
    """Many tiles on few cores, and a stream of samples."""
    generator = np.random.default_rng(seed)
    program = crowded_program(generator)
    return program, random_payloads(generator, program, 6)


@examples(50, derandomize=True)
@given(seeds)
def test_no_tile_runs_further_ahead_of_another_than_the_argument_says(seed: int) -> None:
    """So that none that is ready waits for more sweeps of the others than these can be ahead."""
    program, payloads = crowd(seed)
    ahead, far = leads(program, payloads), np.array(distances(program))
    assert (ahead <= 2 * far + 1).all()


def test_tiles_do_run_ahead() -> None:
    """By more than a step, in some crowds by all that they may."""
    most = [
        (leads(program, payloads) - 2 * np.array(distances(program)))[~np.eye(len(program.cores), dtype=bool)]
        for program, payloads in map(crowd, range(12))
    ]
    assert max(part.max() for part in most) == 1


def test_tiles_that_wait_for_credits_are_named_when_the_mesh_comes_to_rest_too_early() -> None:
    """Of three tiles that feed a fourth, the first hears the end of its first step only."""
    program = compile_network(tiny_network(), target()).tiled
    shared = packed(program, [(0, 0)] * len(program.cores))
    stream = encode_samples(shared, np.ones((2, shared.steps, shared.input.features), np.int64))
    fed, kinds = len(shared.fed_by_host), flit_types(stream)
    stream[np.flatnonzero(kinds == FlitType.SYNC)[1:]] = flit(FlitType.SYNC, fed - 1)
    missing = np.flatnonzero(kinds == FlitType.END)[fed::fed]
    with pytest.raises(VerificationError, match=r"at work: \(0,0\)\.1 WAIT, \(0,0\)\.2 WAIT; flits left"):
        run_cycles(shared, np.delete(stream, missing))
