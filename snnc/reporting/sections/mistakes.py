"""Which classes are taken for which, and the samples that went wrong."""

import base64
import io
from typing import Any

import numpy as np
from matplotlib.image import imsave
from numpy.typing import NDArray

from snnc.reporting.subject import Subject
from snnc.training.data.datasets import Samples

TITLE = "Mistakes"
MAX_CLASSES = 32
MAX_SHOWN = 24
"""Most samples that are shown; the first."""
MAX_SIDE = 256
"""Largest picture of a sample, in pixels."""


def content(subject: Subject) -> dict[str, Any]:
    """The confusion matrix, or its largest entries where there are many classes, and pictures of samples."""
    report, samples = subject.report, subject.samples
    reasons = [subject.missing[name] for name in ("report", "samples", "labels") if name in subject.missing]
    if report is None or samples is None or reasons:
        return {"missing": reasons}
    labels = samples.classes[: report.samples]
    predictions = np.asarray(report.predictions, np.int64)
    wrong = np.flatnonzero(labels != predictions)
    classes = int(max(labels.max(), predictions.max())) + 1
    pairs, counts = np.unique(np.stack([labels, predictions], axis=1)[wrong], axis=0, return_counts=True)
    ranked = sorted(zip(pairs.tolist(), counts.tolist(), strict=True), key=lambda item: -item[1])
    return {
        "classes": classes,
        "matrix": _matrix(labels, predictions, classes) if classes <= MAX_CLASSES else None,
        "ranked": ranked[:MAX_CLASSES],
        "wrong": len(wrong),
        "shown": [
            {
                "number": int(number),
                "label": int(labels[number]),
                "prediction": int(predictions[number]),
                "picture": picture(samples, int(number)),
            }
            for number in wrong[:MAX_SHOWN]
        ],
        "data": samples.name,
    }


def _matrix(labels: NDArray[np.int64], predictions: NDArray[np.int64], classes: int) -> list[dict[str, Any]]:
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (labels, predictions), 1)
    rows = []
    for label, row in enumerate(counts.tolist()):
        total = max(sum(row), 1)
        cells = [{"count": n, "share": n / total, "right": label == place} for place, n in enumerate(row)]
        rows.append({"label": label, "cells": cells, "recall": row[label] / total})
    return rows


def picture(samples: Samples, number: int) -> str | None:
    """The sample as a PNG in a data URI, None where it is no picture."""
    values = samples.x[number]
    channels, height, width = samples.shape
    if samples.spike_trains:
        values = values.reshape(values.shape[0], -1)
    elif channels == 1 and height > 1 and width > 1:
        values = values.reshape(height, width)
    elif channels == 3:
        values = np.moveaxis(values.reshape(samples.shape), 0, -1).mean(axis=-1)
    else:
        return None
    if max(values.shape) > MAX_SIDE:
        return None
    stream = io.BytesIO()
    imsave(stream, values, cmap="gray", format="png", metadata={"Software": "snnc"})
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()
