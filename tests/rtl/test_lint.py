"""Our own rule of the lint: it holds for the design, and it tells who breaks it."""

from pathlib import Path

from snnc.rtl.lint import woken_together
from snnc.rtl.sources import simulation_sources


def test_no_process_is_woken_by_another_that_has_nothing_to_do_with_it() -> None:
    assert woken_together(simulation_sources()) == []


def test_an_always_comb_is_told_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "snnc_new.sv"
    file.write_text("// not an always_comb\nmodule snnc_new;\n  always_comb begin\n  end\nendmodule\n")
    assert woken_together([file]) == ["snnc_new.sv:3: always_comb, which hangs Icarus 11: write always @*"]
