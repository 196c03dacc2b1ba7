"""The table `loihi` reproduces SANA-FE action by action, on the same network with the same mapping.

The numbers are SANA-FE's own: version 2.2.9 with its `loihi.yaml`, neurons updated in every step, the input
neurons and the hidden layer on two cores of tile 0, the output on a core of the tile to the south or east, as
`examples/benchmarks/energy/sana_fe.py` prints them.
"""

import runpy
from pathlib import Path

import numpy as np
import pytest
from builders import neurons, target

from snnc.compiler.ir.network import Edge, Input, Layer, Linear, Network, Readout
from snnc.compiler.pipeline import compile_network
from snnc.compiler.reference.interpreter import execute_network
from snnc.sim.accounting.counts import count_actions
from snnc.sim.accounting.energy import price
from snnc.sim.accounting.energy_table import load_energy_table
from snnc.sim.engine.functional import run_functional

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "examples" / "benchmarks" / "energy" / "sana_fe.py"))
STEPS, INPUTS, THRESHOLD = SCRIPT["STEPS"], SCRIPT["INPUTS"], SCRIPT["THRESHOLD"]
SPIKES = {"hidden": 25, "output": 12}
SYNAPSES, SOMAS = 46.363e-9, 20.9097e-9
"""Joules."""
NETWORK = {(1, 2): 6.543e-9, (2, 1): 6.513e-9}
"""Joules by columns and rows of the mesh: a hop south costs more than one east."""


def drawn() -> tuple[Network, np.ndarray]:
    """The network of that script and its input (1, steps, features)."""
    hidden, output, x = SCRIPT["drawn"]()

    def layer(name: str, source: str, matrix: np.ndarray, delay: int) -> Layer:
        population = neurons(len(matrix), threshold=np.full(len(matrix), THRESHOLD), reset="hard")
        edge = Edge(source, Linear(matrix.astype(np.int8), 4), delay)
        return Layer(name, (len(matrix), 1, 1), population, (edge,))

    layers = layer("hidden", "input", hidden, 0), layer("output", "hidden", output, 1)
    node = Input("input", (INPUTS, 1, 1), "events", 1)
    return Network("sana-fe", STEPS, node, layers, Readout("output", "spike_count")), x[None]


@pytest.mark.parametrize(("width", "height"), NETWORK)
def test_the_loihi_table_gives_what_sana_fe_gives(width: int, height: int) -> None:
    network, x = drawn()
    program = compile_network(network, target(width=width, height=height, lanes=8), spread=False).tiled
    assert {core.layer: (core.at.x, core.at.y) for core in program.cores} == {
        "hidden": (0, 0),
        "output": (width - 1, height - 1),
    }
    trace = execute_network(network, x.astype(np.int64))
    assert {name: int(layer.spikes.sum()) for name, layer in trace.layers.items()} == SPIKES
    counts = count_actions(program, run_functional(program, x.astype(np.int64)).primitives)
    # SANA-FE's host does not exist: what the output sends to ours is left out.
    sender = [core.layer for core in program.cores].index("output")
    for name in ("event_flits", "east_west_links", "north_south_links"):
        counts[name][sender] = 0
    parts = price(counts, program, None, load_energy_table("loihi")).typical.by_action
    assert parts["sops"] == pytest.approx(SYNAPSES, rel=1e-9)
    assert parts["neuron_updates"] + parts["spikes"] == pytest.approx(SOMAS, rel=1e-9)
    messages = parts["event_flits"] + parts["east_west_links"] + parts["north_south_links"]
    assert messages == pytest.approx(NETWORK[width, height], rel=1e-9)
    assert sum(parts.values()) == pytest.approx(SYNAPSES + SOMAS + NETWORK[width, height], rel=1e-9)
