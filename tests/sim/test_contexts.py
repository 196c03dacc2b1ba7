"""Tiles that share cores: the cycle tier against the stepped model, and against one tile per core."""

from dataclasses import replace

import numpy as np
from crowded_programs import crowded_program
from example_counts import examples
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from random_packings import random_packing
from random_programs import compiled_program, random_payloads, random_program
from same_runs import assert_as_the_stepped_model, assert_same_traces

from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.protocol.streams import decode_outputs
from snnc.sim.accounting.counts import count_actions
from snnc.sim.engine.cycle import run_isolated, run_stream
from snnc.sim.engine.functional import run_functional

seeds = st.integers(0, 1 << 32)


def random_case(seed: int) -> tuple[TiledProgram, TiledProgram, IntArray]:
    """A program, the same with tiles that share cores, and samples; hardware may have more contexts than
    tiles."""
    generator = np.random.default_rng(seed)
    make = random_program if generator.random() < 0.5 else lambda g: compiled_program(g).tiled
    program = make(generator)
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
