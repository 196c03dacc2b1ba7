"""`snnc bench` is fair and says what it found: the same work for everybody, in turn, aims beside figures."""

import gc
import json
import sys
from itertools import count
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner

from snnc.base.errors import MismatchError, UsageError
from snnc.benchmark import peers
from snnc.benchmark.bare import _footprints
from snnc.benchmark.figures import (
    BARE,
    CYCLE,
    FUNCTIONAL,
    long_chain,
    measure_apart,
    measure_large,
    measure_network,
)
from snnc.benchmark.hardware import Speeds
from snnc.benchmark.measure import Spread, interleaved, ratios
from snnc.benchmark.networks import NETWORKS, Subject, chain, compiled, spikes
from snnc.benchmark.plot import draw_curves
from snnc.benchmark.results import Bench
from snnc.benchmark.scaling import Curve
from snnc.commands.cli import main
from snnc.compiler.targets import load_target
from snnc.sim.accounting.counts import count_actions, total
from snnc.sim.engine.functional import run_functional


def small() -> Subject:
    network = chain("small", (20, 24, 6), (9, 9), 8)
    return Subject(network, compiled(network, load_target("mesh16")), spikes(network, 3, 0.3))


def test_contenders_take_turns_each_after_a_run_of_its_own() -> None:
    order: list[str] = []
    ticks = count()
    times = interleaved(
        {name: lambda name=name: order.append(name) for name in "ab"},  # type: ignore[misc]
        2,
        lambda: float(next(ticks)),
    )
    assert order == list("aabbaabb")
    assert times == {"a": [1.0, 1.0], "b": [1.0, 1.0]}


def test_ratios_are_of_the_same_round() -> None:
    times = {"one": [2.0, 20.0, 6.0], "other": [1.0, 10.0, 2.0]}
    assert ratios(times, "one", "other") == Spread(2.0, 2.0, 2.5)


def test_the_bare_loop_adds_every_weight_of_every_event() -> None:
    one = small()
    _, _, places = _footprints(one.program, one.payloads)
    lanes = one.program.target.lanes
    run = run_functional(one.program, one.payloads, trace=True)
    assert run.trace is not None
    arriving = int(one.payloads.sum()) * 2 + int(run.trace[0].spikes.sum())
    assert len(places) == int(one.payloads.sum()) + int(run.trace[0].spikes.sum())
    assert places[:, 2].sum() == arriving * lanes
    assert total(count_actions(one.program, run.primitives), "sops") > 0


@pytest.mark.parametrize("name", ["dense", "recurrent"])
def test_the_networks_of_the_benchmark_are_busy(name: str) -> None:
    make, target = NETWORKS[name]
    network = make()
    one = Subject(network, compiled(network, target()), spikes(network, 1, 0.1))
    fired = peers.layer_spikes(one)
    assert all(number > 0 for number in fired)


def test_snntorch_fires_the_same_spikes_or_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    one = small()
    assert peers.snntorch(one)() == peers.layer_spikes(one)
    monkeypatch.setattr(peers, "layer_spikes", lambda subject: [1, 1])
    with pytest.raises(MismatchError, match="snnTorch fires"):
        peers.snntorch(one)


def test_a_row_has_everybody_and_the_same_events() -> None:
    one = small()
    row = measure_network(one, 2, {"again": lambda: run_functional(one.program, one.payloads, threads=1)})
    assert [contender.name for contender in row.contenders] == [BARE, FUNCTIONAL, CYCLE, "again"]
    bare = row.contender(BARE)
    assert bare is not None
    assert bare.times_bare == Spread(1.0, 1.0, 1.0)
    counted = count_actions(one.program, run_functional(one.program, one.payloads).primitives)
    assert row.events == total(counted, "sops") / 3
    assert row.cycles > row.steps


def test_memory_is_counted_per_weight() -> None:
    found = measure_large(chain("large", (1024, 2048, 10), (4000, 60), 2), 16, 16, memory=True)
    assert found.weights == found.synapses == 1024 * 2048 + 2048 * 10
    assert 2 < found.compile_bytes < 6
    assert 2 < found.run_bytes < 6
    assert found.run_s > 0
    assert found.process_bytes > 2 * found.weights


def test_a_large_network_is_measured_in_a_process_of_its_own() -> None:
    ballast = np.ones(1 << 28, np.uint8)
    found = measure_apart(long_chain, 2, side=16)
    assert found.cores == 2
    assert 0 < found.process_bytes < ballast.nbytes + (1 << 28)


def test_collection_is_as_before_even_after_a_contender_fails() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    calls = iter([lambda: None, fail])
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError):
        interleaved({"it": lambda: next(calls)()}, 2)
    assert gc.isenabled()
    gc.disable()
    try:
        interleaved({"it": lambda: None}, 2)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_line_is_found_and_its_misfit_told(tmp_path: Path) -> None:
    sizes = (1.0, 10.0, 100.0, 1000.0)
    straight = Curve("x", "things", sizes, tuple(2e-3 + 5e-6 * size for size in sizes))
    assert straight.line == pytest.approx((2e-3, 5e-6))
    assert straight.worst < 1e-9
    bent = Curve("x", "things", sizes, tuple(2e-3 + 1e-8 * size**2 for size in sizes))
    assert bent.worst > 0.05
    draw_curves([straight, bent], tmp_path / "cost.svg")
    assert ElementTree.parse(tmp_path / "cost.svg").getroot().tag.endswith("svg")


def test_aims_stand_beside_what_was_found() -> None:
    nothing = Bench(2, (), None, (), None, (), ())
    assert all(aim.reached is None for aim in nothing.aims)
    assert "not measured" in nothing.render()
    same = Spread(4e5, 4e5, 4e5)
    slow = Speeds("conv", 0.5, same, same, Spread(1.0, 1.0, 1.0))
    fast = Bench(2, (), 1.9, (), None, (slow,), ())
    told = {aim.what: aim.reached for aim in fast.aims}
    assert told["two threads / one, by the clock"] is True
    assert told["cycle tier / Verilated RTL, cycles per CPU second"] is False
    assert json.loads(json.dumps(fast.to_dict()))["aims"][2]["reached"] is True
    assert "times the RTL" in fast.render()


@pytest.mark.slow
def test_the_verb_measures_and_writes(tmp_path: Path) -> None:
    arguments = ["bench", "--rounds", "2", "--only", "threads", "-o", str(tmp_path)]
    run = CliRunner().invoke(main, arguments)
    assert run.exit_code == 0, run.stderr
    document = json.loads((tmp_path / "bench.json").read_text())
    assert document["rounds"] == 2
    assert np.isfinite(document["threads"])
    assert "two threads / one" in run.stderr


def test_a_python_without_sanafe_is_told() -> None:
    python = Path(sys.executable)
    script = Path(__file__).resolve().parent.parent / "examples/benchmarks/peers/sanafe_peer.py"
    with pytest.raises(UsageError, match="SANA-FE does not run: ModuleNotFoundError"):
        peers.sanafe(small(), python, script, 2)
