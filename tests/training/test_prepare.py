"""Preparation: levels, rows as steps, and moved training images."""

from pathlib import Path

import numpy as np
import pytest

from snnc.base.errors import FileError, UsageError
from snnc.training.data.prepare import describe_preparation, load_prepared


@pytest.fixture
def images(tmp_path: Path) -> str:
    """Two images of 2 x 3 pixels."""
    x = np.array([[0, 15, 16, 100, 239, 240], [255, 254, 1, 2, 3, 128]], np.uint8).reshape(2, 1, 2, 3)
    np.savez(tmp_path / "images.npz", x=x, y=np.array([1, 0]))
    return str(tmp_path / "images.npz")


def test_levels(images: str) -> None:
    samples = load_prepared(images, "test", "levels", 15)
    assert samples.x.tolist() == [[0, 0, 1, 6, 14, 15], [15, 15, 0, 0, 0, 8]] and samples.x.dtype == np.uint8
    assert samples.shape == (1, 2, 3) and not samples.spike_trains
    assert load_prepared(images, "test", "levels", 1).x.tolist() == [[0, 0, 0, 0, 1, 1], [1, 1, 0, 0, 0, 1]]
    every = load_prepared(images, "test", "levels", 255)
    assert np.array_equal(every.x, load_prepared(images, "test", "none", 255).x)


def test_rows(images: str) -> None:
    samples = load_prepared(images, "test", "rows", 3, events=True, limit=1)
    assert samples.x.tolist() == [[[0, 0, 0], [1, 3, 3]]]
    assert samples.shape == (3, 1, 1) and samples.spike_trains and samples.features == 3


def test_what_cannot_be_prepared(images: str, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"reach 255, but the network's input takes 0\.\.16"):
        load_prepared(images, "test", "none", 16)
    with pytest.raises(UsageError, match="unknown preparation 'columns'; known: none, levels, rows"):
        load_prepared(images, "test", "columns", 16)
    np.savez(tmp_path / "c.npz", x=np.zeros((2, 3, 2, 2), np.uint8), y=np.array([1, 0]))
    with pytest.raises(UsageError, match="images of one channel, not 3"):
        load_prepared(str(tmp_path / "c.npz"), "test", "rows", 3, events=True)


def test_descriptions() -> None:
    assert describe_preparation("levels", 15) == "pixels 0..255 in equal parts as 0..15"
