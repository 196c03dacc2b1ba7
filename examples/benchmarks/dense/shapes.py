"""Pictures made in code: noisy shapes that overlap; labels are a class for each pixel, numbers, or boxes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIDE = 32
NOISE = 0.12
"""Standard deviation of what is added to every pixel, of 1."""
MOST_SHAPES = 4
KINDS = ("disc", "square", "triangle")


@dataclass(frozen=True)
class Pictures:
    """`x` is uint8 (N, 1, 32, 32); `y` the labels, as `snnc simulate` takes them."""

    x: NDArray[np.uint8]
    y: NDArray[np.int64] | NDArray[np.float32]


def segmentation(number: int, seed: int) -> Pictures:
    """Discs (1) and squares (2) of any turn on a background (0), the later above the earlier."""
    generator = np.random.default_rng(seed)
    x, y = _backgrounds(number, generator), np.zeros((number, SIDE, SIDE), np.int64)
    for picture, labels in zip(x, y, strict=True):
        for _ in range(generator.integers(2, MOST_SHAPES + 1)):
            kind = int(generator.integers(2))
            inside = _shape(kind, generator.uniform(4, 8), generator.uniform(4, SIDE - 4, 2), generator)
            picture[inside] = generator.uniform(0.4, 1.0)
            labels[inside] = kind + 1
    return Pictures(_noisy(x, generator), y)


def regression(number: int, seed: int) -> Pictures:
    """A bar among discs: sine and cosine of twice its angle, and the number of discs over 4."""
    generator = np.random.default_rng(seed)
    x, y = _backgrounds(number, generator), np.zeros((number, 3), np.float32)
    for picture, labels in zip(x, y, strict=True):
        discs = int(generator.integers(0, MOST_SHAPES + 1))
        centres: list[NDArray[np.float64]] = []
        while len(centres) < discs:
            centre = generator.uniform(3, SIDE - 3, 2)
            if all(np.hypot(*(centre - other)) > 7 for other in centres):
                centres.append(centre)
                picture[_shape(0, 3, centre, generator)] = generator.uniform(0.3, 0.5)
        angle = generator.uniform(0, np.pi)
        along, across = _turned(generator.uniform(12, SIDE - 12, 2), angle)
        picture[(np.abs(along) < 11) & (np.abs(across) < 1.5)] = 1.0
        labels[:] = np.sin(2 * angle), np.cos(2 * angle), discs / MOST_SHAPES
    return Pictures(_noisy(x, generator), y)


def detection(number: int, seed: int) -> Pictures:
    """Up to three discs, squares and triangles: rows of class (-1: none), top, left, bottom and right."""
    generator = np.random.default_rng(seed)
    x, y = _backgrounds(number, generator), np.full((number, 3, 5), -1, np.float32)
    for picture, labels in zip(x, y, strict=True):
        taken = np.zeros((SIDE, SIDE), bool)
        for place in range(generator.integers(1, 4)):
            kind = int(generator.integers(len(KINDS)))
            inside = _shape(kind, generator.uniform(4, 7), generator.uniform(6, SIDE - 6, 2), generator)
            if np.count_nonzero(inside & taken) > 0.3 * np.count_nonzero(inside):
                continue
            picture[inside] = generator.uniform(0.4, 1.0)
            taken |= inside
            rows, columns = np.nonzero(inside.any(1))[0], np.nonzero(inside.any(0))[0]
            labels[place] = kind, rows[0], columns[0], rows[-1] + 1, columns[-1] + 1
    return Pictures(_noisy(x, generator), y)


def _backgrounds(number: int, generator: np.random.Generator) -> NDArray[np.float64]:
    levels: NDArray[np.float64] = generator.uniform(0, 0.2, (number, 1, 1))
    return np.broadcast_to(levels, (number, SIDE, SIDE)).copy()


def _noisy(x: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.uint8]:
    noisy = x + generator.normal(0, NOISE, x.shape)
    return np.rint(noisy.clip(0, 1) * 255).astype(np.uint8)[:, None]


def _shape(
    kind: int, radius: float, centre: NDArray[np.float64], generator: np.random.Generator
) -> NDArray[np.bool_]:
    """The pixels of a shape."""
    along, across = _turned(centre, generator.uniform(0, 2 * np.pi))
    if kind == 0:
        return np.hypot(along, across) < radius
    if kind == 1:
        return np.maximum(np.abs(along), np.abs(across)) < 0.85 * radius
    edges = [np.cos(turn) * along + np.sin(turn) * across for turn in 2 * np.pi / 3 * np.arange(3)]
    inside: NDArray[np.bool_] = np.max(edges, 0) < 0.6 * radius
    return inside


def _turned(centre: NDArray[np.float64], angle: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates of all pixels along and across a direction, from a centre."""
    rows, columns = np.mgrid[:SIDE, :SIDE] - centre[:, None, None]
    return np.cos(angle) * columns + np.sin(angle) * rows, np.cos(angle) * rows - np.sin(angle) * columns
