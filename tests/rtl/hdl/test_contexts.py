"""Tiles that share cores, on the RTL: packets in the simulator's cycles, and with stalls the same values."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import target
from executions import assert_counts, assert_packets
from random_packings import packed, shuffled
from random_programs import random_payloads, random_program

from snnc.compiler.ir.packing import Place
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.ir.program_checks import verify_program
from snnc.compiler.isa.arithmetic import IntArray
from snnc.compiler.passes.encode import Encode
from snnc.compiler.protocol.streams import encode_samples
from snnc.rtl.export import write_images
from snnc.rtl.parameters import parameters_for
from snnc.rtl.simulation.cosimulate import cosimulate
from snnc.rtl.simulation.simulate import build_rtl, run_rtl
from snnc.rtl.simulation.tools import Simulator
from snnc.sim.engine.cycle import run_isolated, run_stream
from snnc.sim.engine.functional import run_functional
from snnc.verification.compare import layer_traces

Needs = Callable[[Simulator], None]
Generator = np.random.Generator
LANES = 4
SHARED = target(
    width=2,
    height=1,
    lanes=LANES,
    neurons=1024,
    parameter_words=128,
    axon_rows=256,
    axon_columns=256,
    weight_kibit=512,
    state_bits=20,
    destinations=256,
    sources=256,
    event_fifo=2,
    reset_amount=True,
    channel_leak=True,
    lower_clamp=True,
    fraction_bits=3,
    contexts=8,
)
"""Two cores for whole networks, with FIFOs so small that flits of one tile stand in the way of another's."""
SEEDS = {"verilator": range(8), "icarus": range(2)}


def shared_program(generator: Generator) -> TiledProgram:
    """A random program on the two cores, or on one of them; tiles of partial sums are few and alone."""
    while True:
        program = shuffled(generator, random_program(generator))
        alone = [core.emission == "values_every" for core in program.cores]
        drawn = program.target
        if drawn.lanes != LANES or drawn.state_bits > SHARED.state_bits or sum(alone) > 1 or len(alone) < 2:
            continue
        places = _places(generator, alone)
        if max(places.count(place) for place in places) <= SHARED.contexts:
            moved = replace(packed(replace(program, target=SHARED), places), target=SHARED)
            verify_program(moved)
            return moved


def _places(generator: Generator, alone: list[bool]) -> list[Place]:
    if any(alone):
        return [(0, 0) if single else (1, 0) for single in alone]
    second = generator.random(len(alone)) < generator.choice([0.0, 0.5])
    return [(int(there), 0) for there in second]


def case(seed: int) -> tuple[TiledProgram, IntArray]:
    """A program and three samples."""
    generator = np.random.default_rng(seed)
    program = shared_program(generator)
    return program, random_payloads(generator, program, 3)


@pytest.mark.slow
@pytest.mark.parametrize("simulator", ["verilator", "icarus"])
@pytest.mark.parametrize("stall", [0.0, 0.4])
def test_tiles_on_one_core_run_as_simulated(
    simulator: Simulator, stall: float, rtl_cache: Path, tmp_path: Path, needs: Needs
) -> None:
    needs(simulator)
    counters = simulator == "verilator" and not stall
    for seed in SEEDS[simulator]:
        program, payloads = case(seed)
        expected = run_functional(program, payloads, trace=True)
        rtl = cosimulate(
            Encode().run(program),
            program,
            payloads,
            cache=rtl_cache,
            work=tmp_path,
            simulator=simulator,
            stall=stall,
            seed=seed,
            counters=counters,
        )
        np.testing.assert_array_equal(rtl.outputs, expected.outputs, err_msg=f"seed {seed}")
        for name, (membranes, spikes) in layer_traces(program, expected.trace).items():
            np.testing.assert_array_equal(
                rtl.layers[name].membrane, membranes, err_msg=f"seed {seed}: {name}"
            )
            np.testing.assert_array_equal(rtl.layers[name].spikes, spikes, err_msg=f"seed {seed}: {name}")
        if not stall:
            assert_packets(run_isolated(program, payloads), run_stream(program, payloads), rtl)
        if rtl.counts is not None:
            assert_counts(program, expected.primitives, rtl.counts, runs=2)


@pytest.mark.slow
def test_memory_images_hold_the_tiles_of_a_core(tmp_path: Path, rtl_cache: Path, needs: Needs) -> None:
    """Hardware that starts with the image and takes no CONFIG flit; contexts without a tile stay disabled."""
    needs("icarus")
    program, payloads = case(1)
    image = Encode().run(program)
    write_images(image, tmp_path / "core")
    built = build_rtl(
        parameters_for(image, str(tmp_path / "core"), loadable=0), rtl_cache, "icarus", trace=False
    )
    ends = len(payloads) * program.ends_per_sample
    run = run_rtl(built, encode_samples(program, payloads), ends, timeout_cycles=100_000)
    assert not run.timed_out and not run.wrong
    expected = run_stream(program, payloads)
    np.testing.assert_array_equal(run.outputs["flit"], expected.flits)
    np.testing.assert_array_equal(run.outputs["cycle"], expected.stamps)
