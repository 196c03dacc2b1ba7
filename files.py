"""Files: written atomically, the old one or the whole new one; and where caches lie."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from .errors import FileError


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Call `write(stream)` on a temporary file beside `path`, then rename it into place.

    Raises FileError where the directory cannot be written to; nothing is left behind on any error.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise FileError(f"cannot be written: {error.strerror}", where=str(path)) from None
    try:
        with os.fdopen(handle, "wb") as stream:
            write(stream)
        Path(name).chmod(0o666 & ~_umask())
        os.replace(name, path)
    except OSError as error:
        raise FileError(f"cannot be written: {error.strerror}", where=str(path)) from None
    finally:
        Path(name).unlink(missing_ok=True)


def make_directory(path: Path) -> None:
    """Make `path` and what leads to it; raises FileError where that cannot be."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"cannot be made: {error.strerror}", where=str(path)) from None


def write_text(path: Path, text: str) -> None:
    """Write `text` atomically as UTF-8."""
    write_atomically(path, lambda stream: stream.write(text.encode()))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def cache_directory() -> Path:
    """Where compiled RTL models live between runs: `SNNC_CACHE`, or the user's cache directory."""
    named = os.environ.get("SNNC_CACHE")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "snnc"
