"""The CIFAR-10 residual networks of He et al. 2015 (arXiv 1512.03385, 4.2), to load published weights."""

import torch
from torch import Tensor, nn

WIDTHS = (16, 32, 64)


class Block(nn.Module):
    """Two 3 x 3 convolutions whose input skips both; the first may halve the size and double the channels."""

    def __init__(self, source: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(source, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu1, self.relu2 = nn.ReLU(), nn.ReLU()
        same = source == channels and stride == 1
        self.shortcut = nn.Identity() if same else OptionA(source, channels, stride)

    def forward(self, x: Tensor) -> Tensor:
        """(samples, source, height, width) to (samples, channels, height / stride, width / stride)."""
        inner = self.relu1(self.bn1(self.conv1(x)))
        total: Tensor = self.relu2(self.bn2(self.conv2(inner)) + self.shortcut(x))
        return total


class OptionA(nn.Module):
    """The shortcut without parameters: every stride-th pixel, new channels before and after the old are zero.

    As a 1 x 1 convolution, whose weights are no part of the state.
    """

    def __init__(self, source: int, channels: int, stride: int) -> None:
        super().__init__()
        identity = torch.zeros(channels, source, 1, 1)
        before = (channels - source) // 2
        identity[before : before + source] = torch.eye(source)[:, :, None, None]
        self.pick = nn.Conv2d(source, channels, 1, stride, bias=False)
        del self.pick.weight
        self.pick.register_buffer("weight", identity, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(samples, source, height, width) to (samples, channels, height / stride, width / stride)."""
        picked: Tensor = self.pick(x)
        return picked


class ResNet(nn.Module):
    """`depth` = 6 n + 2 layers on images (3, 32, 32): a convolution, 3 stages of n blocks, a linear layer."""

    def __init__(self, depth: int = 20, classes: int = 10) -> None:
        super().__init__()
        blocks = (depth - 2) // 6
        self.conv1 = nn.Conv2d(3, WIDTHS[0], 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(WIDTHS[0])
        self.relu = nn.ReLU()
        self.layer1 = _stage(WIDTHS[0], WIDTHS[0], blocks, 1)
        self.layer2 = _stage(WIDTHS[0], WIDTHS[1], blocks, 2)
        self.layer3 = _stage(WIDTHS[1], WIDTHS[2], blocks, 2)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.linear = nn.Linear(WIDTHS[2], classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits (samples, classes)."""
        x = self.layer3(self.layer2(self.layer1(self.relu(self.bn1(self.conv1(x))))))
        logits: Tensor = self.linear(torch.flatten(self.pool(x), 1))
        return logits


def _stage(source: int, channels: int, blocks: int, stride: int) -> nn.Sequential:
    first = Block(source, channels, stride)
    return nn.Sequential(first, *(Block(channels, channels, 1) for _ in range(blocks - 1)))
