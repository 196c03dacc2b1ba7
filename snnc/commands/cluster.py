"""Workers for a build, for the verbs that can share their work out."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snnc.exploration.shards import Sharing


@contextmanager
def shared_folder(folder: Path, scheduler: str | None, workers: int | None) -> Iterator["Sharing | None"]:
    """Workers for the build in `folder`, as the options ask for them; None where they ask for none."""
    if scheduler is None and workers is None:
        yield None
        return
    from snnc.exploration.shards import sharing

    with sharing(folder, scheduler, workers) as shared:
        yield shared
