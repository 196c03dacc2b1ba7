"""Energy of tiles that share a core: what they do is the same, what leaks and is clocked is fewer cores'."""

import json
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest
from builders import layer, network, target, tiny_network, tiny_payloads
from random_packings import packed

from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.pipeline import compile_network
from snnc.rtl import fpga
from snnc.rtl.fpga.area_model import MEASUREMENTS
from snnc.sim.accounting import static_power as power
from snnc.sim.accounting.break_even import break_even
from snnc.sim.accounting.comparison import price_dense
from snnc.sim.accounting.counts import count_actions
from snnc.sim.accounting.energy import price
from snnc.sim.accounting.energy_table import load_energy_table
from snnc.sim.engine.cycle import run_isolated
from snnc.sim.engine.functional import run_functional

TABLE = load_energy_table("cmos45")
ROADS = {"flit_hops", "east_west_links", "north_south_links"}
"""The only actions that depend on where tiles are."""


def ways() -> dict[int, TiledProgram]:
    """The same tiles on a core each, on two cores, and on one, of equal cores, by their number."""
    alone = compile_network(tiny_network(), target()).tiled
    tiles = len(alone.cores)
    programs = {
        tiles: packed(alone, [(core.at.x, core.at.y) for core in alone.cores]),
        2: packed(alone, [(number % 2, 0) for number in range(tiles)]),
        1: packed(alone, [(0, 0)] * tiles),
    }
    assert tiles > 2
    roomy = programs[1].target
    return {number: replace(program, target=roomy) for number, program in programs.items()}


def test_what_is_done_is_the_same_and_what_leaks_is_once_per_core() -> None:
    programs = ways()
    tiles = max(programs)
    reports = {}
    for number, program in programs.items():
        counts = count_actions(program, run_functional(program, tiny_payloads()).primitives)
        reports[number] = (counts, price(counts, program, 1000, TABLE).typical)
    counts, alone = reports[tiles]
    for number, (own, shared) in reports.items():
        assert own["sops"].sum() > 0
        for name in own.keys() - ROADS:
            np.testing.assert_array_equal(own[name], counts[name], name)
        for name in alone.by_action.keys() - ROADS:
            assert shared.by_action[name] == pytest.approx(alone.by_action[name])
        for part in ("leakage", "clock"):
            assert shared.static_parts[part] == pytest.approx(alone.static_parts[part] * number / tiles)
        assert shared.static_parts["device"] == alone.static_parts["device"]
        assert shared.static_parts["leakage"] > 0


def test_time_is_the_cores_own_and_static_power_runs_for_it() -> None:
    """Fewer cores take longer, so that what leaks is not in proportion to them alone."""
    for program in ways().values():
        run = run_isolated(program, tiny_payloads())
        cycles = int(run.cycles.sum())
        found = price(count_actions(program, run.primitives), program, cycles, TABLE).typical
        seconds = cycles / (program.target.clock_mhz * 1e6)
        watts = power.static_power(TABLE, program, "typical", built=False).total
        assert found.static == pytest.approx(watts * seconds)


def test_hardware_whose_cores_are_shared_has_the_registers_for_it() -> None:
    one = target(contexts=1)
    for built, (base, each) in (
        (False, (power.SHARED_REGISTERS, power.CONTEXT_REGISTERS)),
        (True, (power.BUILT_SHARED_REGISTERS, power.BUILT_CONTEXT_REGISTERS)),
    ):
        for contexts in (2, 16):
            more = power.registers(replace(one, contexts=contexts), built=built)
            assert more - power.registers(one, built=built) == base + each * contexts


def test_registers_of_shared_cores_are_about_those_that_were_placed() -> None:
    """Within a quarter: shallow FIFOs of some builds lie in registers, which the formula knows nothing of."""
    rows = json.loads((resources.files(fpga) / MEASUREMENTS).read_text("utf-8"))
    placed = [row for row in rows if row["features"]["shared lane bits"] and not row["features"]["board"]]
    assert len(placed) >= 6
    for row in placed:
        found = row["features"]
        tiles = round(found["contexts"] + found["loadable contexts"])
        core = replace(target(contexts=tiles), lanes=round(found["lane bits"]), state_bits=1)
        expected = power.registers(core, built=not found["loadable cores"])
        assert expected == pytest.approx(row["area"]["ff"], rel=0.25), row["name"]


def test_the_static_power_of_a_core_is_shared_by_its_tiles_at_break_even() -> None:
    """Of two cores with two tiles and one, each tile of the first carries a quarter. The budget is large, so
    that what is left of it for events falls as the static part does."""
    model = network(layer("a", "input", 8, 8), layer("b", "a", 8, 8), layer("c", "b", 8, 8), max_payload=1)
    compiled = compile_network(model, target(cuba=False), spread=False)
    program = packed(compiled.tiled, [(0, 0), (0, 0), (1, 0)])
    counted = run_functional(program, np.ones((1, program.steps, 8), np.int64)).primitives
    rates = dict.fromkeys(("input", "a", "b", "c"), 1.0)
    dense = price_dense(program, model, TABLE)
    dense = replace(dense, layers=[replace(row, dataflow=1.0) for row in dense.layers])
    free, paid = (break_even(program, model, counted, dense, TABLE, joules, rates) for joules in (0.0, 0.4))
    left = {}
    for name in ("a", "b", "c"):
        before, after = free[name].dataflow, paid[name].dataflow
        assert before is not None and after is not None
        left[name] = after / before
    assert left == pytest.approx({"a": 0.9, "b": 0.9, "c": 0.8}, rel=1e-3)
