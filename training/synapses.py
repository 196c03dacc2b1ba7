"""What an edge does with the payloads that arrive: pooling, then a linear map or a convolution."""

from torch import Tensor, nn

from ..compiler.network import Shape, count, pooled
from .config import EdgeConfig
from .surrogate import round_through


def weight_shape(edge: EdgeConfig, source: Shape, channels: int) -> tuple[int, ...]:
    """Shape of the weights, as in `compiler.network.Linear` and `Conv2d`."""
    if edge.kind == "linear":
        return channels, count(pooled(source, edge.pool))
    return channels, source[0] // edge.groups, *edge.kernel


def transform(edge: EdgeConfig, weights: Tensor, events: Tensor) -> Tensor:
    """Currents (steps, samples, channels, height, width) from payloads of the same rank.

    All steps go through one call. Sums of integers below the bound of the type are exact in any order, and
    neither oneDNN nor PyTorch's own convolution uses a Winograd transform unless asked, which is not exact.
    """
    steps, samples = events.shape[:2]
    flat = events.flatten(0, 1)
    if edge.pool != (1, 1):
        flat = nn.functional.avg_pool2d(flat, edge.pool, divisor_override=1)
    if edge.kind == "linear":
        currents = nn.functional.linear(flat.flatten(1), weights)[:, :, None, None]
    else:
        currents = nn.functional.conv2d(flat, weights, None, edge.stride, edge.padding, 1, edge.groups)
    if currents.is_cuda:
        # A GPU's convolutions may use transforms that round; integers lie far enough apart to come back.
        currents = round_through(currents)
    return currents.reshape(steps, samples, *currents.shape[1:])


def delayed(currents: Tensor, delay: int) -> Tensor:
    """`currents` (steps, ...) `delay` steps later; nothing arrives before the first step of a sample."""
    if delay == 0:
        return currents
    later = currents.new_zeros(currents.shape)
    if delay < len(currents):
        later[delay:] = currents[: len(currents) - delay]
    return later
