"""Compiling large networks: memory in proportion to the weights, work in proportion to tiles and links."""

import tracemalloc
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from builders import network, neurons

from snnc.compiler.analysis.bounds import Interval, current_bounds, state_bounds
from snnc.compiler.ir.image import BLOCK_WORDS, pack_lanes
from snnc.compiler.ir.network import Edge, Layer, Linear, Network
from snnc.compiler.passes import route
from snnc.compiler.pipeline import compile_network, run_passes, standard_passes
from snnc.compiler.reference.interpreter import edge_current
from snnc.compiler.targets import load_target

COMPILING, RUNNING = 6, 2
"""Bytes per weight: of a compilation with its network, and of a step of the reference beside it."""


def dense(name: str, source: str, axons: int, count: int) -> Layer:
    """Fully connected 4-bit weights, each of them once in a while the smallest or the largest."""
    weights = np.random.default_rng(0).integers(-8, 8, (count, axons), dtype=np.int8)
    return Layer(name, (count, 1, 1), neurons(count, state_bits=20), (Edge(source, Linear(weights, 4)),))


def wide(axons: int, count: int) -> Network:
    """One large layer and a small one behind it."""
    layers = dense("wide", "input", axons, count), dense("last", "wide", count, 10)
    return network(*layers, features=axons, max_payload=1)


def test_a_compilation_holds_a_few_bytes_per_weight() -> None:
    model = wide(2048, 4096)
    weights = sum(edge.synapses.weights.size for layer in model.layers for edge in layer.edges)
    tracemalloc.start()
    try:
        compile_network(model, load_target("mesh16"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak / weights + 1 <= COMPILING


def test_a_step_of_the_reference_holds_no_wide_copy_of_the_weights() -> None:
    model = wide(2048, 4096)
    layer = model.layers[0]
    tracemalloc.start()
    try:
        edge_current(layer, layer.edges[0], model.input.shape, np.ones(2048, np.int64))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak / layer.edges[0].synapses.weights.size <= RUNNING


def test_bounds_are_proved_once_per_layer_however_many_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: Counter[str] = Counter()

    def counting(model: Network, layer: Layer) -> Interval:
        seen[layer.name] += 1
        return current_bounds(model, layer)

    monkeypatch.setattr(route, "current_bounds", counting)
    small = replace(load_target("mesh16"), weight_kibit=32)
    cores = compile_network(wide(4096, 16), small).tiled.cores
    assert sum(core.layer == "wide" and core.emission == "values_every" for core in cores) > 4
    assert seen == {"wide": 1}


def test_bounds_of_many_blocks_are_those_of_the_whole() -> None:
    model = wide(5000, 700)
    layer = model.layers[0]
    weights = layer.edges[0].synapses.weights.astype(np.int64)
    bounds = current_bounds(model, layer)
    np.testing.assert_array_equal(bounds.low, np.minimum(weights, 0).sum(axis=1))
    np.testing.assert_array_equal(bounds.high, np.maximum(weights, 0).sum(axis=1))
    assert state_bounds(model, layer).extremes[0] <= bounds.low.min()


@pytest.mark.parametrize(("bits", "lanes"), [(3, 16), (4, 16), (7, 2), (8, 4), (20, 16)])
def test_words_packed_in_blocks_unpack_to_the_same(bits: int, lanes: int) -> None:
    limit = 1 << (bits - 1)
    values = np.random.default_rng(bits).integers(-limit, limit, (2 * BLOCK_WORDS + 3, lanes))
    np.testing.assert_array_equal(pack_lanes(values, bits, lanes).lanes(bits), values)


def test_a_chain_that_fills_the_mesh_compiles_tile_by_tile() -> None:
    names = ["input", *(f"l{number}" for number in range(250))]
    layers = [dense(name, source, 32, 32) for source, name in pairwise(names)]
    model = network(*layers, features=32, max_payload=1)
    target = load_target("mesh16")
    calls: Counter[str] = Counter()
    entries_to = route._entries_to

    def counting(*arguments: object) -> list[route._Entry]:
        calls["entries"] += 1
        return entries_to(*arguments)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(route, "_entries_to", counting)
        run_passes(model, standard_passes(target, spread=False))
    assert calls["entries"] == len(layers) - 1
