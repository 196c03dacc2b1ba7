"""The specialised hardware is smaller and otherwise the same: outputs and cycles."""

from dataclasses import replace
from typing import Any

import numpy as np
from builders import layer, network, target, tiny_program
from cases import Case, cases
from example_counts import examples
from hypothesis import given

from snnc.base.bounds import annotations, limits
from snnc.base.errors import SnncError
from snnc.compiler.ir.program_checks import verify_program
from snnc.compiler.passes.encode import Encode
from snnc.compiler.passes.specialise import specialise
from snnc.compiler.pipeline import compile_network
from snnc.compiler.protocol.streams import decode_outputs
from snnc.compiler.targets import Target, load_target
from snnc.sim.engine.cycle import run_isolated

SIZES = (
    *("width", "height", "neurons", "parameter_words", "axon_rows", "axon_columns", "delay_slots"),
    *("state_bits", "destinations", "sources", "cuba", "decay_multiplier"),
)
TARGET = target(width=2, height=1)


def smaller(one: Target, other: Target) -> bool:
    return all(getattr(one, size) <= getattr(other, size) for size in (*SIZES, "weight_kibit"))


@examples(25)
@given(cases())
def test_specialising_changes_neither_outputs_nor_cycles(case: Case) -> None:
    program = case.compilation.tiled
    small = specialise(program)
    verify_program(small)
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
        lowest = 0 if annotations(Target)[size] is bool else limits(Target, size).low
        less = value // 2 if size in ("neurons", "delay_slots") else int(value) - 1
        if less < lowest or (size == "neurons" and less < 2 * small.lanes):
            continue
        changed: dict[str, Any] = {size: less}
        program = replace(specialise(tiny_program(TARGET)), target=replace(small, **changed))
        try:
            verify_program(program)
        except (SnncError, IndexError):
            continue
        raise AssertionError(f"{size} {value} could be {less}")


def test_weight_memories_are_a_power_of_two_deep_while_the_device_has_room() -> None:
    """1,600 words of 32 bits a core: 50 Kibit, or 64 with a depth that needs no multiplexers."""
    whole = load_target("ecp5-25k")
    assert whole.device is not None
    tight = replace(whole, weight_kibit=52)
    full = replace(tight, device=replace(whole.device, block_rams=5))
    model = network(layer("a", "input", 400, 32), features=400)
    for chosen, words in ((tight, 2048), (full, 1664)):
        small = specialise(compile_network(model, chosen, spread=False).tiled)
        verify_program(small)
        assert small.target.weight_words(small.weight_bits) == words
