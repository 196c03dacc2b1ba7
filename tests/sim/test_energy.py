"""Energy tables are checked on load, their curves reproduce their sources, and prices add up."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from builders import layer, network, target, tiny_network, tiny_payloads, tiny_program
from random_programs import compiled_program, random_payloads, random_program

from snnc.base.errors import TargetError
from snnc.compiler.ir.network import Layer
from snnc.compiler.ir.program import TiledProgram
from snnc.compiler.passes.specialise import specialise
from snnc.compiler.pipeline import compile_network
from snnc.compiler.targets import load_target
from snnc.sim.accounting.action_costs import action_costs
from snnc.sim.accounting.coefficients import CORNERS, Corner
from snnc.sim.accounting.comparison import price_dense
from snnc.sim.accounting.counts import count_actions, total
from snnc.sim.accounting.energy import price
from snnc.sim.accounting.energy_table import energy_tables, load_energy_table, parse_energy_table
from snnc.sim.accounting.memory_cost import BlockRam, SramCurve
from snnc.sim.accounting.output_stationary import has_steps
from snnc.sim.accounting.static_power import static_power
from snnc.sim.engine.functional import run_functional

FOLDER = Path(__file__).parents[2] / "sim" / "accounting" / "energy_tables"


def curve() -> SramCurve:
    memory = load_energy_table("cmos45").memory
    assert isinstance(memory, SramCurve)
    return memory


def read(kilobytes: float, bits: float, ports: int = 1, corner: Corner = "typical") -> float:
    return curve().read(round(kilobytes * 8192 / bits), int(bits), ports=ports, corner=corner)


def test_the_sram_curve_is_the_least_squares_fit_of_its_points() -> None:
    memory = curve()
    points = np.array(memory.points)
    same_width = points[points[:, 1] == 32]
    slope, offset = np.polyfit(np.log(same_width[:, 0]), np.log(same_width[:, 2]), 1)
    assert memory.capacity_exponent.value == pytest.approx(slope, rel=2e-3)
    assert memory.read_1kb.value == pytest.approx(np.exp(offset), rel=2e-3)
    residuals = [abs(read(kb, bits) / pj - 1) for kb, bits, pj in points]
    assert max(residuals) == pytest.approx(memory.largest_residual, abs=5e-3)
    same_size = points[points[:, 0] == 8]
    slope, offset = np.polyfit(same_size[:, 1], same_size[:, 2], 1)
    assert memory.width_slope.value == pytest.approx(slope / (slope * 32 + offset), rel=2e-3)
    for kb, bits, pj in points:
        assert 0.99 * read(kb, bits, corner="low") <= pj <= read(kb, bits, corner="high")


def test_the_memory_of_states_lies_in_its_interval() -> None:
    """CACTI 7 of 9 KB x 144 bits, read and write: 4.49 and 6.58 pJ with one port, 5.72 and 8.40 with two."""
    memory, words = curve(), 512
    assert read(9, 144) == pytest.approx(4.49, rel=0.15)
    assert read(9, 144, ports=2) == pytest.approx(5.72, rel=0.15)
    for ports, written in ((1, 6.58), (2, 8.40)):
        low, high = (memory.write(words, 144, ports=ports, corner=corner) for corner in ("low", "high"))
        assert low <= written <= high


def test_words_beyond_the_widest_macro_lie_side_by_side() -> None:
    memory = curve()
    assert memory.read(64, 1024, ports=1, corner="typical") == pytest.approx(
        2 * memory.read(64, 512, ports=1, corner="typical")
    )


def test_a_block_ram_costs_by_the_blocks_it_takes() -> None:
    memory = load_energy_table("ecp5").memory
    assert isinstance(memory, BlockRam)
    assert [memory.blocks(*size) for size in ((16, 144), (17, 36), (512, 144), (8192, 32), (512, 37))] == [
        0,
        1,
        4,
        16,
        2,
    ]
    assert memory.read(512, 144, ports=2, corner="high") == pytest.approx(4 * 40.0)
    assert memory.write(8, 10, ports=2, corner="typical") == pytest.approx(10 * 0.1)


def test_large_memories_that_are_only_read_lie_in_large_rams_where_there_are_some() -> None:
    """The UP5K's weights: 65536 words of 16 bits are four of its single-port RAMs, not 256 block RAMs."""
    memory = load_energy_table("ice40-up5k").memory
    assert isinstance(memory, BlockRam)
    assert memory.read(1 << 16, 16, ports=1, corner="typical") == pytest.approx(4 * 12.0)
    assert memory.read(1 << 14, 17, ports=1, corner="low") == pytest.approx(2 * 5.0)
    assert memory.blocks(3840, 16) == 15
    assert memory.read(3840, 16, ports=1, corner="typical") == pytest.approx(15 * 5.0)
    assert memory.read(1 << 16, 16, ports=2, corner="typical") == pytest.approx(256 * 5.0)
    table = load_energy_table("ecp5").memory
    assert isinstance(table, BlockRam)
    assert table.read(1 << 16, 36, ports=1, corner="typical") == pytest.approx(128 * 15.0)


