"""The batches of an epoch: shuffled, augmented and encoded, on the device where training runs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from snnc.training.data.augmentation import draw_moves, moved
from snnc.training.data.datasets import Samples
from snnc.training.fitting.processes import Place
from snnc.training.fitting.recipe import Recipe

Encode = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


@dataclass(frozen=True)
class Batch:
    """This process's part of a batch."""

    payloads: Tensor
    """(samples, steps or 1, features)."""
    y: Tensor
    weight: float
    """Part of the batch's sum that it stands for."""
    size: int
    """Samples of all processes together."""


class Batches:
    """Endless epochs of `samples`; `encode` makes payloads of them."""

    def __init__(self, samples: Samples, encode: Encode, recipe: Recipe, seed: int, place: Place) -> None:
        self.samples, self.recipe, self.place = samples, recipe, place
        self.encode = encode
        rows = samples.spike_trains and samples.shape[1:] == (1, 1)
        sides = samples.x.shape[1:] if rows else samples.shape[1:]
        self.sides = (sides[0], sides[1])
        self.shuffle = torch.Generator().manual_seed(seed)
        self.generator = np.random.default_rng(seed)
        self.x, self.y = (torch.tensor(part, device=place.device) for part in (samples.x, samples.y))

    def epoch(self) -> Iterator[Batch]:
        """Every sample once, in another order each time."""
        recipe, device = self.recipe, self.place.device
        order = torch.split(torch.randperm(len(self.samples), generator=self.shuffle), recipe.batch)
        drawn = [draw_moves(len(part), recipe.shift, recipe.mirror, self.generator) for part in order]
        # All at once, since a copy from the CPU would make a GPU wait.
        places = torch.split(torch.cat(order).to(device), recipe.batch)
        moves = torch.split(torch.from_numpy(np.concatenate(drawn, 1)).to(device), recipe.batch, 1)
        weight = 1.0
        for chosen, move in zip(places, moves, strict=True):
            size = len(chosen)
            if self.place.size > 1:
                part, weight = self.place.share(torch.arange(size, device=device))
                chosen, move = chosen[part], move[:, part]
            x = self.x.index_select(0, chosen)
            if recipe.shift or recipe.mirror:
                x = moved(x, self.sides, move)
            yield Batch(self._payloads(x), self.y[chosen], weight, size)

    def state(self) -> dict[str, Any]:
        """What decides the epochs to come."""
        return {"shuffle": self.shuffle.get_state(), "moves": self.generator.bit_generator.state}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue where `state` was taken."""
        self.shuffle.set_state(state["shuffle"])
        self.generator.bit_generator.state = state["moves"]

    def _payloads(self, x: Tensor) -> Tensor:
        # What is no more than another shape is made where the samples are.
        if self.recipe.encoding == "direct":
            return x[:, None]
        if self.recipe.encoding == "events":
            return x
        return torch.from_numpy(self.encode(x.cpu().numpy())).to(x.device)
