"""What a training told after every epoch, kept: as a CSV file, or for TensorBoard."""

import csv
from pathlib import Path
from typing import Protocol

from snnc.base.errors import UsageError
from snnc.base.files import file_errors, make_directory
from snnc.training.fitting.loop import Progress

COLUMNS = ("stage", "epoch", "loss", "accuracy", "rate", "energy", "held_out", "images_per_second")
"""Of a CSV file: fields of `Progress`."""


class Log(Protocol):
    """Keeps one epoch."""

    def __call__(self, state: Progress) -> None: ...


def open_log(path: Path) -> Log:
    """A log in the CSV file `path`, or for any other name a folder for TensorBoard.

    What is there already stays, so that a training that was interrupted goes on in it. Raises FileError where
    nothing can be written, UsageError for TensorBoard where it is not installed.
    """
    return CsvLog(path) if path.suffix == ".csv" else TensorBoardLog(path)


class CsvLog:
    """One row per epoch, written at once; empty where a column means nothing."""

    def __init__(self, path: Path) -> None:
        """Raises FileError where the file cannot be written."""
        self.path = path
        make_directory(path.parent)
        with file_errors(path):
            if not path.exists() or not path.stat().st_size:
                path.write_text(",".join(COLUMNS) + "\n")

    def __call__(self, state: Progress) -> None:
        """Append the row of an epoch."""
        values = [getattr(state, name) for name in COLUMNS]
        row = [f"{value:.6g}" if isinstance(value, float) else value for value in values]
        with file_errors(self.path), self.path.open("a", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerow(row)


class TensorBoardLog:
    """One curve per column and stage, as `tensorboard --logdir FOLDER` shows them."""

    def __init__(self, folder: Path) -> None:
        """Raises UsageError where TensorBoard is missing."""
        make_directory(folder)
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ModuleNotFoundError as error:
            raise UsageError(
                "logs for TensorBoard need the package tensorboard",
                hint="pip install 'snnc[logs]', or name a .csv file",
            ) from error
        self.writer = SummaryWriter(str(folder))

    def __call__(self, state: Progress) -> None:
        """Add a point to every curve."""
        for name in COLUMNS[2:]:
            value = getattr(state, name)
            if value is not None:
                self.writer.add_scalar(f"{state.stage}/{name}", value, state.epoch)
        self.writer.flush()
