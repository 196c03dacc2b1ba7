"""Energy tables are checked on load, their curves reproduce their sources, and prices add up."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from builders import layer, network, target
from random_programs import compiled_program, random_payloads, random_program

from snnc.base.errors import TargetError
from snnc.compiler.ir.network import Layer
from snnc.compiler.pipeline import compile_network
from snnc.sim.accounting.counts import count_actions, total
from snnc.sim.accounting.energy import price, price_dense
from snnc.sim.accounting.energy_table import load_energy_table, parse_energy_table
from snnc.sim.engine.functional import run_functional

FOLDER = Path(__file__).parents[2] / "sim" / "accounting" / "energy_tables"


def test_the_sram_curve_is_the_least_squares_fit_of_its_points() -> None:
    table = load_energy_table("cmos45")
    points = np.array(table.sram_points)
    same_width = points[points[:, 1] == 32]
    slope, offset = np.polyfit(np.log(same_width[:, 0]), np.log(same_width[:, 2]), 1)
    assert table["sram_capacity_exponent"] == pytest.approx(slope, rel=2e-3)
    assert table["sram_read_1kb"] == pytest.approx(np.exp(offset), rel=2e-3)
    residuals = [abs(table.sram_read(int(kb * 8192), int(bits)) / pj - 1) for kb, bits, pj in points]
    assert max(residuals) == pytest.approx(table.sram_largest_residual, abs=5e-3)
    same_size = points[points[:, 0] == 8]
    slope, offset = np.polyfit(same_size[:, 1], same_size[:, 2], 1)
    assert table["sram_width_slope"] == pytest.approx(slope / (slope * 32 + offset), rel=2e-3)


def test_adds_and_multiplies_reproduce_their_source() -> None:
    table = load_energy_table("cmos45")
    assert table.add(8) == pytest.approx(0.03, rel=0.01)
    assert table.add(32) == pytest.approx(0.1, rel=0.01)
    assert table.multiply(8, 8) == pytest.approx(0.2)


def broken_tables() -> list[tuple[str, str]]:
    text = (FOLDER / "cmos45.yaml").read_text("utf-8")
    document = yaml.safe_load(text)
    cases = [("[", "not valid YAML"), ("- 1", "mapping")]
    for change, message in (
        ({"schema": 2}, "schema must be 1"),
        ({"more": 1}, "unknown fields: more$"),
        ({"sram_points": 3}, "sram_points"),
        ({"coefficients": {}}, "coefficients: fields are missing: .*add_base"),
    ):
        cases.append((yaml.safe_dump(document | change), message))
    cases.append((text.replace("basis: assumed", "basis: guessed", 1), "basis must be one of"))
    cases.append((text.replace("value: 3.6", "value: -1", 1), r"a number in 0\.\.1000000000, not -1$"))
    cases.append((text.replace("value: 3.6", f"value: 1{'0' * 60}", 1), "not an integer of 200 bits$"))
    cases.append(
        (text.replace("value: 0.518", "value: 1000", 1), r"must be a number in 0\.\.2, not 1000\.0$")
    )
    cases.append(
        (text.replace("value: 0.00428", "value: 1", 1), r"must be a number in 0\.\.0\.03125, not 1\.0$")
    )
    cases.append((text.replace("value: 3.6", "value: .nan", 1), "not nan$"))
    cases.append((text.replace("value: 3.6", "value: .inf", 1), "not inf$"))
    cases.append((text.replace("value: 3.6", f"value: 1{'0' * 400}", 1), "the limit is 64$"))
    cases.append((text.replace("name: cmos45", "name: cmos45\nname: x", 1), "key 'name' stands twice$"))
    cases.append(
        (
            text.replace("unit: pJ\n", "unit: ''\n", 1),
            "unit must be text of one line and 1 to 4000 characters, not ''$",
        )
    )
    return cases


@pytest.mark.parametrize(("text", "message"), broken_tables())
def test_a_broken_table_is_refused_by_name(text: str, message: str) -> None:
    with pytest.raises(TargetError, match=message):
        parse_energy_table(text, "test")


def test_an_unknown_table_is_refused() -> None:
    with pytest.raises(TargetError, match="there are cmos45"):
        load_energy_table("nothing")
    with pytest.raises(TargetError, match="the energy table cannot be read: No such file"):
        load_energy_table("/nowhere/table.yaml")


def test_parts_add_up_and_static_energy_follows_time() -> None:
    generator = np.random.default_rng(5)
    program = random_program(generator)
    run = run_functional(program, random_payloads(generator, program, 3))
    counts = count_actions(program, run.primitives)
    energy = price(counts, program, cycles=1000)
    assert energy.dynamic == pytest.approx(sum(energy.by_action.values()))
    assert energy.dynamic == pytest.approx(float(energy.per_core.sum()))
    assert energy.static == pytest.approx(1e-3 * 1000 / 100e6)
    assert energy.total == pytest.approx(energy.dynamic + 1e-3 * 1000 / 100e6)
    assert 0 < energy.memory_share < 1
    assert energy.basis == "estimated"
    assert price(counts, program, cycles=None).static is None
    doubled = price({name: 2 * values for name, values in counts.items()}, program, cycles=0)
    assert doubled.dynamic == pytest.approx(2 * energy.dynamic)


def test_the_non_spiking_comparison_counts_every_product_once() -> None:
    for seed in range(7, 17):
        compiled = compiled_program(np.random.default_rng(seed))
        dense = price_dense(compiled.tiled, compiled.network)
        assert dense.macs == sum(products(layer) for layer in compiled.network.layers)
        assert dense.activation_bits == int(np.ceil(np.log2(compiled.tiled.steps + 1)))
        assert dense.total == pytest.approx(sum(dense.by_action.values()))
        assert dense.basis == "estimated"


def products(layer: Layer) -> int:
    return sum(layer.count * edge.synapses.weights[0].size for edge in layer.edges)


def test_only_what_a_core_has_costs_energy() -> None:
    """Membrane memory with CUBA alone, multiplications for decays that are no shift alone."""
    for seed in range(30):
        generator = np.random.default_rng(seed)
        program = random_program(generator)
        run = run_functional(program, random_payloads(generator, program, 1))
        counts = count_actions(program, run.primitives)
        for number, core in enumerate(program.cores):
            leaks = [leak for leak in (core.leak, core.current_leak) if leak is not None]
            multiplies = sum(leak.numerator > 0 and leak.shift is None for leak in leaks)
            assert (counts["membrane_writes"][number] > 0) == (core.current_leak is not None)
            assert (counts["multiplies"][number] > 0) == (multiplies > 0)


def test_payloads_above_1_are_multiplied_where_a_lane_multiplies() -> None:
    """And take a pass per set bit where it does not."""
    model = network(layer("a", "input", 8, 4), features=8)
    payloads = np.full((1, model.steps, 8), 3)
    payloads[:, :, :2] = 1
    counts = {}
    for multiplies in (True, False):
        program = compile_network(model, target(decay_multiplier=multiplies, cuba=False)).tiled
        counts[multiplies] = count_actions(program, run_functional(program, payloads).primitives)
    lanes, events = 4, 8 * model.steps
    assert total(counts[True], "weight_reads") == events
    assert total(counts[True], "payload_multiplies") == lanes * 6 * model.steps
    assert total(counts[False], "weight_reads") == (2 * 6 + 2) * model.steps
    assert total(counts[False], "payload_multiplies") == 0
