"""The table of area and clock: one line per configuration, from its placements."""

from dataclasses import replace

import pytest

from snnc.rtl.fpga.area import DENSE, HEADER, main, row
from snnc.rtl.fpga.area_model import multipliers
from snnc.rtl.fpga.openflow import PathStep, Placement

PATH = (PathStep("clk-to-q", 0.5, "core.first_q_TRELLIS_FF_Q"), PathStep("setup", 0.5, "core.last_q"))


def placement(fmax: float, luts: int) -> Placement:
    return Placement(fmax, luts, 20, 3, 4, {}, PATH)


def test_a_line_shows_every_seed_and_the_area_of_the_median() -> None:
    line = row("small", 800, [placement(90.0, 1000), placement(110.0, 1200), placement(100.0, 1104)], 8)
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[:9] == ["`small`", "1,104", "138", "100", "20", "3", "4", "90.0 110.0 100.0", "**100.0**"]
    assert len(cells) == HEADER.splitlines()[0].strip("|").count("|") + 1
    assert cells[9].startswith("core.first_q to core.last_q: 1.0 ns")


def test_multipliers_by_rule() -> None:
    """As Yosys maps a lane: one for each decay up to 18 bits, then two."""
    assert multipliers(DENSE) == 1 + 8
    assert multipliers(replace(DENSE, cuba=1, state_bits=18)) == 1 + 2 * 8
    assert multipliers(replace(DENSE, cuba=1, state_bits=24)) == 1 + 4 * 8
    assert multipliers(replace(DENSE, decay_multiplier=0)) == 1
    # A payload of eight bits and its shift take a second one as soon as they have more than 17 bits.
    assert multipliers(replace(DENSE, fraction_bits=9)) == 1 + 8
    assert multipliers(replace(DENSE, fraction_bits=12, cuba=1)) == 1 + 3 * 8
    assert multipliers(replace(DENSE, fraction_bits=7, weight_bits=8)) == 1 + 2 * 8


def test_an_unknown_configuration_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nothing"]) == 2
    assert "no configuration is called 'nothing'" in capsys.readouterr().err
