"""Functional coverage: phases of the control meet every flit, state of the emitter and stall, in runs whose
outputs are right."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from builders import layer, network, target
from random_packings import packed
from random_programs import random_network
from rtl_bench import Needs

from snnc.base.errors import DoesNotFit, UnsupportedModel
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.passes.encode import Encode
from snnc.compiler.pipeline import compile_network
from snnc.rtl.simulation.cosimulate import cosimulate
from snnc.rtl.simulation.counters import MEETINGS, PHASES
from snnc.sim.engine.functional import run_functional

NEVER = {
    # In a DRAIN the emitter has no other job, and CREDITs are given behind it.
    ("DRAIN", "emitter in CREDIT"),
}
PROGRAMS = 40
"""At most; a dozen does mostly."""
SMALL = target(
    width=3,
    height=1,
    neurons=64,
    weight_kibit=2,
    axon_rows=32,
    axon_columns=32,
    event_fifo=2,
    router_fifo=2,
    reset_amount=True,
    channel_leak=True,
    lower_clamp=True,
    fraction_bits=3,
)


def shared_owner(generator: np.random.Generator) -> TiledProgram:
    """A layer that gets partial sums from a core beside it, and on its own core a readout of many neurons."""
    count = int(generator.integers(2, 5))
    readout = layer("b", "a", count, int(generator.integers(24, 33)), reset="none")
    model = network(layer("a", "input", 96, count), readout, features=96, max_payload=255)
    program = compile_network(model, SMALL).tiled
    assert [core.emission for core in program.cores].count("values_every") == 1 and len(program.cores) == 3
    return packed(program, [(int(core.emission == "values_every"), 0) for core in program.cores])


def drawn(generator: np.random.Generator, number: int) -> TiledProgram:
    """Every other program is one of those; all are for the same hardware, so that one model runs them."""
    program = shared_owner(generator)
    while number % 2:
        try:
            return compile_network(
                random_network(generator), program.target, spread=bool(generator.integers(2))
            ).tiled
        except (DoesNotFit, UnsupportedModel):
            continue
    return program


@pytest.mark.slow
def test_phases_meet_everything(rtl_cache: Path, tmp_path: Path, needs: Needs) -> None:
    needs("verilator")
    generator = np.random.default_rng(1)
    covered: Counter[tuple[str, str]] = Counter()
    wanted = {(phase, meeting) for phase in PHASES for meeting in MEETINGS} - NEVER
    for number in range(PROGRAMS):
        program = drawn(generator, number)
        shape = (4, program.steps, program.input.features)
        payloads = generator.integers(0, program.input.max_payload, shape, endpoint=True)
        payloads[generator.random(shape) < generator.choice([0.2, 0.9])] = 0
        run = cosimulate(
            Encode().run(program),
            program,
            payloads,
            cache=rtl_cache,
            work=tmp_path / str(number),
            stall=float(generator.choice([0.02, 0.3, 0.6])),
            seed=number,
            counters=True,
        )
        assert run.outputs.tolist() == run_functional(program, payloads).outputs.tolist()
        assert run.counts is not None
        covered += run.counts.covered
        if wanted <= set(+covered):
            break
    assert not wanted - set(+covered)
    assert not NEVER & set(+covered)
