"""The state of an unfinished training as a file: written after every epoch, distrusted on load."""

import io
from pathlib import Path
from typing import Any

import torch

from snnc.base.errors import FileError
from snnc.base.files import write_atomically
from snnc.training.files.tensor_files import read_tensor_file

FORMAT = "snnc-training-2"
MAX_FILE_BYTES = 1 << 31


def save_state(path: Path, fingerprint: str, state: dict[str, Any]) -> None:
    """Write tensors and plain data; an interruption leaves the file of the epoch before."""
    buffer = io.BytesIO()
    torch.save({"format": FORMAT, "fingerprint": fingerprint, "state": state}, buffer)
    write_atomically(path, lambda stream: stream.write(buffer.getvalue()))


def load_state(path: Path, fingerprint: str) -> dict[str, Any] | None:
    """The state that `save_state` wrote for the same `fingerprint`, or None if there is no such file.

    A state of another training (other settings, seed, data or version) is not this one's: None too. Raises
    FileError for a file that is no such state at all.
    """
    if not path.is_file():
        return None
    try:
        content = read_tensor_file(path, MAX_FILE_BYTES)
    except FileError as error:
        raise FileError(error.message, where=error.where, hint="delete it to start over") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise FileError("is not the state of a training", where=str(path), hint="delete it to start over")
    return content["state"] if content.get("fingerprint") == fingerprint else None
