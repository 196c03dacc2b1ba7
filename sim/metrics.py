"""How good outputs are where labels are arrays: a class for each pixel, numbers, or boxes."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import FileError
from snnc.compiler.ir.network import Shape, count
from snnc.compiler.isa.arithmetic import IntArray
from snnc.sim.boxes import BOX, DISTANCES, average_precisions, read_boxes

Task = Literal["classes", "pixels", "numbers", "boxes"]
"""What a label is. `classes`: one for the sample. `pixels`: one for each pixel of the readout, negative where
none counts. `numbers`: one for each output. `boxes`: rows of class, top, left, bottom, right in pixels of the
input, of a negative class where there is none."""

MAX_LISTED = 16
"""Classes or outputs that have figures of their own."""


@dataclass(frozen=True)
class Metrics:
    """Figures of a run against labels that are arrays; exact, as far as floats are."""

    task: Task
    figures: dict[str, float]
    """By name, the most telling first; those of single classes or outputs end in their number."""

    @property
    def summary(self) -> str:
        """The figures of everything together, on a line."""
        known = [(name, value) for name, value in self.figures.items() if not name[-1].isdigit()]
        return ", ".join(f"{name.replace('_', ' ')} {value:.4f}" for name, value in known)


def task_of(labels: NDArray[Any], samples: int, outputs: Shape) -> Task:
    """What `labels` of so many samples are to a readout of shape `outputs`; raises FileError."""
    kind, shape = labels.dtype.kind, labels.shape
    dense = outputs[1:] != (1, 1)
    grid = dense and outputs[0] > DISTANCES
    if labels.ndim and len(labels) == samples:
        if kind in "iub" and shape == (samples,):
            return "classes"
        if kind in "iub" and dense and shape == (samples, *outputs[1:]):
            return "pixels"
        if kind == "f" and math.prod(shape[1:]) == count(outputs):
            return "numbers"
        if kind == "f" and grid and labels.ndim == 3 and shape[2] == BOX:
            return "boxes"
    pixels = f" or ({samples}, {outputs[1]}, {outputs[2]})" if dense else ""
    boxes = f" or ({samples}, boxes, {BOX})" if grid else ""
    raise FileError(
        f"labels are {labels.dtype} of shape {shape}; a readout of {' x '.join(map(str, outputs))} takes "
        f"integers of shape ({samples},){pixels}, floats of shape ({samples}, {count(outputs)}){boxes}"
    )


def measure(
    outputs: IntArray, shape: Shape, scale: float, labels: NDArray[Any], picture: tuple[int, int]
) -> Metrics | None:
    """Figures of `outputs` (samples, neurons of a readout of `shape`), which times `scale` are numbers.

    None where labels are classes, of which a report has its own. `picture` is height and width of the input.
    Raises FileError for labels that fit none of `Task`, or are out of range.
    """
    task = task_of(labels, len(outputs), shape)
    if task == "classes":
        return None
    if task == "pixels":
        return Metrics(task, _of_pixels(outputs.reshape(-1, *shape).argmax(1), labels, shape[0]))
    if not bool(np.isfinite(labels).all()):
        raise FileError("labels hold NaN or infinite numbers")
    values = outputs.astype(np.float64) * scale
    if task == "numbers":
        return Metrics(task, _of_numbers(values, labels.reshape(len(values), -1).astype(np.float64)))
    found = read_boxes(values.reshape(-1, *shape), picture)
    return Metrics(task, _of_boxes(average_precisions(found, labels, shape[0] - DISTANCES)))


def _of_pixels(classes: IntArray, labels: NDArray[Any], number: int) -> dict[str, float]:
    """Mean intersection over union of the classes that occur, parts of pixels that are right."""
    if int(labels.max(initial=-1)) >= number:
        raise FileError(f"labels reach class {int(labels.max())}, the readout has {number} channels")
    counted = labels >= 0
    if not counted.any():
        raise FileError("no pixel has a label of at least 0")
    pairs = labels[counted].astype(np.int64) * number + classes[counted]
    matrix = np.bincount(pairs, minlength=number * number).reshape(number, number)
    both, either = np.diag(matrix), matrix.sum(0) + matrix.sum(1) - np.diag(matrix)
    known = np.flatnonzero(either)
    unions = {int(k): float(both[k] / either[k]) for k in known}
    return {
        "mean_iou": float(np.mean(list(unions.values()))),
        "pixel_accuracy": float(both.sum() / matrix.sum()),
    } | {f"iou_{k}": value for k, value in unions.items() if k < MAX_LISTED}


def _of_numbers(values: NDArray[np.float64], labels: NDArray[np.float64]) -> dict[str, float]:
    """Mean absolute error, root of the mean square, and the part of the variance that is explained."""
    errors = values - labels
    spread = float(((labels - labels.mean(0)) ** 2).sum())
    figures = {
        "mean_absolute_error": float(np.abs(errors).mean()),
        "root_mean_square_error": float(np.sqrt((errors**2).mean())),
    }
    if spread > 0:
        figures["explained_variance"] = 1 - float((errors**2).sum()) / spread
    each = np.abs(errors).mean(0)
    if 1 < len(each) <= MAX_LISTED:
        figures |= {f"mean_absolute_error_{k}": float(value) for k, value in enumerate(each)}
    return figures


def _of_boxes(precisions: NDArray[np.float64]) -> dict[str, float]:
    """Mean average precision of (limits of overlap, classes), where a class without boxes is NaN."""
    known = ~np.isnan(precisions[0])
    if not known.any():
        raise FileError("labels hold no box of a class of at least 0")
    figures = {"map": float(precisions[:, known].mean()), "map_at_half": float(precisions[0, known].mean())}
    each = {f"ap_at_half_{k}": float(precisions[0, k]) for k in np.flatnonzero(known) if k < MAX_LISTED}
    return figures | each
