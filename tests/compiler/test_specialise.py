"""The specialised hardware is smaller and otherwise the same: outputs and cycles."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import layer, network, target, tiny_program
from cases import Case, cases
from example_counts import examples
from hypothesis import given
from hypothesis.strategies import integers
from random_packings import random_packing, shuffled

from snnc.base.bounds import annotations, limits
from snnc.base.errors import SnncError
from snnc.compiler.ir.network import Linear
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.ir.program_checks import verify_program
from snnc.compiler.isa.arithmetic import Decay
from snnc.compiler.passes.encode import Encode
from snnc.compiler.passes.specialise import specialise
from snnc.compiler.pipeline import compile_network
from snnc.compiler.protocol.streams import decode_outputs
from snnc.compiler.reference.lowering import require_lowering
from snnc.compiler.targets import Target, load_target
from snnc.sim.engine.cycle import run_isolated

SIZES = (
    *("width", "height", "neurons", "parameter_words", "axon_rows", "axon_columns", "delay_slots"),
    *("state_bits", "destinations", "sources", "cuba", "decay_multiplier"),
    *("reset_amount", "channel_leak", "lower_clamp", "fraction_bits", "contexts"),
)
SECOND = {"reset_amount": True, "channel_leak": True, "lower_clamp": True, "fraction_bits": 7}
TARGET = target(width=2, height=1, **SECOND)


def smaller(one: Target, other: Target) -> bool:
    return all(getattr(one, size) <= getattr(other, size) for size in (*SIZES, "weight_kibit"))


def require_same_when_small(program: TiledProgram, payloads: np.ndarray) -> None:
    small = specialise(program)
    verify_program(small)
    Encode().run(small).verify()
    whole, cut = run_isolated(program, payloads), run_isolated(small, payloads)
    np.testing.assert_array_equal(whole.stamps, cut.stamps)
    np.testing.assert_array_equal(
        decode_outputs(program, whole.flits, len(payloads)), decode_outputs(small, cut.flits, len(payloads))
    )


@examples(25)
@given(cases())
def test_specialising_changes_neither_outputs_nor_cycles(case: Case) -> None:
    program = case.compilation.tiled
    assert smaller(specialise(program).target, program.target)
    require_same_when_small(program, case.payloads)


@examples(25)
@given(cases(), integers(0, 2**32 - 1))
def test_neither_does_it_where_tiles_share_cores(case: Case, seed: int) -> None:
    generator = np.random.default_rng(seed)
    packing = random_packing(generator, shuffled(generator, case.compilation.tiled))
    require_same_when_small(packing, case.payloads)


def black_and_white() -> TiledProgram:
    """A program that takes no graded payloads, for which a multiplier would save passes."""
    program = tiny_program(TARGET)
    return replace(program, input=replace(program.input, max_payload=1))


def test_multipliers_stay_for_the_passes_of_graded_payloads() -> None:
    assert specialise(tiny_program(TARGET)).target.decay_multiplier
    without = replace(TARGET, decay_multiplier=False)
    assert not specialise(tiny_program(without)).target.decay_multiplier
    assert not specialise(black_and_white()).target.decay_multiplier


def test_nothing_is_left_that_could_be_smaller() -> None:
    small = specialise(black_and_white()).target
    for size in SIZES:
        value = getattr(small, size)
        lowest = 0 if annotations(Target)[size] is bool else limits(Target, size).low
        less = value // 2 if size in ("neurons", "delay_slots") else int(value) - 1
        if less < lowest or (size == "neurons" and less < 2 * small.lanes):
            continue
        changed: dict[str, Any] = {size: less}
        program = replace(specialise(black_and_white()), target=replace(small, **changed))
        try:
            verify_program(program)
        except (SnncError, IndexError):
            continue
        raise AssertionError(f"{size} {value} could be {less}")


FOURS, RISING = np.full(4, 4), np.arange(4)


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({}, {}),
        ({"reset_amount": RISING}, {"reset_amount": True}),
        ({"reset_amount": FOURS + 1}, {}),
        ({"leak": Decay(0, 3), "leak_numerators": RISING}, {"channel_leak": True}),
        ({"leak": Decay(0, 3), "leak_numerators": FOURS}, {}),
        ({"current_leak": Decay(0, 3), "current_numerators": RISING}, {"channel_leak": True}),
        ({"current_leak": Decay(0, 3), "current_numerators": FOURS}, {}),
        ({"lower_clamp": -3}, {"lower_clamp": True}),
        ({"lower_clamp": -64, "bias": FOURS}, {}),
        ({"fraction_bits": 2}, {"fraction_bits": 2}),
    ],
    ids=str,
)
def test_only_what_a_core_needs_of_the_second_contract_is_left(
    changes: dict[str, Any], kept: dict[str, Any]
) -> None:
    """Amounts like the thresholds, equal decays and a clamp that nothing reaches need no hardware, and the
    network still compiles to what is left."""
    first = layer("a", "input", 8, 4, **({"bias": -FOURS} | changes))
    weights = replace(first.edges[0], synapses=Linear(np.full((4, 8), -1, np.int8), 2))
    first = replace(first, edges=(weights,) if changes.get("lower_clamp") == -3 else first.edges)
    model = network(first, layer("b", "a", 4, 2))
    compiled = compile_network(model, target(**SECOND))
    small = specialise(compiled.tiled)
    none = {"reset_amount": False, "channel_leak": False, "lower_clamp": False, "fraction_bits": 0}
    assert {name: getattr(small.target, name) for name in SECOND} == none | kept
    verify_program(small)
    require_lowering(model, small)


def test_large_rams_of_one_port_are_no_more_than_hold_the_weights() -> None:
    """3,200 words of 16 bits: a quarter of one RAM, not the four that the target has."""
    whole = load_target("ice40-up5k")
    model = network(layer("a", "input", 400, 32), features=400)
    small = specialise(compile_network(model, whole).tiled)
    verify_program(small)
    assert whole.weight_words(small.weight_bits) == 65536
    assert small.target.weight_words(small.weight_bits) == 4096


def test_weight_memories_are_a_power_of_two_deep_while_the_device_has_room() -> None:
    """1,600 words of 32 bits a core: 50 Kibit, or 64 with a depth that needs no multiplexers."""
    whole = load_target("ecp5-25k-mesh")
    assert whole.device is not None
    tight = replace(whole, weight_kibit=52)
    full = replace(tight, device=replace(whole.device, block_rams=5))
    model = network(layer("a", "input", 400, 32), features=400)
    for chosen, words in ((tight, 2048), (full, 1664)):
        small = specialise(compile_network(model, chosen, spread=False).tiled)
        verify_program(small)
        assert small.target.weight_words(small.weight_bits) == words
