"""Placement: deterministic, never worse than the snake, and as good as exhaustive search on small meshes."""

from itertools import permutations

import numpy as np
import pytest
from builders import neurons, target

from snnc.compiler.ir.network import Edge, Input, Layer, Linear, Network, Readout
from snnc.compiler.ir.tiling import Tiling
from snnc.compiler.passes.partition import Partition
from snnc.compiler.passes.place import Place, _Mesh, hops, snake, traffic

PLACES = ["(0,0)", "(1,1)", "(1,0)", "(0,1)", "(1,2)", "(2,1)", "(0,2)", "(1,3)", "(2,2)", "(2,3)", "(2,0)"]
"""Of the example with a snake of four rows, since the first version."""


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


def test_what_a_swap_changes_is_what_it_changes_of_the_whole() -> None:
    cut = tiling(4, 4, [32, 32, 16, 4])
    cores, packets = snake(4, 4), traffic(cut)
    mesh, order = _Mesh(packets, cores), list(range(len(cores)))
    between = {tile for pair in packets for tile in pair}
    for a, b in permutations(sorted(between - {-1}), 2):
        if (a, b) in packets or (b, a) in packets:
            continue
        before, whole = mesh.around(a, b), hops(packets, order, cores)
        mesh.swap(a, b)
        order[a], order[b] = order[b], order[a]
        assert mesh.around(a, b) - before == pytest.approx(hops(packets, order, cores) - whole)


def test_places_are_those_that_they_have_always_been() -> None:
    places = [str(planned.at) for planned in Place().run(tiling(4, 4, [32, 32, 16, 4])).tiles]
    assert places == PLACES
