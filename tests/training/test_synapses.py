"""Sum pooling in training against PyTorch's own, values and gradients."""

import pytest
import torch
from torch.nn import functional

from snnc.training.model.synapses import sum_pool, window_sums


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
