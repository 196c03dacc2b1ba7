"""Packing: as good as exhaustive search on small cases, exact in its demands, and clear where it refuses."""

import re
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from builders import layer, network, target
from random_programs import random_network, random_payloads

from snnc.base.errors import DoesNotFit, UnsupportedModel
from snnc.compiler.analysis.sharing import CORE_WORTH, Demand, Room, Sharing, share
from snnc.compiler.ir.network import Network
from snnc.compiler.ir.packing import on_core
from snnc.compiler.passes import pack
from snnc.compiler.pipeline import compile_network, run_passes, standard_passes
from snnc.compiler.reference.interpreter import execute_image, execute_network
from snnc.compiler.reference.lowering import require_lowering
from snnc.sim.engine.functional import run_functional

LIMITS = (100, 50, 4)


def random_case(seed: int) -> tuple[list[Demand], Room]:
    """Five or six tiles of three or more layers for up to four cores."""
    generator = np.random.default_rng(seed)
    tiles = [
        Demand(
            layer=f"l{min(number, int(generator.integers(3, 6)))}",
            amounts=(int(generator.integers(5, 70)), int(generator.integers(1, 40)), 1),
            cycles=float(generator.integers(1, 100)),
            alone=bool(generator.random() < 0.1),
            named=bool(generator.random() < 0.2),
        )
        for number in range(int(generator.integers(5, 7)))
    ]
    steps, host = int(generator.integers(1, 9)), float(generator.integers(0, 60))
    return tiles, Room(int(generator.integers(2, 5)), LIMITS, 90, steps, host)


def every_packing(tiles: list[Demand], room: Room) -> list[Sharing]:
    """All packings in which every core has room, cores numbered by their first tile."""
    found = []
    for sharing in product(range(room.cores), repeat=len(tiles)):
        ordered = all(core <= max(sharing[:n], default=-1) + 1 for n, core in enumerate(sharing))
        groups = [[t for t, c in zip(tiles, sharing, strict=True) if c == core] for core in set(sharing)]
        if ordered and all(room.holds(group) for group in groups):
            found.append(list(sharing))
    return found


@pytest.mark.parametrize("seed", range(40))
def test_as_good_as_exhaustive_search(seed: int) -> None:
    tiles, room = random_case(seed)
    packings = every_packing(tiles, room)
    if not packings:
        assert share(tiles, room, spread=False) is None and share(tiles, room, spread=True) is None
        return
    few, spread = share(tiles, room, spread=False), share(tiles, room, spread=True)
    assert few in packings and spread in packings
    fewest = min(len(set(packing)) for packing in packings)
    assert len(set(few)) == fewest
    best = min(room.cycles(tiles, packing) for packing in packings if len(set(packing)) == fewest)
    assert room.cycles(tiles, few) == pytest.approx(best)

    def score(packing: Sharing) -> float:
        return room.cycles(tiles, packing) * CORE_WORTH ** len(set(packing))

    assert score(spread) == pytest.approx(min(map(score, packings)))


def test_there_are_cases_with_and_without_a_packing() -> None:
    counts = [len(every_packing(*random_case(seed))) for seed in range(40)]
    assert 3 <= counts.count(0) <= 20


def test_the_cost_of_taking_turns() -> None:
    """Four equal layers of 10 cycles, eight steps: alone, in two halves, and each on its own core."""
    tiles = [Demand(f"l{n}", (1, 1, 1), 10.0, False, False) for n in range(4)]
    room = Room(4, LIMITS, 90, 8, 1.0)
    assert room.cycles(tiles, [0, 0, 0, 0]) == 8 * 40
    assert room.cycles(tiles, [0, 0, 1, 1]) == 40 + 7 * 20
    assert room.cycles(tiles, [0, 1, 2, 3]) == 40 + 7 * 10
    assert replace(room, host_cycles=30.0).cycles(tiles, [0, 1, 2, 3]) == 40 + 7 * 30
    parallel = [replace(tile, layer="l0") for tile in tiles]
    assert room.cycles(parallel, [0, 1, 2, 3]) == 10 + 7 * 10
    assert share(tiles, room, spread=False) == [0, 0, 0, 0]
    assert share(tiles, room, spread=True) == [0, 1, 2, 3]
    assert share(tiles, replace(room, steps=1), spread=True) == [0, 0, 0, 0]


CONTEXTS = target(
    contexts=16, width=2, height=2, neurons=512, axon_rows=128, axon_columns=128, weight_kibit=64
)


REFUSED = {10, 28}
"""Networks with more weights than the four cores have, which is too many, not packed badly."""


