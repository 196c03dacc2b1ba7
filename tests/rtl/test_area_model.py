"""The area model: builds outside the fit are predicted; block RAM and multipliers are exact in all."""

from dataclasses import replace

import pytest

from snnc.compiler.targets import Target, load_target
from snnc.rtl.fpga.area_model import (
    Measurement,
    features,
    fit,
    measurements,
    multipliers,
    predict_logic,
    shared_logic,
)
from snnc.rtl.fpga.measure_area import CASES, Case, connected, convolutional
from snnc.rtl.fpga.memories import memory_cells
from snnc.rtl.parameters import parameters_for

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


def mesh(lanes: int, **changes: object) -> Target:
    """Hardware of one core."""
    whole = load_target("ecp5-25k-mesh")
    return replace(whole, width=1, lanes=lanes, **changes)  # type: ignore[arg-type]


SHARED = (
    (Case("conv", convolutional(16, 12, 2), mesh(4, contexts=2)), (742, 534)),
    (
        Case("connected", connected((32, 32, 24), 12, 2), mesh(8, contexts=4, parameter_words=32)),
        (1381, 715),
    ),
    (Case("wide", connected((24, 16, 12, 8), 16, 2), mesh(16, contexts=8)), (1581, 874)),
    (Case("loadable", connected((32,), 12, 2), mesh(8, contexts=16), loadable=True), (1054, 366)),
)
"""Cores that tiles share, and the LUT4 and flip-flops that they had more, 2026-11-27, than the model said of
one of a single tile with as large memories."""


@pytest.mark.parametrize(("case", "more"), SHARED, ids=[case.name for case, _ in SHARED])
def test_what_a_core_has_more_that_tiles_share(case: Case, more: tuple[int, int]) -> None:
    parameters = parameters_for(case.image, loadable=case.memories)
    assert parameters.contexts > 1
    assert shared_logic(case.image, parameters) == pytest.approx(more, rel=0.1)
    alone = replace(parameters, contexts=1)
    assert shared_logic(case.image, alone) == (0, 0)
    memories = memory_cells(case.image, parameters) + memory_cells(case.image, alone) * -1
    assert (memories.distributed > 300) == case.loadable