def test_adds_and_multiplies_reproduce_their_source() -> None:
    logic = load_energy_table("cmos45").logic
    assert logic is not None
    assert logic.add(8, "typical") == pytest.approx(0.03, rel=0.01)
    assert logic.add(32, "typical") == pytest.approx(0.1, rel=0.01)
    assert logic.multiply(8, 8, "typical") == pytest.approx(0.2)


@pytest.mark.parametrize("name", energy_tables())
def test_every_number_of_a_table_has_its_place_in_an_interval_of_costs(name: str) -> None:
    table = load_energy_table(name)
    coefficients = table.coefficients()
    assert coefficients and all(item.source and item.technology for item in coefficients.values())
    low, typical, high = (action_costs(table, load_target("fpga"), 4, corner) for corner in CORNERS)
    assert all(0 <= low[action] <= typical[action] <= high[action] for action in typical)
    assert sum(typical.values()) > 0


def broken_tables() -> list[tuple[str, str]]:
    text = (FOLDER / "cmos45.yaml").read_text("utf-8")
    document = yaml.safe_load(text)
    cases = [("[", "not valid YAML"), ("- 1", "mapping")]
    for change, message in (
        ({"schema": 1}, "schema must be 2"),
        ({"more": 1}, "unknown fields: more$"),
        ({"memory": {"points": 3}}, "memory"),
        ({"logic": {}}, "logic: fields are missing: .*add_base"),
    ):
        cases.append((yaml.safe_dump(document | change), message))
    priced = {"prices": {"dreams": dict(document["logic"]["flit_hop"])}}
    cases.append((yaml.safe_dump(document | priced), "prices must be prices of sops, .*, not 'dreams'$"))
    cases.append((text.replace("low: 3.0", "low: 3.7", 1), r"flit_hop.low must be at most the value 3\.6, "))
    cases.append(
        (text.replace("high: 13.5", "high: 3", 1), r"flit_hop.high must be at least the value 3\.6, ")
    )
    cases.append(
        (
            text.replace("value: 0.518", "value: 0.518\n    high: 0.6", 1),
            "capacity_exponent must be without an ",
        )
    )
    fpga = (FOLDER / "ice40-up5k.yaml").read_text("utf-8").replace("  large_over: 15\n", "")
    cases.append((fpga, "memory.large_read must be a price where large_over is, and only there, not 12.0$"))
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
    with pytest.raises(TargetError, match=r"there are cmos45, ecp5, ice40-up5k, loihi$"):
        load_energy_table("nothing")
    with pytest.raises(TargetError, match="the energy table cannot be read: No such file"):
        load_energy_table("/nowhere/table.yaml")


