"""Where a training runs: the device, and the processes that PyTorch's launcher `torchrun` started."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor

from snnc.base.errors import UsageError
from snnc.training.fitting.recipe import DeviceChoice


@dataclass(frozen=True)
class Place:
    """This process among those that train together, and its device."""

    rank: int
    size: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this process writes files and reports."""
        return self.rank == 0

    def share(self, batch: Tensor) -> tuple[Tensor, float]:
        """This process's samples of a batch, and the part of the batch's sum that they stand for.

        A batch with fewer samples than processes goes to all of them.
        """
        if len(batch) < self.size:
            return batch, 1 / self.size
        part = batch[self.rank :: self.size]
        return part, len(part) / len(batch)

    def sum(self, values: Tensor) -> Tensor:
        """The sum of `values` over all processes."""
        if self.size > 1:
            dist.all_reduce(values)
        return values


@contextmanager
def training_place(choice: DeviceChoice) -> Iterator[Place]:
    """The place that torchrun's environment variables describe; one process without them.

    `auto` takes a GPU where PyTorch sees one. Raises UsageError for `cuda` without a GPU.
    """
    if choice == "cuda" and not torch.cuda.is_available():
        raise UsageError("device cuda: PyTorch sees no GPU", hint="set device=cpu or device=auto")
    on_gpu = choice == "cuda" or (choice == "auto" and torch.cuda.is_available())
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0"))) if on_gpu else torch.device("cpu")
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1 or dist.is_initialized():
        yield Place(0, 1, device)
        return
    dist.init_process_group("nccl" if on_gpu else "gloo")
    try:
        yield Place(dist.get_rank(), size, device)
    finally:
        dist.destroy_process_group()
