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
from snnc.training.fitting.mixing import draw_rectangles, erased, mixed
from snnc.training.fitting.processes import Place
from snnc.training.fitting.recipe import Recipe

Encode = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


@dataclass(frozen=True)
class Batch:
    """This process's part of a batch."""

    payloads: Tensor
    """(samples, steps or 1, features)."""
    y: Tensor
    """(samples,), or with mixup the part of every output of the network, (samples, outputs)."""
    weight: float
    """Part of the batch's sum that it stands for."""
    size: int
    """Samples of all processes together."""


class Batches:
    """Endless epochs of `samples`; `encode` makes payloads of them."""

    def __init__(
        self,
        samples: Samples,
        encode: Encode,
        recipe: Recipe,
        seed: int,
        place: Place,
        outputs: int | None = None,
    ) -> None:
        self.samples, self.recipe, self.place = samples, recipe, place
        self.encode = encode
        rows = samples.spike_trains and samples.shape[1:] == (1, 1)
        sides = samples.x.shape[1:] if rows else samples.shape[1:]
        self.sides = (sides[0], sides[1])
        self.shuffle = torch.Generator().manual_seed(seed)
        self.generator = np.random.default_rng(seed)
        self.x, self.y = (torch.tensor(part, device=place.device) for part in (samples.x, samples.y))
        self.classes = outputs or int(samples.y.max()) + 1

    def epoch(self) -> Iterator[Batch]:
        """Every sample once, in another order each time."""
        recipe, device = self.recipe, self.place.device
        order = torch.split(torch.randperm(len(self.samples), generator=self.shuffle), recipe.batch)
        drawn = [self._draw(len(part)) for part in order]
        # All at once, since a copy from the CPU would make a GPU wait.
        places = torch.split(torch.cat(order).to(device), recipe.batch)
        changes = torch.split(torch.from_numpy(np.concatenate(drawn, 1)).to(device), recipe.batch, 1)
        weight = 1.0
        for chosen, change in zip(places, changes, strict=True):
            size = len(chosen)
            blend = self.generator.beta(recipe.mixup, recipe.mixup) if recipe.mixup else None
            if self.place.size > 1:
                part, weight = self.place.share(torch.arange(size, device=device))
                chosen, change = chosen[part], change[:, part]
            x, y = self._changed(self.x.index_select(0, chosen), change), self.y[chosen]
            if blend is not None:
                x, y = mixed(x, y, blend, self.classes)
            yield Batch(self._payloads(x), y, weight, size)

    def state(self) -> dict[str, Any]:
        """What decides the epochs to come."""
        return {"shuffle": self.shuffle.get_state(), "moves": self.generator.bit_generator.state}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue where `state` was taken."""
        self.shuffle.set_state(state["shuffle"])
        self.generator.bit_generator.state = state["moves"]

    def _draw(self, number: int) -> NDArray[np.int64]:
        """What becomes of so many samples: moves, then the rectangle that is blank."""
        recipe = self.recipe
        moves = draw_moves(number, recipe.shift, recipe.mirror, self.generator)
        if not recipe.erase:
            return moves
        return np.concatenate([moves, draw_rectangles(number, recipe.erase, self.sides, self.generator)])

    def _changed(self, x: Tensor, change: Tensor) -> Tensor:
        if self.recipe.shift or self.recipe.mirror:
            x = moved(x, self.sides, change[:3])
        return erased(x, self.sides, change[3:]) if self.recipe.erase else x

    def _payloads(self, x: Tensor) -> Tensor:
        # What is no more than another shape is made where the samples are.
        if self.recipe.encoding == "direct":
            return x[:, None]
        if self.recipe.encoding == "events":
            return x
        return torch.from_numpy(self.encode(x.cpu().numpy())).to(x.device)
