"""How stored samples become the inputs of a model: fewer levels, images by rows, series by changes."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from snnc.base.errors import UsageError
from snnc.base.quoting import quote
from snnc.compiler.ir.provenance import Preparation
from snnc.training.data.datasets import Samples, check_payload, load_samples

CHANGE = 16
"""An event tells a sixteenth of what a channel spans."""

_MEANINGS: dict[str, str] = {
    "none": "integers 0..{} as stored in the data, not rescaled",
    "levels": "pixels 0..255 in equal parts as 0..{}",
    "rows": "pixels 0..255 in equal parts as 0..{}, one row of the image per step",
    "changes": f"by how many times {CHANGE} of 0..255 a value rose or fell since the last event, up to {{}}",
}


def load_prepared(
    source: str,
    split: str,
    preparation: str,
    max_payload: int,
    *,
    events: bool = False,
    limit: int | None = None,
    data_dir: Path | None = None,
) -> Samples:
    """`load_samples`, prepared for a model whose inputs are 0..max_payload and, with `events`, spike trains.

    Raises FileError where values do not fit, and UsageError for a preparation that does not.
    """
    if preparation not in _MEANINGS:
        raise UsageError(f"unknown preparation {quote(preparation)}; known: {', '.join(_MEANINGS)}")
    if preparation in ("rows", "changes") and not events:
        raise UsageError(f"preparation {preparation} makes spike trains: it goes with encoding events")
    stored_events = events and preparation != "rows"
    samples = load_samples(source, split, limit, data_dir, events=stored_events)
    if preparation == "changes":
        samples = _changes(samples, max_payload)
    elif preparation != "none":
        samples = replace(samples, x=(samples.x.astype(np.uint16) * (max_payload + 1) >> 8).astype(np.uint8))
    if preparation == "rows":
        samples = _rows(samples)
    check_payload(samples, max_payload)
    return samples


def describe_preparation(preparation: Preparation, max_payload: int) -> str:
    """What the inputs of a model are, in words."""
    return _MEANINGS[preparation].format(max_payload)


def _rows(samples: Samples) -> Samples:
    channels, height, width = samples.shape
    if channels != 1:
        raise UsageError(f"preparation rows takes images of one channel, not {channels}")
    rows = samples.x.reshape(-1, height, width)
    return replace(samples, x=rows, shape=(width, 1, 1), spike_trains=True)


def _changes(samples: Samples, most: int) -> Samples:
    """What rose in the first half of the features, what fell in the second; 0 is no value and no event.

    Send on delta (Miskowicz 2006): an event wherever a value is `CHANGE` or more from what was told of it.
    Before the first step that is 0, so that it tells the value itself; what `most` cuts off is told later.
    """
    x = samples.x.astype(np.int16)
    events = np.zeros((*x.shape[:2], 2, x.shape[2]), np.uint8)
    told = np.zeros_like(x[:, 0])
    for step in range(x.shape[1]):
        value = x[:, step]
        away = np.where(value > 0, value - told, 0)
        moved = (np.sign(away) * (np.abs(away) // CHANGE)).clip(-most, most)
        told += moved * CHANGE
        events[:, step, 0], events[:, step, 1] = moved.clip(min=0), (-moved).clip(min=0)
    return replace(samples, x=events.reshape(*x.shape[:2], -1), shape=(2 * x.shape[2], 1, 1))
