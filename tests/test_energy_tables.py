"""Tables of `examples/benchmarks/energy`: who wins at which prices, power at other rates, their places."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from builders import layer, network, target

from snnc.commands.power_page import Line, PowerPage
from snnc.compiler.formats.storage import Build
from snnc.compiler.pipeline import compile_network
from snnc.sim.accounting.energy_table import load_energy_table
from snnc.sim.report import Report
from snnc.sim.simulate import simulate

FOLDER = Path(__file__).parents[1] / "examples" / "benchmarks" / "energy"
README = (FOLDER / "README.md").read_text("utf-8")


@pytest.fixture(name="load")
def scripts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Imports the folder's scripts, whose names nobody else shall find afterwards."""
    monkeypatch.syspath_prepend(str(FOLDER))
    names = [path.stem for path in FOLDER.glob("*.py")]
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)

    def load(name: str) -> ModuleType:
        return importlib.import_module(name)

    yield load
    for name in names:
        sys.modules.pop(name, None)


@pytest.fixture(name="simulated", scope="module")
def simulated_network() -> tuple[Build, Report]:
    """Two layers of which the second hears few spikes; a quarter of the inputs are events."""
    model = network(layer("a", "input", 64, 8), layer("b", "a", 8, 4), features=64, max_payload=1)
    compiled = compile_network(model, target(cuba=False))
    build = Build(compiled.network, compiled.tiled)
    x = np.zeros((2, 64), np.uint8)
    x[:, :16] = 1
    return build, simulate(build, x, energy_table="cmos45")


def test_a_case_costs_what_the_report_says(load: Any, simulated: tuple[Build, Report]) -> None:
    build, report = simulated
    cases = list(load("sureness").cases(build, report))
    assert [(case.made_for_it, case.skipping) for case in cases] == [
        (made, kind) for made in (False, True) for kind in ("none", "activations", "both")
    ]
    for case, energy, dense in (
        (cases[0], report.energy, report.comparison.target),
        (cases[3], report.energy.built, report.comparison.built),
    ):
        duel = case.duel()
        assert duel.spikes == pytest.approx((energy.low, energy.mean, energy.high))
        assert duel.dataflow == pytest.approx((dense.low, dense.total, dense.high))
        assert duel.ideal[1] == pytest.approx(dense.ideal.total)
        assert duel.leads[1] == pytest.approx(dense.total / energy.mean)
    assert cases[1].duel().dataflow[1] < cases[0].duel().dataflow[1]


def test_the_worst_prices_are_no_better_than_any_other(load: Any, simulated: tuple[Build, Report]) -> None:
    sureness = load("sureness")
    case = list(sureness.cases(*simulated))[3]
    assert case.worst() < min(case.duel().leads)
    table = load_energy_table("cmos45")
    for place, coefficient in table.coefficients().items():
        for end in ("low", "high"):
            other = sureness.changed(table, place, coefficient.at(end))
            assert other.coefficients()[place].value == coefficient.at(end)
            assert case.worst() <= case.duel(other).leads[1]
    part = "power.device_static.LFE5U-25F"
    changed = sureness.changed(load_energy_table("ecp5"), part, 1.0).coefficients()
    assert changed[part].value == changed[part].at("high") == 1.0
    assert changed["power.device_static.LFE5U-85F"].value == 233.0


def test_the_density_at_which_both_cost_the_same(load: Any, simulated: tuple[Build, Report]) -> None:
    build, report = simulated
    cases = list(load("sureness").cases(build, report))
    assert cases[3].even_density() is None
    for case in (cases[1], cases[4]):
        found = case.even_density()
        if found is None:
            assert case.duel(hidden=1.0).leads[1] < 1
        else:
            assert case.duel(hidden=found).leads[1] >= 1
            assert found == 0 or case.duel(hidden=found - 0.002).leads[1] < 1


def test_only_what_inferences_take_grows_with_the_rate(load: Any) -> None:
    intervals = load("intervals")
    names = ("static", "clock", "clock trunk", "toggles: neurons", "toggles: router", "memories")
    lines = [Line(name, 3.0, 1.0, 7.0, "", "assumed") for name in names]
    design = intervals.Design("t", PowerPage("part", "ecp5", 1000.0, 1e8, 0.1, lines))
    found = {line.name: (line.typical, line.low, line.high) for line in design.at(10.0)}
    standing, grown = (3.0, 1.0, 7.0), (0.03, 0.01, 0.07)
    assert [found[name] for name in names[:3]] == [standing] * 3
    assert found["memories"] == pytest.approx(grown)
    assert found["registers that change"] == pytest.approx(tuple(2 * value for value in grown))
    assert len(found) == 5


def test_every_table_has_its_place_and_its_columns(load: Any) -> None:
    sparse, run, intervals = load("sparse"), load("run"), load("intervals")
    tables = {
        "networks": run.HEADER,
        "sparse": sparse.HEADER,
        "sureness": sparse.SURENESS,
        "intervals": intervals.INTERVALS,
        "assumed": intervals.ASSUMED,
    }
    replaced = load("tables").replaced
    for name, header in tables.items():
        assert f"<!-- table {name} -->\n| {' | '.join(header)} |\n" in README
        changed = replaced(README, name, "new\n")
        assert f"<!-- table {name} -->\nnew\n<!-- end of {name} -->" in changed
        assert (
            replaced(changed, name, README.split(f"<!-- table {name} -->\n")[1].split("<!-- end")[0])
            == README
        )
    with pytest.raises(ValueError, match="no place for the table other"):
        replaced(README, "other", "")
