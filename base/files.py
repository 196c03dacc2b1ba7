"""Files: written as the old one or the whole new one, through links and into devices; where caches lie."""

import json
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from snnc.base.errors import FileError

LOW_LIMIT = 1 << 26
MAX_EXPANSION = 100
"""What a compressed file may hold: `LOW_LIMIT` bytes, or so many times its own size."""


@contextmanager
def file_errors(path: Path, what: str = "cannot be written") -> Iterator[None]:
    """Turn what the operating system says about `path` into a FileError."""
    try:
        yield
    except OSError as error:
        raise FileError(f"{what}: {error.strerror or error}", where=str(path)) from None


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Call `write(stream)` on a file beside `path`, force it to the disk and rename it into place.

    A symbolic link stays one, and what it leads to is written. What is no regular file, such as a device or a
    pipe, is written in place. Raises FileError for a read-only file and where the folder cannot be written
    to; nothing is left behind on any error.
    """
    _write(path, write, durable=True)


def write_text(path: Path, text: str) -> None:
    """Write `text`, which can be made again, as UTF-8 in the same way, but without waiting for the disk."""
    _write(path, lambda stream: stream.write(text.encode()), durable=False)


def write_json(path: Path, document: object) -> None:
    """Write a document as JSON, in the same way."""
    write_text(path, json.dumps(document, indent=1) + "\n")


def _write(path: Path, write: Callable[[BinaryIO], object], *, durable: bool) -> None:
    with file_errors(path):
        if (stream := _open_in_place(path)) is not None:
            with stream:
                write(stream)
            return
        final, mode = replaceable(path)
        with _beside(final) as (temporary, stream):
            write(stream)
            stream.flush()
            if mode is not None:
                os.fchmod(stream.fileno(), mode)
            if durable:
                os.fsync(stream.fileno())
            os.replace(temporary, final)


@contextmanager
def _beside(final: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A new file in the folder of `final`, which is deleted unless it was renamed."""
    temporary = final.with_name(f".snnc.{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as stream:
            yield temporary, stream
    finally:
        temporary.unlink(missing_ok=True)


def _open_in_place(path: Path) -> BinaryIO | None:
    """A stream into what is there already, if it is no regular file or is where this process prints to."""
    try:
        found = path.stat()
    except OSError:
        return None
    for stream in (sys.stdout, sys.stderr):
        try:
            number = stream.fileno()
        except (AttributeError, OSError, ValueError):
            continue
        if os.path.samestat(found, os.fstat(number)):
            stream.flush()
            return os.fdopen(os.dup(number), "wb")
    if stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode):
        return None
    return path.open("wb")


def replaceable(path: Path) -> tuple[Path, int | None]:
    """The file that a new one may replace, with links followed, and its mode if it exists.

    Raises FileError for a folder and for a file that is read-only.
    """
    with file_errors(path):
        final = Path(os.path.realpath(path))
        try:
            found = final.stat()
        except FileNotFoundError:
            return final, None
    if stat.S_ISDIR(found.st_mode):
        raise FileError("cannot be written: is a folder", where=str(path))
    mode = stat.S_IMODE(found.st_mode)
    # The superuser may write to any file, but whoever took the right away meant it.
    if not mode & 0o222 or not os.access(final, os.W_OK):
        raise FileError("cannot be written: is read-only", where=str(path))
    return final, mode


def move_file(source: Path, path: Path) -> None:
    """Put the file `source` in the place of `path`, links followed, also from another file system."""
    with file_errors(path):
        final, _ = replaceable(path)
        if source.stat().st_dev == final.parent.stat().st_dev:
            os.replace(source, final)
            return
    with source.open("rb") as content:
        write_atomically(path, lambda stream: shutil.copyfileobj(content, stream))


def make_directory(path: Path) -> None:
    """Make `path` and what leads to it; raises FileError where that cannot be."""
    with file_errors(path, "cannot be made"):
        path.mkdir(parents=True, exist_ok=True)


def is_file(path: Path) -> bool:
    """Whether a regular file lies there; raises FileError where the question itself is refused."""
    with file_errors(path, "cannot be read"):
        return path.is_file()


def read_limited(path: Path, limit: int) -> bytes:
    """The content of a regular file of at most `limit` bytes; raises FileError for anything else."""
    with file_errors(path, "cannot be read"), open(path, "rb", opener=_open_at_once) as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise FileError("cannot be read: is no regular file", where=str(path))
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise FileError(f"has more than {limit} bytes, which is the limit", where=str(path))
    return data


def _open_at_once(name: str, flags: int) -> int:
    """Without waiting for somebody who writes into a pipe."""
    return os.open(name, flags | os.O_NONBLOCK)


def expansion_limit(path: Path) -> int:
    """Bytes that the compressed file `path` may unpack to."""
    with file_errors(path, "cannot be read"):
        return max(LOW_LIMIT, MAX_EXPANSION * path.stat().st_size)


def cache_directory() -> Path:
    """Where compiled RTL models live between runs: `SNNC_CACHE`, or the user's cache directory."""
    named = os.environ.get("SNNC_CACHE")
    try:
        if named:
            return Path(named).expanduser()
        base = Path(os.environ.get("XDG_CACHE_HOME") or "")
        # The XDG specification has relative paths ignored.
        return (base if base.is_absolute() else Path.home() / ".cache") / "snnc"
    except RuntimeError:
        raise FileError(
            "no home directory is known, and so no folder for what is kept between runs",
            hint="name a folder with the environment variable SNNC_CACHE",
        ) from None
