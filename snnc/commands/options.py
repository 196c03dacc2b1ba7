"""What verbs share on the command line: kinds of values, the build, the samples, seeds, `--json`."""

import functools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, get_args

import click

from snnc.commands.console import Console
from snnc.models import Selection
from snnc.training.data.recordings.view import MAX_POOL, SoundCode, View

Command = TypeVar("Command", bound=Callable[..., Any])


class NamedPath(click.Path):
    """A path that names something: an empty one would mean the current folder."""

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> Any:
        """The path; refuses an empty one."""
        if value == "":
            self.fail("a path must not be empty", parameter, context)
        return super().convert(value, parameter, context)


class FiniteRange(click.FloatRange):
    """A number in a range; unlike click's own, NaN is in none."""

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> Any:
        """The number; refuses what is none."""
        number = super().convert(value, parameter, context)
        if not math.isfinite(number):
            self.fail(f"{number} is not a finite number", parameter, context)
        return number


directory = NamedPath(file_okay=False, path_type=Path)
file = NamedPath(path_type=Path, dir_okay=False)
file_or_directory = NamedPath(path_type=Path)
destination = NamedPath(path_type=Path, allow_dash=True, dir_okay=False)
positive = click.IntRange(1, 2**31 - 1)
MOST_WORKERS = 256
"""Processes that one machine is asked to start; more work on a Dask cluster."""

pass_console = click.make_pass_decorator(Console, ensure=True)
build_argument = click.argument("folder", metavar="BUILD", type=directory)
data_dir_option = click.option(
    "--data-dir", type=directory, envvar="SNNC_DATA", help="Where the data sets lie."
)


def data_option(text: str, *, required: bool = False) -> Callable[[Command], Command]:
    """`--data`, a data set by name, an `.npz` file, or recordings."""
    return click.option("--data", required=required, help=text)


def samples_option(text: str, default: int | None = None) -> Callable[[Command], Command]:
    """`--samples`, how many of the data."""
    return click.option("--samples", type=positive, default=default, help=text)


def seed_option(text: str, default: int) -> Callable[[Command], Command]:
    """`--seed`, of whatever is random in a verb."""
    return click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=default, help=text)


def json_option(name: str) -> Callable[[Command], Command]:
    """`--json`, for a verb whose result the build keeps as `name`, or does not keep."""
    text = f"Also write {name} here (- for stdout)."
    return click.option("--json", "json_file", type=destination, metavar="FILE", help=text)


def view_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what is seen of recordings; the command gets them as one `view`."""

    @functools.wraps(command)
    def collected(
        *arguments: Any, bin_: str | None, pool: int, crop: str | None, sound: str, **options: Any
    ) -> Any:
        return command(*arguments, view=View.parse(bin_, pool, crop, sound), **options)

    options: tuple[Callable[[Any], Any], ...] = (
        click.option(
            "--sound",
            type=click.Choice(get_args(SoundCode)),
            default="spectrogram",
            help="Code of .wav files.",
        ),
        click.option("--crop", metavar="HxW+TOP+LEFT", help="Window of the sensor, in pixels."),
        click.option(
            "--pool", type=click.IntRange(1, MAX_POOL), default=1, help="Side of squares of pixels."
        ),
        click.option("--bin", "bin_", metavar="STEP", help="Step of recordings, e.g. 10ms or 500events."),
    )
    return functools.reduce(lambda decorated, option: option(decorated), options, collected)


def selection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which samples of which data; the command gets them as one `selection`."""

    @functools.wraps(command)
    def collected(
        *arguments: Any,
        data: str,
        data_dir: Path | None,
        split: str,
        samples: int | None,
        view: View,
        **options: Any,
    ) -> Any:
        return command(*arguments, selection=Selection(data, data_dir, split, samples, view), **options)

    splits = click.Choice(["train", "test"])
    options: tuple[Callable[[Any], Any], ...] = (
        view_options,
        samples_option("Use only the first N samples."),
        click.option("--split", type=splits, default="test", help="Part of a data set."),
        data_dir_option,
        data_option(
            "Data set by name, an .npz with x and y, or recordings: a file or folder.", required=True
        ),
    )
    return functools.reduce(lambda decorated, option: option(decorated), options, collected)


def cluster_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say who works: a Dask cluster, or so many processes here."""
    some = click.IntRange(1, MOST_WORKERS)
    count = click.option("--workers", type=some, help="Processes here, each on one core.")
    address = click.option("--scheduler", metavar="ADDRESS", help="A Dask cluster that shares the files.")
    return address(count(command))
