"""What every command shares on the terminal: errors, progress. Only data goes to stdout."""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

import click

from snnc.base.errors import MAX_LINE, FileError, SnncError
from snnc.base.extras import missing_extra
from snnc.base.quoting import printable, printable_lines, shortened
from snnc.base.terminal import print_error

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: 1 would say bug."""
UNREAD = 141
"""Exit code where nobody reads the output any more, likewise."""


class Update(Protocol):
    """Tells a progress bar how much is done so far, and what to show behind it."""

    def __call__(self, done: int, state: str = "") -> None: ...


class Console:
    """Options that apply to every command, kept in the click context."""

    def __init__(self, quiet: bool = False, verbose: bool = False) -> None:
        self.quiet = quiet
        self.verbose = verbose

    def say(self, message: str = "") -> None:
        """One line for people, on stderr; nothing with --quiet."""
        if not self.quiet:
            click.echo(printable_lines(message), err=True)

    def detail(self, message: str) -> None:
        """One line that only --verbose shows."""
        if self.verbose:
            self.say(message)

    @contextmanager
    def progress(self, label: str, total: int) -> Iterator[Update]:
        """A progress bar on a terminal; yields what moves it."""
        if self.quiet or not sys.stderr.isatty():
            yield lambda done, state="": None
            return
        position, shown = 0, ""

        def update(done: int, state: str = "") -> None:
            nonlocal position, shown
            position, moved, shown = done, done - position, state
            bar.update(moved)

        def show(_: int | None) -> str:
            return shown

        with click.progressbar(length=total, label=label, file=sys.stderr, item_show_func=show) as bar:
            yield update


class SnncGroup(click.Group):
    """A group whose commands end a user's mistake with one message and its exit code, without traceback."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Options before the command, help among them."""
        with _reported(context):
            return super().parse_args(context, args)

    def invoke(self, context: click.Context) -> object:
        """Run the command; SnncError and unexpected errors become messages and exit codes."""
        if "NO_COLOR" in os.environ:
            context.color = False
        with _reported(context):
            return super().invoke(context)


@contextmanager
def _reported(context: click.Context) -> Iterator[None]:
    """Every error as a message and an exit code; where click quotes an argument whole, that is cut short."""
    try:
        yield
    except click.ClickException as error:
        error.message = shortened(printable(error.message), MAX_LINE)  # type: ignore[misc]
        raise
    except (click.exceptions.Exit, click.Abort):
        raise
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        context.exit(INTERRUPTED)
    except Exception as error:
        context.exit(_report(error))


def _report(error: Exception) -> int:
    """Say what went wrong on stderr, if that can still be written; returns the exit code."""
    _abandon_broken_output()
    if isinstance(error, BrokenPipeError):
        return UNREAD
    known = _as_user_error(error)
    with suppress(OSError):
        if known is not None:
            print_error(known)
        else:
            traceback.print_exception(error)
            click.echo("\nerror: this is a bug in snnc; please report it with the lines above", err=True)
    return 1 if known is None else known.exit_code


def _as_user_error(error: Exception) -> SnncError | None:
    """The mistake outside snnc behind `error`, or None where it is a bug."""
    if isinstance(error, SnncError):
        return error
    if isinstance(error, ModuleNotFoundError):
        return missing_extra(error)
    if isinstance(error, OSError):
        message = f"cannot be read or written: {error.strerror or error}"
        return FileError(message, where=str(error.filename or "standard output"))
    return None


def _abandon_broken_output() -> None:
    """What stdout or stderr could not write must not be tried again, and fail again, when Python ends."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with suppress(OSError, ValueError):
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, stream.fileno())
                os.close(null)
