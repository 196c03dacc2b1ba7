"""Training images moved and flipped anew every epoch, drawn on the CPU and made where they are."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def draw_moves(number: int, most: int, mirror: bool, generator: np.random.Generator) -> NDArray[np.int64]:
    """What `moved` does to so many samples, (3, number): flip or not, -most..most pixels down and right."""
    moves = np.zeros((3, number), np.int64)
    if mirror:
        moves[0] = generator.random(number) < 0.5
    if most:
        moves[1:] = most - generator.integers(0, 2 * most + 1, (2, number))
    return moves


def moved(x: Tensor, sides: tuple[int, int], moves: Tensor) -> Tensor:
    """Samples moved as `draw_moves` says, where they are: flipped left to right first, zeros behind.

    Each sample's planes of `sides` (height, width) move together.
    """
    if x.device.type == "cpu":
        return torch.from_numpy(_windows(x.numpy(), sides, moves.numpy()))
    return gathered(x, sides, moves)


def gathered(x: Tensor, sides: tuple[int, int], moves: Tensor) -> Tensor:
    """`moved` by PyTorch's operations, on any device; on a CPU NumPy takes half the time."""
    flipped, down, right = moves[:, :, None]
    rows, columns = (torch.arange(side, device=x.device) for side in sides)
    row, column = rows - down, columns - right
    inside = _within(row, sides[0])[:, :, None] & _within(column, sides[1])[:, None]
    column = torch.where(flipped > 0, sides[1] - 1 - column, column)
    row, column = row.clamp(0, sides[0] - 1), column.clamp(0, sides[1] - 1)
    places = (row[:, :, None] * sides[1] + column[:, None]).flatten(1)
    planes = x.reshape(len(x), -1, sides[0] * sides[1])
    taken = planes.gather(2, places[:, None].expand(-1, planes.shape[1], -1))
    return (taken * inside.flatten(1)[:, None]).reshape(x.shape)


def _within(places: Tensor, side: int) -> Tensor:
    return (places >= 0) & (places < side)


def _windows(x: NDArray[np.uint8], sides: tuple[int, int], moves: NDArray[np.int64]) -> NDArray[np.uint8]:
    planes, (flipped, down, right) = x.reshape(len(x), -1, *sides), moves
    if flipped.any():
        planes = np.where(flipped[:, None, None, None] > 0, planes[..., ::-1], planes)
    most = int(np.abs(moves[1:]).max(initial=0))
    padded = np.pad(planes, ((0, 0), (0, 0), (most, most), (most, most)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, sides, axis=(2, 3))
    chosen = windows[np.arange(len(x)), :, most - down, most - right]
    return np.ascontiguousarray(chosen).reshape(x.shape)
