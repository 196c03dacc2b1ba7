"""Networks without spikes for dense outputs, as anybody would train them in torch."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

CELL = 4
"""Pixels of a side of a detector's cell."""


def segmenter(width: int = 12) -> nn.Module:
    """A score for each class and pixel, (N, 3, 32, 32), by convolutions of stride 1."""
    return nn.Sequential(
        *_block(1, width, 5), *_block(width, width, 5), *_block(width, width, 5), *_block(width, width, 5),
        nn.Conv2d(width, 3, 1),
    )  # fmt: skip


def regressor(width: int = 16) -> nn.Module:
    """Three numbers, (N, 3)."""
    return nn.Sequential(
        *_block(1, width, 5, 2), *_block(width, width, 3), *_block(width, 2 * width, 3, 2),
        nn.Flatten(), nn.Linear(2 * width * 64, 64), nn.ReLU(), nn.Linear(64, 3),
    )  # fmt: skip


def detector(width: int = 16) -> nn.Module:
    """A grid of 8 x 8 cells: four distances and a score for each class, (N, 7, 8, 8)."""
    return nn.Sequential(
        *_block(1, width, 5), *_block(width, width, 3, 2), *_block(width, 2 * width, 3, 2),
        *_block(2 * width, 2 * width, 3), *_block(2 * width, 2 * width, 3), nn.Conv2d(2 * width, 7, 1),
    )  # fmt: skip


def _block(channels: int, width: int, kernel: int, stride: int = 1) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(channels, width, kernel, stride, kernel // 2, bias=False)
    return convolution, nn.BatchNorm2d(width), nn.ReLU()


def detection_loss(grids: Tensor, boxes: Tensor) -> Tensor:
    """Focal loss of the scores, and the distance of what the cells with the middle of a box say of it.

    Source: Lin et al. 2017, arXiv 1708.02002, with gamma 2 and alpha 0.75.
    """
    wanted, mask, sides = targets(boxes, grids.shape[2])
    scores = grids[:, 4:]
    error = functional.binary_cross_entropy_with_logits(scores, wanted, reduction="none")
    hard = (wanted - scores.sigmoid()).abs() ** 2 * torch.where(wanted > 0, 0.75, 0.25)
    distance = (functional.smooth_l1_loss(grids[:, :4], sides, reduction="none", beta=0.2) * mask).sum()
    return (4 * (hard * error).sum() + distance) / mask.sum().clamp(min=1)


def targets(boxes: Tensor, cells: int) -> tuple[Tensor, Tensor, Tensor]:
    """What a grid should say of `boxes` (N, boxes, 5): scores, where a box is, and its distances."""
    number = len(boxes)
    wanted, mask = torch.zeros(number, 3, cells, cells), torch.zeros(number, 1, cells, cells)
    sides = torch.zeros(number, 4, cells, cells)
    for picture, rows in enumerate(boxes):
        for kind, *box in rows[rows[:, 0] >= 0].tolist():
            top, left, bottom, right = (side / CELL for side in box)
            row, column = int((top + bottom) / 2), int((left + right) / 2)
            wanted[picture, int(kind), row, column], mask[picture, 0, row, column] = 1, 1
            middle = row + 0.5, column + 0.5
            sides[picture, :, row, column] = torch.tensor(
                [middle[0] - top, middle[1] - left, bottom - middle[0], right - middle[1]]
            )
    return wanted, mask, sides


def pixel_loss(scores: Tensor, classes: Tensor) -> Tensor:
    """Cross entropy over all pixels."""
    return functional.cross_entropy(scores, classes)


def fit(
    module: nn.Module, x: Tensor, y: Tensor, loss: Callable[[Tensor, Tensor], Tensor], epochs: int
) -> nn.Module:
    """`module`, trained on pictures 0..1 and their labels, in evaluation mode."""
    batches = -(-len(x) // 50)
    optimiser = torch.optim.AdamW(module.parameters(), lr=1e-2, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1e-2, total_steps=epochs * batches + 1)
    module.train()
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(50):
            optimiser.zero_grad()
            torch.autograd.backward(loss(module(x[batch]), y[batch]))
            optimiser.step()
            schedule.step()
    return module.eval()
