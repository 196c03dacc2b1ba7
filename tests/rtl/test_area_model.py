"""The area model: builds outside the fit are predicted; block RAM and multipliers are exact in all."""

import pytest

from snnc.rtl.fpga.area_model import Measurement, features, fit, measurements, multipliers, predict_logic
from snnc.rtl.fpga.measure_area import CASES, Case
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
