"""What the verifier of a TiledProgram refuses: programs that a file could hold and no compiler makes."""

from dataclasses import replace

import numpy as np
import pytest
from networks import target

from snnc.compiler.network import Edge, Input, Layer, Linear, Network, Neurons, Readout
from snnc.compiler.pipeline import compile_network
from snnc.compiler.program import Core, TiledProgram
from snnc.errors import VerificationError


def recurrent_program() -> TiledProgram:
    """Two layers on a core each, the first also fed back by the second."""

    def layer(name: str, *sources: tuple[str, int]) -> Layer:
        spikes = Neurons(*(np.full(4, value, np.int64) for value in (5, 0, 0)), reset="soft", state_bits=12)
        weights = Linear(np.ones((4, 4), np.int8), 4)
        return Layer(
            name, (4, 1, 1), spikes, tuple(Edge(source, weights, delay) for source, delay in sources)
        )

    layers = (layer("a", ("input", 0), ("b", 1)), layer("b", ("a", 0)))
    network = Network("loop", 3, Input("input", (4, 1, 1)), layers, Readout("b", "spike_count"))
    return compile_network(network, target(), spread=False).program


def test_cores_that_wait_for_one_another() -> None:
    """A recurrent edge declared forward: consistent in every table, but no core could ever begin."""
    program = recurrent_program()
    program.verify()

    def forward(core: Core) -> Core:
        return replace(
            core,
            recurrent_sources=0,
            destinations=tuple(replace(entry, recurrent=False) for entry in core.destinations),
            segments=tuple(replace(segment, recurrent=False) for segment in core.segments),
        )

    circle = replace(program, cores=tuple(forward(core) for core in program.cores))
    with pytest.raises(VerificationError, match=r"cores wait for one another: \(\d,\d\) -> \(\d,\d\) -> "):
        circle.verify()
