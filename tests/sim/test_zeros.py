"""The network without spikes on an array that skips zeros: what is left, and who wins then."""

from dataclasses import replace

import numpy as np
import pytest
from builders import layer, network, target
from click.testing import CliRunner
from random_programs import compiled_program

from snnc.base.errors import UsageError
from snnc.commands.cli import main
from snnc.compiler.formats.storage import Build
from snnc.compiler.ir.network import Conv2d, Edge, Linear, Network
from snnc.compiler.pipeline import compile_network
from snnc.sim.accounting.comparison import price_dense
from snnc.sim.accounting.zeros import EVERYTHING, Zeros, ZeroSkipping
from snnc.sim.report import Report
from snnc.sim.simulate import simulate

HARDWARE = target(cuba=False)


def report_of(model: Network, x: np.ndarray, skipping: ZeroSkipping) -> Report:
    compiled = compile_network(model, HARDWARE)
    return simulate(Build(compiled.network, compiled.tiled), x, zero_skipping=skipping)


def single() -> Network:
    return network(layer("a", "input", 64, 8), features=64, max_payload=1)


def test_what_is_left_of_a_linear_edge() -> None:
    """A quarter of the activations; half of the weights, in words of four of which a quarter is all zero."""
    weights = np.ones((8, 4), np.int8)
    weights[:4, 0] = weights[:4, 1] = weights[::2, 2:] = 0
    edge = Edge("input", Linear(weights, 4))
    zeros = Zeros("activations", {"input": 0.25})
    assert vars(zeros.work(edge, 4, 1, 1)) == pytest.approx({"products": 0.25, "words": 0.25, "sums": 0.25})
    both = replace(zeros, skipping="both")
    left = {"products": 0.25 * 0.5, "words": 0.25, "sums": 0.25 * 0.75}
    assert vars(both.work(edge, 4, 1, 1)) == pytest.approx(left)
    assert vars(EVERYTHING.work(edge, 4, 1, 1)) == {"products": 1, "words": 1, "sums": 1}


def test_a_weight_word_is_read_where_one_of_its_positions_needs_it() -> None:
    edge = Edge("input", Conv2d(np.ones((4, 1, 3, 3), np.int8), 4))
    left = Zeros("activations", {"input": 0.5}).work(edge, 4, 1, 3)
    assert (left.products, left.sums) == pytest.approx((0.5, 0.5))
    assert left.words == pytest.approx(1 - 0.5**3)
    depthwise = Zeros("activations", {"input": 0.5}).work(edge, 4, 4, 3)
    assert (depthwise.products, depthwise.sums) == pytest.approx((0.5, 1 - 0.5**4))
    assert Zeros("activations", {"input": 0.0}).work(edge, 4, 4, 3).words == 0


def test_an_array_that_skips_does_no_more_and_reads_every_activation() -> None:
    for seed in range(20, 30):
        compiled = compiled_program(np.random.default_rng(seed))
        names = [compiled.network.input.name, *(item.name for item in compiled.network.layers)]
        for density in (0.0, 0.3, 1.0):
            every, some, fewest = (
                price_dense(
                    compiled.tiled, compiled.network, zeros=Zeros(kind, dict.fromkeys(names, density))
                )
                for kind in ("none", "activations", "both")
            )
            assert fewest.total <= some.total <= every.total
            assert fewest.ideal.total <= some.ideal.total <= every.ideal.total
            assert some.by_action["activation_writes"] == every.by_action["activation_writes"]
            if density == 1.0:
                assert some.by_action == every.by_action
            if density == 0.0:
                nothing = ("weight_reads", "accumulators", "multiplies", "adds")
                assert all(some.by_action[name] == 0 for name in nothing)
                assert (
                    some.by_action["activation_reads"] > 0 and some.ideal.by_action["activation_reads"] == 0
                )


def test_the_densities_are_those_of_the_samples() -> None:
    x = np.zeros((2, 64), np.uint8)
    x[0, :16] = x[1, :32] = 1
    model = single()
    for encoding in ("direct", "latency"):
        changed = replace(model, input=replace(model.input, encoding=encoding))
        found = report_of(changed, x, "activations")
        assert found.comparison.densities["input"] == pytest.approx(24 / 64)
        assert found.comparison.densities["a"] == pytest.approx(found.layers[0].rate)


def test_zeros_that_are_skipped_lower_the_other_side_in_proportion_and_the_report_says_so() -> None:
    x = np.zeros((1, 64), np.uint8)
    x[0, :16] = 1
    every, some = (report_of(single(), x, skipping) for skipping in ("none", "activations"))
    for name in ("weight_reads", "multiplies", "accumulators"):
        assert some.dense.by_action[name] == pytest.approx(every.dense.by_action[name] / 4)
    assert some.dense.by_action["activation_reads"] == every.dense.by_action["activation_reads"]
    assert some.dense.by_action["static"] == every.dense.by_action["static"]
    assert some.energy == every.energy and some.comparison.break_even == every.comparison.break_even
    assert "zeros skipped: activations" in some.render() and "zeros skipped" not in every.render()
    assert some.comparison.verdict.startswith("where the other array has what follows an activation of zero")
    document = some.to_dict()["non_spiking"]
    assert document["zero_skipping"] == "activations" and document["densities"]["input"] == 0.25


def test_an_unknown_kind_of_zeros_is_refused() -> None:
    with pytest.raises(UsageError, match=r"zero_skipping must be one of none, activations, both, not 'all'$"):
        report_of(single(), np.ones((1, 64), np.uint8), "all")  # type: ignore[arg-type]
    result = CliRunner().invoke(main, ["simulate", "b", "--data", "digits", "--zero-skipping", "all"])
    assert result.exit_code == 2 and "'all' is not one of" in result.stderr
