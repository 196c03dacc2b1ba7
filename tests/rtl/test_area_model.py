"""The area model: builds outside the fit are predicted; block RAM and multipliers are exact in all."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from snnc.compiler.ir.image import Image
from snnc.compiler.isa.contract import ADDRESS, FLIT
from snnc.compiler.passes.encode import Encode
from snnc.compiler.passes.specialise import specialise
from snnc.compiler.pipeline import compile_network
from snnc.compiler.targets import Target, load_target
from snnc.models import read_model
from snnc.rtl.fpga import measure_area
from snnc.rtl.fpga.area_cases import CASES, Case
from snnc.rtl.fpga.area_model import (
    Measurement,
    features,
    fit,
    measurements,
    multipliers,
    predict_area,
    predict_logic,
)
from snnc.rtl.fpga.measure_area import Synthesis, measure
from snnc.rtl.fpga.memories import memory_cells
from snnc.rtl.parameters import WEIGHTS_ALONE, parameters_for

ROWS = measurements()
FITTED = [row for row in ROWS if row.fitted]
PAIRS = list(zip(CASES, ROWS, strict=True))


@pytest.mark.parametrize(("case", "row"), PAIRS, ids=[row.name for row in ROWS])
def test_the_table_is_of_the_cases_that_the_command_measures(case: Case, row: Measurement) -> None:
    assert row.name == case.name
    assert row.fitted == case.fitted
    assert row.features == features(case.image, case.memories, uart=case.board)


@pytest.mark.parametrize("row", [row for row in ROWS if not row.fitted], ids=lambda row: row.name)
def test_a_build_the_model_has_not_seen_is_predicted_within_ten_percent(row: Measurement) -> None:
    lut, ff = predict_logic(row.features, fit(FITTED))
    assert lut == pytest.approx(row.area.lut, rel=0.10)
    assert ff == pytest.approx(row.area.ff, rel=0.15)


@pytest.mark.parametrize(("case", "row"), PAIRS, ids=[row.name for row in ROWS])
def test_block_ram_and_multipliers_are_exact(case: Case, row: Measurement) -> None:
    parameters = parameters_for(case.image, loadable=case.memories)
    assert memory_cells(case.image, parameters).block + 5 * case.board == row.area.bram
    assert multipliers(parameters) == row.area.dsp


PLACED = (("ecp5-25k", (1, 2), 4149), ("ecp5-25k-mesh", (2, 1), 5350))
"""Of `examples/mnist-fpga.pt` with its UART: target, cores and contexts, LUT4 placed 2026-11-27."""


@pytest.mark.parametrize(("name", "shape", "luts"), PLACED)
def test_what_was_placed_is_predicted_within_ten_percent(
    name: str, shape: tuple[int, int], luts: int
) -> None:
    image = board_image(load_target(name))
    parameters = parameters_for(image, loadable=WEIGHTS_ALONE)
    assert (len(image.on_core()), parameters.contexts) == shape
    assert predict_area(image, WEIGHTS_ALONE, uart=True).lut == pytest.approx(luts, rel=0.10)


def board_image(target: Target) -> Image:
    """The headline network on hardware for it alone."""
    _, network = read_model(Path(__file__).parents[2] / "examples" / "mnist-fpga.pt")
    return Encode().run(specialise(compile_network(network, target).tiled))


def test_a_core_that_tiles_share_and_fifos_of_two_are_told_apart() -> None:
    shared = next(case for case in CASES if case.name == "32-32-24, 8 lanes, shared")
    found = features(shared.image, shared.memories, uart=False)
    assert (found["shared lane bits"], found["contexts"], found["loadable contexts"]) == (88, 4, 0)
    # One FIFO for the core and one for the host, of two flits each: type and data, a bit of x and of y and
    # that of the host, and five bits of their way.
    assert found["FIFO register bits"] == 2 * 2 * (FLIT.width - ADDRESS.width + 3 + 5)
    deep = replace(shared, target=replace(shared.target, router_fifo=4))
    assert features(deep.image, deep.memories, uart=False)["FIFO register bits"] == 0
    loadable = next(case for case in CASES if case.name == "loadable, 8 lanes, shared")
    found = features(loadable.image, loadable.memories, uart=False)
    assert (found["shared lane bits"], found["contexts"], found["loadable contexts"]) == (144, 0, 16)


FAST = CASES[:3]


def fake(synthesised: list[str]) -> Callable[[Synthesis], dict[str, int]]:
    """In place of a synthesis, leaves a result."""

    def run(synthesis: Synthesis) -> dict[str, int]:
        synthesised.append(synthesis.case.name)
        cells = {"LUT4": len(synthesised), "TRELLIS_FF": 7}
        synthesis.result.write_text(json.dumps({"digest": synthesis.digest, "cells": cells}))
        return cells

    return run


@pytest.fixture
def synthesised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []
    monkeypatch.setattr(measure_area, "TABLE", tmp_path / "table.json")
    monkeypatch.setattr(measure_area, "ProcessPoolExecutor", ThreadPoolExecutor)
    monkeypatch.setattr(Synthesis, "run", fake(names))
    monkeypatch.setattr(measure_area, "CASES", FAST)
    return names


def test_a_measurement_goes_on_where_it_was_interrupted(
    tmp_path: Path,
    synthesised: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(measure_area, "TABLE", tmp_path / "table.json")
    work = ["--work", str(tmp_path / "work")]
    assert measure_area.main([*work, "--minutes", "0"]) == 1
    assert "not measured yet: " + "; ".join(case.name for case in FAST) in capsys.readouterr().err
    measure(FAST[:1], tmp_path / "work", 1, 1e9)
    assert synthesised == [FAST[0].name]
    assert measure_area.main([*work, "-j", "2"]) == 0
    assert sorted(synthesised) == sorted(case.name for case in FAST)
    rows = json.loads((tmp_path / "table.json").read_text())
    assert [row["name"] for row in rows] == [case.name for case in FAST]
    assert "3 of 3" in capsys.readouterr().out


def test_what_was_synthesised_of_other_sources_is_measured_again(
    tmp_path: Path, synthesised: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    measure(FAST[:1], tmp_path, 1, 1e9)
    assert measure(FAST[:1], tmp_path, 1, 0) != {}
    monkeypatch.setattr(measure_area, "version", lambda package: "another")
    assert measure(FAST[:1], tmp_path, 1, 0) == {}
    assert len(synthesised) == 1
