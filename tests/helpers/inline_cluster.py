"""A cluster without workers, for tests: does everything at once and here, and counts what it was asked."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from snnc.exploration.cluster import Cluster

T = TypeVar("T")


class Inline(Cluster):
    """Does everything at once and here; after `most` tasks it is interrupted."""

    def __init__(self, most: int | None = None) -> None:
        self.asked = 0
        self.most = most

    def run(
        self, function: Callable[[Any], T], tasks: Mapping[str, Any], done: Callable[[str, T], None]
    ) -> list[str]:
        for name, task in tasks.items():
            if self.asked == self.most:
                raise KeyboardInterrupt
            self.asked += 1
            done(name, function(task))
        return []
