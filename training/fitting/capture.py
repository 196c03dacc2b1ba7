"""Forward and backward pass of a batch as one CUDA graph: hundreds of small kernels launched as one."""

import torch
from torch import Tensor, nn

WARM_UP = 3
"""Passes before the capture, in which libraries choose their kernels and Triton compiles."""


class CapturedPass:
    """Loss and gradients of `objective` for batches of one shape, computed again by every call.

    The shape, and everything that Python decided while the pass was captured, stays as it was then.
    """

    def __init__(self, objective: nn.Module, x: Tensor, y: Tensor) -> None:
        """Captures the pass for batches like `x` and `y`; changes neither buffers nor random state."""
        self.x, self.y = x.clone(), y.clone()
        self.learned = [parameter for parameter in objective.parameters() if parameter.requires_grad]
        buffers = [(buffer, buffer.clone()) for buffer in objective.buffers()]
        random = torch.cuda.get_rng_state(x.device)
        aside = torch.cuda.Stream(x.device)  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream(x.device))
        with torch.cuda.stream(aside):
            for _ in range(WARM_UP):
                self._pass(objective)
        torch.cuda.current_stream(x.device).wait_stream(aside)
        self.graph = torch.cuda.CUDAGraph()
        for parameter in self.learned:
            parameter.grad = None
        with torch.cuda.graph(self.graph):
            self.measures = self._pass(objective)
        self.gradients = [parameter.grad for parameter in self.learned]
        with torch.no_grad():
            for buffer, before in buffers:
                buffer.copy_(before)
        torch.cuda.set_rng_state(random, x.device)

    def fits(self, x: Tensor) -> bool:
        """Whether a batch has the shape that was captured."""
        return x.shape == self.x.shape

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """The measures of a batch; its gradients are in the parameters afterwards."""
        self.x.copy_(x)
        self.y.copy_(y)
        self.graph.replay()
        for parameter, gradient in zip(self.learned, self.gradients, strict=True):
            parameter.grad = gradient
        return self.measures

    def _pass(self, objective: nn.Module) -> Tensor:
        for parameter in self.learned:
            parameter.grad = None
        loss, measures = objective(self.x, self.y)
        torch.autograd.backward(loss)
        measured: Tensor = measures
        return measured
