"""The command that prints what the neurocore reaches of its aims: its designs, and that it goes on."""

import runpy
from pathlib import Path

import snnc

SCRIPT = Path(__file__).resolve().parent.parent / "examples" / "benchmarks" / "aims" / "neurocore.py"


def test_designs_of_the_headline_hold_their_input_and_fit_their_cores() -> None:
    script = runpy.run_path(str(SCRIPT))
    for name in script["HEADLINE"]:
        program = snnc.compile(SCRIPT.parents[2] / "mnist-fpga.pt", str(SCRIPT.parent / f"{name}.yaml")).tiled
        assert [str(core.at) for core in program.cores] == ["(0,0)", "(0,0).1"]
        assert program.input.encoding == "held"


def test_what_was_placed_is_not_placed_again(tmp_path: Path) -> None:
    script = runpy.run_path(str(SCRIPT))
    seeds: list[int] = []

    class Design:
        def place(self, folder: Path, seed: int) -> object:
            seeds.append(seed)
            return script["Placed"](100.0 + seed, 1600)

    for number in (2, 3, 0):
        placed = script["placements"](tmp_path, number, Design())
    assert seeds == [1, 2, 3]
    assert [design.mhz for design in placed] == [101.0, 102.0, 103.0]
    assert script["core"]("dense-16", placed) == (
        "100 LUT4 per lane, 102.0 MHz in the median of 101.0, 102.0, 103.0"
    )
