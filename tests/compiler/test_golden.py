"""Every pass makes of a kept text the kept text; `make golden` rewrites them after a change that is meant."""

from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner
from golden import chains, passes_of, run_pass, text_after

from snnc.commands.cli import main
from snnc.compiler.formats.text import parse_ir
from snnc.compiler.passes.registry import PASSES

CASES = [(chain, number) for chain in chains() for number, _ in enumerate(passes_of(chain), 1)]


@pytest.mark.parametrize(
    ("chain", "number"), CASES, ids=lambda value: value.name if isinstance(value, Path) else str(value)
)
def test_a_pass_makes_what_is_kept(chain: Path, number: int) -> None:
    assert run_pass(chain, number) == text_after(chain, number).read_text(), "`make golden` if this is meant"


def test_every_pass_has_at_least_two_cases_and_no_text_is_left_over() -> None:
    counts = Counter(passes_of(chain)[number - 1].name for chain, number in CASES)
    assert set(counts) == set(PASSES) and min(counts.values()) >= 2
    for chain in chains():
        expected = {text_after(chain, number) for number in range(len(passes_of(chain)) + 1)}
        assert set(chain.glob("*.txt")) == expected


@pytest.mark.parametrize("chain", chains(), ids=lambda chain: chain.name)
def test_the_command_makes_the_same(chain: Path, tmp_path: Path) -> None:
    """The whole pipeline in one go, printed and written."""
    last = text_after(chain, len(passes_of(chain)))
    arguments = ["opt", str(text_after(chain, 0)), "--passes", (chain / "passes").read_text()]
    run = CliRunner().invoke(main, arguments)
    if last.read_text().startswith("#"):
        assert run.exit_code in (3, 4)
        assert last.read_text().split("\n", 1)[1].splitlines()[0] in run.stderr
        return
    assert run.exit_code == 0, run.output
    assert run.stdout == last.read_text()
    parse_ir(run.stdout, {})
    assert CliRunner().invoke(main, [*arguments, "-o", str(tmp_path / "last.txt")]).exit_code == 0
    again = CliRunner().invoke(main, ["opt", str(tmp_path / "last.txt")])
    assert again.stdout == last.read_text()
