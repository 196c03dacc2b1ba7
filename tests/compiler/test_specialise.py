"""The specialised hardware is smaller and otherwise the same: outputs and cycles."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from networks import Case, cases, target
from tiny import tiny_program

from snnc.compiler.flits import decode_outputs
from snnc.compiler.passes.encode import Encode
from snnc.compiler.specialise import specialise
from snnc.compiler.targets import LIMITS, Target
from snnc.errors import SnncError
from snnc.sim.cycle_engine import run_isolated

SIZES = ("width", "height", "neurons", "parameter_words", "axon_rows", "axon_columns", "delay_slots")
SIZES += ("state_bits", "destinations", "sources", "cuba", "decay_multiplier")
TARGET = target(width=2, height=1)


def smaller(one: Target, other: Target) -> bool:
    return all(getattr(one, size) <= getattr(other, size) for size in (*SIZES, "weight_kibit"))


@settings(max_examples=25, deadline=None)
@given(cases())
def test_specialising_changes_neither_outputs_nor_cycles(case: Case) -> None:
    program = case.compilation.program
    small = specialise(program)
    small.verify()
    assert smaller(small.target, program.target)
    Encode().run(small).verify()
    whole, cut = run_isolated(program, case.payloads), run_isolated(small, case.payloads)
    np.testing.assert_array_equal(whole.stamps, cut.stamps)
    samples = len(case.payloads)
    np.testing.assert_array_equal(
        decode_outputs(program, whole.flits, samples), decode_outputs(small, cut.flits, samples)
    )


def test_nothing_is_left_that_could_be_smaller() -> None:
    small = specialise(tiny_program(TARGET)).target
    for size in SIZES:
        value = getattr(small, size)
        lowest = LIMITS[size][0] if size in LIMITS else 0
        less = value // 2 if size in ("neurons", "delay_slots") else int(value) - 1
        if less < lowest or (size == "neurons" and less < 2 * small.lanes):
            continue
        program = replace(specialise(tiny_program(TARGET)), target=replace(small, **{size: less}))
        try:
            program.verify()
        except (SnncError, IndexError):
            continue
        raise AssertionError(f"{size} {value} could be {less}")