@pytest.mark.parametrize("seed", range(30))
def test_a_packed_network_computes_the_same_and_is_what_its_network_compiles_to(seed: int) -> None:
    generator = np.random.default_rng(seed)
    model, spread = random_network(generator), bool(seed % 2)
    hardware = replace(CONTEXTS, reset_amount=True, channel_leak=True, lower_clamp=True, fraction_bits=3)
    hardware = replace(hardware, state_bits=20, weight_kibit=int(generator.choice([4, 16, 64])))
    try:
        compiled = compile_network(model, hardware, spread=spread)
    except (DoesNotFit, UnsupportedModel):
        assert seed in REFUSED
        return
    assert seed not in REFUSED
    program = compiled.tiled
    payloads = random_payloads(generator, program, 2)
    expected = execute_network(model, payloads).outputs.tolist()
    assert run_functional(program, payloads).outputs.tolist() == expected
    assert execute_image(compiled.image, payloads).outputs.tolist() == expected
    require_lowering(model, program)


def chain(*sizes: int, features: int = 8) -> Network:
    """Fully connected layers of these sizes."""
    names = ["input", *(f"l{n}" for n in range(len(sizes)))]
    fan_ins = [features, *sizes]
    layers = [layer(names[n + 1], names[n], fan_ins[n], size) for n, size in enumerate(sizes)]
    return network(*layers, features=features)


def test_a_network_goes_on_one_core_if_one_does() -> None:
    program = compile_network(chain(16, 16, 8, 4), CONTEXTS, spread=False).tiled
    assert [str(core.at) for core in program.cores] == ["(0,0)", "(0,0).1", "(0,0).2", "(0,0).3"]
    two = replace(CONTEXTS, axon_columns=4, axon_rows=3)
    program = compile_network(chain(16, 16, 8, 4), two, spread=False).tiled
    assert len(on_core(program)) == 2
    assert len(on_core(compile_network(chain(16, 16, 8, 4), replace(CONTEXTS, contexts=2)).tiled)) >= 2


def test_layers_are_cut_until_they_share_cores() -> None:
    """32, 48 and 48 words of weights fit two cores of 64, but no two of them one core."""
    hardware = replace(CONTEXTS, width=2, height=1, weight_kibit=1, weight_bits=4, parameter_words=64)
    program = compile_network(chain(16, 12, 16), hardware, spread=False).tiled
    words = [sum(len(core.weights) for core in tiles) for tiles in on_core(program).values()]
    assert words == [64, 64]
    assert len(program.cores) > 3


def test_the_memory_that_is_missing_is_named_in_the_first_line() -> None:
    hardware = replace(CONTEXTS, width=2, height=1, weight_kibit=1, weight_bits=4, parameter_words=64)
    cases: tuple[tuple[Network, dict[str, Any], str], ...] = (
        (
            chain(16, 12, 20),
            {},
            r"needs 140 weight words \(0\.3 KiB\), 2 cores have 128 weight words \(0\.2 KiB\)",
        ),
        (chain(16, 12, 20), {"height": 1, "width": 1}, r"one core has 64 weight words \(0\.1 KiB\)"),
        (chain(8, 8, 8, 8, 8), {"contexts": 2}, r"needs 5 tiles, 2 cores have 4 tiles"),
        (chain(16, 16), {"parameter_words": 3}, r"needs 8 parameter words, 2 cores have 6 parameter words"),
    )
    for model, changes, message in cases:
        with pytest.raises(DoesNotFit) as error:
            compile_network(model, replace(hardware, **changes), spread=False)
        first = error.value.message.splitlines()[0]
        assert first.startswith("model does not fit target `test`: needs ")
        assert re.search(message, first), first


def test_a_network_far_too_large_is_refused_before_any_table_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its tables could be many times as large as the hardware."""
    monkeypatch.setattr(pack, "demands_of", None)
    hardware = replace(CONTEXTS, width=2, height=1, weight_kibit=1, weight_bits=4)
    with pytest.raises(DoesNotFit, match="needs 4032 weight words"):
        run_passes(chain(128, 118), standard_passes(hardware))


def test_a_layer_is_not_cut_by_fan_in_where_a_core_has_room_otherwise() -> None:
    """With 64 words on a core, 96 of a layer of two words of channels are cut by channels, not by fan-in."""
    model = network(layer("a", "input", 48, 8), features=48)
    hardware = target(weight_kibit=1, weight_bits=4, axon_columns=64)
    shared = compile_network(model, replace(hardware, contexts=4), spread=False).tiled
    assert [core.tile.channels for core in shared.cores] == [4, 4]
    assert {core.emission for core in shared.cores} == {"spikes"}


def test_a_tile_of_partial_sums_gets_a_core_to_itself() -> None:
    model = network(layer("a", "input", 96, 4), layer("b", "a", 4, 4), features=96)
    hardware = target(weight_kibit=1, weight_bits=4, axon_columns=64, contexts=4, width=3, height=1)
    program = compile_network(model, hardware, spread=False).tiled
    groups = [[core.emission for core in tiles] for tiles in on_core(program).values()]
    assert sorted(groups) == [["spikes", "spikes"], ["values_every"]]
