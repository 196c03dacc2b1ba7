"""docs/supported.md is what the rules say today, and every rule explains itself."""

from pathlib import Path

from snnc.compiler.passes.legalise import RULES
from snnc.compiler.supported import supported_text


def test_the_page_is_current() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "supported.md"
    assert page.read_text() == supported_text(), "run `snnc ops > docs/supported.md`"


def test_every_rule_is_one_documented_sentence() -> None:
    for rule in RULES:
        assert rule.__doc__
        assert rule.__doc__.strip().endswith(".")
        assert f"`{rule.__name__}`" in supported_text()
