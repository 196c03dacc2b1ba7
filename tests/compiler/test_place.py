"""Placement: deterministic, never worse than the snake, and as good as exhaustive search on small meshes."""

from itertools import permutations

import numpy as np
import pytest
from builders import neurons, target

from snnc.compiler.ir.network import Edge, Input, Layer, Linear, Network, Readout
from snnc.compiler.ir.tiling import Tiling
from snnc.compiler.passes.partition import Partition
from snnc.compiler.passes.place import Place, hops, snake, traffic


def tiling(width: int, height: int, sizes: list[int]) -> Tiling:
    """A chain of fully connected layers with a skip edge to the last, cut for a small mesh."""
    layers: list[Layer] = []
    nodes = [("input", 12)]
    for number, size in enumerate(sizes):
        sources = [nodes[-1]] if number < len(sizes) - 1 else [nodes[-1], nodes[1]]
        edges = tuple(Edge(name, Linear(np.ones((size, axons), np.int8), 4)) for name, axons in sources)
        population = neurons(size)
        layers.append(Layer(f"l{number}", (size, 1, 1), population, edges))
        nodes.append((f"l{number}", size))
    network = Network(
        "chain", 2, Input("input", (12, 1, 1)), tuple(layers), Readout(layers[-1].name, "spike_count")
    )
    return Partition(target(width=width, height=height, parameter_words=2), spread=False).run(network)


def cost(placed: Tiling) -> float:
    cores = snake(placed.target.width, placed.target.height)
    return hops(traffic(placed), [cores.index(planned.at) for planned in placed.tiles if planned.at], cores)


@pytest.mark.parametrize(
    ("width", "height", "sizes"),
    [(2, 2, [8, 8, 4]), (3, 2, [16, 8, 8, 4]), (4, 2, [24, 16, 4]), (3, 2, [8, 24, 4])],
)
def test_as_good_as_exhaustive_search(width: int, height: int, sizes: list[int]) -> None:
    cut = tiling(width, height, sizes)
    cores = snake(width, height)
    packets = traffic(cut)
    best = min(hops(packets, list(order), cores) for order in permutations(range(len(cores)), len(cut.tiles)))
    assert cost(Place().run(cut)) == pytest.approx(best)


def test_the_same_tiling_gives_the_same_places() -> None:
    cut = tiling(4, 4, [32, 32, 16, 4])
    assert Place().run(cut).tiles == Place().run(cut).tiles


def test_never_worse_than_the_snake() -> None:
    cut = tiling(4, 4, [32, 32, 16, 4])
    cores = snake(4, 4)
    assert cost(Place().run(cut)) <= hops(traffic(cut), list(range(len(cut.tiles))), cores)
