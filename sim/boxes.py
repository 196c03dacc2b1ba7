"""Boxes: how a grid of outputs says them, and how well they meet those of labels."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnc.base.errors import FileError

DISTANCES = 4
"""First channels of a grid: from the middle of a cell to top, left, bottom and right of its box, in cells.
The others are scores, one for each class."""
BOX = 5
"""Numbers of a box in labels: class, top, left, bottom, right."""
OVERLAP = 0.5
"""Of two boxes of a class that overlap by more, the one of the lower score goes."""
MOST = 100
"""Boxes of a picture that count, the highest scores."""
LIMITS = np.linspace(0.5, 0.95, 10)
"""Overlaps from which a box counts as found, as COCO has them."""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Boxes:
    """Those found in one picture, by falling score."""

    sides: FloatArray
    """(boxes, 4): top, left, bottom, right."""
    classes: NDArray[np.int64]
    scores: FloatArray


def read_boxes(grids: FloatArray, picture: tuple[int, int]) -> list[Boxes]:
    """Boxes of every picture of (height, width) from `grids` (pictures, channels, rows, columns).

    Each cell says one box of the class with its largest score, which needs no threshold: average precision
    ranks. Source: distances as in FCOS (Tian et al. 2019, arXiv 1904.01355).
    """
    rows, columns = grids.shape[2:]
    cell = np.array([picture[0] / rows, picture[1] / columns])
    middle = np.moveaxis(np.mgrid[:rows, :columns], 0, -1).reshape(-1, 2) + 0.5
    found = []
    for grid in grids.reshape(len(grids), grids.shape[1], -1):
        distances, scores = grid[:DISTANCES].T, grid[DISTANCES:]
        sides = np.concatenate([middle - distances[:, :2], middle + distances[:, 2:]], 1) * np.tile(cell, 2)
        boxes = Boxes(sides, scores.argmax(0), scores.max(0))
        found.append(_apart(boxes))
    return found


def _apart(boxes: Boxes) -> Boxes:
    """Without those that overlap one of their class and of a higher score."""
    order = np.argsort(-boxes.scores, kind="stable")
    sides, classes = boxes.sides[order], boxes.classes[order]
    same = (overlaps(sides, sides) > OVERLAP) & (classes[:, None] == classes)
    kept: list[int] = []
    for number in range(len(order)):
        if len(kept) < MOST and not same[number, kept].any():
            kept.append(number)
    return Boxes(sides[kept], classes[kept], boxes.scores[order][kept])


def overlaps(first: FloatArray, second: FloatArray) -> FloatArray:
    """Intersection over union of each of (n, 4) with each of (m, 4); 0 where a box is empty."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0, None), 2)
    areas = [np.prod(np.clip(sides[:, 2:] - sides[:, :2], 0, None), 1) for sides in (first, second)]
    union = areas[0][:, None] + areas[1] - shared
    parts: FloatArray = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return parts


def average_precisions(found: list[Boxes], labels: NDArray[Any], classes: int) -> FloatArray:
    """Average precision (limits of overlap, classes); NaN for a class that no label has.

    `labels` are (pictures, boxes, 5). Source: COCO, the area under precision made non-increasing, at every
    recall (Lin et al. 2014, arXiv 1405.0312).
    """
    if int(labels[..., 0].max(initial=-1)) >= classes:
        raise FileError(f"labels reach class {int(labels[..., 0].max())}, the readout scores {classes}")
    result = np.full((len(LIMITS), classes), np.nan)
    for number in range(classes):
        wanted = [rows[rows[:, 0].astype(int) == number, 1:].astype(np.float64) for rows in labels]
        if total := sum(map(len, wanted)):
            matches = [_matches(boxes, number, sides) for boxes, sides in zip(found, wanted, strict=True)]
            scores = np.concatenate([boxes.scores[boxes.classes == number] for boxes in found])
            order = np.argsort(-scores, kind="stable")
            hits = np.concatenate(matches, 1)[:, order]
            result[:, number] = [_area(row, total) for row in hits]
    return result


def _matches(boxes: Boxes, number: int, wanted: FloatArray) -> NDArray[np.bool_]:
    """Which boxes of a class meet a label that no better one has met, (limits, boxes)."""
    sides = boxes.sides[boxes.classes == number]
    parts = overlaps(sides, wanted)
    hits = np.zeros((len(LIMITS), len(sides)), np.bool_)
    for place, limit in enumerate(LIMITS):
        free = np.ones(len(wanted), np.bool_)
        for box, row in enumerate(parts):
            if free.any() and (best := np.where(free, row, -1.0)).max() >= limit:
                free[best.argmax()] = False
                hits[place, box] = True
    return hits


def _area(hits: NDArray[np.bool_], total: int) -> float:
    """Under precision over recall."""
    recalls = np.cumsum(hits) / total
    precisions = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    highest = np.maximum.accumulate(precisions[::-1])[::-1]
    return float((highest * np.diff(recalls, prepend=0.0)).sum())
