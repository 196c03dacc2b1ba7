"""Sum pooling and a GPU's convolutions in training against PyTorch's own, values and gradients."""

import pytest
import torch
from torch.nn import functional

from snnc.training.model.config import EdgeConfig
from snnc.training.model.synapses import convolved_on_gpu, rounded, sum_pool, window_sums


@pytest.mark.parametrize("size", [(6, 8), (7, 9), (3, 4)])
@pytest.mark.parametrize("pool", [(2, 2), (3, 1), (1, 4), (3, 4)])
def test_equals_avg_pool2d_without_division(size: tuple[int, int], pool: tuple[int, int]) -> None:
    maps = torch.randint(-8, 8, (3, 2, *size)).double().requires_grad_()
    expected = functional.avg_pool2d(maps, pool, divisor_override=1)
    weights = torch.randint(-8, 8, expected.shape).double()
    (gradient,) = torch.autograd.grad((expected * weights).sum(), maps)
    for sums in (sum_pool(maps, pool), window_sums(maps, pool)):
        assert torch.equal(sums, expected)
        assert torch.equal(torch.autograd.grad((sums * weights).sum(), maps)[0], gradient)


def test_what_a_gpu_computes_for_networks_without_spikes_is_not_rounded() -> None:
    """The float networks that teach or are converted convolve in the same way, with weights below 1."""
    edge = EdgeConfig("input", "conv", (3, 3), padding=(1, 1))
    maps, weights = torch.rand(2, 3, 5, 4), torch.randn(6, 3, 3, 3) / 5
    expected = functional.conv2d(maps, weights, padding=1)
    torch.testing.assert_close(convolved_on_gpu(edge, weights, maps), expected)


def test_rounding_is_the_identity_for_gradients() -> None:
    x = torch.tensor([1.2, -0.6, 4.0], requires_grad=True)
    values = rounded(x * 2.0)
    assert values.tolist() == [2.0, -1.0, 8.0]
    assert torch.autograd.grad(values.sum(), x)[0].tolist() == [2.0, 2.0, 2.0]
