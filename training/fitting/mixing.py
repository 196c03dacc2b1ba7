"""Training images with a rectangle blanked, or mixed in pairs: drawn on the CPU, made where they are."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

SMALLEST, LARGEST = 0.02, 0.4
"""Part of an image that a blank rectangle covers."""
NARROWEST = 0.3
"""Smallest ratio of its sides; both bounds are those of Zhong et al. 2017, arXiv 1708.04896."""


def draw_rectangles(
    number: int, part: float, sides: tuple[int, int], generator: np.random.Generator
) -> NDArray[np.int64]:
    """Top, bottom, left and right of a rectangle for each of so many images, (4, number).

    Bottom and right are the first row and column behind it. `part` of the images get one, the others an
    empty one; rectangles that reach beyond an image are cut off there.
    """
    height, width = sides
    area = generator.uniform(SMALLEST, LARGEST, number) * height * width
    ratio = np.exp(generator.uniform(math.log(NARROWEST), -math.log(NARROWEST), number))
    high, wide = np.rint(np.sqrt(area * ratio)), np.rint(np.sqrt(area / ratio))
    top, left = (generator.random((2, number)) * [[height], [width]]).astype(np.int64)
    high[generator.random(number) >= part] = 0
    ends = np.minimum(top + high, height), np.minimum(left + wide, width)
    return np.stack([top, ends[0], left, ends[1]]).astype(np.int64)


def erased(x: Tensor, sides: tuple[int, int], rectangles: Tensor) -> Tensor:
    """Samples whose planes of `sides` (height, width) are 0 within the rectangle of each sample."""
    top, bottom, left, right = rectangles[:, :, None]
    row, column = (torch.arange(side, device=x.device) for side in sides)
    inside = ((row >= top) & (row < bottom))[:, :, None] & ((column >= left) & (column < right))[:, None]
    planes = x.reshape(len(x), -1, sides[0] * sides[1])
    kept: Tensor = planes * ~inside.flatten(1)[:, None]
    return kept.reshape(x.shape)


def mixed(x: Tensor, y: Tensor, part: float, classes: int) -> tuple[Tensor, Tensor]:
    """Every sample with (1 - part) of the one before it, rounded, and the parts of the classes (samples,
    classes): mixup (Zhang et al. 2017, arXiv 1710.09412) with one part for all pairs of a batch."""
    blend = (x * part + x.roll(1, 0) * (1 - part)).round().to(x.dtype)
    labels = nn.functional.one_hot(y, classes).float()
    return blend, labels * part + labels.roll(1, 0) * (1 - part)
