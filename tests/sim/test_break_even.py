"""The rate up to which spikes cost less: silence on one side, the events heard on the other."""

from dataclasses import replace

import numpy as np
import pytest
from builders import layer, network, target

from snnc.compiler.formats.storage import Build
from snnc.compiler.ir.network import Network
from snnc.compiler.pipeline import compile_network
from snnc.sim.report import Report
from snnc.sim.simulate import simulate

HARDWARE = target(cuba=False)


def report_of(active: int, changed: Network | None = None) -> Report:
    """Of a network of 64 inputs of which so many are events of payload 1 in every step."""
    model = changed or network(
        layer("a", "input", 64, 8, state_bits=16), layer("b", "a", 8, 4), features=64, max_payload=1
    )
    compiled = compile_network(model, HARDWARE)
    x = np.zeros((1, 64), np.uint8)
    x[0, :active] = 1
    return simulate(Build(compiled.network, compiled.tiled), x)


def test_the_rate_heard_is_that_of_the_events() -> None:
    for active in (16, 32):
        found = report_of(active).comparison.break_even
        assert found["a"].input_rate == pytest.approx(active / 64)
        rate = report_of(active).layers[0].rate
        assert found["b"].input_rate == pytest.approx(rate)


def test_a_layer_at_its_break_even_rate_costs_what_the_dataflow_does() -> None:
    """What its events cost is in proportion to them, so that two runs give the line."""
    joules = {}
    for active in (16, 32):
        report = report_of(active)
        static = (report.energy.static or 0.0) / 2
        joules[active / 64] = report.layers[0].energy_j + static
        found = report.comparison.break_even["a"]
        budget = report.dense.layers[0].dataflow
        assert found.dataflow is not None and found.ideal is not None
        spent = joules[active / 64] * (found.dataflow / found.input_rate if found.dataflow else 0)
        assert spent <= budget * 1.05 or found.dataflow == 0
        assert found.ideal <= found.dataflow
    assert joules[0.25] < joules[0.5]


def test_a_layer_that_hears_nothing_has_no_break_even() -> None:
    found = report_of(0).comparison.break_even
    assert found["a"].input_rate == 0 and found["a"].dataflow is None


def test_the_network_without_spikes_runs_in_every_step_where_the_task_has_steps() -> None:
    model = network(layer("a", "input", 64, 8), features=64, max_payload=1)
    events = replace(model, input=replace(model.input, encoding="events"))
    once, often = (
        simulate(
            Build(compiled.network, compiled.tiled),
            np.ones((1, 64) if kind is model else (1, 4, 64), np.uint8),
        ).dense
        for kind in (model, events)
        for compiled in [compile_network(kind, HARDWARE)]
    )
    assert (once.passes, often.passes) == (1, 4)
    assert often.total == pytest.approx(4 * once.total)


def test_the_verdict_is_what_the_numbers_say() -> None:
    report = report_of(32)
    energy = report.energy
    *words, dynamic = report.comparison.verdict.split("; ")
    other = report.comparison.built.total - report.comparison.built.by_action["static"]
    assert f"spikes {'win' if energy.built.dynamic < other else 'lose'} (" in dynamic
    for found, total, way in zip(
        words, (energy.mean, energy.built.mean), (report.dense, report.comparison.built), strict=True
    ):
        if total < way.ideal.total:
            assert "spikes win, even against the ideal" in found
        elif total < way.total:
            assert "win against the documented dataflow" in found
        else:
            assert f"spikes lose ({total / way.total:.1f} times" in found
