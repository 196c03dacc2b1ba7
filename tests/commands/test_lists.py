"""Lists as data: `--json` says what the text says; in `-` alone; pages say where they are."""

import json
from pathlib import Path

import pytest
from builders import tiny_network
from click.testing import CliRunner, Result

from snnc.commands.cli import VERBS, main
from snnc.compiler.formats.storage import Build
from snnc.compiler.pipeline import compile_network
from snnc.compiler.supported import supported_text
from snnc.compiler.targets import builtin_targets, load_target

TEXTS = ("inspect", "opt", "export", "export-ip", "demo", "train", "view")
"""Verbs whose result is a text, a file or a page, not figures."""


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_every_other_verb_has_json() -> None:
    without = [verb for verb in VERBS if "--json" not in run(verb, "--help").output]
    assert set(without) == set(TEXTS)


@pytest.mark.parametrize("verb", ["targets", "ops", "doctor"])
def test_a_list_is_text_or_json_on_stdout_and_both_with_a_file(verb: str, tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    text, document = run(verb), run(verb, "--json", "-")
    both = run(verb, "--json", path)
    assert (text.stdout, text.exit_code) == (both.stdout, document.exit_code)
    assert json.loads(document.stdout) == json.loads(path.read_text())


def test_lists_say_everything() -> None:
    targets = json.loads(run("targets", "--json", "-").stdout)
    assert targets["fpga"]["lanes"] == builtin_targets()["fpga"].lanes
    assert set(targets) == set(builtin_targets())
    tables = json.loads(run("ops", "--json", "-").stdout)
    for rows in tables.values():
        for name, text in rows.items():
            assert name in supported_text() and text in supported_text()
    doctor = json.loads(run("doctor", "--json", "-").stdout)
    assert {"numpy", "starlette", "verilator"} <= {tool["name"] for tool in doctor["tools"]}


def test_columns_do_not_run_into_each_other() -> None:
    tools = json.loads(run("doctor", "--json", "-").stdout)["tools"]
    lines = run("doctor").stdout.splitlines()
    for tool, line in zip(tools, lines[1:], strict=False):
        assert line.split(maxsplit=2) == [tool["name"], tool["version"] or "missing", tool["purpose"]]


def test_a_page_says_where_it_is(tmp_path: Path) -> None:
    compiled = compile_network(tiny_network(), load_target("fpga"))
    Build(compiled.network, compiled.tiled).save(tmp_path)
    result = run("report", tmp_path, "--json", "-")
    page = tmp_path / "report.html"
    assert json.loads(result.stdout) == {"page": str(page), "builds": [str(tmp_path)]}
    assert page.is_file() and f"wrote {page}" in result.stderr
