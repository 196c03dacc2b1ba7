"""Figures against labels that are arrays, worked out by hand, and what fits no readout."""

from typing import Any

import numpy as np
import pytest

from snnc.base.errors import FileError
from snnc.sim.metrics import measure, task_of

GRID = (5, 2, 2)


def figures(outputs: Any, shape: tuple[int, int, int], labels: Any, scale: float = 1.0) -> dict[str, float]:
    found = measure(np.asarray(outputs), shape, scale, np.asarray(labels), (8, 8))
    assert found is not None
    return found.figures


def test_pixels_by_intersection_over_union() -> None:
    # Channels 0 and 1 of four pixels; the last pixel of each label counts nowhere.
    outputs = [[1, 0, 0, 9, 0, 5, 5, 0], [0, 0, 7, 0, 0, 3, 7, 0]]
    found = figures(outputs, (2, 2, 2), [[[0, 1], [0, -1]], [[0, 1], [1, -1]]])
    predicted, wanted = [0, 1, 1, 0, 1, 0], [0, 1, 0, 0, 1, 1]
    for k in (0, 1):
        both = sum(p == w == k for p, w in zip(predicted, wanted, strict=True))
        either = sum(k in pair for pair in zip(predicted, wanted, strict=True))
        assert found[f"iou_{k}"] == pytest.approx(both / either)
    assert found["mean_iou"] == pytest.approx(0.5) and found["pixel_accuracy"] == pytest.approx(4 / 6)


def test_a_class_that_never_occurs_is_not_in_the_mean() -> None:
    found = figures([[5, 5, 5, 5, 0, 0, 0, 0, 0, 0, 0, 0]], (3, 2, 2), [[[0, 0], [0, 1]]])
    assert set(found) == {"mean_iou", "pixel_accuracy", "iou_0", "iou_1"}
    assert found["mean_iou"] == pytest.approx((3 / 4 + 0) / 2)


def test_numbers_are_outputs_times_their_scale() -> None:
    found = figures([[2, -4], [4, 0]], (2, 1, 1), [[1.0, -2.0], [1.0, 0.0]], scale=0.5)
    assert found["mean_absolute_error"] == pytest.approx(0.25)
    assert found["root_mean_square_error"] == pytest.approx(0.5)
    assert found["explained_variance"] == pytest.approx(0.5)
    assert (found["mean_absolute_error_0"], found["mean_absolute_error_1"]) == (0.5, 0.0)
    assert "explained_variance" not in figures([[2]], (1, 1, 1), [1.0])


def grid(cells: dict[tuple[int, int], tuple[float, float]]) -> Any:
    """A grid of 2 x 2 cells of 4 pixels; each cell says the size of its box in cells, and a score."""
    values = np.zeros(GRID)
    values[4] = -9
    for place, (size, score) in cells.items():
        values[:4, place[0], place[1]], values[4, place[0], place[1]] = size, score
    return values.reshape(-1)


def test_boxes_by_average_precision() -> None:
    # One box found by the better of two scores, one missed: recall 1/2 at precision 1, then false ones.
    outputs = [grid({(0, 0): (0.5, 3), (1, 1): (0.25, 2)})]
    labels = np.array([[[0, 0, 0, 4, 4], [0, 4, 0, 8, 4], [-1, 0, 0, 8, 8]]], float)
    found = figures(np.array(outputs), GRID, labels)
    assert found["map_at_half"] == pytest.approx(0.5) and found["map"] == pytest.approx(0.5)
    # A box of 3.6 x 3.6 pixels meets one of 4 x 4 in 0.81: at limits 0.5 to 0.8.
    outputs = [grid({(0, 0): (0.45, 3)})]
    found = figures(np.array(outputs), GRID, labels[:, :1])
    assert found["map_at_half"] == 1.0 and found["map"] == pytest.approx(0.7)


def test_of_boxes_that_overlap_the_better_stays_and_a_worse_one_counts_against_it() -> None:
    labels = np.array([[[0, 0, 0, 4, 4]]], float)
    twice = np.array([grid({(0, 0): (0.5, 1), (0, 1): (0.5, 3)})])
    assert figures(twice, GRID, labels)["map_at_half"] == pytest.approx(0.5)
    # The box of the right cell reaches over the left one: 4 x 8 pixels, of which the left has half.
    wide = grid({(0, 0): (0.5, 1)}).reshape(GRID)
    wide[:, 0, 1] = (0.5, 1.5, 0.5, 0.4, 3)
    assert figures(wide.reshape(1, -1), GRID, np.array([[[0, 0, 0, 4, 8]]]) * 1.0)["map_at_half"] == 1.0


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.zeros(2), r"labels are float64 of shape \(2,\); a readout of 5 x 2 x 2 takes integers of shape "
         r"\(3,\) or \(3, 2, 2\), floats of shape \(3, 20\) or \(3, boxes, 5\)"),
        (np.zeros((3, 2), int), "labels are int64"),
        (np.full((3, 2, 2), 5), "labels reach class 5, the readout has 5 channels"),
        (np.full((3, 2, 2), -1), "no pixel has a label"),
        (np.full((3, 1, 5), 1.0), "labels reach class 1, the readout scores 1"),
        (np.full((3, 1, 5), -1.0), "labels hold no box"),
        (np.full((3, 1, 5), np.inf), "labels hold NaN or infinite"),
    ],
)  # fmt: skip
def test_labels_that_do_not_fit(labels: Any, message: str) -> None:
    with pytest.raises(FileError, match=message):
        measure(np.zeros((3, 20), np.int64), GRID, 1.0, labels, (8, 8))


def test_classes_have_figures_of_their_own() -> None:
    assert measure(np.zeros((3, 20), np.int64), GRID, 1.0, np.zeros(3, int), (8, 8)) is None
    assert task_of(np.zeros(3, bool), 3, (2, 1, 1)) == "classes"
    with pytest.raises(FileError, match=r"takes integers of shape \(3,\), floats of shape \(3, 2\)$"):
        task_of(np.zeros((3, 1, 1), int), 3, (2, 1, 1))
