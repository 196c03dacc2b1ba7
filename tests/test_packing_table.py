"""The benchmark of one wide core against many narrow ones: which parts its designs fit, and its cells."""

import runpy
from pathlib import Path
from typing import Any

import pytest
from large_networks import resnet

import snnc
from snnc.compiler.ir.packing import on_core

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


@pytest.fixture(scope="module", name="script")
def read_script() -> dict[str, Any]:
    return runpy.run_path(str(EXAMPLES / "benchmarks" / "packing" / "run.py"))


@pytest.mark.parametrize(
    ("kind", "cores", "lanes", "part"),
    [
        ("one core, 16 lanes", 1, 16, "LFE5U-12F"),
        ("one core, 8 lanes", 1, 8, "LFE5U-12F"),
        ("a core a layer, 8 lanes", 2, 8, "LFE5U-25F"),
    ],
)
def test_the_headline_goes_on_the_smallest_part_that_it_fits(
    script: dict[str, Any], kind: str, cores: int, lanes: int, part: str
) -> None:
    design = script["fitting"](snnc.load(EXAMPLES / "mnist-fpga.pt"), script["HARDWARE"][kind])
    tiled = design.program.tiled
    assert (len(on_core(tiled)), len(tiled.cores), tiled.target.lanes) == (cores, 2, lanes)
    assert design.part == part and tiled.target.device.part.startswith(part)
    assert design.area.bram <= tiled.target.device.block_rams


def test_what_fits_no_part_says_what_is_missing(script: dict[str, Any], tmp_path: Path) -> None:
    refused = script["fitting"](resnet(20), script["HARDWARE"]["one core, 8 lanes"])
    assert script["placements_of"](refused, tmp_path, 1) == []
    cells = list(script["figures"](refused, [], "mnist", 1))
    assert len(cells) == len(script["HEADER"]) - 2
    assert cells[2].startswith("none")


def test_what_was_placed_stands_beside_what_was_predicted(
    script: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNNC_DATA", str(tmp_path))
    design = script["fitting"](snnc.load(EXAMPLES / "mnist-fpga.pt"), script["HARDWARE"]["one core, 8 lanes"])
    (tmp_path / "seed1.json").write_text('{"mhz": 100.4, "luts": 4149}')
    placed = script["placements_of"](design, tmp_path, 0)
    cells = list(script["figures"](design, placed, "mnist", 1))
    assert cells[3] == f"**4,149** ({design.area.lut:,} predicted)" and cells[5] == "100.4"
    assert cells[6].startswith("left out: ") and len(cells) == len(script["HEADER"]) - 2