def test_parts_add_up_and_static_energy_follows_time() -> None:
    generator = np.random.default_rng(5)
    program = random_program(generator)
    run = run_functional(program, random_payloads(generator, program, 3))
    counts = count_actions(program, run.primitives)
    table = load_energy_table("cmos45")
    report = price(counts, program, 1000, table)
    energy, power = report.typical, static_power(table, program, "typical", built=False)
    assert energy.dynamic == pytest.approx(sum(energy.by_action.values()))
    assert energy.dynamic == pytest.approx(float(energy.per_core.sum()))
    assert power.device == pytest.approx(1e-3) and power.leakage > 0 and power.clock > 0
    assert energy.static is not None
    assert energy.static == pytest.approx(power.total * 1000 / 100e6)
    assert energy.static == pytest.approx(sum(energy.static_parts.values()))
    assert energy.total == pytest.approx(energy.dynamic + energy.static)
    assert 0 < energy.memory_share < 1
    assert report.low.total < energy.total < report.high.total
    assert report.basis == "estimated"
    assert price(counts, program, None, table).typical.static is None
    doubled = price({name: 2 * values for name, values in counts.items()}, program, 0, table)
    assert doubled.typical.dynamic == pytest.approx(2 * energy.dynamic)


def test_a_table_without_power_has_no_static_energy_but_the_targets() -> None:
    program = tiny_program(target(width=2, height=1, static_mw=0.0))
    counts = count_actions(program, run_functional(program, tiny_payloads()).primitives)
    assert price(counts, program, None, load_energy_table("loihi")).typical.static == 0
    device = static_power(load_energy_table("ecp5"), specialise(fpga_program()), "typical", built=True)
    assert device.device == pytest.approx(0.233)
    assert device.leakage == 0


def fpga_program() -> TiledProgram:
    return compile_network(tiny_network(), load_target("fpga")).tiled


def test_the_non_spiking_comparison_counts_every_product_once() -> None:
    for seed in range(7, 17):
        compiled = compiled_program(np.random.default_rng(seed))
        dense = price_dense(compiled.tiled, compiled.network)
        assert dense.passes == (compiled.tiled.steps if has_steps(compiled.network) else 1)
        assert dense.macs == sum(products(layer) for layer in compiled.network.layers)
        assert dense.activation_bits == min(8, int(np.ceil(np.log2(compiled.tiled.steps + 1))))
        assert dense.total == pytest.approx(sum(dense.by_action.values()))
        assert dense.total == pytest.approx(sum(layer.dataflow for layer in dense.layers))
        assert dense.ideal.total == pytest.approx(sum(layer.ideal for layer in dense.layers))
        assert dense.ideal.total < dense.total and dense.low < dense.total < dense.high
        assert dense.basis == "estimated"


def products(layer: Layer) -> int:
    return sum(layer.count * edge.synapses.weights[0].size for edge in layer.edges)


def test_only_what_a_core_has_costs_energy() -> None:
    """Membrane memory with CUBA alone, multiplications for decays that are no shift alone, reset amounts and
    decays of channels where there are some."""
    met: set[int] = set()
    for seed in range(30):
        generator = np.random.default_rng(seed)
        program = random_program(generator)
        run = run_functional(program, random_payloads(generator, program, 1))
        counts = count_actions(program, run.primitives)
        for number, core in enumerate(program.cores):
            leaks = [leak for leak in (core.leak, core.current_leak) if leak is not None]
            shifts = all(leak.keeps or leak.shift is not None for leak in leaks)
            assert (counts["membrane_writes"][number] > 0) == (core.current_leak is not None)
            assert (counts["multiplies"][number] > 0) == (core.channel_decays or not shifts)
            read = counts["threshold_reads"][number]
            assert (read > 0) == (core.emission != "values_every")
            assert counts["reset_amount_reads"][number] == read * (core.reset_amount is not None)
            assert counts["decay_reads"][number] == read * len(leaks) * core.channel_decays
            met |= {core.reset_amount is not None, 2 + core.channel_decays}
    assert met == {0, 1, 2, 3}


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
