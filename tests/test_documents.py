"""What documents tell people to type exists: commands with their options, names of the Python API."""

import re
import shlex
from pathlib import Path

import click
import pytest

import snnc
from snnc.commands.cli import main

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])
DOCUMENTS = [path for path in DOCUMENTS if path.name != "CHANGELOG.md"]
"""The changelog tells of what was, too."""
FOLDERS = {path.name for path in (ROOT / "snnc").iterdir() if path.is_dir()}
PLACEHOLDER = re.compile(r"\.\.\.|…|\[|\bPASS\b|\|")
"""In a line that shows a form, not a command."""


def commands(path: Path) -> list[str]:
    """Lines of blocks that call snnc, without what is said behind them."""
    text = path.read_text()
    text += re.sub("^", "    ", "".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL)), flags=re.MULTILINE)
    lines = re.findall(r"^ {4}(snnc (?:-\w )?[a-z].*)$", text, re.MULTILINE)
    return [line.split("  #")[0].strip() for line in lines if not PLACEHOLDER.search(line.split("  #")[0])]


def parse(line: str) -> None:
    """Raise click's error for a command that would be refused before it runs."""
    words = shlex.split(line)[1:]
    with main.make_context("snnc", words) as context:
        name, command, rest = main.resolve_command(context, [*context._protected_args, *context.args])
        assert command is not None
        command.make_context(name, rest, parent=context)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_are_taken(path: Path) -> None:
    for line in commands(path):
        try:
            parse(line)
        except click.ClickException as error:
            pytest.fail(f"{line}: {error.format_message()}")


def test_commands_are_found_and_wrong_ones_refused() -> None:
    assert sum(len(commands(path)) for path in DOCUMENTS) > 60
    for line in ("snnc fly", "snnc compile m.pt --tarket fpga", "snnc view b --port x"):
        with pytest.raises(click.ClickException):
            parse(line)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_of_the_api_exist(path: Path) -> None:
    code = "\n".join(re.findall(r"^ {4}.*|```python\n.*?```|`[^`\n]*`", path.read_text(), re.M | re.S))
    named = set(re.findall(r"(?<![\w./-])snnc\.([A-Za-z_]\w*)\b(?!\.\w)", code))
    assert named <= {*snnc.__all__, *FOLDERS}
