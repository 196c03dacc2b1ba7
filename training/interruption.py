"""The state of an unfinished training as a file: written after every epoch, distrusted on load."""

import io
import warnings
from pathlib import Path
from typing import Any

import torch

from ..errors import FileError
from ..files import write_atomically

FORMAT = "snnc-training-1"


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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = torch.load(path, map_location="cpu", weights_only=True)
    # A damaged pickle can make the unpickler raise almost anything; all of it means the same.
    except Exception as error:
        raise FileError(
            "cannot be read as the state of a training", where=str(path), hint="delete it to start over"
        ) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise FileError("is not the state of a training", where=str(path), hint="delete it to start over")
    return content["state"] if content.get("fingerprint") == fingerprint else None
