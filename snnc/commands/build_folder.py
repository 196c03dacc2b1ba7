"""A build directory as a whole: written beside what is there, then put in its place, by one at a time."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from snnc.base.errors import FileError
from snnc.base.files import file_errors, make_directory, move_file, replaceable
from snnc.commands.console import Console
from snnc.compiler.formats.storage import PROGRAM_FILE

LOCK_FILE = ".lock"
FRESH_FOLDER = ".new"
MODEL_FILE = "model.pt"
REPORT_FILE, VERIFY_FILE, POWER_FILE = "report.json", "verify.json", "power.json"
PARETO_FILE = "pareto.svg"
PASSES_FILE = "passes.json"
PAGE_FILE = "report.html"
TRACE_FILE = "trace.pftrace"
_GENERATED = (
    REPORT_FILE,
    VERIFY_FILE,
    POWER_FILE,
    "run.json",
    "synth.json",
    PARETO_FILE,
    PASSES_FILE,
    PAGE_FILE,
    TRACE_FILE,
    "ir/[0-9]*-*.txt",
    "ir/[0-9]*-*.arrays.zip",
    "rtl/image/core_x??_y??_*.hex",
)
"""What must not outlive the program it came from; every other file in a build directory stays."""


@contextmanager
def new_build(build: Path, console: Console) -> Iterator[Path]:
    """An empty folder to write a build into, which takes the place of the one in `build` once it is complete.

    Until then that one is untouched, and whatever else lies in `build` stays in any case. Raises FileError
    where something that is not a build's would be replaced.
    """
    make_directory(build)
    _check_rtl(build / "rtl")
    with renewed_folder(build, _GENERATED, PROGRAM_FILE, console) as fresh:
        yield fresh


@contextmanager
def renewed_folder(folder: Path, generated: Sequence[str], last: str, console: Console) -> Iterator[Path]:
    """An empty folder whose files take their places in `folder` once all are written, the one called `last`
    behind the others.

    Files there that match a `generated` pattern and are not written again are deleted; all others stay.
    Raises FileError, and moves nothing, where a file cannot be replaced.
    """
    with locked_folder(folder, console):
        fresh = folder / FRESH_FOLDER
        shutil.rmtree(fresh, ignore_errors=True)
        make_directory(fresh)
        try:
            yield fresh
            _take_over(fresh, folder, generated, last)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


@contextmanager
def locked_folder(folder: Path, console: Console) -> Iterator[None]:
    """Wait until no other process writes into `folder`; a process that was killed holds no lock."""
    lock = FileLock(folder / LOCK_FILE)
    with file_errors(folder):
        try:
            lock.acquire(timeout=0)
        except Timeout:
            console.say(f"waiting for another snnc that writes into {folder}")
            lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _check_rtl(folder: Path) -> None:
    """An exported folder, even one cut short, has images: any other is somebody's own."""
    with file_errors(folder):
        if folder.exists() and any(folder.iterdir()) and not (folder / "image").is_dir():
            raise FileError("would be replaced, but does not come from a build", where=str(folder))


def _take_over(fresh: Path, folder: Path, generated: Sequence[str], last: str) -> None:
    """Move every file of `fresh` to its place in `folder`; nothing moves if one cannot."""
    names = [path.relative_to(fresh) for path in sorted(fresh.rglob("*")) if path.is_file()]
    names.sort(key=lambda name: name.name == last)
    outdated = [path for pattern in generated for path in folder.glob(pattern)]
    for path in (*outdated, *(folder / name for name in names)):
        make_directory(path.parent)
        replaceable(path)
        if not os.access(path.parent, os.W_OK):
            raise FileError("cannot be written: is read-only", where=str(path.parent))
    for path in outdated:
        if path.relative_to(folder) not in names:
            with file_errors(path):
                path.unlink()
    for name in names:
        move_file(fresh / name, folder / name)
