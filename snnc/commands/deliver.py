"""How every verb hands over its result: as text on the terminal, as JSON in the build and where asked."""

import json
from pathlib import Path
from typing import Any, Protocol

import click

from snnc.base.errors import SnncError
from snnc.base.files import write_json
from snnc.base.terminal import print_error
from snnc.commands.console import Console

STDOUT = Path("-")


class Result(Protocol):
    """What a verb found out."""

    def to_dict(self) -> dict[str, Any]:
        """The JSON document; its keys are a contract with scripts."""

    def render(self) -> str:
        """The same as text for people."""


def deliver(
    result: Result, console: Console, *, kept: Path | None = None, json_file: Path | None = None
) -> None:
    """Show a result, then store it: what cannot be written does not cost what was computed.

    `kept` is its file in the build, `json_file` what the user asked for, `-` for stdout. Raises the first
    FileError of them once both were tried.
    """
    console.say(result.render())
    errors = []
    for path in (json_file, kept):
        try:
            _write(result, path)
        except SnncError as error:
            errors.append(error)
    for further in errors[1:]:
        print_error(further)
    if errors:
        raise errors[0]


def print_data(text: str, document: Any, json_file: Path | None) -> None:
    """A list, which is data itself, on stdout; its JSON in `json_file`, or in its place for `-`."""
    if json_file == STDOUT:
        text = json.dumps(document, indent=1)
    elif json_file is not None:
        write_json(json_file, document)
    click.echo(text)


def _write(result: Result, path: Path | None) -> None:
    if path == STDOUT:
        click.echo(json.dumps(result.to_dict(), indent=1))
    elif path is not None:
        write_json(path, result.to_dict())
